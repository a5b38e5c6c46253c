"""Which rows are fitted and judged: splits by patient, censoring weights, counts too small to show."""
