"""MLflow runs: one per candidate, with the same metric names, tags and artifact paths, so that they compare."""

from training.tracking.experiment import experiment_of, require_place, require_runs
from training.tracking.logged import log_model, log_params, log_results, tag_run
from training.tracking.made_with import git_commit, mlflow_version
from training.tracking.runs import MONITOR, search, start_run, training

__all__ = [
    "MONITOR",
    "experiment_of",
    "git_commit",
    "log_model",
    "log_params",
    "log_results",
    "mlflow_version",
    "require_place",
    "require_runs",
    "search",
    "start_run",
    "tag_run",
    "training",
]
