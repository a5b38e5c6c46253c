"""The registered versions of a task: which there are, which is live, and a new one for a candidate's run."""

from __future__ import annotations

from typing import Any

from myeloma import StateError
from serving.seal import TAG
from serving.store.champion import CHAMPION, connect, registered_name, version_of_alias
from training.registry.version_page import describe_model


def live_version(task_name: str) -> tuple[str, str] | None:
    """Return version and run id of the champion, None where there is none."""
    found = version_of_alias(task_name, CHAMPION)
    return (str(found.version), found.run_id) if found else None


def alias_version(task_name: str, alias: str) -> str | None:
    """Return the version an alias points at, None where there is none."""
    found = version_of_alias(task_name, alias)
    return str(found.version) if found else None


def version_of_run(task_name: str, run_id: str) -> str:
    """Return the version registered for a run, empty where there is none."""
    versions = connect().search_model_versions(f"name = '{registered_name(task_name)}'")
    return next((str(version.version) for version in versions if version.run_id == run_id), "")


def find_version(task_name: str, wanted: str) -> Any:
    """Return the registered version of that number or alias.

    Raises
    ------
    StateError
        There is no such version; the hint names those there are.
    """
    client, model = connect(), registered_name(task_name)
    number = wanted if wanted.isdigit() else alias_version(task_name, wanted)
    known = {str(v.version): v for v in client.search_model_versions(f"name = '{model}'")}
    if number in known:
        return known[number]
    what = f"{task_name} has no version {wanted}." if wanted.isdigit() else f'No version of {task_name} has the alias "{wanted}".'
    there = ", ".join(sorted(known, key=int)) or f"none; run: python -m training register --task {task_name}"
    raise StateError(what, f"versions there are: {there}", "no_version")


def version_for(run_id: str, model_uri: str, task_name: str, name: str) -> str:
    """Return the version registered for a candidate's run, registering it the first time."""
    from mlflow.exceptions import MlflowException

    client, model = connect(), registered_name(task_name)
    try:
        client.create_registered_model(model, description=describe_model(task_name))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if known := version_of_run(task_name, run_id):
        return known
    tags = {"estimator": name, TAG: client.get_run(run_id).data.tags.get(TAG, "")}
    made = client.create_model_version(model, model_uri, run_id=run_id, tags=tags, model_id=model_uri.removeprefix("models:/"))
    return str(made.version)
