"""A simulated cohort's models against the true risks that no stage reads."""
