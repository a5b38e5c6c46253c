"""Censoring: its distribution (Kaplan-Meier) and the weights that undo it. The lost are never called negative.

A person censored before the horizon has weight 0 and is stood in for by those of the same stratum still observed; see Graf
et al., Stat Med 1999;18:2529, and for competing events Blanche et al., Stat Med 2013;32:5381. At equal times events come
before censorings, so that the weighted share of events in a stratum is its Aalen-Johansen estimate exactly.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from features.table.outcomes import EVENTS
from myeloma import DataError
from training.rows.draw import STANDS_FOR, row_weights

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NONE, EVENT, COMPETING = 0, 1, 2
_CODES = dict(zip(EVENTS, (NONE, EVENT, COMPETING), strict=True))
STRATUM = "censoring_stratum"  # a column of the rows; see training.estimators.censoring_strata
_LEAST_BEYOND = 20  # rows followed beyond the horizon, for a stratum to have a curve of its own


@dataclass(frozen=True)
class FollowUp:
    """Time and kind of the first event of each row, arranged once so that re-weighting is cheap.

    Attributes
    ----------
    time : float array (rows,), days
    event : int array (rows,), 0 none (censored), 1 the event, 2 what competes with it
    times : the distinct times, rising
    position : int array (rows,), where each row's time stands in `times`
    stratum : int array (rows,), rows of the same one have the same chance of being censored
    weight : array (rows,), what each row counts for, where whole people were drawn with unequal chances; None of a whole table
    """

    time: Array
    event: NDArray[np.int64]
    times: Array
    position: NDArray[np.int64]
    stratum: NDArray[np.int64]
    weight: Array | None = None

    @classmethod
    def of(cls, rows: pd.DataFrame) -> FollowUp:
        """Return the follow-up of a feature table's rows; without a column of strata all are one.

        Raises
        ------
        DataError
            An event is none of `EVENTS`.
        """
        if not (known := rows["event"].isin(EVENTS)).all():
            what = f'event is "{rows.loc[~known, "event"].iloc[0]}" in {(~known).sum()} of {len(rows)} rows'
            raise DataError(f"{what}, accepted: {', '.join(EVENTS)}.", "build the table again.")
        stratum = rows[STRATUM].to_numpy(dtype=np.int64) if STRATUM in rows else None
        event = np.asarray(rows["event"].map(_CODES), dtype=np.int64)
        found = cls.from_arrays(rows["time_to_event"].to_numpy(dtype=float), event, stratum)
        return replace(found, weight=row_weights(rows)) if STANDS_FOR in rows else found

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
        """Return, at each distinct time, the weight at risk, with the event, with a competing one, and censored."""
        weight = np.ones(len(self.time)) if weight is None else weight
        progressed, died, censored = (
            np.asarray(np.bincount(self.position, weights=weight * (self.event == kind), minlength=len(self.times)), dtype=np.float64)
            for kind in (EVENT, COMPETING, NONE)
        )
        leaving = progressed + died + censored
        at_risk = leaving[::-1].cumsum()[::-1]
        return at_risk, progressed, died, censored


def ipcw_weights(follow_up: FollowUp, horizon: float) -> Array:
    """Return each row's inverse-probability-of-censoring weight at a horizon in days; 0 where the status is unknown.

    Of drawn people it is multiplied by what the row counts for, which the censoring distribution is weighted by, too.
    """
    reached = int(np.searchsorted(follow_up.times, horizon, side="right"))
    once = (np.ones(len(follow_up.time)) if follow_up.weight is None else follow_up.weight)[None, :]
    known, _ = weigh_for_censoring(once, follow_up.position, follow_up.event != NONE, follow_up.strata_at(horizon), reached)
    weights: Array = known[0]
    return weights


def progressed_by(follow_up: FollowUp, horizon: float) -> NDArray[np.bool_]:
    """Return which rows are known to have progressed within the horizon (days)."""
    progressed: NDArray[np.bool_] = (follow_up.event == EVENT) & (follow_up.time <= horizon)
    return progressed


@njit(cache=True, nogil=True)
def weigh_for_censoring(counts: Array, position: Ints, happened: Bools, stratum: Ints, reached: int) -> tuple[Array, Array]:
    """Return counts times inverse-probability-of-censoring weights, and by stratum the chance of being uncensored before each time.

    At equal times events come before censorings. `reached` is how many of the distinct times lie within the horizon: what happens
    later tells only that a row went on.
    """
    (draws, n), strata = counts.shape, stratum.max() + 1 if len(stratum) else 1
    known, before, at_horizon = np.zeros((draws, n)), np.ones((draws, strata, reached)), np.ones(strata)
    for b in range(draws):
        events, lost, beyond = np.zeros((strata, reached)), np.zeros((strata, reached)), np.zeros(strata)
        for i in range(n):
            if position[i] >= reached:
                beyond[stratum[i]] += counts[b, i]
            elif happened[i]:
                events[stratum[i], position[i]] += counts[b, i]
            else:
                lost[stratum[i], position[i]] += counts[b, i]
        for s in range(strata):
            at_horizon[s] = _uncensored(events[s], lost[s], beyond[s], before[b, s])
        for i in range(n):
            s, t = stratum[i], position[i]
            chance = at_horizon[s] if t >= reached else (before[b, s, t] if happened[i] else 0.0)
            if counts[b, i] > 0 and chance > 0:
                known[b, i] = counts[b, i] / chance
    return known, before


@njit(cache=True, nogil=True)
def _uncensored(events: Array, lost: Array, beyond: float, before: Array) -> float:
    """Write the chance of being uncensored before each time (Kaplan-Meier) to `before`, and return that after the last."""
    total = at_risk = events.sum() + lost.sum() + beyond
    uncensored = 1.0
    for t in range(len(before)):
        before[t] = uncensored
        exposed = at_risk - events[t]
        if lost[t] > 0:
            uncensored *= max(0.0, 1.0 - lost[t] / exposed) if exposed - lost[t] > 1e-9 * total else 0.0
        at_risk -= events[t] + lost[t]
    return uncensored
