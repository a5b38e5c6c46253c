"""Histories in, feature tables out."""

from typing import TYPE_CHECKING

from myeloma.lazy import lazily

if TYPE_CHECKING:
    from features.cohort.episodes import episodes_of
    from features.cohort.schema import Cohort, read_cohort
    from features.cohort.storage import write_cohort
    from features.history.columns import FeatureSpec, parse_column
    from features.history.rows import build_features
    from features.table.table import FeatureTable, build_table, read_table, write_table
    from features.tasks import Rules, Task, load_task

__all__ = [
    "Cohort",
    "FeatureSpec",
    "FeatureTable",
    "Rules",
    "Task",
    "build_features",
    "build_table",
    "cohort_of_frames",
    "episodes_of",
    "load_task",
    "parse_column",
    "read_cohort",
    "read_table",
    "write_cohort",
    "write_table",
]

__getattr__ = lazily(
    __name__,
    {
        "Cohort": "features.cohort.schema",
        "FeatureSpec": "features.history.columns",
        "FeatureTable": "features.table.table",
        "Rules": "features.tasks",
        "Task": "features.tasks",
        "build_features": "features.history.rows",
        "build_table": "features.table.table",
        "cohort_of_frames": "features.intake.frames",
        "episodes_of": "features.cohort.episodes",
        "load_task": "features.tasks",
        "parse_column": "features.history.columns",
        "read_cohort": "features.cohort.schema",
        "read_table": "features.table.table",
        "write_cohort": "features.cohort.storage",
        "write_table": "features.table.table",
    },
)
