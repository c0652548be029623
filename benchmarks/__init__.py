"""What consolidation costs, measured: `python -m benchmarks`. Ratios within one run are what counts; machines are noisy."""
