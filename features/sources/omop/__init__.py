"""OMOP CDM 5.4 tables, from files, DuckDB or PostgreSQL, as rows of the canonical tables."""
