"""MLflow runs: one per candidate, with the same metric names, tags and artifact paths, so that they compare."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.entities import Dataset, DatasetInput, InputTag
from mlflow.exceptions import MlflowException
from mlflow.models import ModelSignature
from mlflow.types import ColSpec, DataType, Schema

from features import FeatureTable, Task
from myeloma import StateError
from serving import mlflow_flavour
from serving.answer import answer_columns
from serving.artifact import Artifact
from serving.predict import explain
from serving.store import connect, experiment_location

MODEL = "model"
MONITOR = "monitor"  # the tag `kind` of a run that watches the champion and is no candidate
# MLflow's own word for what this is. Its UI goes by the browser's choice first; see docs/comparing.md.
_EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": "One line is one training; its + opens the candidates, with the same figures and plots. The training's own "
    "description has the table of candidates and verdicts. How to read and compare: docs/comparing.md.",
}
_REQUIREMENTS = ("mlflow", "xgboost", "numpy", "pandas")


@contextmanager
def training(task: Task, table: FeatureTable, only: str | None) -> Iterator[str]:
    """Open the parent run of one training, give its id, and end it: finished, or failed where the body raises."""
    client = connect(create=True)
    name = f"training of {only or 'all candidates'}"
    run = client.create_run(experiment_of(task), run_name=name, tags={"mlflow.runName": name, **_made_from(task, table)})
    log_dataset(run.info.run_id, table)
    try:
        yield run.info.run_id
    except BaseException:
        client.set_terminated(run.info.run_id, "FAILED")
        raise
    client.set_terminated(run.info.run_id)


def start_run(task: Task, name: str, training_id: str, table: FeatureTable, judged_hash: str) -> str:
    """Create a candidate's run under its training, with tags and dataset, and return its id."""
    tags = {
        "mlflow.runName": name,
        "mlflow.parentRunId": training_id,
        "estimator": name,
        "training_id": training_id,
        "judged_hash": judged_hash,
        **_made_from(task, table),
    }
    run = connect(create=True).create_run(experiment_of(task), run_name=name, tags=tags)
    log_dataset(run.info.run_id, table)
    return run.info.run_id


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


def log_dataset(run_id: str, table: FeatureTable) -> None:
    """Log which table was fitted on: name, hash, column names and counts. No row and no identifier."""
    features = {"mlflow_colspec": [{"type": "double", "name": name, "required": False} for name in table.spec.columns()]}
    dataset = Dataset(
        name=f"{table.about['task']} table of {table.about['source'] or 'cohort'}",
        digest=table.about["cohort_hash"],
        source_type="code",
        source=json.dumps({"tags": {"cohort_hash": table.about["cohort_hash"], "feature_hash": table.about["feature_hash"]}}),
        schema=json.dumps(features),
        profile=json.dumps({"landmarks": len(table.rows), "patients": int(table.rows["patient_id"].nunique())}),
    )
    connect().log_inputs(run_id, [DatasetInput(dataset, [InputTag("mlflow.data.context", "training and evaluation")])])


def experiment_of(task: Task) -> str:
    """Return the id of the task's experiment, which is made where it is missing.

    Raises
    ------
    StateError
        Its files lie in the checkout that this one was moved or copied from: they would be written there.
    """
    client = connect(create=True)
    require_place(task)
    experiment = client.get_experiment_by_name(task.name)
    return experiment.experiment_id if experiment else client.create_experiment(task.name, experiment_location(task.name), _EXPERIMENT_TAGS)


def require_place(task: Task) -> None:
    """Refuse a store in which the task's experiment, where there is one, keeps its files in another checkout.

    Raises
    ------
    StateError
        The checkout was moved or copied.
    """
    experiment = connect().get_experiment_by_name(task.name)
    there, here = experiment.artifact_location if experiment else "", experiment_location(task.name)
    if here and there != here and there.startswith("file:") and there.endswith(f"/artifacts/{task.name}"):
        raise StateError(
            f"The files of {task.name} lie in {there}, not beside the tracking store: the checkout was moved or copied.",
            "MLflow stores absolute paths: go back to that place, or start anew in this one: make clean, then make train.",
            "moved",
        )


def _made_from(task: Task, table: FeatureTable) -> dict[str, str]:
    return {
        "task": task.name,
        "cohort_hash": table.about["cohort_hash"],
        "feature_hash": table.about["feature_hash"],
        "source": str(table.about["source"]),
        "git_commit": git_commit(),
    }


def log_model(run_id: str, folder: Path, artifact: Artifact) -> str:
    """Log an artifact as a pyfunc model with signature and input example; return its URI.

    The input example is the training median of every feature: no person's row leaves the cohort.
    """
    example = pd.DataFrame(
        [{name: reference.get("p50", np.nan) for name, reference in artifact.about["reference"].items()}], columns=artifact.columns
    )
    output = answer_columns(artifact, explain(artifact, example.to_numpy(dtype=float)))
    signature = ModelSignature(
        inputs=Schema([ColSpec(DataType.double, name, required=False) for name in artifact.columns]),
        outputs=Schema([ColSpec(DataType.double, name) for name in output.columns]),
    )
    with mlflow.start_run(run_id=run_id):
        info = mlflow.pyfunc.log_model(
            name=MODEL,
            python_model=mlflow_flavour.__file__,
            artifacts={mlflow_flavour.ARTIFACT: str(folder)},
            signature=signature,
            input_example=example,
            pip_requirements=[f"{name}=={mlflow_version(name)}" for name in _REQUIREMENTS],
        )
    return info.model_uri


def mlflow_version(package: str) -> str:
    """Return the installed version of a package; the CPU build of XGBoost answers for `xgboost`."""
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return version(f"{package}-cpu")


def tag_run(run_id: str, name: str, value: str) -> None:
    """Set a tag on a run that exists."""
    connect().set_tag(run_id, name, value)


def require_runs(run_ids: Iterable[str], task: Task) -> None:
    """Refuse to go on with runs of which this store does not hold one, or whose files lie in another checkout.

    Raises
    ------
    StateError
        It was made in another store, or the checkout was moved or copied.
    """
    require_place(task)
    client = connect()
    for run_id in run_ids:
        try:
            client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise StateError(
                f"The run of this fit is not in the tracking store ({run_id}).",
                f"fit again: python -m training fit TABLE --task {task.name}; or set MLFLOW_TRACKING_URI to the store it was made in.",
                "no_run",
            ) from None


def log_results(run_id: str, metrics: dict[str, float], folder: Path | None = None) -> None:
    """Log metrics, and a folder of plots and tables, to a run that exists, and end it."""
    client = connect()
    with mlflow.start_run(run_id=run_id):
        mlflow.log_metrics(metrics)
        if folder is not None:
            mlflow.log_artifacts(str(folder))
    client.set_terminated(run_id)


def log_params(run_id: str, params: dict[str, Any]) -> None:
    """Log parameters to a run that exists."""
    with mlflow.start_run(run_id=run_id):
        mlflow.log_params(params)


def git_commit() -> str:
    """Return the commit of the code, with `-dirty` when files differ from it; `unknown` outside a checkout."""
    here = Path(__file__).parent

    def git(*arguments: str) -> str:
        return subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, check=True).stdout.strip()

    try:
        return git("rev-parse", "HEAD") + ("-dirty" if git("status", "--porcelain", "--untracked-files=no") else "")
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
