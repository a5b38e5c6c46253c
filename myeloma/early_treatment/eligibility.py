"""Eligibility of AQUILA (daratumumab in smoldering myeloma), criterion by criterion: met, not met, unknown.

AQUILA (Dimopoulos, N Engl J Med 2025;392:1777-88; eligibility text: Blood 2025;146 Suppl 1:372, registry NCI-2018-00062): diagnosed at most
5 years ago, marrow plasma cells >= 10 %, ECOG 0 or 1, measurable disease, no myeloma-defining event, and at least one of five risk factors.
That is another population than 20/2/20 high: 41 % of the trial had two or more of those factors. Further exclusions were not found as text,
so nobody is called eligible for the trial, only for what is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from myeloma.immunoparesis import IMMUNOGLOBULINS, UNKNOWN, immunoparesis, involved_of
from myeloma.laid_out import laid_out
from myeloma.scores.cautions import FLC_RATIO_NORMAL
from myeloma.three_valued import all_of

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
Status = Literal["met", "not met", "unknown"]

VERSION = "AQUILA 2025"
NOT_CHECKED = "Other exclusions of the trial are not checked."
YEARS_SINCE_DIAGNOSIS = 5.0
BMPC_FROM_PERCENT = 10.0
ECOG_UP_TO = 1.0
M_PROTEIN_FROM_G_DL = 3.0
FLC_RATIO_FROM, FLC_RATIO_BELOW = 8.0, 100.0
BMPC_ABOVE_PERCENT, BMPC_BELOW_PERCENT = 50.0, 60.0
MEASURABLE_M_PROTEIN_G_DL = 1.0
MEASURABLE_URINE_MG_24H = 200.0
MEASURABLE_FLC_MG_L = 100.0
_TOLERANCE = 1e-9

# Needed, all of them; the last needs one of `RISK_FACTORS`.
CRITERIA = {
    "diagnosis": "smoldering myeloma diagnosed at most 5 years ago",
    "marrow": "marrow plasma cells >= 10 %",
    "performance_status": "ECOG performance status 0 or 1",
    "measurable": "serum M-protein >= 1 g/dL, urine M-protein >= 200 mg/24 h, or involved light chain >= 100 mg/L with an abnormal ratio",
    "no_defining_event": "no myeloma-defining event",
    "risk_factor": "at least one risk factor",
}
RISK_FACTORS = {
    "m_protein": "serum M-protein >= 3 g/dL",
    "iga": "IgA",
    "immunoparesis": "two uninvolved immunoglobulins of IgG, IgA and IgM below their lower limit",
    "flc_ratio": "involved / uninvolved free light chain ratio >= 8 and < 100",
    "marrow_above_50": "marrow plasma cells > 50 % and < 60 %",
}


@dataclass(frozen=True)
class Finding:
    """One criterion, or risk factor, of one person."""

    key: str
    label: str
    status: Status


def criteria(values: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return each of `CRITERIA`, and each of `RISK_FACTORS` as `risk:<name>`: 1 met, 0 not met, NaN unknown.

    Parameters
    ----------
    values : mapping
        Arrays of one shape, NaN or absent where unknown: years_since_diagnosis, bmpc (%), performance_status (ECOG), m_protein (g/dL),
        urine_m_protein (mg/24 h), flc_ratio (involved / uninvolved), kappa_lambda_ratio, flc_involved (mg/L), involved (see
        `myeloma.immunoparesis.involved_of`; absent: -1), igg, iga, igm and their <name>_lower_limit (mg/dL), defining_event (1 met, 0 not,
        as `myeloma.criteria.any_met` gives it).
    """

    shape, rows = laid_out({"involved": UNKNOWN, **values}, (*_INPUTS, *_OF_IMMUNOPARESIS))
    of_globulins = dict(zip(_OF_IMMUNOPARESIS, rows[len(_INPUTS) :], strict=True))
    found = np.empty((len(_KEYS), rows.shape[1]))
    low = immunoparesis(of_globulins, of_globulins["involved"], number=2)
    _judge(rows, low, np.array([*FLC_RATIO_NORMAL, UNKNOWN, involved_of("IgA")]), found)
    return {name: one.reshape(shape) for name, one in zip(_KEYS, found, strict=True)}


def eligible(values: Mapping[str, ArrayLike]) -> Array:
    """Return 1 where every criterion is met, 0 where one is not, NaN where that is open; `values` as `criteria` takes them."""
    found = criteria(values)
    return all_of([found[name] for name in CRITERIA])


def findings(values: Mapping[str, float]) -> list[Finding]:
    """Return every criterion and risk factor of one person. `NOT_CHECKED` goes with it."""
    words: dict[float, Status] = {1.0: "met", 0.0: "not met"}
    return [Finding(key, _LABELS[key], words.get(float(found), "unknown")) for key, found in criteria(values).items()]


