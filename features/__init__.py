"""Histories in, feature tables out."""

from importlib import import_module
from typing import Any

from features.cohort.schema import Cohort, read_cohort
from features.cohort.storage import write_cohort
from features.history.columns import FeatureSpec, parse_column
from features.history.rows import build_features
from features.table.table import FeatureTable, build_table, read_table, write_table
from features.tasks import Task, load_task

__all__ = [
    "Cohort",
    "FeatureSpec",
    "FeatureTable",
    "Task",
    "build_features",
    "build_table",
    "cohort_of_frames",
    "load_task",
    "parse_column",
    "read_cohort",
    "read_table",
    "write_cohort",
    "write_table",
]


def __getattr__(name: str) -> Any:
    # Loaded where it is asked for: what only reads cohorts does not hang on how they are checked.
    if name == "cohort_of_frames":
        return import_module("features.intake.frames").cohort_of_frames
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
