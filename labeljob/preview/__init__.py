"""Worker pages on this machine: rendered, checked, opened with stand-in elements, answered, consolidated."""
