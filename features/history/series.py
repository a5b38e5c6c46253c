"""Measurements as arrays: one run of rows per person and biomarker, and where each run lies. The kernel reads nothing else."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numba import njit
from numpy.typing import NDArray

from features.history.layout import Codes, Days, Flags, Floats, Places, Whole


@dataclass(frozen=True)
class Series:
    """Runs of rows sorted by collection, availability and value; run b of person p is starts[p, b] : stops[p, b].

    `collected` and `available` are int32 days, `value` is float64. `lags` is the longest time a run's results took to become
    available, `in_order` whether they became available in the order of their collection; shape (people, biomarkers).
    """

    biomarkers: tuple[str, ...]
    collected: Days
    available: Days
    value: Floats
    starts: Whole
    stops: Whole
    lags: Days
    in_order: Flags
    operator: NDArray[np.int8] | None = None
    method: NDArray[np.int8] | None = None

    def of(self, biomarkers: tuple[str, ...]) -> Series:
        """Return the runs of some of the biomarkers, over the same arrays."""
        chosen = [self.biomarkers.index(name) for name in biomarkers]
        starts, stops = np.ascontiguousarray(self.starts[:, chosen]), np.ascontiguousarray(self.stops[:, chosen])
        lags, in_order = np.ascontiguousarray(self.lags[:, chosen]), np.ascontiguousarray(self.in_order[:, chosen])
        return replace(self, biomarkers=biomarkers, starts=starts, stops=stops, lags=lags, in_order=in_order)

    def between(self, person: NDArray[np.int32], after: Days, until: Days) -> Series:
        """Return for each person named the runs of what was collected after one day and until another, over the same arrays.

        Parameters
        ----------
        person : int32 array, shape (runs,)
        after, until : int32 arrays, shape (runs, biomarkers)
        """
        starts, stops = np.empty((2, len(person), len(self.biomarkers)), np.int64)
        _cut(self.collected, self.starts, self.stops, person, after, until, starts, stops)
        return replace(self, starts=starts, stops=stops, lags=self.lags[person], in_order=self.in_order[person])


# A twin of the kernel's: numba keys a cache by the text of one file, so code that two files compile in would go stale unseen.
@njit(cache=True, nogil=True)
def _up_to(collected: Days, start: int, stop: int, day: int) -> int:
    """Return the first position whose day of collection is later."""
    while start < stop:
        middle = (start + stop) // 2
        if collected[middle] <= day:
            start = middle + 1
        else:
            stop = middle
    return start


@njit(cache=True, nogil=True)
def _cut(
    collected: Days,
    starts: Whole,
    stops: Whole,
    person: NDArray[np.int32],
    after: Days,
    until: Days,
    cut_starts: Whole,
    cut_stops: Whole,
) -> None:
    for r in range(len(person)):
        for b in range(starts.shape[1]):
            start, stop = starts[person[r], b], stops[person[r], b]
            cut_starts[r, b] = _up_to(collected, start, stop, after[r, b])
            cut_stops[r, b] = _up_to(collected, cut_starts[r, b], stop, until[r, b])


@njit(cache=True, nogil=True)
def _lay_out(
    patient: Codes,
    biomarker: Codes,
    collected: Days,
    available: Days,
    value: Floats,
    starts: Whole,
    stops: Whole,
    lags: Days,
    in_order: Flags,
) -> bool:
    """Find every run; return False where a run is not sorted or not in one piece."""
    last = -1
    for i in range(len(patient)):
        p, b = patient[i], biomarker[i]
        if p < 0 or b < 0:
            continue
        if last >= 0 and patient[last] == p and biomarker[last] == b:
            if last != i - 1:
                return False
            if collected[i] < collected[last]:
                return False
            if collected[i] == collected[last]:
                if available[i] < available[last] or (available[i] == available[last] and value[i] < value[last]):
                    return False
            elif available[i] < available[last]:
                in_order[p, b] = False
        else:
            if stops[p, b] > 0:
                return False
            starts[p, b] = i
        stops[p, b] = i + 1
        lags[p, b] = max(lags[p, b], available[i] - collected[i])
        last = i
    return True


def lay_out(
    people: int,
    biomarkers: tuple[str, ...],
    columns: tuple[Codes, Codes, Days, Days, Floats],
    operator: NDArray[np.int8] | None = None,
    method: NDArray[np.int8] | None = None,
) -> Series:
    """Return the series of rows given as codes: person, biomarker, day collected, day available, value.

    Rows with a negative code are passed over. Sorted rows are used where they lie, others are sorted first.
    """
    patient, biomarker, collected, available, value = columns
    shape = (people, len(biomarkers))
    while True:
        places: Places = np.zeros(shape, np.int64), np.zeros(shape, np.int64), np.zeros(shape, np.int32), np.ones(shape, np.bool_)
        if _lay_out(patient, biomarker, collected, available, value, *places):
            return Series(biomarkers, collected, available, value, *places, operator, method)
        used = np.flatnonzero((patient >= 0) & (biomarker >= 0))
        keys = (value[used], available[used], collected[used], biomarker[used], patient[used])  # ties by value: no result of chance
        order = used[np.lexsort(keys)]
        patient, biomarker, collected = patient[order], biomarker[order], collected[order]
        available, value = available[order], value[order]
        operator, method = (None if column is None else column[order] for column in (operator, method))
