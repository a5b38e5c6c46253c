"""Censoring: its distribution (Kaplan-Meier) and the weights that undo it. The lost are never called negative.

A person censored before the horizon has weight 0 and is stood in for by those of the same stratum still observed; see Graf
et al., Stat Med 1999;18:2529, and for competing events Blanche et al., Stat Med 2013;32:5381. At equal times events come
before censorings, so that the weighted share of progressions in a stratum is its Aalen-Johansen estimate exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

Array = NDArray[np.float64]
NONE, PROGRESSION, DEATH = 0, 1, 2
_CODES = {"none": NONE, "progression": PROGRESSION, "death": DEATH}
STRATUM = "censoring_stratum"  # a column of the rows; see training.estimators.strata
_LEAST_BEYOND = 20  # rows followed beyond the horizon, for a stratum to have a curve of its own


@dataclass(frozen=True)
class FollowUp:
    """Time and kind of the first event of each row, arranged once so that re-weighting is cheap.

    Attributes
    ----------
    time : float array (rows,), days
    event : int array (rows,), 0 none (censored), 1 progression, 2 death
    times : the distinct times, rising
    position : int array (rows,), where each row's time stands in `times`
    stratum : int array (rows,), rows of the same one have the same chance of being censored
    """

    time: Array
    event: NDArray[np.int64]
    times: Array
    position: NDArray[np.int64]
    stratum: NDArray[np.int64]

    @classmethod
    def of(cls, rows: pd.DataFrame) -> FollowUp:
        """Return the follow-up of a feature table's rows; without a column of strata all are one."""
        stratum = rows[STRATUM].to_numpy(dtype=np.int64) if STRATUM in rows else None
        return cls.from_arrays(rows["time_to_event"].to_numpy(dtype=float), rows["event"].map(_CODES).to_numpy(), stratum)

    @classmethod
    def from_arrays(cls, time: Array, event: NDArray[np.int64], stratum: NDArray[np.int64] | None = None) -> FollowUp:
        """Return the follow-up from times, event codes and, if they are told apart, strata."""
        times, position = np.unique(time, return_inverse=True)
        return cls(time, event, times, position, np.zeros(len(time), dtype=np.int64) if stratum is None else stratum)

    def strata_at(self, horizon: float) -> NDArray[np.int64]:
        """Return the stratum of each row, 0 up; one that too few are followed in beyond the horizon (days) is joined to its neighbour."""
        beyond = np.bincount(self.stratum, weights=self.time > horizon)
        joined, followed, current = np.zeros(len(beyond), dtype=np.int64), 0, 0
        for k, here in enumerate(beyond):
            if followed >= _LEAST_BEYOND:
                current, followed = current + 1, 0
            joined[k], followed = current, followed + here
        if followed < _LEAST_BEYOND and current:
            joined[joined == current] = current - 1
        return joined[self.stratum]

    def counts(self, weight: Array | None = None) -> tuple[Array, Array, Array, Array]:
        """Return, at each distinct time, the weight at risk, progressing, dying and censored."""
        weight = np.ones(len(self.time)) if weight is None else weight
        progressed, died, censored = (
            np.bincount(self.position, weights=weight * (self.event == kind), minlength=len(self.times))
            for kind in (PROGRESSION, DEATH, NONE)
        )
        leaving = progressed + died + censored
        at_risk = leaving[::-1].cumsum()[::-1]
        return at_risk, progressed, died, censored


def censoring_survival(follow_up: FollowUp, weight: Array | None = None) -> Array:
    """Return the probability of being uncensored just after each of `follow_up.times` (Kaplan-Meier)."""
    at_risk, progressed, died, censored = follow_up.counts(weight)
    exposed = at_risk - progressed - died
    return np.cumprod(1.0 - np.divide(censored, exposed, out=np.zeros_like(censored), where=exposed > 0))


def ipcw_weights(follow_up: FollowUp, horizon: float, weight: Array | None = None) -> Array:
    """Return each row's inverse-probability-of-censoring weight at a horizon in days; 0 where the status is unknown.

    Parameters
    ----------
    weight : array (rows,), optional
        How often each row counts (a bootstrap's draws); it shapes the censoring distribution and does not
        multiply the result.
    """
    stratum, weights = follow_up.strata_at(horizon), np.zeros(len(follow_up.time))
    for k in np.unique(stratum):
        here = stratum == k
        part = FollowUp.from_arrays(follow_up.time[here], follow_up.event[here])
        weights[here] = _weights_of_stratum(part, horizon, None if weight is None else weight[here])
    return weights


def _weights_of_stratum(follow_up: FollowUp, horizon: float, weight: Array | None) -> Array:
    after = censoring_survival(follow_up, weight)
    before = np.concatenate([[1.0], after[:-1]])  # left limit at each time
    reached = np.searchsorted(follow_up.times, horizon, side="right")
    at_horizon = after[reached - 1] if reached else 1.0
    happened = (follow_up.time <= horizon) & (follow_up.event != NONE)
    beyond = follow_up.time > horizon
    probability = np.where(happened, before[follow_up.position], at_horizon)
    known = (happened | beyond) & (probability > 0)
    return np.divide(1.0, probability, out=np.zeros_like(probability), where=known)


def progressed_by(follow_up: FollowUp, horizon: float) -> NDArray[np.bool_]:
    """Return which rows are known to have progressed within the horizon (days)."""
    return (follow_up.event == PROGRESSION) & (follow_up.time <= horizon)
