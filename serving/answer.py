"""The answer: risks per horizon, their reasons per biomarker, the published scores, and which model spoke."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features import parse_column
from features.columns import group_label, window_days
from features.outcomes import criteria_met
from myeloma import catalogue
from serving.artifact import Artifact
from serving.predict import Explained, biomarker_groups, by_biomarker
from serving.published import criteria_findings, score_answers

CRITERIA_WARNING = "criteria for active myeloma may be met: clinician review; no risk of progression is shown"
NOTICE = "Research software for decision support; not a medical device, not a diagnosis."


def answer_columns(artifact: Artifact, explained: Explained) -> pd.DataFrame:
    """Return `risk_24m`, `base_24m` and `<biomarker>__contribution__24m` for every horizon.

    base + the contributions of a horizon = logit(risk), to 1e-5.
    """
    names = [f"{months}m" for months in artifact.horizons]
    columns = {f"risk_{name}": explained.risks[:, h] for h, name in enumerate(names)}
    columns |= {f"base_{name}": explained.base[:, h] for h, name in enumerate(names)}
    for group, values in by_biomarker(artifact, explained.contributions).items():
        columns |= {f"{group}__contribution__{name}": values[:, h] for h, name in enumerate(names)}
    return pd.DataFrame(columns)


def identity(artifact: Artifact) -> dict[str, str]:
    """Return which model this is: name, version, run, feature_hash."""
    unregistered = {"model_name": artifact.kind, "model_version": "", "run_id": ""}
    return {**unregistered, **artifact.origin, "feature_hash": artifact.spec.feature_hash()}


def person_answer(artifact: Artifact, features: pd.DataFrame, explained: Explained, inputs: pd.DataFrame) -> dict[str, Any]:
    """Return the answer for one person, as JSON can hold it; every frame has one row.

    Where the artifact's task guards against it and a myeloma-defining criterion is met, no risk is shown.
    """
    met = bool(artifact.about["criteria_guard"] and criteria_met(inputs)[0])
    return {
        "task": artifact.about.get("task", ""),
        "risks": [] if met else _risks(artifact, features, explained),
        "warnings": [CRITERIA_WARNING] if met else [],
        "criteria": criteria_findings(inputs),
        "scores": score_answers(inputs, artifact.about["population"]),
        "model": identity(artifact),
        "notice": NOTICE,
    }


def _risks(artifact: Artifact, features: pd.DataFrame, explained: Explained) -> list[dict[str, Any]]:
    columns = answer_columns(artifact, explained).iloc[0]
    groups = biomarker_groups(artifact)
    measured = {group: _measured(features, group) for group in groups}
    horizons = []
    for months in artifact.horizons:
        contributions = [
            {
                "biomarker": group,
                "label": group_label(group),
                "contribution": float(columns[f"{group}__contribution__{months}m"]),
                **measured[group],
            }
            for group in groups
        ]
        contributions.sort(key=lambda c: -abs(c["contribution"]))
        horizons.append(
            {
                "horizon_months": months,
                "risk": float(columns[f"risk_{months}m"]),
                "base": float(columns[f"base_{months}m"]),
                "contributions": contributions,
            }
        )
    return horizons


def _measured(features: pd.DataFrame, group: str) -> dict[str, Any]:
    """Return the latest value, its unit and its age in days, null where unknown."""
    if group in features.columns:  # a static column
        return {"value": _number(features[group].iloc[0]), "unit": None, "age_days": None}
    values = {s: _widest(features, group, s) for s in ("last", "age_days")}
    return {"value": values["last"], "unit": catalogue()[group].unit, "age_days": values["age_days"]}


def _widest(features: pd.DataFrame, group: str, statistic: str) -> float | None:
    """Return a statistic over the longest look-back the features have: the person's latest value, however old."""
    columns = [c for c in map(parse_column, features.columns) if c.biomarker == group and c.statistic == statistic]
    longest = max(columns, key=lambda c: window_days(c.window or "ever"), default=None)
    return _number(features[longest.name].iloc[0]) if longest else None


def _number(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None
