"""Columns of the burden for tables and models, by name; each as known by the landmark, NaN where M-protein has no result by then."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from features.history.burden.filter import states
from features.history.burden.parameters import STATES, Burden
from features.history.layout import Days
from features.history.series import Series

Array = NDArray[np.float64]
_BURDEN, _GROWTH = 0, 1


def _mean(state: int) -> Callable[[Array, Array], Array]:
    return lambda mean, cov: mean[:, state]


def _sd(state: int) -> Callable[[Array, Array], Array]:
    return lambda mean, cov: np.sqrt(cov[:, state, state])


COLUMNS: dict[str, Callable[[Array, Array], Array]] = {
    "burden_growth": _mean(_GROWTH),
    "burden_growth_sd": _sd(_GROWTH),
    "burden_change": _mean(_BURDEN),
    "burden_change_sd": _sd(_BURDEN),
}


def burden_columns(series: Series, patient: NDArray[np.int32], landmark: Days, names: tuple[str, ...], burden: Burden) -> dict[str, Array]:
    """Return columns by name, each (rows,).

    Parameters
    ----------
    series : Series
        Of `MARKERS`, in their order.
    patient, landmark : int32 arrays, shape (rows,)
    """
    n = len(patient)
    mean, cov = np.empty((n, STATES)), np.empty((n, STATES, STATES))
    rows, runs = (series.collected, series.available, series.value), (series.starts, series.stops)
    states(rows, runs, (patient, landmark), burden.state_space, mean, cov)
    cov[np.isnan(mean[:, _BURDEN])] = np.nan
    return {name: COLUMNS[name](mean, cov) for name in names}
