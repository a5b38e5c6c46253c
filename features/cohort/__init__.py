"""What is kept: the canonical cohort's tables, their schema, and how they are stored."""
