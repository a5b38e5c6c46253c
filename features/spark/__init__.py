"""Spark as the engine: a cohort's tables brought together by person, and each partition worked on by the code that works here."""
