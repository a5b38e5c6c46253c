"""Choose the level of risk at which the time free of the event is bounded, so that the bound holds for 19 of 20."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from serving.models.base import Array
from serving.models.event_free import PARTS, SHARE, EventFree
from training.estimators.stacking import at_each_horizon
from training.rows.draw import row_weights

LEAST_PEOPLE = 20  # with the event before their bound, for a level to say anything; a convention
_LEVELS = np.arange(0.005, 0.2, 0.001)


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
    weights, events = zip(*at_each_horizon(rows, horizons, "visits"), strict=True)
    time, counts = rows["time_to_event"].to_numpy(dtype=float), row_weights(rows)
    bound = EventFree(SHARE, _course(time, np.array(weights) * np.array(events), horizons))
    person = rows["patient_id"].to_numpy()
    found: EventFree | None = None
    for level in _LEVELS:
        tried = EventFree(float(level), bound.course)
        months = tried.months(risks, horizons)
        before = months < horizons[-1]
        early = before & _early(time, np.array(events), months, horizons)
        # An event counts with its weight at the next horizon after the bound: the strata there are as large as the bound needs them.
        weight = np.array(weights)[np.searchsorted(horizons, np.minimum(months, horizons[-1])), np.arange(len(rows))]
        if (weight * early).sum() > (1.0 - SHARE) * counts[before].sum():
            break
        found = tried if len(np.unique(person[early])) >= LEAST_PEOPLE else None
    return found


def _early(time: Array, events: NDArray[np.bool_], months: Array, horizons: tuple[int, ...]) -> NDArray[np.bool_]:
    days = months * horizon_days(horizons[-1]) / horizons[-1]
    early: NDArray[np.bool_] = events[-1] & (time <= days)
    return early


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
