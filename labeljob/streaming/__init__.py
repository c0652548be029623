"""Feeding a streaming labeling job, reading what it gives, and cleaning up after it."""
