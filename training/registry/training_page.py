"""What the run of a training shows: the figures of the candidate it made live, a description, and all its candidates on one page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from myeloma.scores import SCORES
from serving.store.champion import CHAMPION, connect
from training import tracking
from training.card import comparison_of, log_comparison
from training.fitting.held_out import HeldOut
from training.gate.held_out import Sources
from training.metrics.estimate import MAIN
from training.metrics.names import Metric
from training.metrics.order import rank
from training.places import PREDICTIONS, SUBGROUPS
from training.plan import Plan
from training.registry.version_page import NOTE, VERDICT, describe_training
from training.tracking.run import Run

_SHOWN, _KIND = "shown", "kind"
_MEASURES = (*(key for key, _, _ in MAIN), "ipa", "ici")


def describe_trainings(plan: Plan, results: dict[str, dict[str, Any]], outcome: dict[str, Any], sources: Sources, evaluated: Path) -> None:
    """Write to the run of each training what it led to, so that the list of trainings in MLflow reads as a history.

    Parameters
    ----------
    results : what evaluation says of each candidate, by name
    outcome : what register decided
    sources : the table they were fitted to, and its cohort
    evaluated : folder of the evaluation
    """
    client, made = connect(), [result for result in results.values() if "training_id" in result]
    verdicts = {name: found["verdict"] for name, found in outcome["verdicts"].items()}
    page = comparison_of(plan, results, verdicts, _judged(plan, results, sources), _subgroups(evaluated))
    for training_id in dict.fromkeys(result["training_id"] for result in made):
        name, words = shown_of(
            {name: result for name, result in results.items() if result.get("training_id") == training_id}, plan, outcome
        )
        client.set_tag(training_id, _KIND, tracking.TRAINING)  # before there are figures: a run with figures and no kind is a candidate
        _say(training_id, plan, results, outcome, (name, words))
        log_comparison(page, training_id)


def _say(training_id: str, plan: Plan, results: dict[str, dict[str, Any]], outcome: dict[str, Any], shown: tuple[str, str]) -> None:
    client, (name, words) = connect(), shown
    client.set_tag(training_id, _SHOWN, words)
    client.set_tag(training_id, NOTE, describe_training(plan, results, outcome))
    names = [figure for key in _MEASURES for months in plan.task.horizons for figure in Metric(key, months).with_bounds]
    figures = results[name]["metrics"]
    tracking.log_figures(training_id, {figure: figures[figure] for figure in names if figure in figures})


def describe_again(plan: Plan, runs: list[Run], of: Run, live: dict[str, str]) -> None:
    """Write anew to the run of the training that a candidate is of what is live now, and the figures that stand for it.

    Parameters
    ----------
    runs : the task's evaluated candidates, the newest first
    of : the candidate's run
    live : what is live now: its model, version and run, when and how it was made so, and why
    """
    if not (training_id := of.tags.get("training_id")):  # a version that was recalibrated is of no training
        return
    results: dict[str, dict[str, Any]] = {}
    for run in runs:
        if run.judged_on == of.judged_on:
            results.setdefault(run.name, {"published": run.name in SCORES, "metrics": run.metrics, "run_id": run.id, **run.tags})
    own = {name: result for name, result in results.items() if result.get("training_id") == training_id}
    if not own:
        return
    verdicts = {name: {"verdict": result[VERDICT]} for name, result in results.items() if VERDICT in result}
    made_here = any(result["run_id"] == live["run_id"] for result in own.values())
    outcome = {CHAMPION: live if made_here else None, "live": live, "verdicts": verdicts}
    _say(training_id, plan, results, outcome, shown_of(own, plan, outcome))


def shown_of(own: dict[str, dict[str, Any]], plan: Plan, outcome: dict[str, Any]) -> tuple[str, str]:
    """Return whose figures stand for a training, and in words why: what it made live, else the first in the order of candidates."""
    live = outcome[CHAMPION]
    if live is not None and live["model"] in own:
        return live["model"], f"{live['model']}, champion, version {live['version']}"
    name = min(own, key=lambda name: (own[name]["published"], rank(own[name]["metrics"], plan.primary_horizon)))
    verdict = outcome["verdicts"].get(name, {}).get("verdict", "published score")
    return name, f"{name}, the best of this training; not live: {verdict}"


def _judged(plan: Plan, results: dict[str, dict[str, Any]], sources: Sources) -> HeldOut | None:
    """Return the people all candidates were judged on; None where their files or table are not here as they were then."""
    folders = {Path(result.get("folder", "")) for result in results.values()}
    here = all((folder / PREDICTIONS).is_file() for folder in folders) and len({folder.parent for folder in folders}) == 1
    if not here or sources.table is None or not all(sources.hashes.items() <= result.items() for result in results.values()):
        return None
    return HeldOut.of(next(iter(folders)).parent, list(results), sources.table, plan.task)


def _subgroups(evaluated: Path) -> pd.DataFrame:
    place = evaluated / SUBGROUPS
    return pd.read_csv(place) if place.is_file() else pd.DataFrame()
