"""The signs of relapse in one sample, three-valued. Compiled, scalar. What each means stands in `relapse`."""

from __future__ import annotations

import numpy as np
from numba import njit

from myeloma.treated.response.criteria import TOLERANCE, Criteria


@njit(nogil=True, error_model="numpy")
def agreed(one: float, other: float) -> float:
    """Return what both ends of a range say, NaN where they differ."""
    return one if one == other else np.nan


@njit(nogil=True, error_model="numpy")
def any_of(one: float, other: float) -> float:
    """Return 1 where one is, 0 where both are known not to be, NaN where that is open."""
    if one == 1.0 or other == 1.0:
        return 1.0
    return 0.0 if one == 0.0 and other == 0.0 else np.nan


@njit(nogil=True, error_model="numpy")
def calcium_sign(now: float, lowest: float, c: Criteria) -> float:
    """Return whether calcium is above the limit and was not always; `lowest` is the lowest earlier value."""
    if now <= c.calcium_above + TOLERANCE:
        return 0.0
    if np.isnan(now) or np.isnan(lowest):
        return np.nan
    return 1.0 if lowest <= c.calcium_above + TOLERANCE else 0.0


@njit(nogil=True, error_model="numpy")
def hemoglobin_sign(now: float, peak: float, highest: float, c: Criteria) -> float:
    """Return whether hemoglobin fell from its confirmed peak, or below the limit from an earlier value that was not."""
    if np.isnan(now):
        return np.nan
    low = now < c.hemoglobin_below - TOLERANCE
    new = np.nan if np.isnan(highest) else 1.0 if highest >= c.hemoglobin_below - TOLERANCE else 0.0
    below = new if low else 0.0
    fell = np.nan if np.isnan(peak) else 1.0 if peak - now >= c.hemoglobin_fall - TOLERANCE else 0.0
    return any_of(below, fell)


@njit(nogil=True, error_model="numpy")
def creatinine_sign(now: float, lowest: float, c: Criteria) -> float:
    """Return whether creatinine rose from its lowest confirmed value."""
    if np.isnan(now) or np.isnan(lowest):
        return np.nan
    return 1.0 if now - lowest >= c.creatinine_rise - TOLERANCE else 0.0


@njit(nogil=True, error_model="numpy")
def rise_sign(now: float, nadir: float, least: float, c: Criteria) -> float:
    """Return whether an amount rose from its nadir by an absolute amount or a share of it, whichever is greater."""
    if np.isnan(now) or np.isnan(nadir):
        return np.nan
    return 1.0 if now - nadir >= max(least, c.relapse_share * nadir) - TOLERANCE else 0.0


@njit(nogil=True, error_model="numpy")
def doubling_sign(now: float, before: float, days: int, c: Criteria) -> float:
    """Return whether M-protein doubled since the measurement before, from at least the reference, within the time set."""
    if np.isnan(now) or np.isnan(before):
        return np.nan
    return 1.0 if days <= c.doubling_within and now >= 2 * max(before, c.doubling_from) - TOLERANCE else 0.0
