"""Marrow plasma cells by method: what one method found is not undone by another.

A smear finds a fraction of what a biopsy does (Demyanets, Ann Hematol 2020;99:2599: medians of 7 and 30 % in the same people), so methods
are never compared, and of several the higher counts (IMWG). A share that meets the criterion therefore stands until a later one of the
same method does not. Results of unknown method are one more kind: nobody knows that theirs is the method that found more.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.history.columns import MARROW
from features.history.layout import Days, Rows, Whole
from features.history.rows import View
from features.history.sides import Sides
from myeloma import catalogue
from myeloma.criteria import BMPC_FROM_PERCENT

Array = NDArray[np.float64]
_UNKNOWN = "a method that nobody named"


@dataclass(frozen=True)
class Marrow:
    """Of each landmark the marrow that meets the criterion by another method than the latest, which does not; NaN where there is none.

    `method` and `of_latest` are places in the catalogue's `methods` counted from 1, 0 where unknown.
    """

    value: Array
    age_days: Array
    method: NDArray[np.int64]
    of_latest: NDArray[np.int64]


def marrow_by_method(view: View) -> Marrow | None:
    """Return the marrow that stands against a later one of another method; None where no method is known of anybody.

    Parameters
    ----------
    view : View
        Its series hold marrow plasma cells.
    """
    series = view.series
    if series.method is None or not series.method.any():
        return None
    which, rows = series.biomarkers.index(MARROW), len(view.patient)
    starts, stops = series.starts[view.patient, which], series.stops[view.patient, which]
    below = np.zeros(len(series.value), np.bool_) if series.operator is None else Sides.of(series.operator).below
    meets = (series.value >= BMPC_FROM_PERCENT) & ~below
    found, methods = np.full((2, rows), np.nan), np.zeros((2, rows), np.int64)
    latest = np.empty(len(catalogue()[MARROW].methods) + 1, np.int64)
    _stand((series.collected, series.available, series.value), (starts, stops), series.method, meets, view.landmark, latest, found, methods)
    return None if np.isnan(found[0]).all() else Marrow(found[0], found[1], methods[0], methods[1])


def method_name(place: int) -> str:
    """Return what a method is called."""
    return catalogue()[MARROW].methods[place - 1] if place > 0 else _UNKNOWN


@njit(cache=True, nogil=True)
def _stand(
    series: Rows,
    runs: tuple[Whole, Whole],
    method: NDArray[np.int8],
    meets: NDArray[np.bool_],
    landmark: Days,
    latest: Whole,
    found: Array,
    methods: Whole,
) -> None:
    """Write value and age of the highest that stands, its method, and that of the latest; runs lie in order of day."""
    collected, available, value = series
    for r in range(len(landmark)):
        latest[:] = -1
        last = -1
        for i in range(runs[0][r], runs[1][r]):
            if available[i] <= landmark[r]:
                latest[method[i]] = i
                last = i
        if last < 0 or meets[last]:
            continue
        for i in latest:
            if i >= 0 and meets[i] and not value[i] <= found[0, r]:
                found[0, r], found[1, r] = value[i], landmark[r] - collected[i]
                methods[0, r], methods[1, r] = method[i], method[last]
