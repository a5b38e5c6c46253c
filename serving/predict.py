"""The one predictor: what training evaluates, batch writes and the API answers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features import parse_column
from serving.artifact import Artifact
from serving.models import logistic

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Explained:
    """Risks with their reasons: base + the sum of contributions = logit(risk), for every row and horizon.

    Attributes
    ----------
    risks, base : arrays (rows, horizons)
    contributions : array (rows, horizons, features), log-odds
    """

    risks: Array
    base: Array
    contributions: Array


def predict_risk(artifact: Artifact, x: Array) -> Array:
    """Return the probability of progression within each horizon (rows, horizons), death competing.

    Parameters
    ----------
    x : array (rows, features)
        In the order of `artifact.columns`; NaN where unknown.
    """
    return logistic(_log_odds(artifact, x))


def explain(artifact: Artifact, x: Array) -> Explained:
    """Return risks and SHAP contributions in the log-odds of the shown, calibrated risk."""
    log_odds = _log_odds(artifact, x)
    contributions = artifact.calibration.slope * artifact.model.contributions(x)
    return Explained(logistic(log_odds), log_odds - contributions.sum(axis=2), contributions)


def biomarker_groups(artifact: Artifact) -> dict[str, list[int]]:
    """Return the positions of the columns of each biomarker (level, trend, age and missingness together)."""
    groups: dict[str, list[int]] = {}
    for position, name in enumerate(artifact.columns):
        groups.setdefault(parse_column(name).biomarker, []).append(position)
    return groups


def by_biomarker(artifact: Artifact, contributions: Array) -> dict[str, Array]:
    """Return contributions summed per biomarker, each (rows, horizons)."""
    return {group: contributions[:, :, positions].sum(axis=2) for group, positions in biomarker_groups(artifact).items()}


def _log_odds(artifact: Artifact, x: Array) -> Array:
    return np.array(artifact.calibration.intercepts) + artifact.calibration.slope * artifact.model.margins(x)
