"""The burden that markers have in common: a state space of their logarithms, and what it says of a person on a day."""
