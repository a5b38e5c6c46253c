"""Histories in, feature tables out."""

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
    "load_task",
    "parse_column",
    "read_cohort",
    "read_table",
    "write_cohort",
    "write_table",
]
