"""One row a landmark: what was known by then, and what came after."""
