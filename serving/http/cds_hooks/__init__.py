"""CDS Hooks 2.0.1: a service at the opening of a chart, on what was prefetched alone, that tells a risk once and orders nothing."""
