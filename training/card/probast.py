"""A self-check along the four domains of PROBAST+AI: what the run itself shows, never a clean bill of health.

Moons et al., BMJ 2025, bmj-2024-082505. The signalling questions are not repeated here; a reviewer has to answer them.
"""

from __future__ import annotations

from typing import Any

from training.card import performance
from training.card.document import Blank, Cell, Part, Section, Table, Text
from training.card.facts import Facts
from training.metrics.names import Metric
from training.places import AVAILABILITY, GATE, explained, refit

TITLE = "PROBAST+AI self-check"
_NOTE = (
    "What the run itself shows in each of the four domains, for the development of the model, its evaluation and its applicability. "
    "It answers no signalling question and replaces no reviewer: use the tool itself (Moons et al., BMJ 2025, bmj-2024-082505)."
)
_SIMULATED = "Concern: nobody in the cohort is a patient."


def probast(facts: Facts) -> Section:
    """Return the self-check."""
    rows: list[list[Cell]] = [
        ["Participants and data sources", *_participants(facts)],
        ["Predictors", *_predictors(facts)],
        ["Outcome", *_outcome(facts)],
        ["Analysis", *_analysis(facts), "does not apply"],
    ]
    head = ("domain", "development", "evaluation", "applicability")
    return Section(TITLE, [Text(_NOTE), Table("Self-check", head, [Part(rows)], numbers=False)])


def _participants(facts: Facts) -> list[Cell]:
    if facts.simulated:
        return [_SIMULATED, _SIMULATED, "Concern: applies to no patient before it is fitted to, or judged on, a real cohort."]
    elsewhere = any(path in facts.files for path in (refit("sites"), refit("time")))
    judged = "Judged again at other sites or later, in the same source." if elsewhere else "Concern: judged in the same cohort alone."
    recruited = Blank("how people were found and included", "Everybody of the cohort who is at risk at a visit.")
    return [recruited, judged, Blank("whether the people the model is used on are like these")]


def _predictors(facts: Facts) -> list[Cell]:
    check = _check(facts, "outcome columns among the features")
    known = "Only what was available by the visit is read."
    development: Cell = Blank("the gate has not looked for outcomes among the features", known)
    if check is not None:
        development = f"{known} Outcome columns among the features: {check.get('value')}."
        development = development if check.get("holds") else f"Concern: {development}"
    share = facts.json(explained(AVAILABILITY)).get("absolute_share")
    tests = "not measured" if share is None else f"{share:.0%}"
    return [
        development,
        "Made by the same code for those fitted on and those judged on.",
        f"Share of the contributions that is about whether a test was done: {tests}. It need not hold where tests are ordered otherwise.",
    ]


def _outcome(facts: Facts) -> list[Cell]:
    words = facts.words
    apart = f"{words.event[0].upper()}{words.event[1:]} and {words.competing}, kept apart, with their days."
    found = Blank(f"how {words.event} was found, and whether blinded to the predictors", apart)
    if facts.simulated:
        return [_SIMULATED, _SIMULATED, "Concern: the outcome is the simulator's."]
    treated = facts.about.get("treatment", facts.task.rules.treatment)
    return [
        found,
        "The same outcome for those fitted on and those judged on.",
        f"Treatment before {words.event}: {treated}. Is that your question?",
    ]


def _analysis(facts: Facts) -> list[Cell]:
    fitted = facts.about.get("trained_on", {})
    events = facts.metrics.get(Metric("events", facts.primary).name)
    count = (
        f"{fitted['patients_progressing']:,} people have the event in the fit"
        if fitted
        else "number of people with the event in the fit unknown"
    )
    count += "" if not facts.model.get("spec") else f", {_features(facts)} features offered"
    development = f"{count}. Splits by patient; censoring weighted; {facts.words.competing} competes; recalibrated on people left out."
    failed = [check.get("name", "") for check in facts.json(GATE).get("checks", []) if check.get("holds") is False and _is_figure(check)]
    how = performance.how_judged(facts).capitalize()
    if events is None:
        return [development, Blank(f"figures at {facts.primary} months", f"Concern: {how}.")]
    said = f"{how}. Discrimination, calibration and net benefit with intervals."
    return [development, f"Concern: not met: {', '.join(failed)}. {said}" if failed else said]


def _features(facts: Facts) -> str:
    return facts.params.get("features", "an unknown number of")


def _check(facts: Facts, name: str) -> dict[str, Any] | None:
    return next((check for check in facts.json(GATE).get("checks", []) if check.get("name") == name), None)


def _is_figure(check: dict[str, Any]) -> bool:
    """Return whether a demand is on a figure of the people held out: of all, of the worst subgroup, or beside the champion's."""
    metric = Metric.parse(str(check.get("name", "")).partition(" ")[0])
    return metric is not None and metric.measure in ("auc", "ipa", "oe_ratio", "ici")
