"""A task's experiment, and whether its files and the runs asked for are in this store: a checkout may have been moved or copied."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mlflow.exceptions import MlflowException

from features import Task
from myeloma import StateError
from serving.store.address import shown_uri, store_uri
from serving.store.champion import connect, experiment_location

# MLflow's own word for what this is. Its UI goes by the browser's choice first; see docs/comparing.md.
_EXPERIMENT_TAGS = {
    "mlflow.experimentKind": "custom_model_development",
    "mlflow.note.content": "One line is one training; its + opens the candidates, with the same figures and plots. The training's own "
    "description has the table of candidates and verdicts. How to read and compare: docs/comparing.md.",
}


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
    if experiment is None:
        return client.create_experiment(task.name, experiment_location(task.name), _EXPERIMENT_TAGS)
    found: str = experiment.experiment_id
    return found


def require_place(task: Task) -> None:
    """Refuse a store in which the task's experiment, where there is one, was deleted, or keeps its files in another checkout.

    Raises
    ------
    StateError
        The experiment was deleted, or the checkout was moved or copied.
    """
    experiment = connect().get_experiment_by_name(task.name)
    if experiment is not None and experiment.lifecycle_stage == "deleted":
        raise StateError(
            f"The experiment {task.name} was deleted, and all its runs with it.",
            f"restore it: {restoring('experiments', '--experiment-id', experiment.experiment_id)}",
            "deleted",
        )
    there, here = experiment.artifact_location if experiment else "", experiment_location(task.name)
    if here and there != here and there.startswith("file:") and there.endswith(f"/artifacts/{task.name}"):
        raise StateError(
            f"The files of {task.name} lie in {there}, not beside the tracking store: the checkout was moved or copied.",
            "MLflow stores absolute paths: go back to that place, or let this store name its own: python -m training doctor --mend",
            "moved",
        )


def require_runs(run_ids: Iterable[str], task: Task) -> dict[str, Any]:
    """Return runs as MLflow gives them, by their id; refuse where this store does not hold one, or its files lie in another checkout.

    Raises
    ------
    StateError
        It was made in another store, or deleted, or the checkout was moved or copied.
    """
    require_place(task)
    client, found = connect(), {}
    for run_id in run_ids:
        try:
            found[run_id] = client.get_run(run_id)
        except MlflowException as error:
            if error.error_code != "RESOURCE_DOES_NOT_EXIST":
                raise
            raise StateError(
                f"The run of this fit is not in the tracking store ({run_id}).",
                f"fit again: python -m training fit TABLE --task {task.name}; or set MLFLOW_TRACKING_URI to the store it was made in.",
                "no_run",
            ) from None
        if found[run_id].info.lifecycle_stage == "deleted":
            raise StateError(f"The run {run_id} was deleted.", f"restore it: {restoring('runs', '--run-id', run_id)}", "deleted")
    return found


def restoring(what: str, option: str, identity: str) -> str:
    """Return the command of MLflow that takes back a deletion, as long as `mlflow gc` has not been run."""
    return mlflow_command(what, "restore", option, identity)


def mlflow_command(*words: str) -> str:
    """Return a command of MLflow on this store, without the user and the password that its address may hold."""
    command = f"mlflow {' '.join(words)}"
    if shown_uri() != store_uri():
        return f"{command} (with MLFLOW_TRACKING_URI as it is set here)"
    return f"MLFLOW_TRACKING_URI={store_uri()} {command}"
