"""Opening runs: of a training, of each candidate under it, and of a search for options with its trials."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from features import FeatureTable, Task
from serving.store.champion import connect
from training.tracking.experiment import experiment_of
from training.tracking.logged import log_dataset
from training.tracking.made_with import git_commit
from training.tracking.process import PROCESS, this_process

# The tag `kind` of a run that is no candidate: one that watches the champion, one that judges it on another cohort, one that
# recalibrates a version to a site, and the parent of a training's candidates, which carries the figures of the one it made live.
MONITOR = "monitor"
VALIDATION = "external_validation"
RECALIBRATION = "recalibration"
TRAINING = "training"


@contextmanager
def training(task: Task, table: FeatureTable, only: str | None) -> Iterator[str]:
    """Open the parent run of one training, give its id, and end it: finished, or failed where the body raises."""
    client = connect(create=True)
    name = f"training of {only or 'all candidates'}"
    run = client.create_run(experiment_of(task), run_name=name, tags={"mlflow.runName": name, "kind": TRAINING, **_made_from(task, table)})
    log_dataset(run.info.run_id, table)
    try:
        yield run.info.run_id
    except BaseException:
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    client.set_terminated(run.info.run_id)


def start_run(task: Task, name: str, training_id: str, table: FeatureTable, judged: Mapping[str, str]) -> str:
    """Create a candidate's run under its training, with tags and dataset, and return its id.

    Parameters
    ----------
    judged : mapping
        `judged_hash` and `weighing_hash`: the rows judged, and what each counts for.
    """
    tags = {
        "mlflow.runName": name,
        "mlflow.parentRunId": training_id,
        "estimator": name,
        "training_id": training_id,
        **judged,
        **_made_from(task, table),
    }
    run = connect(create=True).create_run(experiment_of(task), run_name=name, tags=tags)
    run_id: str = run.info.run_id
    log_dataset(run_id, table)
    return run_id


@contextmanager
def taken_back_unless_done(run_id: str) -> Iterator[None]:
    """End a run as failed where the body breaks off, and remove what it began to write beside a store on this machine.

    The error that is told is the first one: a store on a full disk cannot even write that the run has failed.
    """
    try:
        yield
    except BaseException:
        with suppress(Exception):
            for place in _places_of(run_id):
                shutil.rmtree(place, ignore_errors=True)
        with suppress(Exception):
            connect().set_terminated(run_id, "FAILED")
        raise


def _places_of(run_id: str) -> list[Path]:
    """Return the folders of a run's files and of its models, those that lie on this machine."""
    client = connect()
    run = client.get_run(run_id).info
    models = client.search_logged_models([run.experiment_id], f"source_run_id = '{run_id}'")
    addresses = [urlsplit(uri) for uri in (run.artifact_uri, *(model.artifact_location for model in models))]
    return [Path(unquote(address.path)) for address in addresses if address.scheme == "file"]


@contextmanager
def search(task: Task, table: FeatureTable, model: str) -> Iterator[Callable[[str, Any], None]]:
    """Open the parent run of a search for options; give the function that logs a trial as a run under it."""
    client, experiment = connect(create=True), experiment_of(task)
    name = f"search for {model}"
    tags = {"kind": "search", **_made_from(task, table)}
    parent = client.create_run(experiment, run_name=name, tags={"mlflow.runName": name, **tags}).info.run_id
    log_dataset(parent, table)

    def log(part: str, trial: Any) -> None:
        run_name = f"{part} {trial.number}"
        run = client.create_run(experiment, run_name=run_name, tags={"mlflow.runName": run_name, "mlflow.parentRunId": parent, **tags})
        for key, value in {**trial.params, "study": part, "state": trial.state.name}.items():
            client.log_param(run.info.run_id, key, value)
        for step, loss in trial.intermediate_values.items():
            client.log_metric(run.info.run_id, "fold_loss", loss, step=step)
        client.set_terminated(run.info.run_id)

    try:
        yield log
    except BaseException:
        client.set_terminated(parent, "FAILED")
        raise
    client.set_terminated(parent)


def _made_from(task: Task, table: FeatureTable) -> dict[str, str]:
    return {
        "task": task.name,
        "cohort_hash": table.provenance.cohort_hash,
        "feature_hash": table.about["feature_hash"],
        "source": table.provenance.source,
        "git_commit": git_commit(),
        PROCESS: this_process(),
    }