def measurable(
    m_protein: ArrayLike, urine: ArrayLike, flc_involved: ArrayLike, flc_ratio: ArrayLike, kappa_lambda_ratio: ArrayLike
) -> Array:
    """Return whether disease is measurable in serum, in urine or by light chains, whose ratio must be abnormal.

    Where kappa / lambda is not known, involved / uninvolved decides as far as it does for either chain: above 1 / 0.26 it is abnormal, up
    to 1.65 it is not.
    """
    given = {"m_protein": m_protein, "urine_m_protein": urine, "flc_involved": flc_involved, "flc_ratio": flc_ratio}
    return criteria({**given, "kappa_lambda_ratio": kappa_lambda_ratio})["measurable"]


_LABELS = CRITERIA | {f"risk:{name}": label for name, label in RISK_FACTORS.items()}
_KEYS = tuple(_LABELS)
_INPUTS = (
    *("years_since_diagnosis", "bmpc", "performance_status", "m_protein", "urine_m_protein"),
    *("flc_ratio", "kappa_lambda_ratio", "flc_involved", "defining_event"),
)
_OF_IMMUNOPARESIS = ("involved", *IMMUNOGLOBULINS, *(f"{name}_lower_limit" for name in IMMUNOGLOBULINS))
_YEARS, _MARROW, _ECOG, _PROTEIN, _URINE, _RATIO, _KAPPA_LAMBDA, _CHAIN, _EVENT, _INVOLVED = range(10)  # places of the inputs


@njit(cache=True, nogil=True)
def _judge(rows: Array, immunoparesis: Array, of_others: Array, found: Array) -> None:
    """Write each of `_KEYS`, in their order.

    `of_others` are figures that other files define, the ends of the normal ratio, and which isotype is unknown or IgA: compiled code is
    kept by the text of its own file, and would go on with former ones.
    """
    ratio_from, ratio_to, unknown, iga = of_others
    for r in range(rows.shape[1]):
        one = rows[:, r]
        marrow, ratio, involved = one[_MARROW], one[_RATIO], one[_INVOLVED]
        found[0, r] = 1.0 - _above(one[_YEARS], YEARS_SINCE_DIAGNOSIS)
        found[1, r] = _from(marrow, BMPC_FROM_PERCENT)
        found[2, r] = 1.0 - _above(one[_ECOG], ECOG_UP_TO)
        found[3, r] = _measurable(one[_PROTEIN], one[_URINE], one[_CHAIN], ratio, one[_KAPPA_LAMBDA], ratio_from, ratio_to)
        found[4, r] = 1.0 - _defining_event(one[_EVENT], marrow, ratio, one[_CHAIN])
        found[6, r] = _from(one[_PROTEIN], M_PROTEIN_FROM_G_DL)
        found[7, r] = 1.0 if involved == iga else 0.0 if involved != unknown else np.nan
        found[8, r] = immunoparesis[r]
        found[9, r] = _both(_from(ratio, FLC_RATIO_FROM), 1.0 - _from(ratio, FLC_RATIO_BELOW))
        found[10, r] = _both(_above(marrow, BMPC_ABOVE_PERCENT), 1.0 - _from(marrow, BMPC_BELOW_PERCENT))
        found[5, r] = _one_of(found[6:, r])


@njit(cache=True, nogil=True)
def _from(value: float, limit: float) -> float:
    return np.nan if np.isnan(value) else 1.0 if value >= limit - _TOLERANCE else 0.0


@njit(cache=True, nogil=True)
def _above(value: float, limit: float) -> float:
    return np.nan if np.isnan(value) else 1.0 if value > limit + _TOLERANCE else 0.0


@njit(cache=True, nogil=True)
def _both(one: float, other: float) -> float:
    return 0.0 if one == 0.0 or other == 0.0 else 1.0 if one == 1.0 and other == 1.0 else np.nan


@njit(cache=True, nogil=True)
def _one_of(found: Array) -> float:
    return 1.0 if (found == 1.0).any() else 0.0 if (found == 0.0).all() else np.nan


@njit(cache=True, nogil=True)
def _measurable(
    m_protein: float, urine: float, flc_involved: float, flc_ratio: float, kappa_lambda_ratio: float, ratio_from: float, ratio_to: float
) -> float:
    if np.isnan(kappa_lambda_ratio):
        abnormal = 1.0 if flc_ratio > 1.0 / ratio_from else 0.0 if flc_ratio <= ratio_to else np.nan
    else:
        abnormal = 1.0 if kappa_lambda_ratio < ratio_from or kappa_lambda_ratio > ratio_to else 0.0
    chains = _both(_from(flc_involved, MEASURABLE_FLC_MG_L), abnormal)
    return _one_of(np.array([_from(m_protein, MEASURABLE_M_PROTEIN_G_DL), _from(urine, MEASURABLE_URINE_MG_24H), chains]))


@njit(cache=True, nogil=True)
def _defining_event(told: float, marrow: float, ratio: float, flc_involved: float) -> float:
    """Return whether an event is met: one that the caller tells, or one that the values here show (marrow >= 60 %, light chains).

    A ratio of 100 whose involved chain is not known may be one.
    """
    high = _from(ratio, FLC_RATIO_BELOW) == 1.0
    chains = high and _from(flc_involved, MEASURABLE_FLC_MG_L) == 1.0
    if _from(marrow, BMPC_BELOW_PERCENT) == 1.0 or chains or told == 1.0:
        return 1.0
    return np.nan if high and np.isnan(flc_involved) else told
