"""The rules of response and progression for one sample, all values taken as given. Compiled, scalar.

Every rule of response is monotone: a lower amount never makes it worse. So a range of values, or an unknown one, has its best
and its worst category at its ends: the callers ask twice, and what both ends agree on is known.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit

from myeloma.treated.response.codes import (
    BOTH,
    CR,
    FLC,
    MARROW,
    MR,
    NE,
    NONE,
    PR,
    SCR,
    SD,
    SERUM,
    UNKNOWN,
    URINE,
    VGPR,
)
from myeloma.treated.response.criteria import TOLERANCE, Criteria


class Amounts(NamedTuple):
    """Serum M-protein (g/dL), urine M-protein (mg/24 h), involved minus uninvolved light chain (mg/L), marrow plasma cells (%)."""

    serum: float
    urine: float
    flc: float
    marrow: float


@njit(nogil=True, error_model="numpy")
def has_fallen(base: float, now: float, share: float) -> bool:
    """Return whether a value has fallen by a share of the baseline; from an unknown baseline it has not."""
    return base - now >= share * base - TOLERANCE


@njit(nogil=True, error_model="numpy")
def path_of(low: Amounts, high: Amounts, involved: tuple[float, float], ratio_normal: tuple[float, float], c: Criteria) -> int:
    """Return what the response is followed by, from the ranges at baseline; a urine that was not collected counts as not measurable.

    Serum must be known: whoever has no serum M-protein before the first dose may have serum disease that nobody measured.
    """
    serum_yes, serum_no = low.serum >= c.serum_measurable - TOLERANCE, high.serum < c.serum_measurable - TOLERANCE
    urine_yes, urine_no = low.urine >= c.urine_measurable - TOLERANCE, high.urine < c.urine_measurable - TOLERANCE
    urine_absent = np.isnan(low.urine)
    if serum_yes:
        return BOTH if urine_yes else SERUM if urine_no or urine_absent else UNKNOWN
    if not serum_no or not (urine_yes or urine_no or urine_absent):
        return UNKNOWN
    if urine_yes:
        return URINE
    if involved[0] >= c.flc_measurable - TOLERANCE and ratio_normal[1] == 0.0:
        return FLC
    if urine_absent or not (involved[1] < c.flc_measurable - TOLERANCE or ratio_normal[0] == 1.0):
        return UNKNOWN
    if low.marrow >= c.marrow_measurable - TOLERANCE:
        return MARROW
    return NONE if high.marrow < c.marrow_measurable - TOLERANCE else UNKNOWN


@njit(nogil=True, error_model="numpy")
def amount_level(path: int, base: Amounts, now: Amounts, c: Criteria) -> int:
    """Return the category by amounts alone, up to VGPR: the lowest of the categories of what is followed.

    M-protein seen by immunofixation only (VGPR's other door) is an amount of 0, which has fallen by all of the baseline.
    """
    if path == FLC:
        if has_fallen(base.flc, now.flc, c.flc_vgpr):
            return VGPR
        return PR if has_fallen(base.flc, now.flc, c.flc_pr) else SD
    if path == MARROW:
        return PR if has_fallen(base.marrow, now.marrow, c.marrow_pr) else SD
    if path in (NONE, UNKNOWN):
        return NE
    level = min(_serum_level(base.serum, now.serum, c) if path != URINE else VGPR, _urine_level(base.urine, now.urine, c))
    return SD if level == MR and c.mr == 0.0 else level


@njit(nogil=True, error_model="numpy")
def _serum_level(base: float, now: float, c: Criteria) -> int:
    if has_fallen(base, now, c.serum_vgpr):
        return VGPR
    if has_fallen(base, now, c.serum_pr):
        return PR
    return MR if has_fallen(base, now, c.serum_mr) else SD


@njit(nogil=True, error_model="numpy")
def _urine_level(base: float, now: float, c: Criteria) -> int:
    if now < c.urine_vgpr_below - TOLERANCE:
        return VGPR
    if now < c.urine_pr_below - TOLERANCE or has_fallen(base, now, c.urine_pr):
        return PR
    return MR if has_fallen(base, now, c.urine_mr) else SD


@njit(nogil=True, error_model="numpy")
def negative_grade(
    path: int, level: int, serum_ife: float, urine_ife: float, ratio_normal: float, plasmacytoma: float, quantified: bool
) -> int:
    """Return 2 where all but the marrow is that of sCR, 1 of CR, else 0; findings are 1 or 0.

    An immunofixation that is negative beside a serum M-protein that electrophoresis quantified is contradicted, by whatever the person
    is followed, and so is one beside an M-protein that has not fallen to VGPR: the amount counts.
    """
    if quantified or serum_ife != 0.0 or urine_ife != 0.0 or plasmacytoma != 0.0:
        return 0
    if (path == FLC and ratio_normal != 1.0) or (path in (SERUM, URINE, BOTH) and level < VGPR) or path == UNKNOWN:
        return 0
    return 2 if ratio_normal == 1.0 else 1


@njit(nogil=True, error_model="numpy")
def is_quantified(serum: float, drug: float, c: Criteria) -> tuple[bool, bool]:
    """Return whether serum M-protein was quantified for certain, and whether it may have been.

    Electrophoresis sees less than immunofixation: from its limit on, a value is a band, below it noise. A value below a limit, whose
    least is 0, is none. What an antibody explains is not the person's own; where that is not known (NaN), either may be.
    """
    band = serum >= c.serum_quantified - TOLERANCE  # False where nothing was measured
    return band and drug == 0.0, band and drug != 1.0


@njit(nogil=True, error_model="numpy")
def with_marrow(level: int, grade: int, marrow_low: bool, clonal_absent: bool, c: Criteria) -> int:
    """Return the category once the marrow is taken in: CR and sCR need it, what is left without is the category by amounts."""
    if grade >= 1 and marrow_low:
        return SCR if grade == 2 and clonal_absent and c.scr > 0.0 else CR
    return level


@njit(nogil=True, error_model="numpy")
def has_risen(nadir: float, now: float, share: float, least: float) -> bool:
    """Return whether a value lies above its nadir by a share of it and by an absolute amount; above an unknown nadir it does not."""
    return now - nadir >= least - TOLERANCE and now - nadir >= share * nadir - TOLERANCE


@njit(nogil=True, error_model="numpy")
def serum_has_progressed(nadir: float, now: float, c: Criteria) -> bool:
    """Return whether serum M-protein progressed; from a high nadir the absolute rise is enough by itself."""
    if nadir >= c.pd_serum_high_from - TOLERANCE:
        return now - nadir >= c.pd_serum_high - TOLERANCE
    return has_risen(nadir, now, c.pd_share, c.pd_serum)


@njit(nogil=True, error_model="numpy")
def flc_has_progressed(nadir: float, now: float, c: Criteria) -> bool:
    """Return whether the excess of light chains progressed: strictly above the absolute rise."""
    return has_risen(nadir, now, c.pd_share, c.pd_flc_above + 2 * TOLERANCE)


@njit(nogil=True, error_model="numpy")
def marrow_has_progressed(nadir: float, now: float, c: Criteria) -> bool:
    """Return whether marrow plasma cells progressed: a rise in points, or by the older wording a percentage."""
    if c.pd_marrow_is_level > 0.0:
        return now >= c.pd_marrow - TOLERANCE and has_risen(nadir, now, c.pd_share, 2 * TOLERANCE)
    return has_risen(nadir, now, c.pd_share, c.pd_marrow)


@njit(nogil=True, error_model="numpy")
def serum_range(nadir: tuple[float, float], now: tuple[float, float], c: Criteria) -> tuple[bool, bool]:
    """Return whether serum progressed for certain, and whether it may have.

    The rule changes at a high nadir, where it is easier to meet: a range of nadirs that holds this point is asked there too.
    """
    edge = c.pd_serum_high_from
    across = nadir[0] < edge - TOLERANCE and nadir[1] >= edge - TOLERANCE
    certain = serum_has_progressed(nadir[1], now[0], c) and (not across or has_risen(edge, now[0], c.pd_share, c.pd_serum))
    possible = serum_has_progressed(nadir[0], now[1], c) or (across and serum_has_progressed(edge, now[1], c))
    return certain, possible
