"""What stands beside a published score whose input may not mean what it meant to its authors. The score stays as published."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.immunoparesis import PUBLISHED_LIMITS_MG_DL
from myeloma.scores.genomic_staging_2025 import DEL17P_PERCENT
from myeloma.scores.pangea import Pangea
from myeloma.scores.score import Score

Mask = NDArray[np.bool_]

FLC_RATIO_NORMAL = (0.26, 1.65)
FLC_RATIO_REDUCED_FILTRATION = (0.37, 3.10)
REDUCED_FILTRATION_BELOW = 60.0  # eGFR, mL/min/1.73 m2
LIMITS_IN_WORDS = ", ".join(
    f"{name} {low:g}-{high:g}" for name, (low, high) in zip(("IgG", "IgA", "IgM"), PUBLISHED_LIMITS_MG_DL.values(), strict=True)
)

FLC_INTERVAL, FLC_REDUCED_FILTRATION, PUBLISHED_LIMITS = "flc_interval", "flc_reduced_filtration", "published_immunoglobulin_limits"
DEL17P_BOUNDARY, BEFORE_TREATMENT = "del17p_boundary", "before_treatment"
CAUTIONS = {
    FLC_INTERVAL: (
        "The light chains' point may not count: of 2,641 people with MGUS and a kappa / lambda ratio outside 0.26-1.65, 844 (32 %) have a"
        " normal one by newer intervals, and progressed as those with a normal ratio did (hazard ratio 1.07, 0.74-1.57; Blood Cancer J"
        " 2025, s41408-025-01289-7). The limits of the newer intervals are not confirmed here, so the score keeps its own."
    ),
    FLC_REDUCED_FILTRATION: (
        "With an eGFR below 60 the kappa / lambda ratio lies inside the interval for reduced kidney function, 0.37-3.10: of 6,461 such"
        " people without a monoclonal protein it calls 0.7 % abnormal, 0.26-1.65 calls 9 % (Long, Blood Cancer J 2022;12(9),"
        " 10.1038/s41408-022-00732-3)."
    ),
    PUBLISHED_LIMITS: (
        f"Immunoparesis is judged by published lower limits, not the laboratory's own: {LIMITS_IN_WORDS} mg/dL (Mayo Clinic; Roche /"
        " Tietz). Below both a value is low, from the higher one on it is not, in between it is unknown."
    ),
    DEL17P_BOUNDARY: (
        "del(17p) is in exactly 20 % of plasma cells. Restatements of the consensus disagree whether that is high risk (at least"
        " 20 %) or not (more than 20 %): either reading is a score of its own."
    ),
    BEFORE_TREATMENT: (
        "Active myeloma is staged when newly diagnosed (R2-ISS: D'Agostino, J Clin Oncol 2022): results of before the first treatment and"
        " of its day count, later ones were left aside."
    ),
}


def since_treatment(name: str) -> str:
    """Return how it is called where a result of an input, of since treatment began, was left aside."""
    return f"{name}__since_treatment"


def cautions_of(score: Score | Pangea, values: Mapping[str, ArrayLike]) -> dict[str, Mask]:
    """Return, by key of `CAUTIONS`, where each that concerns a score holds.

    Parameters
    ----------
    values : mapping
        kappa_lambda_ratio, egfr (mL/min/1.73 m2), and immunoparesis as `myeloma.immunoparesis` derives it without a laboratory's
        limits, del17p_percent, and where a later result of an input was left aside (`since_treatment`); NaN or absent where unknown.

    Examples
    --------
    >>> from myeloma.scores import SCORES
    >>> [key for key, holds in cautions_of(SCORES["mgus_2005"], {"kappa_lambda_ratio": 2.0, "egfr": 80.0}).items() if holds]
    ['flc_interval']
    """

    def of(name: str) -> NDArray[np.float64]:
        return np.asarray(values.get(name, np.nan), dtype=float)

    found: dict[str, Mask] = {}
    if score.population == "mgus" and "kappa_lambda_ratio" in score.inputs:
        ratio, (lower, upper) = of("kappa_lambda_ratio"), FLC_RATIO_REDUCED_FILTRATION
        found[FLC_INTERVAL] = (ratio < FLC_RATIO_NORMAL[0]) | (ratio > FLC_RATIO_NORMAL[1])
        inside = (ratio >= lower) & (ratio <= upper) & (of("egfr") < REDUCED_FILTRATION_BELOW)
        found[FLC_REDUCED_FILTRATION] = found[FLC_INTERVAL] & inside
    if "del17p_percent" in score.inputs:
        found[DEL17P_BOUNDARY] = of("del17p_percent") == DEL17P_PERCENT
    if left_aside := [of(since_treatment(name)) == 1.0 for name in score.inputs if since_treatment(name) in values]:
        found[BEFORE_TREATMENT] = np.any(left_aside, axis=0)
    if "immunoparesis" in score.inputs:
        found[PUBLISHED_LIMITS] = ~np.isnan(of("immunoparesis"))
    return found
