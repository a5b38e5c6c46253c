"""Where models live: the MLflow store, and how the live model of a task is fetched."""

from __future__ import annotations

import functools
import logging
import os
import warnings
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from filelock import FileLock

from myeloma import StateError
from myeloma.errors import nearest
from serving.artifact import Artifact, load_artifact
from serving.store.address import ACCEPTED, keeps_nothing, shown_uri, sqlite_path, store_uri

CHAMPION = "champion"
CHALLENGER = "challenger"


def experiment_location(task: str) -> str | None:
    """Return where a new experiment keeps its artifacts: beside a SQLite store; a server's own place otherwise."""
    path = sqlite_path()
    return (path.parent / "artifacts" / task).resolve().as_uri() if path else None


def registered_name(task: str) -> str:
    """Return the name of a task's model in the registry."""
    return f"{task}-progression"


def connect(create: bool = False):  # noqa: ANN201 - MlflowClient, imported late since MLflow takes seconds
    """Point MLflow at the store (`MLFLOW_TRACKING_URI`, else the repository's) and return its client: one a process and address.

    Parameters
    ----------
    create : bool
        Whether a store that does not exist yet is made; readers leave no stray database behind.

    Raises
    ------
    StateError
        The address names no file, the store does not exist, or the driver of its database is not installed.
    """
    os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    os.environ.setdefault("MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT", "true")  # it would stand between the lines of --json
    uri, path = store_uri(), sqlite_path()
    if keeps_nothing():
        raise StateError(f'MLFLOW_TRACKING_URI is "{uri}", SQLite without a file: nothing would be kept.', ACCEPTED, "store")
    if path is not None and not path.is_file() and not create:
        raise StateError(
            f"No tracking store at {uri}.",
            "run make train first (a task of your own: python -m training fit), or set MLFLOW_TRACKING_URI.",
            "no_store",
        )
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    for name in ("mlflow", "alembic"):
        logging.getLogger(name).setLevel(logging.WARNING)
    warnings.filterwarnings("ignore", module="mlflow")
    import mlflow

    if path is None and not uri.startswith("http"):
        import mlflow.store.db.utils

        mlflow.store.db.utils.MAX_RETRY_COUNT = 4  # a database that is down is reported in a second; ten tries take two minutes
    mlflow.set_tracking_uri(uri)
    # MLflow makes the tables of a new SQLite store without a lock: of two first trainings at once one would break off.
    with FileLock(path.with_suffix(".lock")) if path is not None and create else nullcontext():
        try:
            return _client(uri)
        except ImportError as error:
            raise StateError(
                f'MLFLOW_TRACKING_URI is "{shown_uri()}": the driver of that database is not installed ({error}).',
                "install the driver, or name one that is here, as in postgresql+psycopg://...; or use SQLite or a tracking server.",
                "store",
            ) from None


@functools.cache
def _client(uri: str):  # noqa: ANN202 - MlflowClient
    import mlflow

    return mlflow.MlflowClient(uri, uri)


def load_champion(task: str, threads: int = 1) -> Artifact:
    """Return the live model of a task.

    Raises
    ------
    StateError
        There is no champion, or its files are gone (MLflow stores absolute paths, which a moved checkout breaks).
    """
    version = version_of_alias(task, CHAMPION)
    if version is None:
        raise StateError(f"The task {task} has no champion.", _way_to_a_champion(task, connect()), "no_champion")
    return load_version(registered_name(task), version.version, version.run_id, threads)


def version_of_alias(task: str, alias: str) -> Any | None:
    """Return the registered version that an alias points at, None where there is none."""
    from mlflow.exceptions import MlflowException

    try:
        return connect().get_model_version_by_alias(registered_name(task), alias)
    except MlflowException as error:
        if error.error_code not in ("RESOURCE_DOES_NOT_EXIST", "INVALID_PARAMETER_VALUE"):
            raise
        return None


def _way_to_a_champion(task: str, client: Any) -> str:
    registered = {model.name: CHAMPION in model.aliases for model in client.search_registered_models()}
    if registered_name(task) in registered:
        return f"see what the gate said: python -m training compare --task {task}; then python -m training promote --task {task}"
    suffix = registered_name("")
    live = [name.removesuffix(suffix) for name, is_live in registered.items() if is_live and name.endswith(suffix)]
    train = f"train it first: python -m training fit TABLE --task {task}"
    return f"{nearest(task, live)} If {task} is a task of your own, {train}" if live else train


def load_version(name: str, version: str, run_id: str, threads: int = 1) -> Artifact:
    """Return one registered version.

    Raises
    ------
    StateError
        Its files cannot be found.
    """
    import mlflow

    try:
        folder = Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/{version}"))
        found = sorted(folder.rglob("model.json"))
    except (mlflow.exceptions.MlflowException, OSError):
        found = []
    if not found:
        raise StateError(
            f"The files of {name} version {version} are not where the store says.", "run: python -m training doctor", "lost_artifacts"
        )
    origin = {"model_name": name, "model_version": str(version), "run_id": run_id}
    return load_artifact(found[0].parent, origin, threads)
