"""Which version is live, and every decision that made it so.

The history is a ledger of tags on the registered model, one a decision, so it lives and moves with the store.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from mlflow.exceptions import MlflowException

from features import Task
from myeloma import ConfigError, StateError
from myeloma.errors import nearest
from serving.store import CHALLENGER, CHAMPION, connect, load_version, registered_name
from training.gate import judge

_LEDGER = "ledger."


@dataclass(frozen=True)
class Entry:
    """One decision: what went live, what it replaced, why."""

    at: str
    action: str  # promote, force, rollback
    version: str
    replaced: str
    model: str
    reason: str


def register(results: dict[str, dict[str, Any]], task: Task) -> dict[str, Any]:
    """Register the best candidates and make the best that passes the gate the champion.

    The order is by held-out Brier score at the task's primary horizon. Published scores are compared, never
    registered. Returns the verdict on each candidate and the versions of champion and challenger (or None).
    """
    brier = f"brier_{task.primary_horizon}m"
    fitted = {name: result for name, result in results.items() if not result["published"]}
    ranked = sorted(fitted, key=lambda name: fitted[name]["metrics"].get(brier, float("inf")))
    verdicts = {name: judge(fitted[name]["metrics"], task) for name in ranked}
    passed = [name for name in ranked if verdicts[name].verdict == "promote"]
    outcome: dict[str, Any] = {"verdicts": {name: v.to_dict() for name, v in verdicts.items()}, CHAMPION: None, CHALLENGER: None}
    client = connect()
    for alias, name in zip((CHAMPION, CHALLENGER), passed, strict=False):
        version = _version_of(fitted[name]["run_id"], fitted[name]["model_uri"], task.name, name, verdicts[name].to_dict())
        if alias == CHAMPION:
            _go_live(task.name, version, name, "promote", f"lowest {brier} of those that pass the gate")
        else:
            client.set_registered_model_alias(registered_name(task.name), CHALLENGER, version)
        outcome[alias] = {"model": name, "version": version}
    return outcome


def promote(candidates: Mapping[str, Any], task: Task, name: str, reason: str, force: bool) -> Entry:
    """Make one candidate the champion if it passes the gate, or by force with a reason.

    Parameters
    ----------
    candidates : mapping
        What `training.compare.promotable` gives: what people were shown, by name.

    Raises
    ------
    ConfigError
        No such candidate; a published score; force without a reason.
    StateError
        The gate holds it back, or it is live already.
    """
    fitted = [n for n, candidate in candidates.items() if not candidate.published]
    if name not in fitted:
        raise ConfigError(f'"{name}" is not a fitted candidate of {task.name}.', nearest(name, fitted))
    if force and not reason.strip():
        raise ConfigError("Forcing a promotion needs a reason.", 'add --reason "..."; it is kept in the history.')
    verdict = judge(candidates[name].metrics, task)
    if verdict.verdict != "promote" and not force:
        raise StateError(f"The gate holds {name} back: {verdict.failures()}.", "improve the model, or use --force with --reason.", "gate")
    version = _version_of(candidates[name].run_id, candidates[name].model_uri, task.name, name, verdict.to_dict())
    live = live_version(task.name)
    if live and live[0] == version:
        raise StateError(
            f"{name}, version {version}, is live already; nothing was changed.", "see: python -m training history", "live_already"
        )
    return _go_live(task.name, version, name, "force" if verdict.verdict != "promote" else "promote", reason)


def rollback(task_name: str, reason: str) -> Entry:
    """Make the version that was live before the present one live again.

    Raises
    ------
    StateError
        There is no earlier version.
    """
    live = _live_stack(history(task_name))
    if len(live) < 2:
        raise StateError(
            f"There is no earlier champion of {task_name} to go back to.",
            f"see: python -m training history --task {task_name}",
            "no_earlier",
        )
    earlier = live[-2]
    return _go_live(task_name, earlier.version, earlier.model, "rollback", reason)


def history(task_name: str) -> list[Entry]:
    """Return every decision on a task's champion, oldest first."""
    client = connect()
    try:
        tags = client.get_registered_model(registered_name(task_name)).tags
    except MlflowException:
        return []
    return [Entry(**json.loads(tags[key])) for key in sorted(tags) if key.startswith(_LEDGER)]


def live_version(task_name: str) -> tuple[str, str] | None:
    """Return version and run id of the champion, None where there is none."""
    try:
        version = connect().get_model_version_by_alias(registered_name(task_name), CHAMPION)
    except MlflowException:
        return None
    return str(version.version), version.run_id


def _version_of(run_id: str, model_uri: str, task_name: str, name: str, verdict: dict[str, Any]) -> str:
    """Return the version registered for a candidate's run, registering it the first time."""
    client, model = connect(), registered_name(task_name)
    try:
        client.create_registered_model(model, description=f"Risk of progression, task {task_name}")
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    known = [v for v in client.search_model_versions(f"name = '{model}'") if v.run_id == run_id]
    version = known[0] if known else client.create_model_version(model, model_uri, run_id=run_id, tags={"estimator": name})
    client.set_model_version_tag(model, version.version, "gate", json.dumps(verdict))
    return str(version.version)


def _go_live(task_name: str, version: str, name: str, action: str, reason: str) -> Entry:
    """Write the decision to the ledger and move the alias; a version that is live already stays so, unrecorded."""
    client, model = connect(), registered_name(task_name)
    run_id = client.get_model_version(model, version).run_id
    load_version(model, version, run_id)  # what cannot be loaded must not go live
    entries, live = history(task_name), live_version(task_name)
    replaced = live[0] if live else ""
    entry = Entry(dt.datetime.now(dt.UTC).isoformat(timespec="seconds"), action, version, replaced, name, reason)
    if replaced == version:
        return entry
    client.set_registered_model_tag(model, f"{_LEDGER}{len(entries):06d}", json.dumps(asdict(entry)))
    client.set_registered_model_alias(model, CHAMPION, version)
    return entry


def _live_stack(entries: list[Entry]) -> list[Entry]:
    """Return the promotions still standing: a rollback takes back the one before it."""
    stack: list[Entry] = []
    for entry in entries:
        if entry.action == "rollback":
            stack.pop()
        else:
            stack.append(entry)
    return stack
