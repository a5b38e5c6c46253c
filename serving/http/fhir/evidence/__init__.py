"""What resources that are not read into the history say all the same, and may be a reason to show no risk."""
