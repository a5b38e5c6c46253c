"""Columns of the burden for tables and models, by name; each as known by the landmark; NaN until M-protein was measurable.

A change between two methods of a marker is no change of the burden: of several methods, results like the latest one count
(`features.history.like`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.burden.filter import states
from features.history.burden.parameters import MARKERS, STATES, Burden
from features.history.columns import CHANGE, GROWTH, GROWTH_SD, MARROW, MARROW_NOW
from features.history.layout import Days
from features.history.like import by_latest_method, instead
from features.history.series import Series

Array = NDArray[np.float64]
_BURDEN, _GROWTH = 0, 1
_OF_MARROW = MARKERS.index(MARROW)
_ALL = 100.0  # percent of the marrow


def burden_columns(series: Series, patient: NDArray[np.int32], landmark: Days, names: tuple[str, ...], burden: Burden) -> dict[str, Array]:
    """Return columns by name, each (rows,).

    Parameters
    ----------
    series : Series
        Of `MARKERS`, in their order.
    patient, landmark : int32 arrays, shape (rows,)
    """
    mean, cov, told = _states(series, patient, landmark, burden)
    for name in MARKERS:
        for at, like in by_latest_method(series, name, patient, landmark):
            mean[at], cov[at], told[at] = _states(instead(series, name, like, patient[at]), patient[at], landmark[at], burden)
    cov[np.isnan(mean[:, _BURDEN])] = np.nan
    found = {
        GROWTH: mean[:, _GROWTH],
        GROWTH_SD: np.sqrt(cov[:, _GROWTH, _GROWTH]),
        CHANGE: mean[:, _BURDEN],
        "burden_change_sd": np.sqrt(cov[:, _BURDEN, _BURDEN]),
        MARROW_NOW: np.where(told[:, _OF_MARROW], _by_now(mean, burden, _OF_MARROW), np.nan),
    }
    return {name: found[name] for name in names}


def _by_now(mean: Array, burden: Burden, marker: int) -> Array:
    """Return what a marker's result would be by now, at the median; no share is above all."""
    found: Array = np.minimum(np.exp(mean[:, 2 + marker] + burden.loading[marker] * mean[:, _BURDEN]), _ALL)
    return found


def _states(series: Series, patient: NDArray[np.int32], landmark: Days, burden: Burden) -> tuple[Array, Array, NDArray[np.bool_]]:
    mean, cov = np.empty((len(patient), STATES)), np.empty((len(patient), STATES, STATES))
    told = np.empty((len(patient), len(MARKERS)), dtype=np.bool_)
    rows, runs = (series.collected, series.available, series.value), (series.starts, series.stops)
    states(rows, runs, (patient, landmark), burden.state_space, mean, cov, told)
    return mean, cov, told
