"""What clinicians use today, beside the model: published scores and myeloma-defining criteria on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.sides import Sides
from features.table.limits import Leaves
from features.table.unsettled import settled_for, where_settled
from myeloma import catalogue
from myeloma.calendar import date_of
from myeloma.criteria import CRITERIA, CRITERIA_INPUTS, Finding, findings
from myeloma.scores import POINT_SCORES, RISK_MODELS, SCORES, Score
from myeloma.scores.cautions import BEFORE_TREATMENT, CAUTIONS, cautions_of
from myeloma.scores.pangea import HEAVY_CHAIN_IGM, SHOWN_MONTHS, Pangea
from serving.answer.record import CriterionFinding, PublishedScore

Array = NDArray[np.float64]


def score_columns(inputs: Mapping[str, Array], population: str | None, leaves: Mapping[str, Leaves] | None = None) -> dict[str, Any]:
    """Return, for each published score of a population, its category and its risk at its own horizons, by column.

    The category of a row is empty when not computable, and `a|b` when missing inputs leave several possible.
    """
    columns: dict[str, Any] = {}
    for key, score in POINT_SCORES.items():
        if score.population == population:
            values = settled_for(score, inputs, leaves or {})
            possible = score.evaluate_arrays(**values).possible
            words = {bits: _possible_words(score.categories, int(bits)) for bits in np.unique(possible)}
            columns[f"score_{key}"] = [words[bits] for bits in possible]
            columns |= {f"score_{key}_risk_{months}m": score.risk(months, **values) for months in score.risks}
    for key, model in RISK_MODELS.items():
        if model.population == population:
            values = where_settled({name: inputs[name] for name in model.inputs}, leaves or {})
            other = np.asarray(inputs.get(HEAVY_CHAIN_IGM, nan)) == 1.0 if model.non_igm else False
            columns |= {f"score_{key}_risk_{months}m": np.where(other, np.nan, model.risk(months, **values)) for months in SHOWN_MONTHS}
    return columns


def caution_words(inputs: Mapping[str, Array], population: str | None) -> list[str]:
    """Return the cautions on the published scores of a population that hold for each row, by their keys joined by a bar."""
    bits = np.zeros(len(next(iter(inputs.values()))), np.int64)
    for score in SCORES.values():
        if score.population == population:
            for key, holds in cautions_of(score, inputs).items():
                bits |= holds.astype(np.int64) << list(CAUTIONS).index(key)
    words = {code: "|".join(key for k, key in enumerate(CAUTIONS) if code >> k & 1) for code in np.unique(bits).tolist()}
    return [words[code] for code in bits.tolist()]


def score_answers(
    inputs: Mapping[str, float], population: str | None, with_risks: bool = True, leaves: Mapping[str, Leaves] | None = None
) -> dict[str, PublishedScore]:
    """Return each published score of one person: category and risk, the range that missing inputs leave, or why not.

    Parameters
    ----------
    with_risks : bool
        False where a myeloma-defining criterion is met: a risk of progression to myeloma is then not shown.
    """
    answers = {}
    for key, score in SCORES.items():
        if score.population == population:
            cautions = [key for key, holds in cautions_of(score, inputs).items() if holds]
            result = score.judge(_settled_of_one(score, inputs, leaves) if leaves else inputs)
            answers[key] = PublishedScore(
                name=score.name,
                citation=score.citation,
                category=result.category,
                points=result.points,
                possible=result.possible,
                missing=result.missing,
                risks={f"{months}m": risk for months, risk in result.risks.items()} if with_risks else {},
                reason=f"{result.reason} before treatment" if result.reason and BEFORE_TREATMENT in cautions else result.reason,
                cautions=tuple(CAUTIONS[key] for key in cautions),
            )
    return answers


def _settled_of_one(score: Score | Pangea, inputs: Mapping[str, float], leaves: Mapping[str, Leaves]) -> dict[str, float]:
    values = {name: np.array([inputs[name]]) for name in score.inputs}
    values = settled_for(score, values, leaves) if isinstance(score, Score) else where_settled(values, leaves)
    return {**inputs, **{name: value.item() for name, value in values.items()}}


def criteria_findings(
    inputs: Mapping[str, float],
    landmark: int,
    judged: Mapping[str, Array] | None = None,
    limits: Mapping[str, Sides] | None = None,
    notes: Mapping[str, str] | None = None,
) -> tuple[CriterionFinding, ...]:
    """Return every myeloma-defining criterion of one person at a landmark: met, not met or unknown, on which value of which day.

    Parameters
    ----------
    judged : mapping, optional
        What `myeloma.criteria.statuses` gives for the inputs, where it is known already.
    limits : mapping, optional
        Of the latest values those that are limits, by biomarker.
    notes : mapping, optional
        What else decides or leaves open a criterion, by its key.
    """
    notes = notes or {}
    values = {name: inputs[name] for name in CRITERIA_INPUTS if name in inputs}
    ages = {c.biomarker: _number(inputs.get(f"{c.biomarker}__age_days", nan)) for c in CRITERIA}
    return tuple(
        CriterionFinding(
            criterion=found.criterion.key,
            label=found.criterion.label,
            status=found.status,
            value=found.value,
            unit=catalogue()[found.criterion.biomarker].unit if found.criterion.biomarker in catalogue() else None,
            collected_on=day_before(landmark, ages[found.criterion.biomarker]),
            age_days=ages[found.criterion.biomarker],
            note=_noted(found, (limits or {}).get(found.criterion.biomarker), notes.get(found.criterion.key, "")),
        )
        for found in findings(values, judged)
    )


def _noted(found: Finding, limit: Sides | None, said: str) -> str:
    """Return the note of a finding: what else is said of it, behind how a value that is a limit lies to the truth."""
    if limit is None:
        return said or found.note
    return "; ".join(part for part in (_limited(found, limit), said) if part)


def _limited(found: Finding, limit: Sides) -> str:
    """Return how a value that is a limit lies to the truth."""
    if found.value is None:
        return found.note
    below, above = bool(limit.below[0]), bool(limit.above[0])
    where = "on either side of it" if below and above else "below it" if below else "above it"
    said = f"the value is a limit, from a result reported with < or > or a ratio beyond what is kept: the truth lies {where}"
    return f"{said}, which leaves this open" if found.status == "unknown" else said


def day_before(landmark: int, age_days: float | None) -> str | None:
    """Return the day so many days before a landmark (days since 1970), None where the age is unknown."""
    return None if age_days is None else date_of(landmark - int(age_days))


def _possible_words(categories: tuple[str, ...], bits: int) -> str:
    words = [name for k, name in enumerate(categories) if bits >> k & 1]
    return "" if len(words) == len(categories) else "|".join(words)


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
