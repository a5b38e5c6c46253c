"""The card of a model: its sections, in the order in which a person asks."""

from __future__ import annotations

from serving.answer.columns import NOTICE
from training.card import diagnoses, explained, performance, provenance, purpose, subgroups, validation
from training.card.cells import figure, refusals
from training.card.document import Blank, Block, Card, Cell, Section, Text, table
from training.card.facts import Facts
from training.card.probast import probast
from training.card.tripod import tripod
from training.metrics.estimate import MAIN
from training.metrics.names import Metric
from training.places import GATE

_SECTIONS = (
    purpose.intended_use,
    purpose.cohort,
    performance.performance,
    performance.landmarks,
    performance.acting,
    performance.beside_scores,
    subgroups.subgroups,
    subgroups.elsewhere,
    validation.other_cohorts,
    explained.drivers,
    diagnoses.noticed,
    provenance.gate,
    provenance.reproduce,
    tripod,
    probast,
)


def card_of(facts: Facts) -> Card:
    """Return the card of one model."""
    version = f"version {facts.version}" if facts.version else "not registered"
    title = f"{facts.task.name}-progression, {version}: {facts.name}"
    lead = str(facts.about.get("title", facts.task.title))
    return Card(title, lead, [in_short(facts), *(make(facts) for make in _SECTIONS)])


def in_short(facts: Facts) -> Section:
    """Return what must be read if nothing else is."""
    blocks: list[Block] = [Text(purpose.SIMULATED, warning=True)] if facts.simulated else []
    blocks.append(Text(NOTICE, warning=True))
    why = refusals(facts)
    rows: list[list[Cell]] = [
        [
            f"{months} months",
            *(figure(facts, Metric(measure, months), decimals, why.get(("", months), "")) for measure, _, decimals in MAIN),
        ]
        for months in facts.horizons
    ]
    labels = [label for _, label, _ in MAIN]
    verdict = facts.json(GATE).get("verdict")
    blocks += [
        Text(f"The gate says: {verdict.upper()}.") if verdict else Text(Blank("not judged yet", "The gate says:")),
        table(f"{performance.how_judged(facts).capitalize()}; all visits, 95 % intervals", ("horizon", *labels), rows),
    ]
    blocks += [Text(Blank("not found when this page was written", f"{missing.capitalize()}:")) for missing in facts.missing]
    return Section("In short", blocks)
