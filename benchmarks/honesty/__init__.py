"""Goals of honest accuracy, measured: `python -m benchmarks.honesty` says of each whether it holds."""
