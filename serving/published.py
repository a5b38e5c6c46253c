"""What clinicians use today, beside the model: published scores and myeloma-defining criteria on the same inputs."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from myeloma import catalogue
from myeloma.criteria import CRITERIA_INPUTS, findings
from myeloma.scores import POINT_SCORES, RISK_MODELS

_RISK_MODEL_MONTHS = (12, 24, 60, 120)


def score_columns(inputs: pd.DataFrame, population: str) -> pd.DataFrame:
    """Return, for each published score of a population, its category and its risk at its own horizons.

    The category of a row is empty when not computable, and `a|b` when missing inputs leave several possible.
    """
    columns: dict[str, Any] = {}
    for key, score in POINT_SCORES.items():
        if score.population == population:
            values = {name: inputs[name].to_numpy() for name in score.inputs}
            possible = score.evaluate_arrays(**values).possible
            words = {bits: _possible_words(score.categories, int(bits)) for bits in np.unique(possible)}
            columns[f"score_{key}"] = [words[bits] for bits in possible]
            columns |= {f"score_{key}_risk_{months}m": score.risk(months, **values) for months in score.risks}
    for key, model in RISK_MODELS.items():
        if model.population == population:
            values = {name: inputs[name].to_numpy() for name in model.inputs}
            columns |= {f"score_{key}_risk_{months}m": model.risk(months, **values) for months in _RISK_MODEL_MONTHS}
    return pd.DataFrame(columns)


def score_answers(inputs: pd.DataFrame, population: str, with_risks: bool = True) -> dict[str, dict[str, Any]]:
    """Return each published score of one person: category and risk, the range that missing inputs leave, or why not.

    Parameters
    ----------
    with_risks : bool
        False where a myeloma-defining criterion is met: a risk of progression to myeloma is then not shown.
    """
    row = inputs.iloc[0]
    answers: dict[str, dict[str, Any]] = {}
    for key, score in POINT_SCORES.items():
        if score.population == population:
            result = score.evaluate(**{name: float(row[name]) for name in score.inputs})
            computable = len(result.possible) < len(score.categories)
            reason = "" if computable else f"not computable: {', '.join(result.missing)} unknown"
            answers[key] = _answer(score.name, score.citation, result.category, result.points, result.missing, result.risks, reason)
            answers[key]["possible"] = list(result.possible)
    for key, model in RISK_MODELS.items():
        if model.population == population:
            missing = tuple(name for name in model.inputs if np.isnan(row[name]))
            values = {name: inputs[name].to_numpy() for name in model.inputs}
            risks = {} if missing else {months: float(model.risk(months, **values)[0]) for months in _RISK_MODEL_MONTHS}
            reason = f"not computable: {', '.join(missing)} unknown" if missing else ""
            category = model.group_name(**{name: float(row[name]) for name in model.inputs})
            answers[key] = _answer(model.name, model.citation, category, None, missing, risks, reason)
            answers[key]["possible"] = [category] if category else []
    if not with_risks:
        for answer in answers.values():
            answer["risks"] = {}
    return answers


def criteria_findings(inputs: pd.DataFrame) -> list[dict[str, Any]]:
    """Return every myeloma-defining criterion of one person, three-valued, with the value, unit and age it rests on."""
    row = inputs.iloc[0]
    values = {name: float(row[name]) for name in CRITERIA_INPUTS if name in inputs}
    return [
        {
            "criterion": found.criterion.key,
            "label": found.criterion.label,
            "status": found.status,
            "value": found.value,
            "unit": catalogue()[found.criterion.biomarker].unit if found.criterion.biomarker in catalogue() else None,
            "age_days": _number(row.get(f"{found.criterion.biomarker}__age_days", np.nan)),
        }
        for found in findings(values)
    ]


def _answer(
    name: str, citation: str, category: str | None, points: float | None, missing: tuple[str, ...], risks: dict[int, float], reason: str
) -> dict[str, Any]:
    return {
        "name": name,
        "citation": citation,
        "category": category,
        "points": points,
        "missing": list(missing),
        "risks": {f"{months}m": risk for months, risk in risks.items() if np.isfinite(risk)},
        "reason": reason,
    }


def _possible_words(categories: tuple[str, ...], bits: int) -> str:
    words = [name for k, name in enumerate(categories) if bits >> k & 1]
    return "" if len(words) == len(categories) else "|".join(words)


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
