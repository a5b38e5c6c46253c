"""Horizon stacking: one row per landmark and horizon whose status is known, weighted for those who are not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.metrics.sample import yearly_share
from training.rows.censoring import FollowUp, ipcw_weights, progressed_by

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
    follow_up = FollowUp.of(rows)
    share = shares(rows, weighting)
    parts = []
    for h, months in enumerate(horizons):
        days = float(horizon_days(months))
        weight = ipcw_weights(follow_up, days)
        known = np.flatnonzero(weight > 0)
        parts.append((known, np.full(len(known), h), progressed_by(follow_up, days)[known].astype(float), (weight * share)[known]))
    return Stacked(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def shares(rows: pd.DataFrame, weighting: Weighting) -> Array:
    """Return how much each row counts, 1 on average: every visit alike, or every person once a year (`yearly_share`; needs `landmark`)."""
    share = np.ones(len(rows)) if weighting == "visits" else yearly_share(rows)
    shares: Array = share / share.mean()
    return shares
