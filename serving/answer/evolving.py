"""Evolving biomarkers of one person: the published flag beside the noise-aware trend over the same window."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from features.history.series import Series
from myeloma.change import trend
from myeloma.scores.evolving import PANGEA_RULES
from serving.answer.record import EvolvingFinding


def evolving_findings(series: Series, inputs: Mapping[str, float], landmark: int) -> tuple[EvolvingFinding, ...]:
    """Return, for each PANGEA rule, whether its flag is met and what the trend over its window is.

    The flag ignores measurement noise; the trend's slope (relative change per year, shrunk towards none) comes with its
    standard error, and `exceeds_noise` says whether it is beyond what a stable person shows. None where not known.

    Parameters
    ----------
    series : Series
        One person's results that were available by the landmark, and those derived from them.
    inputs : mapping
        Inputs of the published scores, among them the flags.
    landmark : days since 1970
    """
    found = []
    for flag, rule in PANGEA_RULES.items():
        which = series.biomarkers.index(rule.biomarker)
        run = slice(int(series.starts[0, which]), int(series.stops[0, which]))
        inside = series.collected[run] > landmark - rule.look_back_days
        days = series.collected[run][inside].astype(np.float64) - landmark
        slope = trend(rule.biomarker, days, series.value[run][inside])
        beyond = None if slope is None else slope.rises if rule.direction == "rise" else slope.falls
        found.append(
            EvolvingFinding(
                rule=flag,
                biomarker=rule.biomarker,
                flag=None if np.isnan(inputs[flag]) else bool(inputs[flag]),
                slope_per_year=None if slope is None else slope.slope,
                standard_error=None if slope is None else slope.standard_error,
                exceeds_noise=beyond,
            )
        )
    return tuple(found)
