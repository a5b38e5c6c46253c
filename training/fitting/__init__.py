"""From a feature table to fitted candidates, each a run of its own."""
