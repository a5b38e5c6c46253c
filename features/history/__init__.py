"""A person's history as arrays becomes columns, each seen from a landmark."""
