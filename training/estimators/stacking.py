"""Horizon stacking: one row per landmark and horizon whose status is known, weighted for those who are not."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.metrics.sample import yearly_share
from training.rows.censoring import FollowUp, ipcw_weights, progressed_by
from training.rows.draw import STANDS_FOR, row_weights

Array = NDArray[np.float64]
Weighting = Literal["visits", "patients"]


@dataclass(frozen=True)
class Stacked:
    """Known rows of all horizons, one horizon after the other.

    Attributes
    ----------
    row : which landmark; horizon : which horizon (position); y : progressed within it; weight : IPCW, times the
    person's weight.
    """

    row: NDArray[np.int64]
    horizon: NDArray[np.int64]
    y: Array
    weight: Array


def stack(rows: pd.DataFrame, horizons: tuple[int, ...], weighting: Weighting = "visits") -> Stacked:
    """Return the stacked rows of a table, with weights from its own censoring distribution.

    Parameters
    ----------
    weighting : {"visits", "patients"}
        Whether every visit counts alike, or every person once a year (see `shares`).
    """
    parts = []
    for h, (weight, progressed) in enumerate(at_each_horizon(rows, horizons, weighting)):
        known = np.flatnonzero(weight > 0)
        parts.append((known, np.full(len(known), h), progressed[known].astype(float), weight[known]))
    return Stacked(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def evened(stacked: Stacked) -> Stacked:
    """Return the rows with weights by which each horizon tells as much: divided by the variance of its outcome, of the same sum.

    By a late horizon more have progressed. Weighted alike, it tells most of what all horizons share. One within which nobody progresses, or
    everybody, tells nothing, and keeps its weights.

    Examples
    --------
    >>> rows, horizon, y = np.zeros(8, dtype=int), np.array([0] * 4 + [1] * 4), np.array([1.0, 0, 0, 0, 1, 1, 0, 0])
    >>> evened(Stacked(rows, horizon, y, np.ones(8))).weight.round(3).tolist()
    [1.143, 1.143, 1.143, 1.143, 0.857, 0.857, 0.857, 0.857]
    """
    sums = np.bincount(stacked.horizon, stacked.weight)
    share = np.bincount(stacked.horizon, stacked.weight * stacked.y) / np.where(sums > 0, sums, 1.0)
    variance = share * (1.0 - share)
    weight = stacked.weight / np.where(variance > 0, variance, 1.0)[stacked.horizon]
    return replace(stacked, weight=weight * (stacked.weight.sum() / weight.sum()))


def at_each_horizon(rows: pd.DataFrame, horizons: tuple[int, ...], weighting: Weighting) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """Yield for each horizon what every row counts for, 0 where its status is unknown, and whether it progressed within it."""
    follow_up, share = FollowUp.of(rows), shares(rows, weighting)
    for months in horizons:
        days = float(horizon_days(months))
        yield ipcw_weights(follow_up, days) * share, progressed_by(follow_up, days)


def shares(rows: pd.DataFrame, weighting: Weighting) -> Array:
    """Return how much each row counts, 1 on average: every visit alike, or every person once a year (`yearly_share`; needs `landmark`).

    What a drawn row stands for is no part of it, and the average is the table's.
    """
    share = np.ones(len(rows)) if weighting == "visits" else yearly_share(rows)
    shares: Array = share / (np.average(share, weights=row_weights(rows)) if STANDS_FOR in rows else share.mean())
    return shares
