"""Choose the level of risk at which the time free of the event is bounded, so that the bound holds for 19 of 20."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import DAYS_PER_MONTH, horizon_days
from serving.models.base import Array
from serving.models.event_free import PARTS, SHARE, EventFree
from training.estimators.stacking import at_each_horizon
from training.rows.draw import row_weights

LEAST_PEOPLE = 20  # with the event before their bound, for a level to say anything; a convention
_MOST, _STEPS = 0.5, 14  # of the bisection: levels to 0.00003


def fit_event_free(rows: pd.DataFrame, risks: Array, horizons: tuple[int, ...]) -> EventFree | None:
    """Return the bound; None where too few people have the event before it.

    The level is chosen among the visits whose bound lies before the last horizon. The others are only told that last horizon, and more
    than 19 of 20 of them are free of the event by then.

    Parameters
    ----------
    rows : DataFrame
        As of `fit_candidate`, with the censoring strata.
    risks : array (rows, horizons)
        Of the event, by fits without the person.
    """
    weights, events = (np.array(each) for each in zip(*at_each_horizon(rows, horizons, "visits"), strict=True))
    time, counts = rows["time_to_event"].to_numpy(dtype=float), row_weights(rows)
    course = _course(time, weights * events, horizons)

    def too_early(level: float) -> tuple[float, NDArray[np.bool_]]:
        """Return the weighted share with the event before a bound that lies before the last horizon, and who they are."""
        months = EventFree(level, course).months(risks, horizons)
        before = months < horizons[-1]
        early = before & events[-1] & (time <= months * DAYS_PER_MONTH)
        at = np.searchsorted(horizons, months)  # the next horizon after the bound: whoever is lost later is known there
        return float(weights[at, np.arange(len(rows))] @ early) / max(float(counts @ before), 1.0), early

    low, high = 0.0, _MOST
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if too_early(middle)[0] <= 1.0 - SHARE else (low, middle)
    early = too_early(low)[1] if low > 0.0 else np.zeros(len(rows), dtype=bool)
    return EventFree(low, course) if rows.loc[early, "patient_id"].nunique() >= LEAST_PEOPLE else None


def _course(time: Array, weights: Array, horizons: tuple[int, ...]) -> tuple[tuple[float, ...], ...]:
    """Return the weighted share of the events between two horizons that falls into each part; equal shares where there are none."""
    course, start = [], 0.0
    for weight, months in zip(weights, horizons, strict=True):
        end = float(horizon_days(months))
        there = (time > start) & (time <= end)
        part = np.minimum(((time[there] - start) / (end - start) * PARTS).astype(int), PARTS - 1)
        shares = np.bincount(part, weights=weight[there], minlength=PARTS)
        course.append(tuple((shares / shares.sum() if shares.sum() > 0 else np.full(PARTS, 1.0 / PARTS)).tolist()))
        start = end
    return tuple(course)
