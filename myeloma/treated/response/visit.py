"""What one sample shows: progression against the nadir, response against the baseline, each as a range of categories. Compiled."""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from myeloma.treated.response.codes import (
    BOTH,
    BY_FLC,
    BY_IMAGING,
    BY_MARROW,
    BY_SERUM,
    BY_URINE,
    CLONAL_ABSENT,
    CONTRADICTION,
    DRUG_BAND,
    FLC,
    LESION,
    MARROW,
    MAYBE_DRUG,
    NE,
    NO_FLC,
    NO_MARROW,
    NO_RATIO,
    NO_SERUM,
    NO_SERUM_IFE,
    NO_URINE,
    NO_URINE_IFE,
    NONE,
    PLASMACYTOMA,
    PLASMACYTOMA_OPEN,
    QUANTIFIED,
    RATIO_NORMAL,
    SD,
    SERUM,
    SERUM_IFE,
    SERUM_ONLY,
    UNKNOWN,
    UNKNOWN_DRUG,
    URINE,
    URINE_IFE,
    VGPR,
)
from myeloma.treated.response.criteria import TOLERANCE, Criteria
from myeloma.treated.response.levels import (
    Amounts,
    amount_level,
    flc_has_progressed,
    has_risen,
    is_quantified,
    marrow_has_progressed,
    negative_grade,
    serum_range,
    with_marrow,
)

Floats: TypeAlias = NDArray[np.float64]
# Places in `seen`, the (lowest, highest) of what an earlier or this sample has shown and a later one has not replaced.
SEEN_MARROW, SEEN_CLONAL, SEEN_PLASMACYTOMA = range(3)


@njit(nogil=True, error_model="numpy")
def _range(q: int, nadir: tuple[float, float], now: tuple[float, float], c: Criteria) -> tuple[bool, bool]:
    """Return whether one of the four quantities progressed for certain, and whether it may have."""
    if q == 0:
        return serum_range(nadir, now, c)
    if q == 1:
        return has_risen(nadir[1], now[0], c.pd_share, c.pd_urine), has_risen(nadir[0], now[1], c.pd_share, c.pd_urine)
    if q == 2:
        return flc_has_progressed(nadir[1], now[0], c), flc_has_progressed(nadir[0], now[1], c)
    return marrow_has_progressed(nadir[1], now[0], c), marrow_has_progressed(nadir[0], now[1], c)


@njit(nogil=True, error_model="numpy")
def progress(path: int, now: Floats, nadir: Floats, lesion: float, plasmacytoma: float, seen: float, c: Criteria) -> tuple[int, bool, bool]:
    """Return by what a sample progressed for certain, whether it may have, and whether what was measured leaves it open.

    `now` and `nadir` have the shape (2, 4), lowest and highest. Light chains count where neither serum nor urine was measurable at
    baseline, the marrow where light chains were not either. What was not measured may have progressed, which opens no question
    that an assessment could be blamed for; a range on both sides of the rule does.
    """
    by, may, is_open = 0, False, False
    for q in range(4):
        counts = q < 2 or path in (MARROW, NONE) or (q == 2 and path == FLC)
        if not counts and path != UNKNOWN:
            continue
        if np.isnan(now[0, q]):
            may = True
            continue
        known = not np.isnan(nadir[0, q])
        certain, possible = _range(q, (nadir[0, q] if known else 0.0, nadir[1, q]), (now[0, q], now[1, q]), c)
        may = may or possible
        if counts and certain:
            by |= (BY_SERUM, BY_URINE, BY_FLC, BY_MARROW)[q]
        is_open = is_open or (counts and known and possible and not certain)
    if lesion == 1.0 or (plasmacytoma == 1.0 and seen == 0.0):
        by |= BY_IMAGING
    if plasmacytoma == 1.0 and np.isnan(seen):
        may = is_open = True
    return by, may, is_open and by == 0


@njit(nogil=True, error_model="numpy")
def _or(value: float, otherwise: float) -> float:
    return otherwise if np.isnan(value) else value


@njit(nogil=True, error_model="numpy")
def is_measured(path: int, now: Floats) -> bool:
    """Return whether all that a person is followed by was measured."""
    if path in (SERUM, BOTH) and np.isnan(now[0, 0]):
        return False
    if path in (URINE, BOTH) and np.isnan(now[0, 1]):
        return False
    if path == FLC:
        return not np.isnan(now[0, 2])
    return not np.isnan(now[0, 3]) if path == MARROW else path not in (NONE, UNKNOWN)


