"""Columns of the burden for tables and models, by name; each as known by the landmark, NaN where a marker has no result by then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.history.burden.filter import states
from features.history.burden.parameters import MARKERS, STATES, Burden, StateSpace
from features.history.layout import Days
from features.history.series import Series

Array = NDArray[np.float64]
_BURDEN, _GROWTH, _LEVELS = 0, 1, 2


def _of_marker(marker: str) -> Callable[[Array, Array, StateSpace], Array]:
    """Return the function that gives the median of a marker now, as all markers together tell it."""
    k = MARKERS.index(marker)

    def now(mean: Array, cov: Array, space: StateSpace) -> Array:
        level: Array = np.exp(mean[:, _LEVELS + k] + space.loading[k] * mean[:, _BURDEN])
        return level

    return now


def _mean(state: int) -> Callable[[Array, Array, StateSpace], Array]:
    return lambda mean, cov, space: mean[:, state]


def _sd(state: int) -> Callable[[Array, Array, StateSpace], Array]:
    return lambda mean, cov, space: np.sqrt(cov[:, state, state])


COLUMNS: dict[str, Callable[[Array, Array, StateSpace], Array]] = {
    "burden_growth": _mean(_GROWTH),
    "burden_growth_sd": _sd(_GROWTH),
    "burden_change": _mean(_BURDEN),
    "burden_change_sd": _sd(_BURDEN),
    "burden_m_protein": _of_marker("m_protein"),
    "burden_flc_ratio": _of_marker("flc_ratio"),
    "burden_bmpc": _of_marker("bmpc"),
}


def burden_columns(series: Series, patient: NDArray[np.int32], landmark: Days, names: tuple[str, ...], burden: Burden) -> dict[str, Array]:
    """Return columns by name, each (rows,).

    Parameters
    ----------
    series : Series
        Of `MARKERS`, in their order.
    patient, landmark : int32 arrays, shape (rows,)
    """
    space, n = burden.state_space(), len(patient)
    mean, cov = np.empty((n, STATES)), np.empty((n, STATES, STATES))
    states((series.collected, series.available, series.value), (series.starts, series.stops), (patient, landmark), tuple(space), mean, cov)
    cov[np.isnan(mean[:, _BURDEN])] = np.nan
    return {name: COLUMNS[name](mean, cov, space) for name in names}
