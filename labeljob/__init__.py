"""The command for people: makes, simulates, replays and repairs labeling jobs. Nothing that runs in Lambda imports it."""
