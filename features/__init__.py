"""Histories in, feature tables out."""

from features.cohort import Cohort, read_cohort
from features.columns import FeatureSpec, parse_column
from features.rows import build_features
from features.storage import write_cohort
from features.table import FeatureTable, build_table, read_table, write_table
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
