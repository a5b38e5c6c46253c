"""Cumulative incidence with a competing event (Aalen and Johansen, Scand J Stat 1978;5:141), ties exact."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import NDArray

from training.rows.censoring import FollowUp

Array = NDArray[np.float64]


def aalen_johansen(
    follow_up: FollowUp,
    horizons: list[float],
    cause: Literal["event", "competing"] = "event",
    weight: Array | None = None,
    hazard_ratio: float | Array = 1.0,
) -> Array:
    """Return the probability of the cause, as the first event, within each horizon (days).

    Parameters
    ----------
    follow_up : FollowUp
    horizons : list of float, days
    cause : the event, or what competes with it
    weight : array (rows,), optional
        What each row counts for; one each by default.
    hazard_ratio : float, or array of one for each of `follow_up.times`
        The incidence is that under a treatment that multiplies the hazard of the event by this, and not that of what competes.

    Notes
    -----
    This is an absolute risk: people who die first cannot progress. One minus Kaplan-Meier with deaths
    censored is not, and is about twice as large in MGUS.
    """
    at_risk, progressed, died, _ = follow_up.counts(weight)
    share = np.divide(1.0, at_risk, out=np.zeros_like(at_risk), where=at_risk > 0)
    happens, leaving = progressed * share, (progressed + died) * share
    if np.any(hazard_ratio != 1.0):  # of those at risk at a time, the share that is left is raised to the ratio
        happens = np.minimum(1.0 - (1.0 - np.minimum(happens, 1.0)) ** hazard_ratio, 1.0 - died * share)
        leaving = happens + died * share
    survival = np.cumprod(1.0 - leaving)
    before = np.concatenate([[1.0], survival[:-1]])
    incidence = np.cumsum(before * (happens if cause == "event" else died * share))
    reached = np.searchsorted(follow_up.times, horizons, side="right")
    return np.concatenate([[0.0], incidence])[reached]