@njit(nogil=True, error_model="numpy")
def respond(
    path: int, base: Floats, now: Floats, low: Floats, high: Floats, seen: Floats, has_bands: bool, c: Criteria
) -> tuple[int, int, int, int, int]:
    """Return the category by amounts and the grade of one sample, the best and the worst category it leaves open, and remarks.

    `base` and `now` have the shape (2, 4), `low` and `high` (columns,), `seen` (3, 2).
    """
    band = has_bands and low[DRUG_BAND] != 0.0 and high[SERUM_IFE] != 0.0
    least = Amounts(_or(now[0, 0], 0.0), _or(now[0, 1], 0.0), _or(now[0, 2], 0.0), _or(now[0, 3], 0.0))
    if band:
        least = Amounts(max(0.0, least.serum - c.drug_band_most), least.urine, least.flc, least.marrow)
    most = Amounts(now[1, 0], now[1, 1], now[1, 2], now[1, 3])
    base_least = Amounts(base[0, 0], base[0, 1], base[0, 2], base[0, 3])
    base_most = Amounts(_or(base[1, 0], np.inf), _or(base[1, 1], np.inf), _or(base[1, 2], np.inf), _or(base[1, 3], np.inf))
    best = VGPR if path == UNKNOWN else amount_level(path, base_most, least, c)
    worst = SD if path == UNKNOWN else amount_level(path, base_least, most, c)
    only_serum = path == SERUM and np.isnan(now[0, 1])
    level = amount_level(path, base_least, Amounts(most.serum, 0.0, most.flc, most.marrow), c) if only_serum else worst
    tumour = _or(seen[SEEN_PLASMACYTOMA, 1], 0.0)
    if tumour == 1.0:
        level, worst = min(level, SD), min(worst, SD)
    if not is_measured(path, now):
        level = NE
    negative = (0.0 if band else _or(low[SERUM_IFE], 0.0), _or(low[URINE_IFE], 0.0), _or(high[RATIO_NORMAL], 1.0))
    positive = (_or(high[SERUM_IFE], 1.0), _or(high[URINE_IFE], 1.0), _or(low[RATIO_NORMAL], 0.0))
    any_path = NONE if path == UNKNOWN else path
    certain, possible = is_quantified(now[0, 0], low[DRUG_BAND] if has_bands else 0.0, c)
    best_grade = negative_grade(any_path, best, negative[0], negative[1], negative[2], tumour, certain)
    grade = negative_grade(path, level, positive[0], positive[1], positive[2], tumour, possible)
    worst_grade = negative_grade(path, worst, positive[0], positive[1], positive[2], tumour, possible)
    limit = c.marrow_cr_below - TOLERANCE
    best = with_marrow(best, best_grade, _or(now[0, 3], 0.0) < limit, _or(high[CLONAL_ABSENT], 1.0) == 1.0, c)
    worst = with_marrow(worst, worst_grade, seen[SEEN_MARROW, 1] < limit, seen[SEEN_CLONAL, 0] == 1.0, c)
    notes = _missing(path, now, low, seen[SEEN_MARROW, 1] < limit, best_grade) | (SERUM_ONLY if only_serum and level > SD else 0)
    maybe_drug = (band and grade == 0 and best_grade > 0) or (positive[0] == 0.0 and possible and not certain)
    notes |= PLASMACYTOMA_OPEN if tumour == 1.0 else 0
    if maybe_drug:
        notes |= MAYBE_DRUG if low[DRUG_BAND] == 1.0 else UNKNOWN_DRUG
    if path in (SERUM, URINE, BOTH) and positive[0] == 0.0 and positive[1] == 0.0 and SD <= level < VGPR and tumour == 0.0:
        notes |= CONTRADICTION
    elif certain and positive[0] == 0.0:
        notes |= QUANTIFIED
    return level, grade, best, worst, notes


@njit(nogil=True, error_model="numpy")
def _missing(path: int, now: Floats, low: Floats, marrow_low: bool, best_grade: int) -> int:
    """Return what is missing: of amounts, what is followed; of findings, what CR would want where CR is not excluded."""
    notes = NO_SERUM if path in (SERUM, BOTH, UNKNOWN) and np.isnan(now[0, 0]) else 0
    notes |= NO_URINE if path in (SERUM, URINE, BOTH, UNKNOWN) and np.isnan(now[0, 1]) else 0
    notes |= NO_FLC if path in (FLC, UNKNOWN) and np.isnan(now[0, 2]) else 0
    if path == MARROW and np.isnan(now[0, 3]):
        notes |= NO_MARROW
    if best_grade > 0:
        notes |= NO_MARROW if np.isnan(now[0, 3]) and not marrow_low else 0
        notes |= NO_SERUM_IFE if np.isnan(low[SERUM_IFE]) else 0
        notes |= NO_URINE_IFE if np.isnan(low[URINE_IFE]) else 0
        notes |= NO_RATIO if np.isnan(low[RATIO_NORMAL]) else 0
    return notes


@njit(nogil=True, error_model="numpy")
def look(low: Floats, high: Floats, column: int, place: int, seen: Floats) -> None:
    """Let a column of a sample replace what was seen of it before."""
    if not np.isnan(low[column]):
        seen[place, 0], seen[place, 1] = low[column], high[column]


@njit(nogil=True, error_model="numpy")
def imaging(high: Floats, seen: Floats) -> tuple[float, float, float]:
    """Return the lesion and the plasmacytoma of a sample, and the plasmacytoma as it was seen before."""
    return high[LESION], high[PLASMACYTOMA], seen[SEEN_PLASMACYTOMA, 1]
