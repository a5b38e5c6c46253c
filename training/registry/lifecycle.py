"""What was deleted in the tracking store, which MLflow only marks at first, and what takes it back.

A deleted experiment, run or model still lies in the store until `mlflow gc` is run. Until then all still loads and nothing else says so.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mlflow.exceptions import MlflowException

from features import Task
from serving.store.champion import connect, registered_name
from training.registry.finding import Finding
from training.registry.relocate import deleted_models
from training.registry.versions import live_version
from training.tracking.experiment import restoring

_MODEL = "models:/"


def deleted(task: Task) -> Iterator[Finding]:
    """Yield what was deleted of a task: its experiment, runs of its versions, and their models."""
    experiment = connect().get_experiment_by_name(task.name)
    with_all_runs = experiment is not None and experiment.lifecycle_stage == "deleted"
    if experiment is not None and with_all_runs:
        yield Finding(
            f"{task.name}: its experiment was deleted, and all its runs with it; mlflow gc would remove them for good.",
            False,
            f"restore it: {restoring('experiments', '--experiment-id', experiment.experiment_id)}",
        )
    versions = connect().search_model_versions(f"name = '{registered_name(task.name)}'")
    live = live_version(task.name)
    for version in sorted(versions, key=lambda found: int(found.version)):
        named = f"version {version.version}" + (", which is live," if live and live[0] == str(version.version) else "")
        yield from _run(task, version, named, with_all_runs)
        yield from _model(task, version, named)


def _run(task: Task, version: Any, named: str, with_all_runs: bool) -> Iterator[Finding]:
    if not version.run_id:
        return
    try:
        run = connect().get_run(version.run_id)
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        what = f"{task.name}: the run of {named} is gone for good; its figures and card are lost, its model is not."
        again = f"fit again: python -m training fit TABLE --task {task.name}; then evaluate and register"
        is_live = "live" in named
        yield Finding(what, not is_live, f"{again}; rollback works meanwhile" if is_live else "")
        return
    if run.info.lifecycle_stage == "deleted" and not with_all_runs:
        what = f"{task.name}: the run of {named} was deleted; mlflow gc would remove it for good, with its figures and card."
        yield Finding(what, False, f"restore it: {restoring('runs', '--run-id', version.run_id)}")


def _model(task: Task, version: Any, named: str) -> Iterator[Finding]:
    if (version.source or "").removeprefix(_MODEL) in deleted_models():
        what = f"{task.name}: the model of {named} was deleted; mlflow gc would remove its files for good."
        yield Finding(what, False, "take it back: python -m training doctor --mend")
