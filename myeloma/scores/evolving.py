"""Evolving biomarkers by published definitions, from a history by dates.

PANGEA-SMM (Chabrun et al., Nature Medicine 2026, 10.1038/s41591-026-04304-x; rules from the authors' public code): the current
value against any earlier one inside a window, its far end included. Ravi et al., Blood Cancer J 2016;6:e454: change since
diagnosis. Both compare with a tolerance, so that 2.0 - 1.8 >= 0.2 holds in binary arithmetic too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
TOLERANCE = 1e-9


@dataclass(frozen=True)
class EvolvingRule:
    """A change that counts, and how far back the earlier value may lie.

    `limit` is in canonical units, or a fraction of the earlier value where `relative`.
    """

    biomarker: str
    limit: float
    direction: Literal["rise", "fall"]
    window_years: float
    relative: bool = False

    @property
    def look_back_days(self) -> int:
        """Return the look-back (t - w, t] in whole days that holds the closed window of the publication."""
        return int(self.window_years * DAYS_PER_YEAR) + 1

    def met(self, current: ArrayLike, extreme: ArrayLike) -> Array:
        """Return 1 where the change is met, 0 where not, NaN where the current value is unknown.

        Parameters
        ----------
        current : array
            Values at the landmark.
        extreme : array
            Lowest (for a rise) or highest value of the window; NaN, or the current value itself, where there is
            no earlier one: the flag is then 0, as published.
        """
        now, earlier = np.asarray(current, dtype=float), np.asarray(extreme, dtype=float)
        change = now - earlier if self.direction == "rise" else earlier - now
        if self.relative:
            with np.errstate(invalid="ignore", divide="ignore"):
                change = change / earlier
        return np.where(np.isnan(now), np.nan, change >= self.limit - TOLERANCE)


PANGEA_RULES = {
    "mspike_traj": EvolvingRule("m_protein", 0.2, "rise", 1.5),
    "hgb_traj": EvolvingRule("hemoglobin", 1.5, "fall", 1.0),
    "iuratio_traj": EvolvingRule("flc_ratio", 20.0, "rise", 2.0),
    "creatinine_traj": EvolvingRule("creatinine", 0.25, "rise", 1.0, relative=True),
}

RAVI_M_PROTEIN_EARLY = 0.10  # rise within 6 months, only from 3 g/dL
RAVI_M_PROTEIN_EARLY_FROM = 3.0  # g/dL
RAVI_M_PROTEIN_LATE = 0.25  # rise within 12 months
RAVI_M_PROTEIN_LEAST = 0.5  # g/dL, in either case
RAVI_IMMUNOGLOBULIN_LEAST = 500.0  # mg/dL, likewise
RAVI_HEMOGLOBIN_FALL = 0.5  # g/dL within 12 months

PANGEA_2023_LEAST_VALUES = 3
PANGEA_2023_P_BELOW = 0.5


def ravi_m_protein_met(first: Array, day: Array, value: Array) -> NDArray[np.bool_]:
    """Return, value by value within the first 12 months, whether M-protein (g/dL) has evolved since diagnosis."""
    rise = value - first
    early = (day <= DAYS_PER_YEAR / 2) & (first >= RAVI_M_PROTEIN_EARLY_FROM) & (rise >= RAVI_M_PROTEIN_EARLY * first - TOLERANCE)
    late = rise >= RAVI_M_PROTEIN_LATE * first - TOLERANCE
    return (rise >= RAVI_M_PROTEIN_LEAST - TOLERANCE) & (early | late)


def ravi_immunoglobulin_met(first: Array, day: Array, value: Array) -> NDArray[np.bool_]:
    """Return, value by value within the first 12 months, whether the involved immunoglobulin (mg/dL) has evolved whatever the M-protein."""
    rise = value - first
    return (rise >= RAVI_IMMUNOGLOBULIN_LEAST - TOLERANCE) & (rise >= RAVI_M_PROTEIN_LATE * first - TOLERANCE)


def ravi_immunoglobulin_possible(first: Array, day: Array, value: Array) -> NDArray[np.bool_]:
    """Return the same, also where it has evolved only if the M-protein at diagnosis was 3 g/dL or more."""
    rise = value - first
    early = (day <= DAYS_PER_YEAR / 2) & (rise >= RAVI_M_PROTEIN_EARLY * first - TOLERANCE)
    return ravi_immunoglobulin_met(first, day, value) | ((rise >= RAVI_IMMUNOGLOBULIN_LEAST - TOLERANCE) & early)


def ravi_hemoglobin_met(first: Array, day: Array, value: Array) -> NDArray[np.bool_]:
    """Return, value by value within the first 12 months, whether hemoglobin (g/dL) has fallen enough since diagnosis."""
    return first - value >= RAVI_HEMOGLOBIN_FALL - TOLERANCE


def falling_line(slope: Array, standard_error: Array, count: Array) -> Array:
    """Return PANGEA 2023's flag from a fitted line: 1 where it falls with p < 0.5 on at least three values, else 0."""
    from scipy.special import stdtrit  # the quantile of Student's t, without the seconds that scipy.stats takes to import

    freedom, level = np.maximum(count - 2.0, 1.0), 1.0 - PANGEA_2023_P_BELOW / 2.0
    if np.size(count) == 1:
        least: Array = stdtrit(freedom, level)
    else:  # few distinct counts: the quantile is dear
        few, of = np.unique(freedom, return_inverse=True)
        least = stdtrit(few, level)[of].reshape(np.shape(count))
    falls = (count >= PANGEA_2023_LEAST_VALUES) & (slope < 0) & (-slope > least * standard_error)
    return falls.astype(float)
