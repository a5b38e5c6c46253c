"""Which version is live, and every decision that made it so: register, promote, roll back.

Every fitted candidate is registered as a version that carries its verdict: tags and a description that the registry page
shows, and `gate.json` and the model card among the artifacts of its run. The aliases say what is live (`champion`) and what
waits (`challenger`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import mlflow
from mlflow.exceptions import MlflowException

from features import Task
from myeloma import ConfigError, StateError
from myeloma.errors import nearest
from serving.artifact import Artifact
from serving.store import CHALLENGER, CHAMPION, connect, load_version, registered_name, version_of_alias
from training.card import card_of, facts_of_run, log_card
from training.evidence import HeldOut, cohort_of, compare, held_out, measure, record_of_run, subgroups, unjudged
from training.gate import judge, rank
from training.ledger import Entry, alias_version, append, overtaken, read, settle, standing, taken_back, user
from training.tracking import require_runs
from training.verdict import HOLD, PROMOTE, REJECT, Evidence, Facts, Verdict
from training.version_page import NOTE, VERDICT, describe_model, describe_training, describe_version

GATE_FILE = "gate.json"
_LONGEST_REASON = 1000


def register(results: dict[str, dict[str, Any]], task: Task, cohort: Path | None = None) -> dict[str, Any]:
    """Register every fitted candidate with its verdict; the best that the gate promotes becomes the champion.

    The order is by held-out Brier score at the task's primary horizon, of equal ones by AUC (see `training.gate.rank`).
    Each is compared with what is live when its turn comes, so of one training at most one is promoted. The best that is
    only held back becomes the challenger; the champion stays. Published scores are compared, never registered.

    Returns
    -------
    dict
        `verdicts` by name, `champion` (what this call made or left live because it is the same version; None where an
        older champion stays), `live` (what is live now) and `challenger`, each a model and a version.
    """
    brier = f"brier_{task.primary_horizon}m"
    fitted = {name: result for name, result in results.items() if not result["published"]}
    require_runs([result["run_id"] for result in fitted.values()], task)
    outcome: dict[str, Any] = {"verdicts": {}, CHAMPION: None, CHALLENGER: None, "live": None}
    for name in sorted(fitted, key=lambda name: rank(fitted[name]["metrics"], task.primary_horizon)):
        result = fitted[name]
        version = _version_of(result["run_id"], result["model_uri"], task.name, name)
        folder = cohort or cohort_of(result)
        after, held = _last_key(task.name), held_out(result, task, folder)
        evidence = _evidence(result["metrics"], task, version, result["run_id"], held)
        verdict = judge(evidence, task)
        _keep_verdict(task, version, result["run_id"], name, verdict, evidence, folder)
        outcome["verdicts"][name] = {"version": version, **verdict.to_dict()}
        if verdict.verdict == PROMOTE and outcome[CHAMPION] is None:
            _go_live(task.name, after, version, name, PROMOTE, f"lowest {brier} of those that pass the gate", verdict.verdict)
            outcome[CHAMPION] = {"model": name, "version": version}
        elif verdict.verdict != REJECT and outcome[CHALLENGER] is None:
            connect().set_registered_model_alias(registered_name(task.name), CHALLENGER, version)
            outcome[CHALLENGER] = {"model": name, "version": version}
    if live := live_version(task.name):
        estimator = connect().get_model_version(registered_name(task.name), live[0]).tags.get("estimator", "?")
        outcome["live"] = {"model": estimator, "version": live[0]}
    _describe_trainings(task, results, outcome)
    return outcome


def promote(candidates: Mapping[str, Any], task: Task, name: str, reason: str, force: bool, fitted_in: Path | None = None) -> Entry:
    """Make one candidate the champion: if the gate promotes it, if it only holds it back with a reason, else by force.

    Parameters
    ----------
    candidates : mapping
        What `training.compare.promotable` gives: what people were shown, by name.
    fitted_in : Path, optional
        The folder of fits in which the held-out people lie; without it, the verdict rests on what is logged.

    Raises
    ------
    ConfigError
        No such candidate; a published score; force without a reason; a reason that is blank.
    StateError
        There is no candidate at all; the gate rejects it, or holds it back and no reason is given; it is live already; the
        champion changed meanwhile.
    """
    fitted = [n for n, candidate in candidates.items() if not candidate.published]
    if not fitted:
        raise StateError(f"No model of {task.name} is evaluated.", f"python -m training fit TABLE --task {task.name}, then evaluate.")
    if name not in fitted:
        raise ConfigError(f'"{name}" is not a fitted candidate of {task.name}.', nearest(name, fitted))
    if force and not reason.strip():
        raise ConfigError("Forcing a promotion needs a reason.", 'add --reason "..."; it is kept in the history.')
    _check_reason(reason)
    candidate = candidates[name]
    require_runs([candidate.run_id], task)
    version = _version_of(candidate.run_id, candidate.model_uri, task.name, candidate.estimator)
    if (live := live_version(task.name)) and live[0] == version:
        raise StateError(
            f"{name}, version {version}, is live already; nothing was changed.", "see: python -m training history", "live_already"
        )
    after = _last_key(task.name)
    record = record_of_run(candidate.run_id, fitted_in) if fitted_in else None
    folder = cohort_of(record) if record else None
    held = held_out(record, task, folder) if record else None
    evidence = _evidence(candidate.metrics, task, version, candidate.run_id, held)
    verdict = judge(evidence, task)
    _keep_verdict(task, version, candidate.run_id, candidate.estimator, verdict, evidence, folder)
    if verdict.verdict == REJECT and not force:
        raise StateError(f"The gate rejects {name}: {verdict.failures()}.", "improve the model, or use --force with --reason.", "gate")
    if verdict.verdict == HOLD and not reason:
        raise StateError(
            f"The gate holds {name} back: {verdict.failures()}.",
            "promote it all the same with --reason; it is kept in the history.",
            "gate",
        )
    action = "force" if verdict.verdict == REJECT else PROMOTE
    return _go_live(task.name, after, version, candidate.estimator, action, reason, verdict.verdict)


def rollback(task_name: str, reason: str) -> Entry:
    """Make the version that was live before the present one live again.

    Raises
    ------
    StateError
        There is no earlier version, or the champion changed meanwhile.
    """
    _check_reason(reason)
    entries = read(task_name)
    earlier = [e for e in standing(list(entries.values()))[:-1] if e.version != alias_version(task_name, CHAMPION)]
    if not earlier:
        raise StateError(
            f"There is no earlier champion of {task_name} to go back to.",
            f"see: python -m training history --task {task_name}",
            "no_earlier",
        )
    back = earlier[-1]
    return _go_live(task_name, next(reversed(entries)), back.version, back.model, "rollback", reason, "")


def live_version(task_name: str) -> tuple[str, str] | None:
    """Return version and run id of the champion, None where there is none."""
    found = version_of_alias(task_name, CHAMPION)
    return (str(found.version), found.run_id) if found else None


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


def _evidence(metrics: dict[str, float], task: Task, version: str, run_id: str, held: HeldOut | None) -> Evidence:
    """Return everything the verdict rests on; without the held-out people here, the facts measured at registration."""
    client, model = connect(), registered_name(task.name)
    live = live_version(task.name)
    comparison = None
    if live and live[0] != version:
        comparison = compare(
            task,
            (client.get_run(run_id), held),
            (live[0], client.get_run(live[1])),
            lambda: load_version(model, live[0], live[1]),
        )
    facts = _facts(task, version, run_id, held)
    past = taken_back(list(read(task.name).values()), version)
    return Evidence(metrics, unjudged(run_id), subgroups(run_id, task.primary_horizon, held), facts, comparison, past)


def _facts(task: Task, version: str, run_id: str, held: HeldOut | None) -> Facts:
    if held is None and (stored := _stored_facts(run_id)):
        return stored
    try:
        artifact: Artifact = load_version(registered_name(task.name), version, run_id)
    except StateError as error:
        return Facts(features_known=False, notes={"features_known": error.what})
    return measure(artifact, task, held)


def _stored_facts(run_id: str) -> Facts | None:
    try:
        return Facts(**mlflow.artifacts.load_dict(f"runs:/{run_id}/{GATE_FILE}")["facts"])
    except (MlflowException, OSError, KeyError):
        return None


def _version_of(run_id: str, model_uri: str, task_name: str, name: str) -> str:
    """Return the version registered for a candidate's run, registering it the first time."""
    client, model = connect(), registered_name(task_name)
    try:
        client.create_registered_model(model, description=describe_model(task_name))
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    if known := version_of_run(task_name, run_id):
        return known
    made = client.create_model_version(
        model, model_uri, run_id=run_id, tags={"estimator": name}, model_id=model_uri.removeprefix("models:/")
    )
    return str(made.version)


