"""Simulated cohorts, each with its true risks in a table of its own."""
