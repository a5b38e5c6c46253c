"""The slow twins of what the features compute at once: each published definition at one day, from a list of days and values."""

import numpy as np
from scipy.stats import linregress

from myeloma.calendar import DAYS_PER_YEAR
from myeloma.scores.evolving import (
    PANGEA_2023_LEAST_VALUES,
    PANGEA_RULES,
    falling_line,
    ravi_hemoglobin_met,
    ravi_m_protein_met,
)


def pangea_flag(name, days, values):
    """Return one PANGEA flag at the last of the days given: 1, 0, or NaN where the last value is unknown.

    Parameters
    ----------
    name : str
        mspike_traj, hgb_traj, iuratio_traj or creatinine_traj.
    days : sequence of float
        Rising; any origin.
    values : sequence of float
        In canonical units; NaN where not measured.

    """
    rule = PANGEA_RULES[name]
    day, value = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    inside = (day[:-1] >= day[-1] - rule.window_years * DAYS_PER_YEAR) & ~np.isnan(value[:-1])
    if not inside.any():
        return float(rule.met(value[-1], np.nan))
    earlier = value[:-1][inside]
    return float(rule.met(value[-1], earlier.min() if rule.direction == "rise" else earlier.max()))


def ravi_evolving_m_protein(first, days, values):
    """Return 1 if M-protein evolved by Ravi's definition, 0 if not, NaN without a value within 12 months.

    Parameters
    ----------
    first : float
        M-protein at diagnosis, g/dL.
    days, values : sequences
        Days since diagnosis and later values, g/dL.
    """
    return _any_within_a_year(first, days, values, ravi_m_protein_met)


def ravi_evolving_hemoglobin(first, days, values):
    """Return 1 if hemoglobin fell by 0.5 g/dL or more within 12 months of diagnosis, 0 if not, NaN without a value."""
    return _any_within_a_year(first, days, values, ravi_hemoglobin_met)


def hemoglobin_falling(days, values):
    """Return PANGEA 2023's flag: 1 if a straight line through all values so far falls with p < 0.5, else 0.

    Fewer than three values give 0, as published.
    """
    day, value = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    known = ~np.isnan(value)
    day, value = day[known], value[known]
    if len(day) < PANGEA_2023_LEAST_VALUES or np.ptp(day) == 0:
        return 0.0
    line = linregress(day, value)
    return float(falling_line(np.float64(line.slope), np.float64(line.stderr), np.float64(len(day))))


def _any_within_a_year(first, days, values, met):
    day, value = np.asarray(days, dtype=float), np.asarray(values, dtype=float)
    within_year = (day > 0) & (day <= DAYS_PER_YEAR) & ~np.isnan(value)
    if np.isnan(first) or not within_year.any():
        return float("nan")
    return float(met(np.float64(first), day[within_year], value[within_year]).any())
