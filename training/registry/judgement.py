"""A version judged: everything the verdict rests on, the verdict, and where it is kept for people to see."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from myeloma import StateError
from serving.artifact import Artifact
from serving.store.champion import connect, load_version, registered_name
from training.card import card_of, facts_of, log_card
from training.card.of_run import description_of
from training.fitting.held_out import HeldOut
from training.gate.artifact import measure
from training.gate.champion import beside_champion
from training.gate.demands import judge
from training.gate.figures import subgroups, unjudged
from training.gate.verdict import ArtifactChecks, Comparison, Evidence, Verdict
from training.places import GATE
from training.plan import Plan
from training.registry.ledger import now, read, taken_back
from training.registry.version_page import NOTE, VERDICT, describe_version
from training.registry.versions import live_version
from training.tracking import RECALIBRATION
from training.tracking.run import Run


@dataclass(frozen=True)
class Live:
    """What is live: its version, its run, None where that is no longer in the store, and its artifact as the registry gives it."""

    task_name: str
    version: str
    run_id: str
    run: Run | None

    @cached_property
    def artifact(self) -> Artifact:
        """Return the artifact, loaded once.

        Raises
        ------
        StateError
            Its files are gone, are not those that were registered, or mean something else in this version.
        """
        return load_version(registered_name(self.task_name), self.version, self.run_id)


@dataclass(frozen=True)
class Registered:
    """A version of a task's registered model, the candidate's run it was made of, and its artifact as the registry gives it."""

    plan: Plan
    version: str
    run: Run

    @cached_property
    def artifact(self) -> Artifact:
        """Return the artifact, loaded once.

        Raises
        ------
        StateError
            Its files are gone, or mean something else in this version.
        """
        return load_version(registered_name(self.plan.task.name), self.version, self.run.id)


def judge_version(new: Registered, metrics: dict[str, float], held: HeldOut | None, cohort: Path | None, live: Live | None) -> Verdict:
    """Return the gate's verdict on a registered version; it is written to the version and its run, with the model card.

    Parameters
    ----------
    metrics : dict
        The candidate's held-out figures by name.
    live : Live, optional
        The champion, as `champion` gives it.
    """
    evidence = _evidence(new, metrics, held, live)
    verdict = judge(evidence, new.plan)
    _keep_verdict(new, verdict, evidence, cohort)
    return verdict


def champion(plan: Plan, known: Live | None = None) -> Live | None:
    """Return the version that is live, None where there is none; the one known already, if it is that.

    What it takes to replace a champion is not taken from the champion: its run may be gone.
    """
    live = live_version(plan.task.name)
    if live is None or (known is not None and known.version == live[0]):
        return known if live else None
    version, run_id = live
    return Live(plan.task.name, version, run_id, Run.known(run_id, plan.task))


def _evidence(new: Registered, metrics: dict[str, float], held: HeldOut | None, live: Live | None) -> Evidence:
    """Return everything the verdict rests on; without the held-out people here, what was measured at registration."""
    comparison: Comparison | None = None
    if live is not None and live.version != new.version:
        comparison = beside_champion(new.plan, (new.run, held), (live.version, live.run), lambda: live.artifact)
    past = taken_back(list(read(new.plan.task.name).values()), new.version)
    found = subgroups(new.run, new.plan.primary_horizon)
    return Evidence(metrics, unjudged(new.run), found, _checks(new, held), comparison, past, _recalibrated(new.run))


def _recalibrated(run: Run) -> str:
    """Return to whom the version of a run was recalibrated, empty where it was not."""
    if run.tags.get("kind") != RECALIBRATION:
        return ""
    site = f"{run.tags.get('source', '')} {run.tags.get('cohort_hash', '')}".strip()
    return f"recalibrated from version {run.tags.get('recalibrated_from', '?')} to {site}: all figures there are of these very people"


def _checks(new: Registered, held: HeldOut | None) -> ArtifactChecks:
    if held is None and (stored := new.run.json(GATE).get("facts")) is not None:
        return ArtifactChecks(**stored)
    try:
        return measure(new.artifact, new.plan, held)
    except StateError as error:
        return ArtifactChecks(features_known=False, notes={"features_known": error.what})


def _keep_verdict(new: Registered, verdict: Verdict, evidence: Evidence, cohort: Path | None) -> None:
    """Write the verdict to the version (tags, description) and to its run (tag, `gate.json`), and the model card beside it."""
    client, model, judged_at = connect(), registered_name(new.plan.task.name), now()
    new.run.log_json(GATE, {"judged_at": judged_at, **verdict.to_dict(), "facts": asdict(evidence.facts)})
    client.set_tag(new.run.id, VERDICT, verdict.verdict)
    tags, description = describe_version(new.plan, new.run, verdict, judged_at)
    for key, value in tags.items():
        client.set_model_version_tag(model, new.version, key, value)
    client.update_model_version(model, new.version, description)
    client.set_tag(new.run.id, NOTE, description)
    log_card(card_of(facts_of(new.plan, new.run, new.version, cohort, _described(new))), new.run.id)


def _described(new: Registered) -> dict[str, Any] | None:
    """Return what the artifact says of itself, where it can be loaded."""
    try:
        return description_of(new.artifact)
    except StateError:
        return None
