"""Where models live: the MLflow store, and how the live model of a task is fetched."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from myeloma import StateError
from myeloma.errors import nearest
from serving.seal import TAG
from serving.store.address import sqlite_path
from serving.store.client import connect, tell_of_another_registry
from serving.store.reading import folder_of_version, metrics_of, tags_of, tags_of_version, version_numbered, version_under

if TYPE_CHECKING:
    from serving.artifact import Artifact

__all__ = [
    "CHALLENGER",
    "CHAMPION",
    "FORCE",
    "LEDGER",
    "connect",
    "experiment_location",
    "load_champion",
    "load_numbered",
    "load_version",
    "registered_name",
    "version_of_alias",
]

CHAMPION = "champion"
CHALLENGER = "challenger"
FORCE = "force"  # the action of a decision that went against the gate
LEDGER = "ledger."  # how the tags of a registered model begin that hold its decisions; training.registry.ledger writes them


def experiment_location(task: str) -> str | None:
    """Return where a new experiment keeps its artifacts: beside a SQLite store; a server's own place otherwise."""
    path = sqlite_path()
    return (path.parent / "artifacts" / task).resolve().as_uri() if path else None


def registered_name(task: str) -> str:
    """Return the name of a task's model in the registry."""
    return f"{task}-progression"


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


def load_numbered(task: str, version: str, threads: int = 1) -> Artifact:
    """Return a registered version of a task's model, live or not.

    Raises
    ------
    StateError
        There is no such version, or it cannot be used (see `load_version`).
    """
    found = version_numbered(registered_name(task), version)
    if found is None:
        raise StateError(f"{registered_name(task)} has no version {version}.", "python -m training history shows them.", "no_version")
    return load_version(registered_name(task), version, found.run_id, threads)


def version_of_alias(task: str, alias: str) -> Any | None:
    """Return the registered version that an alias points at, None where there is none."""
    return version_under(registered_name(task), alias)


def _way_to_a_champion(task: str, client: Any) -> str:
    registered = {model.name: CHAMPION in model.aliases for model in client.search_registered_models()}
    if registered_name(task) in registered:
        return f"see what the gate said: python -m training compare --task {task}; then python -m training promote --task {task}"
    suffix = registered_name("")
    live = [name.removesuffix(suffix) for name, is_live in registered.items() if is_live and name.endswith(suffix)]
    train = f"train it first: python -m training fit TABLE --task {task}"
    return f"{nearest(task, live)} If {task} is a task of your own, {train}" if live else train


def decisions_on(name: str, version: str) -> list[dict[str, Any]]:
    """Return the decisions of the ledger that made a version live, oldest first."""
    tags = tags_of(name)
    every = (json.loads(tags[key]) for key in sorted(tags) if key.startswith(LEDGER))
    return [decision for decision in every if decision.get("version") == str(version)]


def _verdict(decisions: list[dict[str, Any]], tags: dict[str, str]) -> str:
    """Return what the gate said of a version when it was made live, and whether it was forced; what it said last of one that never was."""
    by_verdict = [decision for decision in decisions if decision.get("verdict")]  # a rollback judges nothing anew
    if not by_verdict:
        return tags.get("gate_verdict", "")
    return f"{by_verdict[-1]['verdict']}{', forced' if by_verdict[-1].get('action') == FORCE else ''}"


def _is_refusal(error: Exception) -> bool:
    """Return whether a server did not give the files, which is another thing than that there are none."""
    status = getattr(getattr(error, "response", None), "status_code", None)  # of an error of the library requests
    codes = ("PERMISSION_DENIED", "UNAUTHENTICATED", "CUSTOMER_UNAUTHORIZED")
    return status in (401, 403) or getattr(error, "error_code", None) in codes


def load_version(name: str, version: str, run_id: str | None, threads: int = 1) -> Artifact:
    """Return one registered version, if its files are those that were registered.

    Raises
    ------
    StateError
        Its files cannot be found, are damaged, or are not those that the registry and the ledger know.
    """
    from serving.artifact import load_artifact

    found = _models_of(name, version)
    if not found:
        raise StateError(
            f"The files of {name} version {version} are not where the store says.", "run: python -m training doctor", "lost_artifacts"
        )
    decisions, tags = decisions_on(name, str(version)), tags_of_version(name, str(version))
    origin = {"model_name": name, "model_version": str(version), "run_id": run_id or "", "gate_verdict": _verdict(decisions, tags)}
    seals = [tags.get(TAG, ""), *(decision.get("seal", "") for decision in decisions)]
    return replace(load_artifact(found[0].parent, origin, threads, seals), figures=_figures(run_id))


def _models_of(name: str, version: str) -> list[Path]:
    """Return the models among the files of a registered version; none where the files cannot be found."""
    if folder := folder_of_version(name, version):
        tell_of_another_registry()
        return sorted(folder.rglob("model.json"))
    import mlflow

    connect()  # without it MLflow would ask a store of its own choice
    try:
        return sorted(Path(mlflow.artifacts.download_artifacts(artifact_uri=f"models:/{name}/{version}")).rglob("model.json"))
    except (mlflow.exceptions.MlflowException, OSError) as error:
        if _is_refusal(error):
            raise
        return []


def _figures(run_id: str | None) -> dict[str, float]:
    """Return the figures of a run; none where there is no run any more."""
    return metrics_of(run_id) if run_id else {}
