"""Confirmation over the samples of one person. Compiled.

Reference behaviour: the table of an industry package (pharmaverse/admiralonco, IMWG vignette), re-expressed. Two consecutive samples
confirm the lower of their categories; stable disease needs no second, nor does what marrow or imaging says. CR and sCR need
immunofixation twice and the marrow once, at any time since the start. Progression by blood or urine needs a second one in the next
sample that can be judged, or death from progression. Once progressed, the answers of the line stand still.

What was known at a visit looks at that visit and earlier ones only; the retrospective answer dates a category at the first of
its two samples. They are filled by two functions, so that one cannot leak into the other.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from myeloma.treated.response.codes import LATE_CONFIRMATION, MARROW, NE, PD, PR, SD
from myeloma.treated.response.criteria import Criteria
from myeloma.treated.response.levels import with_marrow

Whole = NDArray[np.int64]
# Columns of the array that holds what was judged at each sample: the category by amounts, the grade of `negative_grade`, whether the
# marrow was below the limit of CR and clonal cells absent when last looked at, progression by itself or one that wants a second.
LEVEL, GRADE, MARROW_LOW, NO_CLONE, ALONE, RISE, IN_LINE, N_JUDGED = range(8)


@njit(nogil=True, error_model="numpy")
def can_be_judged(judged: Whole, k: int) -> bool:
    """Return whether a sample has a category, once the marrow is known."""
    return bool(judged[k, IN_LINE] == 1 and judged[k, RISE] == 0 and (judged[k, LEVEL] >= SD or judged[k, GRADE] >= 1))


@njit(nogil=True, error_model="numpy")
def category(judged: Whole, k: int, at: int, c: Criteria) -> int:
    """Return the category of sample k with the marrow as it was known at sample `at`."""
    return with_marrow(judged[k, LEVEL], judged[k, GRADE], judged[at, MARROW_LOW] == 1, judged[at, NO_CLONE] == 1, c)


@njit(nogil=True, error_model="numpy")
def confirmed_alone(path: int, level: int) -> int:
    """Return what a category is worth without a second sample: stable disease, and the response of a marrow."""
    if path == MARROW:
        return min(level, PR)
    return min(level, SD)


@njit(nogil=True, error_model="numpy")
def fill_known(judged: Whole, days: Whole, path: int, n: int, c: Criteria, known: Whole, best: Whole, notes: Whole) -> tuple[int, int, int]:
    """Fill, sample by sample, the confirmed category and the best response, as known on its day.

    Returns the first and the second sample of a confirmed progression (-1, -1 where there is none) and the sample of one that
    still waits for its second (-1).
    """
    before, last, waiting, first, second, so_far = -1, -1, -1, -1, -1, NE
    for k in range(n):
        if first < 0 and judged[k, IN_LINE] == 1:
            if judged[k, ALONE] == 1:
                first, second = k, k
            elif judged[k, RISE] == 1:
                if waiting >= 0:
                    first, second = waiting, k
                else:
                    waiting = k
            elif can_be_judged(judged, k):
                before, last, waiting = last, k, -1
            if first < 0 and waiting < 0 and last >= 0:
                now = category(judged, last, k, c)
                so_far = max(so_far, confirmed_alone(path, now))
                if before >= 0:
                    pair = min(now, category(judged, before, k, c))
                    if pair > so_far and days[k] - days[before] > c.late_confirmation:
                        notes[k] |= LATE_CONFIRMATION
                    so_far = max(so_far, pair)
        best[k] = so_far
        known[k] = PD if first >= 0 else so_far
    return first, second, waiting


@njit(nogil=True, error_model="numpy")
def fill_retrospective(judged: Whole, path: int, n: int, c: Criteria, first: int, best: Whole, retrospective: Whole) -> None:
    """Fill the confirmed category of each sample in the light of the next one that can be judged; `first` begins progression."""
    following, end = -1, n if first < 0 else first
    for k in range(n - 1, -1, -1):
        if k >= end:
            retrospective[k] = PD
            continue
        retrospective[k] = best[k]
        if can_be_judged(judged, k):
            if following >= 0:
                retrospective[k] = max(retrospective[k], min(category(judged, k, k, c), category(judged, following, following, c)))
            following = k
    for k in range(1, end):
        retrospective[k] = max(retrospective[k], retrospective[k - 1])
