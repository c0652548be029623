"""The consolidation Lambda: workers' answers in, one label per data object out."""
