"""Which version of a model is live, and every decision that made it so."""
