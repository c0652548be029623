"""The pre-annotation Lambda: one manifest line in, the `taskInput` of the worker page out."""