def _keep_verdict(task: Task, version: str, run_id: str, name: str, verdict: Verdict, evidence: Evidence, cohort: Path | None) -> None:
    """Write the verdict to the version (tags, description) and to its run (tag, `gate.json`), and the model card beside it."""
    client, model = connect(), registered_name(task.name)
    judged_at = _now()
    client.log_dict(run_id, {"judged_at": judged_at, **verdict.to_dict(), "facts": asdict(evidence.facts)}, GATE_FILE)
    client.set_tag(run_id, VERDICT, verdict.verdict)
    tags, description = describe_version(task, name, client.get_run(run_id), verdict, judged_at)
    for key, value in tags.items():
        client.set_model_version_tag(model, version, key, value)
    client.update_model_version(model, version, description)
    client.set_tag(run_id, NOTE, description)
    log_card(card_of(facts_of_run(task, run_id, version, cohort=cohort)), run_id)


def _describe_trainings(task: Task, results: dict[str, dict[str, Any]], outcome: dict[str, Any]) -> None:
    client = connect()
    for training_id in {result["training_id"] for result in results.values() if "training_id" in result}:
        client.set_tag(training_id, NOTE, describe_training(task, results, outcome))


def _go_live(task_name: str, after: str, version: str, name: str, action: str, reason: str, verdict: str) -> Entry:
    """Write the decision to the ledger and move the alias; a version that is live already stays so, unrecorded."""
    model = registered_name(task_name)
    load_version(model, version, connect().get_model_version(model, version).run_id)  # what cannot be loaded must not go live
    replaced = alias_version(task_name, CHAMPION) or ""
    entry = Entry(_now(), action, version, replaced, name, reason.strip(), user(), verdict)
    if _last_key(task_name) != after:
        raise overtaken(task_name)
    if replaced == version:
        return entry
    try:
        append(task_name, entry, after)
    finally:
        settle(task_name)
    return entry


def _check_reason(reason: str) -> None:
    if reason and not reason.strip():
        raise ConfigError("The reason is blank.", 'say why in a few words, as in --reason "drift at one site".')
    if len(reason) > _LONGEST_REASON:
        raise ConfigError(f"The reason has {len(reason)} characters.", f"at most {_LONGEST_REASON} are kept.")


def _last_key(task_name: str) -> str:
    return next(reversed(read(task_name)), "")


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
