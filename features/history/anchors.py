"""Runs of results that begin or end at an anchor of a line of therapy; over the same arrays, so nothing is copied."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.cohort.lines import Lines
from features.history.series import Series
from features.history.windows import BASELINE, BASELINE_DAYS
from myeloma.calendar import NEVER


def of_lines(series: Series, lines: Lines, anchor: str) -> Series:
    """Return the runs of each line: what was collected at its baseline, or since its start."""
    start = np.repeat(lines.start[:, None], len(series.biomarkers), axis=1)
    if anchor == BASELINE:
        return series.between(lines.person, start - np.int32(BASELINE_DAYS), start)
    return series.between(lines.person, start, np.full_like(start, NEVER))


def since_nadir(series: Series, patient: NDArray[np.int32], landmark: NDArray[np.int32], days_since: NDArray[np.float64]) -> Series:
    """Return the runs of each landmark: what was collected from the day of the lowest value on.

    Parameters
    ----------
    patient, landmark : int32 arrays, shape (landmarks,)
    days_since : array (biomarkers, landmarks)
        Days from the collection of the lowest value to the landmark, NaN where there is none.
    """
    before = np.where(np.isnan(days_since), NEVER, landmark - np.nan_to_num(days_since) - 1).astype(np.int32)
    return series.between(patient, np.ascontiguousarray(before.T), np.full(before.T.shape, NEVER, np.int32))
