"""The compiled loop over people: what each sample shows, then what two of them confirm."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from myeloma.calendar import NEVER
from myeloma.treated.response import codes, confirmation, criteria, levels, samples, visit
from myeloma.treated.response.codes import (
    AFTER_NEW_THERAPY,
    AT_BASELINE,
    BMPC,
    CLONAL_ABSENT,
    DRUG_BAND,
    INVOLVED,
    NE,
    NO_BASELINE,
    PD,
    PLASMACYTOMA,
    PROGRESSION_OPEN,
    RATIO_NORMAL,
    SERUM_VOID,
    UNKNOWN,
    URINE,
    URINE_BASELINE_UNKNOWN,
    URINE_M,
    M,
)
from myeloma.treated.response.confirmation import (
    ALONE,
    GRADE,
    IN_LINE,
    LEVEL,
    MARROW_LOW,
    N_JUDGED,
    NO_CLONE,
    RISE,
    category,
    fill_known,
    fill_retrospective,
)
from myeloma.treated.response.criteria import TOLERANCE, Criteria
from myeloma.treated.response.levels import Amounts, path_of
from myeloma.treated.response.samples import WIDTH, Columns, as_reported, baseline, excess, gather
from myeloma.treated.response.visit import SEEN_CLONAL, SEEN_MARROW, SEEN_PLASMACYTOMA, imaging, look, progress, respond

Floats: TypeAlias = NDArray[np.float64]
Days: TypeAlias = NDArray[np.int64]
Line: TypeAlias = tuple[Days, Days, Days, Floats]
NEEDS_NO_SECOND = codes.BY_IMAGING | codes.BY_MARROW


@njit(nogil=True, error_model="numpy")
def _amounts(low: Floats, high: Floats, k: int, now: Floats) -> None:
    """Fill the ranges, shape (2, 4), of the four quantities of a sample."""
    now[0, 0], now[1, 0] = low[k, M], high[k, M]
    now[0, 1], now[1, 1] = low[k, URINE_M], high[k, URINE_M]
    now[0, 2], now[1, 2] = excess(low, high, k)
    now[0, 3], now[1, 3] = low[k, BMPC], high[k, BMPC]


@njit(nogil=True, error_model="numpy")
def lower_nadir(now: Floats, previous: Floats, nadir: Floats) -> None:
    """Lower the nadir by what this sample confirms, all of shape (2, 4): the higher of two consecutive values; of marrow, the value."""
    for q in range(4):
        if np.isnan(now[0, q]):
            continue
        for end in range(2):
            pair = now[end, q] if q == 3 else max(previous[end, q], now[end, q])  # NaN where there is no previous one
            if not np.isnan(pair) and not nadir[end, q] <= pair:
                nadir[end, q] = pair
            previous[end, q] = now[end, q]


@njit(nogil=True, error_model="numpy")
def _path(base: Floats, base_low: Floats, base_high: Floats, c: Criteria) -> int:
    low, high = Amounts(base[0, 0], base[0, 1], base[0, 2], base[0, 3]), Amounts(base[1, 0], base[1, 1], base[1, 2], base[1, 3])
    involved, ratio = (base_low[INVOLVED], base_high[INVOLVED]), (base_low[RATIO_NORMAL], base_high[RATIO_NORMAL])
    return path_of(low, high, involved, ratio, c)


@njit(nogil=True, error_model="numpy")
def _judge(
    path: int,
    n: int,
    line: tuple[int, int],
    days: Days,
    low: Floats,
    high: Floats,
    base: Floats,
    has_bands: bool,
    c: Criteria,
    judged: Days,
    shown: Days,
    remarks: Days,
    low_points: Floats,
) -> None:
    """Fill what each sample of a person shows: category, best, worst, kinds of progression; and the nadir before it."""
    about = NO_BASELINE if path == UNKNOWN else SERUM_VOID if path == URINE else 0
    about |= URINE_BASELINE_UNKNOWN if path != UNKNOWN and np.isnan(base[0, 1]) else 0
    now, nadir, previous, seen = np.empty((2, 4)), base.copy(), base.copy(), np.full((3, 2), np.nan)
    for k in range(n):
        for j in range(N_JUDGED):
            judged[k, j] = 0
        shown[0, k], shown[1, k], shown[2, k], shown[3, k] = NE, NE, NE, 0
        for q in range(4):  # element by element: what arrays assigned to arrays may raise takes numba long to compile
            low_points[k, q] = as_reported(nadir[0, q], nadir[1, q]) if days[k] > line[0] else np.nan
        if days[k] <= line[0] or days[k] > line[1]:
            remarks[k] = AT_BASELINE if days[k] <= line[0] else AFTER_NEW_THERAPY
            look(low[k], high[k], PLASMACYTOMA, SEEN_PLASMACYTOMA, seen)
            continue
        _amounts(low, high, k, now)
        lesion, plasmacytoma, before = imaging(high[k], seen)
        by, may, is_open = progress(path, now, nadir, lesion, plasmacytoma, before, c)
        look(low[k], high[k], BMPC, SEEN_MARROW, seen)
        look(low[k], high[k], CLONAL_ABSENT, SEEN_CLONAL, seen)
        look(low[k], high[k], PLASMACYTOMA, SEEN_PLASMACYTOMA, seen)
        level, grade, best, worst, told = respond(path, base, now, low[k], high[k], seen, has_bands, c)
        judged[k, LEVEL], judged[k, GRADE] = (NE, 0) if is_open else (level, grade)
        judged[k, MARROW_LOW] = seen[SEEN_MARROW, 1] < c.marrow_cr_below - TOLERANCE
        judged[k, NO_CLONE] = seen[SEEN_CLONAL, 0] == 1.0
        judged[k, ALONE], judged[k, RISE], judged[k, IN_LINE] = by & NEEDS_NO_SECOND != 0, by != 0, 1
        shown[0, k], shown[1, k], shown[2, k] = PD if by else category(judged, k, k, c), PD if by else best, PD if by or may else worst
        shown[3, k] = by
        remarks[k] = about | told | (PROGRESSION_OPEN if is_open else 0)
        lower_nadir(now, previous, nadir)


@njit(nogil=True, error_model="numpy")
def _first_reached(retrospective: Days, days: Days, n: int, first: int) -> tuple[int, int]:
    """Return the best response before progression, and the day of the first sample that shows it."""
    reached, when = NE, NEVER
    for k in range(n if first < 0 else first):
        if retrospective[k] > reached:
            reached, when = retrospective[k], days[k]
    return reached, when


def _entry(version: int) -> Callable[..., None]:
    """Return the compiled entry; `version` is closed over, so that numba's cache sees when another file that it compiles in changes."""

    @njit(cache=True, nogil=True, error_model="numpy")
    def follow(
        offsets: Days,
        day: Days,
        columns: Columns,
        line: Line,
        c: Criteria,
        baseline_days: int,
        out: NDArray[np.int8],
        notes: NDArray[np.int32],
        nadirs: Floats,
        of_person: NDArray[np.int8],
        baselines: Floats,
        days_of: Days,
        progression: Floats,
    ) -> None:
        """Fill the arrays of `Course`."""
        starts, nexts, deaths, causes = line
        has_bands = len(columns[DRUG_BAND]) > 0 * version
        most = 1
        for p in range(len(starts)):
            most = max(most, offsets[p + 1] - offsets[p])
        days, sample, remarks = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
        low, high, base, low_points = np.empty((most, WIDTH)), np.empty((most, WIDTH)), np.empty((2, 4)), np.empty((most, 4))
        base_low, base_high = np.empty(WIDTH + 1), np.empty(WIDTH + 1)
        judged, shown = np.empty((most, N_JUDGED), np.int64), np.empty((4, most), np.int64)
        known, best_known, retrospective = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
        for p in range(len(starts)):
            first_row = offsets[p]
            n = gather(columns, day, first_row, offsets[p + 1], days, low, high, sample)
            baseline(days, low, high, n, starts[p], baseline_days, base_low, base_high)
            for q, f in enumerate((M, URINE_M, WIDTH, BMPC)):
                base[0, q], base[1, q] = base_low[f], base_high[f]
                baselines[p, q] = as_reported(base[0, q], base[1, q])
            path = _path(base, base_low, base_high, c)
            _judge(path, n, (starts[p], nexts[p]), days, low, high, base, has_bands, c, judged, shown, remarks, low_points)
            first, second, waiting = fill_known(judged, days, path, n, c, known, best_known, remarks)
            known_day = days[second] if first >= 0 else np.int64(NEVER)
            progression[p] = 1.0 if first >= 0 else 0.0
            if first < 0 and waiting >= 0 and deaths[p] < NEVER and deaths[p] <= nexts[p]:
                progression[p] = causes[p]
                if causes[p] == 1.0:
                    first, known_day = waiting, deaths[p]
            fill_retrospective(judged, path, n, c, first, best_known, retrospective)
            days_of[1, p], days_of[2, p] = days[first] if first >= 0 else NEVER, known_day
            of_person[0, p] = path
            of_person[1, p], days_of[0, p] = _first_reached(retrospective, days, n, first)
            for row in range(first_row, offsets[p + 1]):
                k = sample[row - first_row]
                out[0, row], out[1, row], out[2, row], out[6, row] = shown[0, k], shown[1, k], shown[2, k], shown[3, k]
                out[3, row], out[4, row], out[5, row] = known[k], best_known[k], retrospective[k]
                notes[row] = remarks[k]
                for q in range(4):
                    nadirs[row, q] = low_points[k, q]

    return follow


_FILES = (codes, confirmation, criteria, levels, samples, visit)
_compiled: Any = _entry(zlib.crc32(b"".join(Path(str(file.__file__)).read_bytes() for file in _FILES)))
follow: Callable[..., None] = _compiled
