"""A version judged: everything the verdict rests on, the verdict, and where it is kept for people to see."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import mlflow
from mlflow.exceptions import MlflowException

from features import Task
from myeloma import StateError
from serving.artifact import Artifact
from serving.store.champion import connect, load_version, registered_name
from training.card import card_of, facts_of_run, log_card
from training.gate.artifact import measure
from training.gate.champion import compare
from training.gate.demands import judge
from training.gate.held_out import HeldOut
from training.gate.logged import subgroups, unjudged
from training.gate.verdict import Evidence, Facts, Verdict
from training.registry.ledger import now, read, taken_back
from training.registry.version_page import NOTE, VERDICT, describe_version
from training.registry.versions import live_version

GATE_FILE = "gate.json"


def judged(
    task: Task, version: str, run_id: str, name: str, metrics: dict[str, float], held: HeldOut | None, cohort: Path | None
) -> Verdict:
    """Return the gate's verdict on a registered version; it is written to the version and its run, with the model card."""
    evidence = _evidence(metrics, task, version, run_id, held)
    verdict = judge(evidence, task)
    _keep_verdict(task, version, run_id, name, verdict, evidence, cohort)
    return verdict


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


def _keep_verdict(task: Task, version: str, run_id: str, name: str, verdict: Verdict, evidence: Evidence, cohort: Path | None) -> None:
    """Write the verdict to the version (tags, description) and to its run (tag, `gate.json`), and the model card beside it."""
    client, model = connect(), registered_name(task.name)
    judged_at = now()
    client.log_dict(run_id, {"judged_at": judged_at, **verdict.to_dict(), "facts": asdict(evidence.facts)}, GATE_FILE)
    client.set_tag(run_id, VERDICT, verdict.verdict)
    tags, description = describe_version(task, name, client.get_run(run_id), verdict, judged_at)
    for key, value in tags.items():
        client.set_model_version_tag(model, version, key, value)
    client.update_model_version(model, version, description)
    client.set_tag(run_id, NOTE, description)
    log_card(card_of(facts_of_run(task, run_id, version, cohort=cohort)), run_id)
