"""Is the live model still fed and right? New visits against what the champion was trained on: docs/monitoring.md."""
