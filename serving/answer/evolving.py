"""Evolving biomarkers of one person: the published flag beside the noise-aware trend over the same window."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from myeloma.change import trend
from myeloma.scores.evolving import PANGEA_RULES


def evolving_findings(measured: pd.DataFrame, inputs: pd.DataFrame, day: pd.Timestamp) -> list[dict[str, Any]]:
    """Return, for each PANGEA rule, whether its flag is met and what the trend over its window is.

    The flag ignores measurement noise; the trend's slope (relative change per year, shrunk towards none) comes with its
    standard error, and `exceeds_noise` says whether it is beyond what a stable person shows. None where not known.

    Parameters
    ----------
    measured : DataFrame
        One person's measurements and those derived from them.
    inputs : DataFrame
        The person's row of `score_inputs`, which holds the flags.
    day : Timestamp
        The landmark.
    """
    flags = inputs.iloc[0]
    known = measured[measured["available_at"] <= day].sort_values(["collected_at", "available_at", "value"])
    found = []
    for flag, rule in PANGEA_RULES.items():
        inside = known[(known["biomarker"] == rule.biomarker) & (known["collected_at"] > day - pd.Timedelta(days=rule.look_back_days))]
        days = (inside["collected_at"] - day).dt.days
        slope = trend(rule.biomarker, days.to_numpy(dtype=float), inside["value"].to_numpy())
        beyond = None if slope is None else slope.rises if rule.direction == "rise" else slope.falls
        found.append(
            {
                "rule": flag,
                "biomarker": rule.biomarker,
                "flag": None if np.isnan(flags[flag]) else bool(flags[flag]),
                "slope_per_year": None if slope is None else slope.slope,
                "standard_error": None if slope is None else slope.standard_error,
                "exceeds_noise": beyond,
            }
        )
    return found
