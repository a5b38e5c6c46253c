"""One person's answer in one piece: risks, reasons with what was measured, criteria, published scores, warnings, the model."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from features import Cohort, FeatureSpec
from features.history.columns import STATIC, group_label
from features.history.derived import with_derived
from features.history.rows import features_from
from features.intake.plausibility import describe, suspicions
from features.table.outcomes import criteria_met
from features.table.score_inputs import score_inputs
from myeloma import catalogue
from myeloma.change import change
from serving.answer.columns import NOTICE, answer_columns, identity
from serving.answer.evolving import evolving_findings
from serving.answer.published import criteria_findings, day_before, score_answers
from serving.artifact import Artifact, feature_matrix
from serving.predict import biomarker_groups, explain

CRITERIA_WARNING = "criteria for active myeloma may be met: clinician review; no risk of progression is shown"
_STALE_AFTER_INTERVALS = 2  # usual intervals of the catalogue


def answer_person(artifact: Artifact, cohort: Cohort, landmark: pd.DataFrame) -> dict[str, Any]:
    """Return the answer for one person at one landmark, as JSON can hold it.

    Where the artifact's task guards against it and a myeloma-defining criterion is met, no risk is shown.

    Parameters
    ----------
    cohort : Cohort
        The person's history.
    landmark : DataFrame
        One row: patient_id and landmark.
    """
    day = landmark["landmark"].iloc[0]
    known = replace(cohort, measurements=cohort.measurements[cohort.measurements["available_at"] <= day])
    history = with_derived(known)
    features = features_from(history, known, landmark, artifact.spec)
    inputs = score_inputs(known, landmark, history)
    measured = _measured(artifact, history, known, landmark, features)
    met = bool(artifact.about["criteria_guard"] and criteria_met(inputs)[0])
    return {
        "landmark": f"{day:%Y-%m-%d}",
        "task": artifact.about["task"],
        "risks": [] if met else _risks(artifact, features, measured),
        "warnings": [*([CRITERIA_WARNING] if met else []), *_warnings(artifact, measured), *describe(suspicions(known))],
        "criteria": criteria_findings(inputs, day),
        "evolving": evolving_findings(history, inputs, day),
        "scores": score_answers(inputs, artifact.about["population"], with_risks=not met),
        "model": identity(artifact),
        "notice": NOTICE,
    }


def _risks(artifact: Artifact, features: pd.DataFrame, measured: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    columns = answer_columns(artifact, explain(artifact, feature_matrix(artifact, features))).iloc[0]
    horizons = []
    for months in artifact.horizons:
        contributions = [
            {
                "biomarker": group,
                "label": group_label(group),
                "contribution": float(columns[f"{group}__contribution__{months}m"]),
                **measured[group],
            }
            for group in biomarker_groups(artifact)
        ]
        horizons.append(
            {
                "horizon_months": months,
                "risk": float(columns[f"risk_{months}m"]),
                "lower": _number(columns[f"risk_{months}m_lo"]),
                "upper": _number(columns[f"risk_{months}m_hi"]),
                "base": float(columns[f"base_{months}m"]),
                "contributions": sorted(contributions, key=lambda c: -abs(c["contribution"])),
            }
        )
    return horizons


def _measured(
    artifact: Artifact, history: pd.DataFrame, cohort: Cohort, landmark: pd.DataFrame, features: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Return, by biomarker or static column, the latest value, its day, and the change since the value before."""
    spec = FeatureSpec(artifact.spec.biomarkers, ("ever",), ("last", "age_days", "delta_previous"), ())
    latest = features_from(history, cohort, landmark, spec).iloc[0]
    day = landmark["landmark"].iloc[0]
    unknown = dict.fromkeys(("value", "unit", "collected_on", "age_days", "change", "exceeds_noise"))
    found = {name: {**unknown, "value": _number(features[name].iloc[0])} for name in artifact.spec.static}
    for name in artifact.spec.biomarkers:
        value, age, delta = (float(latest[f"{name}__{statistic}__ever"]) for statistic in spec.statistics)
        found[name] = {**unknown, "unit": catalogue()[name].unit}
        if np.isfinite(value):
            found[name] |= {"value": value, "age_days": age, "collected_on": day_before(day, age)}
        if np.isfinite(delta):
            found[name] |= {"change": delta, "exceeds_noise": change(name, value - delta, value).exceeds_noise if value > delta else None}
    return found


def _warnings(artifact: Artifact, measured: dict[str, dict[str, Any]]) -> list[str]:
    """Say what the risk rests on that it had better not: missing, stale, or outside what the model was trained on."""
    found = []
    for name, latest in measured.items():
        label = group_label(name)
        if latest["value"] is None:
            found.append(f"missing: {label}")
            continue
        usual = None if name in STATIC else catalogue()[name].usual_interval_days
        if usual and latest["age_days"] > _STALE_AFTER_INTERVALS * usual:
            found.append(f"stale: {label} is {latest['age_days']:.0f} days old")
        reference = artifact.about["reference"].get(name if name in STATIC else f"{name}__last__ever", {})
        if "p01" in reference and not reference["p01"] <= latest["value"] <= reference["p99"]:
            unit = f" {latest['unit']}" if latest["unit"] else ""
            found.append(
                f"out of training range: {label} {latest['value']:g}{unit}, trained on {reference['p01']:g} to {reference['p99']:g}{unit}"
            )
    return found


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
