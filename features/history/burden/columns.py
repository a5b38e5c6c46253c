"""Columns of the burden for tables and models, by name; each as known by the landmark, NaN where M-protein has no result by then."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from features.history.burden.filter import states
from features.history.burden.parameters import STATES, Burden
from features.history.layout import Days
from features.history.series import Series

Array = NDArray[np.float64]
_BURDEN, _GROWTH = 0, 1


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
    found = {
        "burden_growth": mean[:, _GROWTH],
        "burden_growth_sd": np.sqrt(cov[:, _GROWTH, _GROWTH]),
        "burden_change": mean[:, _BURDEN],
        "burden_change_sd": np.sqrt(cov[:, _BURDEN, _BURDEN]),
    }
    return {name: found[name] for name in names}
