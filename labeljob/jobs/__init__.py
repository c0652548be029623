"""What a labeling job is doing and what came of it."""
