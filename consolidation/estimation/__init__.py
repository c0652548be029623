"""Estimation on arrays: voting, pixel patterns, matching, fusion, agreement. Imports numpy only."""
