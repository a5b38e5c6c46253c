"""Watch the champion: compare a cohort's newest visits with what it was trained on, and its older ones with their outcomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import pandas as pd

from features import Cohort, Task
from myeloma import ConfigError, StateError
from serving.artifact import RECALIBRATED, Artifact, feature_matrix
from serving.predict import predict_risk
from training.monitor.drift import checks_of_inputs, checks_of_risks
from training.monitor.findings import Finding, Status, with_status
from training.monitor.outcome import Bounds, checks_of_outcomes
from training.monitor.over_time import USUAL, Charting, OverTime, check_over_time, over_time
from training.monitor.people import Period, Visits, period_of, sites_of
from training.monitor.post_stratification import bands_unmatched
from training.monitor.refused import as_received
from training.monitor.suspected_units import LEAST_AT_SITE, as_finding, suspected_units
from training.monitor.verdict import Advice, verdict_of
from training.plan import Plan
from training.reference.by_time import LEAST_IN_BAND, time_band
from training.reference.columns import level_column
from training.reference.last_visits import OF_LAST_VISITS, reference_of_period
from training.rows.small_cells import SMALL_CELL, written

_ALL_VISITS = (
    "The champion was fitted by an earlier version: last visits are compared with all visits of training. Where results of one visit "
    "become known on different days, fewer are missing at last visits, and a rise may be overlooked: fit again."
)
_NOT_TOLD = ("p", "large", "shown")  # a p can give a small count away


@dataclass(frozen=True)
class Watched:
    """What was found in one period: who was looked at, every finding, what to do, and notes for the reader."""

    task: str
    model: str
    version: str
    cohort_hash: str
    period: Period
    people: int
    findings: list[Finding]
    verdict: Advice
    notes: list[str]
    over_time: OverTime

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, without what could tell of single people."""
        told = [
            {k: v for k, v in asdict(f).items() if k not in _NOT_TOLD} | {"people": f.shown or written(f.people)} for f in self.findings
        ]
        return {
            "task": self.task,
            "model": self.model,
            "version": self.version,
            "cohort_hash": self.cohort_hash,
            "since": str(self.period.since.date()),
            "until": str(self.period.until.date()),
            "people": written(self.people),
            "verdict": self.verdict.verdict,
            "why": self.verdict.why,
            "notes": self.notes,
            "findings": told,
            "over_time": self.over_time.to_dict(),
        }

    def lines(self) -> Iterator[str]:
        """Yield what a person at a terminal needs: the verdict, what changed, how many checks there were."""
        yield f"{self.task}: {self.verdict.verdict}. {self.verdict.why}"
        yield f"  {written(self.people)} people, last visits from {self.period.in_words()}, against {self.model} version {self.version}"
        count = Counter(finding.status for finding in self.findings)
        told: dict[Status, str] = {"changed": "changed", "steady": "steady", "not shown": "not shown either way", "too few": "with too few"}
        yield f"  {len(self.findings)} checks: {', '.join(f'{count[status]} {words}' for status, words in told.items())}"
        for finding in self.findings:
            if finding.status == "changed" or finding.kind == "outcome":
                yield f"  {finding.status}: {finding.label}: {finding.words}"
        for note in self.notes:
            yield f"  note: {note}"


