"""What clinicians use today, beside the model: published scores and myeloma-defining criteria on the same inputs."""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite, nan
from typing import Any

import numpy as np
from numpy.typing import NDArray

from myeloma import catalogue
from myeloma.calendar import date_of
from myeloma.criteria import CRITERIA, CRITERIA_INPUTS, findings
from myeloma.scores import POINT_SCORES, RISK_MODELS, SCORES
from myeloma.scores.cautions import CAUTIONS, cautions_of
from myeloma.scores.pangea import SHOWN_MONTHS
from serving.answer.record import CriterionFinding, PublishedScore

Array = NDArray[np.float64]


def score_columns(inputs: Mapping[str, Array], population: str | None) -> dict[str, Any]:
    """Return, for each published score of a population, its category and its risk at its own horizons, by column.

    The category of a row is empty when not computable, and `a|b` when missing inputs leave several possible.
    """
    columns: dict[str, Any] = {}
    for key, score in POINT_SCORES.items():
        if score.population == population:
            values = {name: inputs[name] for name in score.inputs}
            possible = score.evaluate_arrays(**values).possible
            words = {bits: _possible_words(score.categories, int(bits)) for bits in np.unique(possible)}
            columns[f"score_{key}"] = [words[bits] for bits in possible]
            columns |= {f"score_{key}_risk_{months}m": score.risk(months, **values) for months in score.risks}
    for key, model in RISK_MODELS.items():
        if model.population == population:
            values = {name: inputs[name] for name in model.inputs}
            columns |= {f"score_{key}_risk_{months}m": model.risk(months, **values) for months in SHOWN_MONTHS}
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


def score_answers(inputs: Mapping[str, float], population: str | None, with_risks: bool = True) -> dict[str, PublishedScore]:
    """Return each published score of one person: category and risk, the range that missing inputs leave, or why not.

    Parameters
    ----------
    with_risks : bool
        False where a myeloma-defining criterion is met: a risk of progression to myeloma is then not shown.
    """
    answers = {}
    for key, score in SCORES.items():
        if score.population == population:
            result = score.judge(inputs)
            answers[key] = PublishedScore(
                name=score.name,
                citation=score.citation,
                category=result.category,
                points=result.points,
                possible=result.possible,
                missing=result.missing,
                risks={f"{months}m": risk for months, risk in result.risks.items()} if with_risks else {},
                reason=result.reason,
                cautions=tuple(CAUTIONS[key] for key, holds in cautions_of(score, inputs).items() if holds),
            )
    return answers


def criteria_findings(
    inputs: Mapping[str, float], landmark: int, judged: Mapping[str, Array] | None = None
) -> tuple[CriterionFinding, ...]:
    """Return every myeloma-defining criterion of one person at a landmark: met, not met or unknown, on which value of which day.

    `judged` is what `myeloma.criteria.statuses` gives for the inputs, where it is known already.
    """
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
            note=found.note,
        )
        for found in findings(values, judged)
    )


def day_before(landmark: int, age_days: float | None) -> str | None:
    """Return the day so many days before a landmark (days since 1970), None where the age is unknown."""
    return None if age_days is None else date_of(landmark - int(age_days))


def _possible_words(categories: tuple[str, ...], bits: int) -> str:
    words = [name for k, name in enumerate(categories) if bits >> k & 1]
    return "" if len(words) == len(categories) else "|".join(words)


def _number(value: float) -> float | None:
    return value if isfinite(value) else None
