"""Validation elsewhere: every figure of an evaluation, for the live model as it is, on another cohort; nothing is fitted to it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from features import Cohort
from serving.artifact import RECALIBRATED, Artifact
from training.evaluation.differences import paired_differences
from training.evaluation.expected_events import too_little
from training.evaluation.performance import performance_of
from training.evaluation.subgroups import FOLLOWS
from training.metrics import Draws
from training.monitor.elsewhere.case_mix import distributions, findings_of
from training.monitor.elsewhere.judged import Judged
from training.monitor.elsewhere.others import CHAMPION, people_elsewhere
from training.monitor.elsewhere.overlap import BIRTH_YEARS, DAYS, RESULTS, Overlap
from training.monitor.findings import Finding
from training.plan import Plan
from training.reference import first_visits
from training.rows.small_cells import is_small, written

OTHERS, EVERYBODY = "not in training", "everybody"
_COUNTS = ("patients", "rows", "events", "effective_rows")
_LINE = ["model", "subset", "horizon", "measure"]


@dataclass(frozen=True)
class Validated:
    """What a validation found.

    Attributes
    ----------
    figures : as `performance_of` lays them out, with `people`: OTHERS, and EVERYBODY where somebody is likely in the training cohort
    differences : champion minus published score at each horizon, on the people of `headline`
    overlap : None where the training cohort is not at hand
    headline : whose figures count: OTHERS where people of training were looked for
    case_mix, findings : inputs and risks then and now, of the people of `headline`, and which of them differ
    judged : the rows of `headline`, for pictures; never written
    """

    plan: Plan
    artifact: Artifact
    cohort_hash: str
    source: str
    people: int
    overlap: Overlap | None
    headline: str
    figures: pd.DataFrame
    differences: pd.DataFrame
    case_mix: pd.DataFrame
    findings: list[Finding]
    notes: list[str]
    judged: Judged

    @property
    def version(self) -> str:
        """Return the number of the registered version."""
        return self.artifact.origin.get("model_version", "")

    @property
    def run_id(self) -> str:
        """Return the run that the model was made in."""
        return self.artifact.origin.get("run_id", "")

    def to_dict(self) -> dict[str, Any]:
        """Return all of it as JSON can hold it, without what could tell of single people."""
        told = ("kind", "name", "label", "estimate", "lo", "hi", "status", "words")
        return {
            "task": self.plan.task.name,
            "model": self.artifact.origin.get("model_name", ""),
            "version": self.version,
            "kind": self.artifact.kind,
            "seal": self.artifact.seal,
            "validated_run": self.run_id,
            "cohort_hash": self.cohort_hash,
            "source": self.source,
            "people": written(self.people),
            "overlap": _told(self.overlap),
            "headline": self.headline,
            "primary_horizon": self.plan.primary_horizon,
            "notes": self.notes,
            "figures": _records(self.figures),
            "differences": _records(self.differences),
            "case_mix": _records(self.case_mix),
            "findings": [{name: value for name, value in asdict(finding).items() if name in told} for finding in self.findings],
        }


def validate(cohort: Cohort, artifact: Artifact, plan: Plan, training: Cohort | None) -> Validated:
    """Return the figures of the live model and the published scores on a cohort, and how its people differ from training's.

    What is refused: `people_elsewhere`.

    Parameters
    ----------
    training : Cohort, optional
        What the model was trained on, to look for people of both; None where it is not at hand.
    """
    here = people_elsewhere(cohort, artifact, plan, training)
    plan, judged, others, overlap = here.plan, here.judged, here.others, here.overlap
    figures = _figures(judged, others, plan)
    first = first_visits(others.rows)
    return Validated(
        plan,
        artifact,
        here.cohort_hash,
        cohort.about.get("source", ""),
        judged.rows["patient_id"].nunique(),
        overlap,
        EVERYBODY if overlap is None else OTHERS,
        figures if overlap else figures.assign(people=EVERYBODY),
        _differences(others, plan),
        distributions(others.rows, others.risks[CHAMPION], artifact),
        findings_of(first.reset_index(drop=True), others.risks[CHAMPION][first.index], artifact),
        _notes(artifact, judged.rows, overlap),
        others,
    )


def _figures(judged: Judged, others: Judged, plan: Plan) -> pd.DataFrame:
    """Return the figures without people of training, and with them where there are some."""
    outside = _performance(others, plan).assign(people=OTHERS)
    if len(others.rows) == len(judged.rows):
        return outside
    return pd.concat([outside, _without_differences(_performance(judged, plan), outside).assign(people=EVERYBODY)], ignore_index=True)


def _performance(judged: Judged, plan: Plan) -> pd.DataFrame:
    draws = Draws.of(judged.rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    return performance_of(judged.rows, judged.risks, plan, draws, judged.orders, {CHAMPION: judged.die_first}, too_little)


def _without_differences(everybody: pd.DataFrame, outside: pd.DataFrame) -> pd.DataFrame:
    """Return the figures of all without those counts that, less those of the others, tell of fewer than ten people."""
    here = everybody.merge(outside[[*_LINE, "threshold", "estimate"]], on=[*_LINE, "threshold"], how="left", suffixes=("", "_outside"))
    hidden = here["measure"].isin(_COUNTS) & is_small(here["estimate"] - here["estimate_outside"])
    return everybody.assign(estimate=here["estimate"].mask(hidden).to_numpy(), why=here["why"].mask(hidden, FOLLOWS).to_numpy())


def _differences(judged: Judged, plan: Plan) -> pd.DataFrame:
    evaluation = plan.evaluation
    draws = Draws.of(judged.rows["patient_id"], evaluation.bootstrap, evaluation.seed)
    given = (judged.rows, judged.risks, [CHAMPION], plan.task.horizons, draws, evaluation.cut_offs, judged.orders)
    found = paired_differences(*given, too_little).drop(columns=["rows"])
    few = is_small(found["patients"]) | is_small(found["events"])
    shown: pd.DataFrame = found.loc[~few]
    return shown


def _notes(artifact: Artifact, rows: pd.DataFrame, overlap: Overlap | None) -> list[str]:
    people = rows["patient_id"].nunique()
    notes = [how_looked(overlap, people)]
    if artifact.provenance.simulated:
        notes.append("The champion is fitted to simulated histories; on a simulated cohort these figures say nothing about patients.")
    if site := artifact.about.get(RECALIBRATED):
        notes.append(f"The champion is version {site['from_version']} recalibrated to {site['source'] or 'cohort'} {site['cohort_hash']}.")
    notes.append("Risks are the champion's own, not refitted or recalibrated; the weights for censoring are of this cohort.")
    return notes


def how_looked(overlap: Overlap | None, people: int) -> str:
    """Return in words whether and how people of training were looked for, and how many there are."""
    if overlap is None:
        return (
            "People of the training cohort were NOT looked for: it is not at hand (--training COHORT), so somebody whom the model has "
            "seen may be among these."
        )
    found = [f"{written(overlap.same_id)} by identifier", f"{written(overlap.alike)} by what is recorded"]
    others = (
        f"; {written(overlap.namesakes)} more have an identifier of training but another sex, birth year or index date: somebody else"
        if overlap.namesakes
        else ""
    )
    return (
        f"{written(len(overlap.people))} of {written(people)} people are likely in the training cohort too ({', '.join(found)}: same sex, "
        f"birth year within {BIRTH_YEARS}, and {RESULTS} results of the same biomarker, day and value with none that differs, or one "
        f"and deaths within {DAYS} days; as many of the other sex, who cannot be the same: {written(overlap.by_chance)}){others}."
    )


def _told(overlap: Overlap | None) -> dict[str, str] | None:
    if overlap is None:
        return None
    counts = {name: getattr(overlap, name) for name in ("same_id", "alike", "namesakes", "by_chance")}
    return {"people": written(len(overlap.people)), **{name: written(count) for name, count in counts.items()}}


def _records(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Return the lines of a table as JSON can hold them: what is not known is null."""
    return [
        {str(name): None if isinstance(value, float | np.floating) and not np.isfinite(value) else value for name, value in line.items()}
        for line in table.to_dict("records")
    ]
