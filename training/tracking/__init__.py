"""MLflow runs: one per candidate, with the same metric names, tags and artifact paths, so that they compare."""

from typing import TYPE_CHECKING

from myeloma.lazy import lazily

if TYPE_CHECKING:
    from training.tracking.experiment import experiment_of, require_place, require_runs
    from training.tracking.logged import log_figures, log_file, log_model, log_params, log_results, tag_run
    from training.tracking.made_with import git_commit, mlflow_version
    from training.tracking.runs import MONITOR, RECALIBRATION, TRAINING, VALIDATION, search, start_run, taken_back_unless_done, training

__all__ = [
    "MONITOR",
    "RECALIBRATION",
    "TRAINING",
    "VALIDATION",
    "experiment_of",
    "git_commit",
    "log_figures",
    "log_file",
    "log_model",
    "log_params",
    "log_results",
    "mlflow_version",
    "require_place",
    "require_runs",
    "search",
    "start_run",
    "tag_run",
    "taken_back_unless_done",
    "training",
]

__getattr__ = lazily(
    __name__,
    {
        "MONITOR": "training.tracking.runs",
        "RECALIBRATION": "training.tracking.runs",
        "TRAINING": "training.tracking.runs",
        "VALIDATION": "training.tracking.runs",
        "experiment_of": "training.tracking.experiment",
        "git_commit": "training.tracking.made_with",
        "log_figures": "training.tracking.logged",
        "log_file": "training.tracking.logged",
        "log_model": "training.tracking.logged",
        "log_params": "training.tracking.logged",
        "log_results": "training.tracking.logged",
        "mlflow_version": "training.tracking.made_with",
        "require_place": "training.tracking.experiment",
        "require_runs": "training.tracking.experiment",
        "search": "training.tracking.runs",
        "start_run": "training.tracking.runs",
        "tag_run": "training.tracking.logged",
        "taken_back_unless_done": "training.tracking.runs",
        "training": "training.tracking.runs",
    },
)