def watch(
    cohort: Cohort,
    artifact: Artifact,
    plan: Plan,
    since: str | None = None,
    until: str | None = None,
    refused: pd.DataFrame | None = None,
    charting: Charting = USUAL,
) -> Watched:
    """Return what differs from training, and whether the risks came true.

    Parameters
    ----------
    refused : DataFrame, optional
        What `out_of_range` gives: results that are not in the cohort, but tell of a changed unit.
    charting : Charting
        How outcomes are charted month by month.

    Raises
    ------
    StateError
        The champion was fitted by a version that kept no quantiles.
    ConfigError
        The champion follows other rules than the task does now, or the period or the charts end before they begin.
    DataError
        Nobody at risk has a visit in the period.
    """
    check_artifact(artifact, plan.task)
    period = period_of(cohort, since, until)
    visits = Visits(cohort, artifact)
    rows = visits.last(period.since, period.until)
    about = artifact.about | {"reference_by_time": reference_of_period(artifact.about, period.days)}
    spec = artifact.spec
    received = rows if refused is None else as_received(rows, refused, spec, period, level_column)
    suspected = suspected_units(received, spec, about, level_column)
    risks = predict_risk(artifact, feature_matrix(artifact, rows))
    drift = with_status([*checks_of_inputs(rows, spec, about, suspected), *checks_of_risks(rows, risks, artifact.horizons, about)])
    bounds = Bounds(*plan.gate.oe_ratio_between)
    charted = over_time(visits, artifact, period, charting)
    outcome = [check_over_time(charted, period, bounds), *with_status(checks_of_outcomes(visits, artifact, period, bounds))]
    findings = [*(as_finding(one) for one in suspected), *drift, *outcome]
    return Watched(
        plan.task.name,
        artifact.origin.get("model_name", ""),
        artifact.origin.get("model_version", ""),
        cohort.content_hash(),
        period,
        len(rows),
        findings,
        verdict_of(findings),
        list(_notes(cohort, artifact, rows, period)),
        charted,
    )


def check_artifact(artifact: Artifact, task: Task) -> None:
    """Refuse a champion that nothing can be compared with, saying why."""
    again = f"fit and register again: python -m training fit TABLE --task {task.name}"
    if "reference_by_time" not in artifact.about:
        raise StateError(
            "The champion was fitted by an earlier version: it remembers no quantiles of its training by time since diagnosis.",
            again,
            "old_reference",
        )
    if changed := artifact.rules.changed_to(task.rules):
        raise ConfigError(f"The champion was fitted under other rules than task {task.name} has: {changed}.", again, "other_rules")


def _notes(cohort: Cohort, artifact: Artifact, rows: pd.DataFrame, period: Period) -> Iterator[str]:
    if artifact.provenance.simulated:
        yield "The champion is fitted to simulated histories: these figures say nothing about patients."
    if artifact.provenance.cohort_hash == cohort.content_hash():
        yield "This is the cohort that the champion was trained on: its outcomes are known to the model, so O/E flatters it."
    if artifact.about.get(RECALIBRATED, {}).get("cohort_hash") == cohort.content_hash():
        yield "This is the cohort that the champion was recalibrated to: it is moved to these outcomes, so O/E flatters it."
    if OF_LAST_VISITS not in artifact.about and artifact.rules.landmarks == "visits":
        yield _ALL_VISITS
    reference = reference_of_period(artifact.about, period.days)
    alone, times = bands_unmatched(time_band(rows, reference["months"]), reference)
    if alone:
        yield (
            f"{written(alone)} people here are seen {times} months after diagnosis, when fewer than {LEAST_IN_BAND} people of training "
            "were: there is nobody to compare them with, and the checks leave them out."
        )
    yield from _notes_of_sites(rows)
    for site, attrition in cohort.about.get("attrition", {}).get("measurements", {}).items():
        refused = sum(attrition["reasons"].get(reason, 0) for reason in ("out_of_range", "unknown_unit"))
        if refused >= SMALL_CELL:
            where = f"site {site}" if site else "people without a site"
            yield f"Ingestion refused {refused} results of {where} for their range or unit: a changed unit often ends there."
    stages = rows["patient_id"].map(cohort.patients.set_index("patient_id")["stage"])
    if (population := artifact.rules.population) and (stages == "").mean() > 0.5:
        yield f"Most people here have no recorded stage; they are taken to be {population}."


def _notes_of_sites(rows: pd.DataFrame) -> Iterator[str]:
    sites = {site: len(inside) for site, inside in sites_of(rows).items()}
    judged_sites = [site for site, people in sites.items() if people >= LEAST_AT_SITE]
    if len(sites) < 2:
        yield "One site, or none is recorded: a unit is looked at for everybody together; one of several laboratories may be missed."
    elif len(judged_sites) < len(sites):
        yield f"Units are looked at in {len(judged_sites)} of {len(sites)} sites; the others have fewer than {LEAST_AT_SITE} people here."
