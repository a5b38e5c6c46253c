"""Evolving biomarkers by published definitions, from a history by dates.

PANGEA-SMM (Chabrun et al., Nature Medicine 2026, 10.1038/s41591-026-04304-x; rules from the authors' public code): the current
value against any earlier one inside a window, its far end included. Ravi et al., Blood Cancer J 2016;6:e454: change since
diagnosis. Both compare with a tolerance, so that 2.0 - 1.8 >= 0.2 holds in binary arithmetic too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
        with np.errstate(invalid="ignore", divide="ignore"):
            if self.relative:
                change = change / earlier
            return np.where(np.isnan(now), np.nan, (change >= self.limit - TOLERANCE).astype(float))


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
RAVI_HEMOGLOBIN_FALL = 0.5  # g/dL within 12 months

PANGEA_2023_LEAST_VALUES = 3
PANGEA_2023_P_BELOW = 0.5


def pangea_flag(name: str, days: Sequence[float], values: Sequence[float]) -> float:
    """Return one PANGEA flag at the last of the days given: 1, 0, or NaN where the last value is unknown.

    Parameters
    ----------
    name : str
        mspike_traj, hgb_traj, iuratio_traj or creatinine_traj.
    days : sequence of float
        Rising; any origin.
    values : sequence of float
        In canonical units; NaN where not measured.

    Examples
    --------
    >>> pangea_flag("mspike_traj", [0, 180], [1.8, 2.0])
    1.0
    """
    rule = PANGEA_RULES[name]
    day, value = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    inside = (day[:-1] >= day[-1] - rule.window_years * DAYS_PER_YEAR) & ~np.isnan(value[:-1])
    if not inside.any():
        return float(rule.met(value[-1], np.nan))
    earlier = value[:-1][inside]
    return float(rule.met(value[-1], earlier.min() if rule.direction == "rise" else earlier.max()))


def ravi_evolving_m_protein(first: float, days: Sequence[float], values: Sequence[float]) -> float:
    """Return 1 if M-protein evolved by Ravi's definition, 0 if not, NaN without a value within 12 months.

    Parameters
    ----------
    first : float
        M-protein at diagnosis, g/dL.
    days, values : sequences
        Days since diagnosis and later values, g/dL.
    """
    return _any_within_a_year(first, days, values, ravi_m_protein_met)


def ravi_evolving_hemoglobin(first: float, days: Sequence[float], values: Sequence[float]) -> float:
    """Return 1 if hemoglobin fell by 0.5 g/dL or more within 12 months of diagnosis, 0 if not, NaN without a value."""
    return _any_within_a_year(first, days, values, ravi_hemoglobin_met)


def ravi_m_protein_met(first: Array, day: Array, value: Array) -> NDArray[np.bool_]:
    """Return, value by value within the first 12 months, whether M-protein (g/dL) has evolved since diagnosis."""
    rise = value - first
    early = (day <= DAYS_PER_YEAR / 2) & (first >= RAVI_M_PROTEIN_EARLY_FROM) & (rise >= RAVI_M_PROTEIN_EARLY * first - TOLERANCE)
    late = rise >= RAVI_M_PROTEIN_LATE * first - TOLERANCE
    return (rise >= RAVI_M_PROTEIN_LEAST - TOLERANCE) & (early | late)


def ravi_hemoglobin_met(first: Array, day: Array, value: Array) -> NDArray[np.bool_]:
    """Return, value by value within the first 12 months, whether hemoglobin (g/dL) has fallen enough since diagnosis."""
    return first - value >= RAVI_HEMOGLOBIN_FALL - TOLERANCE


def _any_within_a_year(first: float, days: Sequence[float], values: Sequence[float], met: Callable[..., NDArray[np.bool_]]) -> float:
    day, value = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    within_year = (day > 0) & (day <= DAYS_PER_YEAR) & ~np.isnan(value)
    if np.isnan(first) or not within_year.any():
        return float("nan")
    return float(met(np.float64(first), day[within_year], value[within_year]).any())


def hemoglobin_falling(days: Sequence[float], values: Sequence[float]) -> float:
    """Return PANGEA 2023's flag: 1 if a straight line through all values so far falls with p < 0.5, else 0.

    Fewer than three values give 0, as published.
    """
    from scipy.stats import linregress

    day, value = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    known = ~np.isnan(value)
    day, value = day[known], value[known]
    if len(day) < PANGEA_2023_LEAST_VALUES or np.ptp(day) == 0:
        return 0.0
    line = linregress(day, value)
    return float(falling_line(np.float64(line.slope), np.float64(line.stderr), np.float64(len(day))))


def falling_line(slope: Array, standard_error: Array, count: Array) -> Array:
    """Return PANGEA 2023's flag from a fitted line: 1 where it falls with p < 0.5 on at least three values, else 0."""
    from scipy.special import stdtrit  # the quantile of Student's t, without the seconds that scipy.stats takes to import

    freedom, of = np.unique(np.maximum(count - 2.0, 1.0), return_inverse=True)  # few distinct counts: the quantile is dear
    least = stdtrit(freedom, 1.0 - PANGEA_2023_P_BELOW / 2.0)[of].reshape(np.shape(count))
    falls = (count >= PANGEA_2023_LEAST_VALUES) & (slope < 0) & (-slope > least * standard_error)
    return falls.astype(float)
