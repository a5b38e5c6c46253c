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
from numpy.typing import ArrayLike, NDArray

from myeloma.immunoparesis import UNKNOWN, immunoparesis, involved_of
from myeloma.scores.cautions import FLC_RATIO_NORMAL
from myeloma.three_valued import all_of, any_of

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

    def of(name: str) -> Array:
        return np.asarray(values.get(name, np.nan), dtype=float)

    years, marrow, ecog = of("years_since_diagnosis"), of("bmpc"), of("performance_status")
    protein, ratio, involved = of("m_protein"), of("flc_ratio"), np.asarray(values.get("involved", UNKNOWN))
    risk = {
        "risk:m_protein": _from(protein, M_PROTEIN_FROM_G_DL),
        "risk:iga": np.select([involved == involved_of("IgA"), involved != UNKNOWN], [1.0, 0.0], np.nan),
        "risk:immunoparesis": immunoparesis(values, involved, number=2),
        "risk:flc_ratio": all_of([_from(ratio, FLC_RATIO_FROM), _not(_from(ratio, FLC_RATIO_BELOW))]),
        "risk:marrow_above_50": all_of([_above(marrow, BMPC_ABOVE_PERCENT), _not(_from(marrow, BMPC_BELOW_PERCENT))]),
    }
    needed = {
        "diagnosis": _not(_above(years, YEARS_SINCE_DIAGNOSIS)),
        "marrow": _from(marrow, BMPC_FROM_PERCENT),
        "performance_status": _not(_above(ecog, ECOG_UP_TO)),
        "measurable": measurable(protein, of("urine_m_protein"), of("flc_involved"), ratio, of("kappa_lambda_ratio")),
        "no_defining_event": _not(_defining_event(of("defining_event"), marrow, ratio, of("flc_involved"))),
        "risk_factor": any_of(list(risk.values())),
    }
    shape = np.broadcast_shapes(*(found.shape for found in (*needed.values(), *risk.values())))
    return {name: np.broadcast_to(found, shape) for name, found in (needed | risk).items()}


def eligible(values: Mapping[str, ArrayLike]) -> Array:
    """Return 1 where every criterion is met, 0 where one is not, NaN where that is open; `values` as `criteria` takes them."""
    found = criteria(values)
    return all_of([found[name] for name in CRITERIA])


def findings(values: Mapping[str, float]) -> list[Finding]:
    """Return every criterion and risk factor of one person. `NOT_CHECKED` goes with it."""
    labels = CRITERIA | {f"risk:{name}": label for name, label in RISK_FACTORS.items()}
    words: dict[float, Status] = {1.0: "met", 0.0: "not met"}
    return [Finding(key, labels[key], words.get(float(found), "unknown")) for key, found in criteria(values).items()]


def measurable(m_protein: Array, urine: Array, flc_involved: Array, flc_ratio: Array, kappa_lambda_ratio: Array) -> Array:
    """Return whether disease is measurable in serum, in urine or by light chains, whose ratio must be abnormal.

    Where kappa / lambda is not known, involved / uninvolved decides as far as it does for either chain: above 1 / 0.26 it is abnormal, up
    to 1.65 it is not.
    """
    low, high = FLC_RATIO_NORMAL
    known = ~np.isnan(kappa_lambda_ratio)
    either = np.select([flc_ratio > 1.0 / low, flc_ratio <= high], [1.0, 0.0], np.nan)
    abnormal = np.where(known, ((kappa_lambda_ratio < low) | (kappa_lambda_ratio > high)).astype(float), either)
    chains = all_of([_from(flc_involved, MEASURABLE_FLC_MG_L), abnormal])
    return any_of([_from(m_protein, MEASURABLE_M_PROTEIN_G_DL), _from(urine, MEASURABLE_URINE_MG_24H), chains])


def _not(found: Array) -> Array:
    return 1.0 - found


def _from(value: Array, limit: float) -> Array:
    return np.where(np.isnan(value), np.nan, (value >= limit - _TOLERANCE).astype(float))


def _above(value: Array, limit: float) -> Array:
    return np.where(np.isnan(value), np.nan, (value > limit + _TOLERANCE).astype(float))


def _defining_event(told: Array, marrow: Array, ratio: Array, flc_involved: Array) -> Array:
    """Return whether an event is met: one that the caller tells, or one that the values here show (marrow >= 60 %, light chains).

    A ratio of 100 whose involved chain is not known may be one.
    """
    high = ratio >= FLC_RATIO_BELOW
    shown = (marrow >= BMPC_BELOW_PERCENT) | (high & (flc_involved >= MEASURABLE_FLC_MG_L))
    return np.where(shown | (told == 1), 1.0, np.where(high & np.isnan(flc_involved), np.nan, told))
