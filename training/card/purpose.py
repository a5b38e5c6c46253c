"""What the model is for, whom it was made from, and where it ends."""

from __future__ import annotations

from dataclasses import asdict

from serving.answer.basis import PEOPLE
from serving.answer.basis import intended_use as statements
from training.card.cells import count, people
from training.card.document import Blank, Block, Bullets, Cell, Section, Text, table
from training.card.facts import Facts
from training.metrics.names import Metric

SIMULATED = "Fitted to simulated histories. Nobody in this cohort is a patient: no figure on this page says anything about a patient."
USE, COHORT = "Intended use and limits", "Cohort and attrition"
_TREATMENT = {
    "censor": "treatment before {event} ends observation: the risk is that of staying untreated",
    "ignore": "treatment before {event} is left aside: the risk is that under the treatment people had",
    "composite": "the start of treatment counts as {event}",
}
_REASONS = {
    "criteria_met": "a myeloma-defining criterion was met",
    "other_stage": "another stage of the disease",
    "progressed": "{event} by then",
    "dead": "{competing} by then",
    "treated": "treated by then",
    "before_line": "before the line of therapy, or too few days after its start",
    "later_line": "a later line of therapy by then",
    "after_follow_up": "no follow-up after the visit",
}

_LIMITS_OF_SOURCE = {
    "simulated": SIMULATED,
    "mgus2": "One centre, people diagnosed 1960-94, one visit each, no free light chains (Kyle et al., N Engl J Med 2002;346:564).",
}


def months(horizons: tuple[int, ...]) -> str:
    """Return horizons in words.

    Examples
    --------
    >>> months((12, 24, 60)), months((24,))
    ('12, 24 and 60 months', '24 months')
    """
    return " and ".join(part for part in (", ".join(map(str, horizons[:-1])), str(horizons[-1])) if part) + " months"


def population(facts: Facts) -> str:
    """Return of whom the risk is, in words."""
    name = facts.about.get("population", facts.task.rules.population)
    return f"people with {PEOPLE.get(str(name), str(name))}" if name else "people of the cohort, at whatever stage"


def treatment(facts: Facts) -> str:
    """Return what treatment before the event does to the outcome, in words; of a line of therapy, what a later one does."""
    if line := facts.task.rules.line:
        begins = f"people are at risk from {line.from_days} days after the start of line {line.number} on"
        does = f"counts as {facts.words.event}" if line.next_line == "event" else "ends observation"
        return f"{begins}; a later line before {facts.words.event} {does}"
    name = str(facts.about.get("treatment", facts.task.rules.treatment))
    return _TREATMENT[name].format(event=facts.words.event) if name in _TREATMENT else name


def intended_use(facts: Facts) -> Section:
    """Return who may use the model for what, and what it must not be used for."""
    guard = facts.about.get("criteria_guard", facts.task.rules.criteria_guard)
    event, competing = facts.words.event, facts.words.competing
    untreated = "" if facts.about.get("treatment", facts.task.rules.treatment) == "ignore" else ", untreated so far"
    said = statements()
    use = [
        f"Of: {population(facts)}, at a visit{untreated}.",
        f"Gives: the probability of {event} within {months(facts.horizons)} of the visit and before {competing}, with what each biomarker "
        "adds to it.",
        f"Outcome: {facts.about.get('title', facts.task.title)}; {competing} competes; {treatment(facts)}.",
        *said["Purpose"],
    ]
    others = "they are signs of relapse" if facts.task.rules.line else "such findings mostly have other causes"
    limits = [
        *said["Limits"],
        "Loss to follow-up and, where it ends observation, the start of treatment are taken to be unrelated to what comes only among "
        "people as likely to leave by what is known at the visit, where 20 people or more leave so: the weights come from a "
        "Kaplan-Meier curve for each such group. Where treatment answers to what is found later, or is not in the data, "
        "the observed risk still comes out too low.",
        "This model guards against myeloma-defining criteria."
        if guard
        else f"This model does not guard against myeloma-defining criteria: in this task {others}.",
    ]
    if facts.source in _LIMITS_OF_SOURCE:
        limits.insert(0, _LIMITS_OF_SOURCE[facts.source])
    not_for = [*said["Not for"], *(["Here: people who were never treated."] if facts.task.rules.line else [])]
    blocks: list[Block] = [Bullets(use)]
    for heading, lines in (("Users", list(said["Users"])), ("Not for", not_for), ("Limits", limits)):
        blocks += [Text(f"{heading}:"), Bullets(lines)]
    return Section(USE, blocks)


def cohort(facts: Facts) -> Section:
    """Return where the people came from, and how many were lost on the way, and why."""
    blocks: list[Block] = [
        Text(f"Source: {facts.source}, cohort {facts.tags.get('cohort_hash', 'unknown')}.")
        if facts.source
        else Text(Blank("where the cohort came from"))
    ]
    if facts.simulated:
        blocks.append(Text(SIMULATED, warning=True))
    blocks += [_rows_kept(facts), _attrition(facts), _split(facts)]
    return Section(COHORT, blocks)


def _rows_kept(facts: Facts) -> Block:
    if not facts.counts:
        return Text(Blank("rows read, kept and quarantined; no cohort of this content here; name it with --cohort", "Rows of the source:"))
    rows = [[name, *(f"{counts.get(k, 0):,}" for k in ("read", "kept", "quarantined"))] for name, counts in facts.counts.items()]
    return table("Rows of the source: read = kept + quarantined", ("table", "read", "kept", "quarantined"), rows)


def _attrition(facts: Facts) -> Block:
    lost = facts.about.get("attrition")
    if not lost:
        return Text(Blank("the artifact does not say how many visits were left out, and why", "Attrition:"))
    said = {why: words.format(**asdict(facts.words)) for why, words in _REASONS.items()}
    reasons: list[list[Cell]] = [
        [f"- not at risk: {said.get(why, why.replace('_', ' '))}", f"{count:,}"] for why, count in lost["not_at_risk"].items()
    ]
    rows: list[list[Cell]] = [
        ["people in the cohort", f"{lost['patients']:,}"],
        ["people without a single visit at risk", people(lost.get("patients_without_a_landmark"))],
        [f"visits (days on which a result became available, from {facts.task.rules.origin} on)", f"{lost['visits']:,}"],
        *(reasons or [["- not at risk", "0"]]),
        ["visits at risk: the rows of the table (landmarks)", f"{lost['landmarks']:,}"],
    ]
    return table("From the cohort to the table", ("step", "number"), rows)


def _split(facts: Facts) -> Block:
    fitted, at = facts.about.get("trained_on", {}), facts.primary
    rows: list[list[Cell]] = [
        [
            f"fitted on, {facts.words.event} at any time",
            *(people(fitted.get(name)) for name in ("patients", "landmarks", "patients_progressing")),
        ],
        [
            f"judged on, {facts.words.event} within {facts.primary} months",
            *(count(facts, Metric(name, at)) for name in ("patients", "rows", "events")),
        ],
    ]
    return table("Who it was fitted on, and who it was judged on", ("part", "people", "visits", "people with the event"), rows)
