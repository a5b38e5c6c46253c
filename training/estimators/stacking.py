"""Horizon stacking: one row per landmark and horizon whose status is known, weighted for those who are not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tasks import horizon_days
from training.censoring import FollowUp, ipcw_weights, progressed_by

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Stacked:
    """Known rows of all horizons, one horizon after the other.

    Attributes
    ----------
    row : which landmark; horizon : which horizon (position); y : progressed within it; weight : IPCW.
    """

    row: NDArray[np.int64]
    horizon: NDArray[np.int64]
    y: Array
    weight: Array


def stack(rows: pd.DataFrame, horizons: tuple[int, ...]) -> Stacked:
    """Return the stacked rows of a table, with weights from its own censoring distribution."""
    follow_up = FollowUp.of(rows)
    parts = []
    for h, months in enumerate(horizons):
        days = float(horizon_days(months))
        weight = ipcw_weights(follow_up, days)
        known = np.flatnonzero(weight > 0)
        parts.append((known, np.full(len(known), h), progressed_by(follow_up, days)[known].astype(float), weight[known]))
    return Stacked(*(np.concatenate(column) for column in zip(*parts, strict=True)))
