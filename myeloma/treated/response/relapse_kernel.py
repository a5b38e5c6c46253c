"""The compiled loop that finds the signs of relapse of each person, and the days on which two samples show them."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from myeloma.calendar import NEVER
from myeloma.treated.response import codes, criteria, samples
from myeloma.treated.response import signs as scalar
from myeloma.treated.response.codes import (
    BMPC,
    CALCIUM,
    CR,
    CREATININE,
    DRUG_BAND,
    HEMOGLOBIN,
    INVOLVED,
    LESION,
    PLASMACYTOMA,
    RATIO_NORMAL,
    SERUM_IFE,
    URINE_IFE,
    URINE_M,
    M,
)
from myeloma.treated.response.criteria import TOLERANCE, Criteria
from myeloma.treated.response.samples import WIDTH, Columns, gather, latest
from myeloma.treated.response.signs import (
    agreed,
    any_of,
    calcium_sign,
    creatinine_sign,
    doubling_sign,
    hemoglobin_sign,
    rise_sign,
)

Floats: TypeAlias = NDArray[np.float64]
Days: TypeAlias = NDArray[np.int64]
SIGNS = ("lesion", "calcium", "hemoglobin", "creatinine", "significant_biochemical", "from_cr")
IN_BONE, IN_CALCIUM, IN_HEMOGLOBIN, IN_CREATININE, BIOCHEMICAL, FROM_CR = range(len(SIGNS))
# What is remembered of earlier samples of each column: the one before, the extreme that two confirm, and the extreme of one.
BEFORE, CONFIRMED, EXTREME = range(3)


@njit(nogil=True, error_model="numpy")
def _remember(value: float, f: int, memory: Floats) -> None:
    """Let one end of a range into its memory, shape (3, WIDTH): of hemoglobin the highest counts, of the others the lowest."""
    if np.isnan(value):
        return
    sign = -1.0 if f == HEMOGLOBIN else 1.0
    pair = sign * max(sign * memory[BEFORE, f], sign * value)  # NaN where there is none before
    if np.isnan(memory[BEFORE, f]):
        pair = np.nan
    if not np.isnan(pair) and not sign * memory[CONFIRMED, f] <= sign * pair:
        memory[CONFIRMED, f] = pair
    if not sign * memory[EXTREME, f] <= sign * value:
        memory[EXTREME, f] = value
    memory[BEFORE, f] = value


@njit(nogil=True, error_model="numpy")
def _sign(f: int, now: float, memory: Floats, c: Criteria) -> float:
    """Return the sign of a column of blood for one value, against one end of what was before, shape (3, WIDTH)."""
    confirmed, extreme = memory[CONFIRMED, f], memory[EXTREME, f]
    if f == CALCIUM:
        return calcium_sign(now, extreme, c)
    if f == HEMOGLOBIN:
        return hemoglobin_sign(now, confirmed, extreme, c)
    if f == CREATININE:
        return creatinine_sign(now, confirmed, c)
    least = c.relapse_serum if f == M else c.relapse_urine if f == URINE_M else c.relapse_flc
    return rise_sign(now, confirmed, least, c)


@njit(nogil=True, error_model="numpy")
def _ends(f: int, low: float, high: float, memory: Floats, c: Criteria) -> float:
    """Return the sign of a column of blood, where the least and the greatest change that ranges leave agree; memory (2, 3, WIDTH)."""
    return agreed(_sign(f, low, memory[1], c), _sign(f, high, memory[0], c))


@njit(nogil=True, error_model="numpy")
def _from_cr(low: Floats, high: Floats, lesion: float, band: bool, c: Criteria) -> tuple[float, bool]:
    """Return whether a person who was in CR shows it no more, and whether that needs no second sample."""
    if lesion == 1.0 or low[BMPC] >= c.marrow_cr_below - TOLERANCE:
        return 1.0, True
    marrow = np.nan if high[BMPC] >= c.marrow_cr_below - TOLERANCE else 0.0  # one that was not looked at opens no question
    serum = agreed(low[SERUM_IFE], high[SERUM_IFE])
    if serum == 1.0 and band:
        serum = np.nan  # an antibody's, or the person's own
    return any_of(marrow, any_of(serum, agreed(low[URINE_IFE], high[URINE_IFE]))), False


@njit(nogil=True, error_model="numpy")
def _confirm(sign: float, alone: bool, s: int, p: int, k: int, days: Days, waiting: Days, first: Days, known: Days) -> None:
    """Note the day of a sign where this sample shows it for the second time in a row; samples that leave it open are passed over."""
    if sign == 0.0:
        waiting[s] = -1
    elif sign == 1.0 and known[s, p] == NEVER:
        if alone or waiting[s] >= 0:
            first[s, p], known[s, p] = days[k] if alone else days[waiting[s]], days[k]
        else:
            waiting[s] = k


def _entry(version: int) -> Callable[..., None]:
    """Return the compiled entry; see `kernel` for why `version` is closed over."""

    @njit(cache=True, nogil=True, error_model="numpy")
    def find(
        offsets: Days,
        day: Days,
        columns: Columns,
        line: tuple[Days, Days],
        best_known: NDArray[np.int8],
        c: Criteria,
        baseline_days: int,
        out: Floats,
        first: Days,
        known: Days,
    ) -> None:
        """Fill the signs, shape (signs, rows), and their days, shape (signs + 1, people): the last row is that of any clinical sign."""
        starts, nexts = line
        has_bands = len(columns[DRUG_BAND]) > 0 * version
        most = 1
        for p in range(len(starts)):
            most = max(most, offsets[p + 1] - offsets[p])
        days, sample, waiting = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(len(SIGNS), np.int64)
        low, high = np.empty((most, WIDTH)), np.empty((most, WIDTH))
        sign, memory, reached = np.empty((most, len(SIGNS))), np.empty((2, 3, WIDTH)), np.empty(most, np.int64)
        first.fill(NEVER)
        known.fill(NEVER)
        for p in range(len(starts)):
            n = gather(columns, day, offsets[p], offsets[p + 1], days, low, high, sample)
            for row in range(offsets[p], offsets[p + 1]):
                reached[sample[row - offsets[p]]] = best_known[row]
            memory.fill(np.nan)
            waiting.fill(-1)
            for f in range(WIDTH):
                k = latest(days, low, f, n, starts[p], baseline_days)
                if k >= 0:
                    for place in range(3):
                        memory[0, place, f], memory[1, place, f] = low[k, f], high[k, f]
            m_day, tumour, was_in_cr = np.int64(0), np.nan, False
            for k in range(n):
                for s in range(len(SIGNS)):
                    sign[k, s] = np.nan
                if days[k] <= starts[p] or days[k] > nexts[p]:
                    tumour = high[k, PLASMACYTOMA] if not np.isnan(high[k, PLASMACYTOMA]) else tumour
                    m_day = days[k] if not np.isnan(low[k, M]) else m_day
                    continue
                grown = high[k, LESION]
                if high[k, PLASMACYTOMA] == 1.0 and tumour != 1.0:
                    grown = 1.0 if tumour == 0.0 or grown == 1.0 else np.nan
                sign[k, IN_BONE] = grown
                for s, f in ((IN_CALCIUM, CALCIUM), (IN_HEMOGLOBIN, HEMOGLOBIN), (IN_CREATININE, CREATININE)):
                    sign[k, s] = _ends(f, low[k, f], high[k, f], memory, c)
                chains = _ends(INVOLVED, low[k, INVOLVED], high[k, INVOLVED], memory, c)
                if chains == 1.0 and low[k, RATIO_NORMAL] != 0.0:
                    chains = 0.0 if low[k, RATIO_NORMAL] == 1.0 else np.nan
                serum, urine = _ends(M, low[k, M], high[k, M], memory, c), _ends(URINE_M, low[k, URINE_M], high[k, URINE_M], memory, c)
                ends = ((low[k, M], memory[1, BEFORE, M]), (high[k, M], memory[0, BEFORE, M]))
                twice = agreed(doubling_sign(*ends[0], days[k] - m_day, c), doubling_sign(*ends[1], days[k] - m_day, c))
                amounts = any_of(any_of(serum, urine), chains)
                sign[k, BIOCHEMICAL] = any_of(amounts, twice)
                band = has_bands and low[k, DRUG_BAND] != 0.0
                lost, alone = _from_cr(low[k], high[k], grown, band, c)
                sign[k, FROM_CR] = lost if was_in_cr else 0.0
                for s in range(len(SIGNS)):
                    by_itself = s == IN_BONE or (s == BIOCHEMICAL and twice == 1.0) or (s == FROM_CR and alone)
                    _confirm(sign[k, s], by_itself, s, p, k, days, waiting, first, known)
                for f in (M, URINE_M, INVOLVED, CALCIUM, CREATININE, HEMOGLOBIN):
                    _remember(low[k, f], f, memory[0])
                    _remember(high[k, f], f, memory[1])
                tumour = high[k, PLASMACYTOMA] if not np.isnan(high[k, PLASMACYTOMA]) else tumour
                m_day = days[k] if not np.isnan(low[k, M]) else m_day
                was_in_cr = reached[k] >= CR
            for s in range(IN_CREATININE + 1):
                if known[s, p] < known[len(SIGNS), p]:
                    first[len(SIGNS), p], known[len(SIGNS), p] = first[s, p], known[s, p]
            for row in range(offsets[p], offsets[p + 1]):
                for s in range(len(SIGNS)):
                    out[s, row] = sign[sample[row - offsets[p]], s]

    return find


_FILES = (codes, criteria, samples, scalar)
_compiled: Any = _entry(zlib.crc32(b"".join(Path(str(file.__file__)).read_bytes() for file in _FILES)))
find: Callable[..., None] = _compiled
