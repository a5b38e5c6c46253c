"""Figures of every candidate and published score on people that no fit has seen."""
