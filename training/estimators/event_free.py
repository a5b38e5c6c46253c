"""Choose the level of risk at which the time free of the event is bounded, so that the bound holds for 19 of 20."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import DAYS_PER_MONTH, horizon_days
from serving.models.base import Array
from serving.models.event_free import PARTS, SHARE, EventFree, rounded_down
from training.estimators.stacking import at_each_horizon
from training.rows.censoring import FollowUp
from training.rows.draw import row_weights
from training.rows.split import LEAST_EVENTS

_MOST, _STEPS = 0.5, 14  # of the bisection: levels to 0.00003


def fit_event_free(rows: pd.DataFrame, risks: Array, horizons: tuple[int, ...]) -> EventFree | None:
    """Return the bound; None where too few people have the event before it.

    The level is chosen among the visits whose bound lies before the last horizon. The others, at lowest risk, are told that horizon if 19
    of 20 of them are free of the event by then. If not, as risks that are low are often too low, nobody is told longer than the longest
    time that holds for those who would be told as long or longer.

    Parameters
    ----------
    rows : DataFrame
        As of `fit_candidate`, with the censoring strata.
    risks : array (rows, horizons)
        Of the event, by fits without the person.
    """
    weights, events = (np.array(each) for each in zip(*at_each_horizon(rows, horizons, "visits"), strict=True))
    follow_up, time = FollowUp.of(rows), rows["time_to_event"].to_numpy(dtype=float)
    counts = row_weights(rows) * np.array([follow_up.reachable(float(horizon_days(months))) for months in horizons])
    course = _course(time, weights * events, horizons)

    def each(by_horizon: Array, months: Array) -> Array:
        of_row: Array = by_horizon[np.searchsorted(horizons, months), np.arange(len(rows))]
        return of_row

    def too_early(months: Array) -> Array:
        """Return the weight of each row that has the event before its bound; whoever is lost later is known at the horizon after it."""
        weight: Array = each(weights, months) * (events[-1] & (time <= months * DAYS_PER_MONTH))
        return weight

    def holds(months: Array, of: NDArray[np.bool_]) -> bool:
        """Return whether the event comes before its bound for 1 in 20 of some at most."""
        return bool(too_early(months) @ of <= (1.0 - SHARE) * (each(counts, months) @ of))

    def told(level: float, longest: float = horizons[-1]) -> Array:
        return EventFree(level, longest, course).months(risks, horizons)

    level = _highest(lambda level: holds(months := told(level), months < horizons[-1]), _MOST)
    if not level or rows.loc[too_early(told(level)) > 0, "patient_id"].nunique() < LEAST_EVENTS:
        return None
    longest = _highest(lambda longest: holds(months := told(level, longest), months >= rounded_down(longest, longest)), horizons[-1])
    return EventFree(level, longest, course)


def _highest(accepted: Callable[[float], bool], most: float) -> float:
    """Return the highest value up to the most that is accepted, as all below are, by bisection."""
    if accepted(most):
        return most
    low, high = 0.0, most
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        low, high = (middle, high) if accepted(middle) else (low, middle)
    return low


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
