"""Censoring: its distribution (Kaplan-Meier) and the weights that undo it. The lost are never called negative.

A person censored before the horizon has weight 0 and is stood in for by those of the same stratum still observed; see Graf
et al., Stat Med 1999;18:2529, and for competing events Blanche et al., Stat Med 2013;32:5381. At equal times events come
before censorings, so that the weighted share of events in a stratum is its Aalen-Johansen estimate exactly, but for weights of staying.

A row that the study's end put out of reach of a horizon is no part of that horizon: of such rows events alone would be known, and
among late visits there may be no others to stand in for those without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from features.table.outcomes import EVENTS
from myeloma import DataError
from myeloma.calendar import horizon_days
from training.rows.draw import STANDS_FOR, row_weights

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
NONE, EVENT, COMPETING = 0, 1, 2
_CODES = dict(zip(EVENTS, (NONE, EVENT, COMPETING), strict=True))
STRATUM = "censoring_stratum"  # a column of the rows; see training.estimators.censoring_strata
REACH = "study_reach"  # a column: the days from the landmark to the study's end; infinite where nothing is put out of reach
STAYING = "staying_{}m"  # columns: what a known row counts for at a horizon beside its stratum; see training.estimators.staying
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
    reach : array (rows,), days from each landmark to the study's end; None where nothing is put out of reach
    staying : by horizon in days, arrays (rows,): what a known row counts for beside others of its stratum; one each where there is none
    """

    time: Array
    event: NDArray[np.int64]
    times: Array
    position: NDArray[np.int64]
    stratum: NDArray[np.int64]
    weight: Array | None = None
    reach: Array | None = None
    staying: Mapping[float, Array] = field(default_factory=dict)

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
        return replace(
            cls.from_arrays(rows["time_to_event"].to_numpy(dtype=float), event, stratum),
            weight=row_weights(rows) if STANDS_FOR in rows else None,
            reach=rows[REACH].to_numpy(dtype=float) if REACH in rows else None,
            staying={float(horizon_days(months)): rows[name].to_numpy(dtype=float) for months, name in staying_columns(rows).items()},
        )

    @classmethod
    def from_arrays(cls, time: Array, event: NDArray[np.int64], stratum: NDArray[np.int64] | None = None) -> FollowUp:
        """Return the follow-up from times, event codes and, if they are told apart, strata."""
        times, position = np.unique(time, return_inverse=True)
        return cls(time, event, times, position, np.zeros(len(time), dtype=np.int64) if stratum is None else stratum)

    def reachable(self, horizon: float) -> Bools:
        """Return which rows the study could follow beyond a horizon in days: at the horizon itself only an event would be known."""
        return np.ones(len(self.time), dtype=bool) if self.reach is None else self.reach > horizon

    def free_at(self, horizon: float) -> Bools:
        """Return which rows are known to be free of the event at a horizon in days: followed beyond it, or with a competing event by it.

        Whoever is censored on that very day is not known.
        """
        free: Bools = (self.time > horizon) | ((self.event == COMPETING) & (self.time <= horizon))
        return free

    def is_followed(self, horizon: float, counts: Array | None = None) -> bool:
        """Return whether a row that counts is followed beyond a horizon in days, to stand in for the lost; true where nobody is lost."""
        there = self.reachable(horizon) if counts is None else self.reachable(horizon) & (counts > 0)
        return bool((self.time[there] > horizon).any() or (there.any() and (self.event[there] != NONE).all()))

    def weighed(self, counts: Array, horizon: float) -> tuple[Array, Array, Ints]:
        """Return counts (draws, rows) times the censoring weights at a horizon in days, and what `weigh_for_censoring` gives besides.

        Counts are 0 where the study could not follow to the horizon.

        Returns
        -------
        known, before, stratum
        """
        stratum, reached = self.strata_at(horizon), int(np.searchsorted(self.times, horizon, side="right"))
        known, before = weigh_for_censoring(counts, self.position, self.event != NONE, stratum, reached)
        if horizon in self.staying:
            multiply_by_staying(known, stratum, self.staying[horizon])
        return known, before, stratum

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

    It is 0, too, where the study's end put the horizon out of reach. Of drawn people it is multiplied by what the row counts for,
    which the censoring distribution is weighted by, too.
    """
    once = np.ones(len(follow_up.time)) if follow_up.weight is None else follow_up.weight
    known, _, _ = follow_up.weighed((once * follow_up.reachable(horizon))[None, :], horizon)
    weights: Array = known[0]
    return weights


def staying_columns(rows: pd.DataFrame) -> dict[int, str]:
    """Return the columns of rows that hold what known rows count for by staying under observation, by horizon in months."""
    before, after = STAYING.split("{}")
    found = [name for name in map(str, rows.columns) if name.startswith(before) and name.endswith(after)]
    return {int(name[len(before) : -len(after)]): name for name in found}


def censoring_columns(rows: pd.DataFrame) -> list[str]:
    """Return the columns of rows that they are weighed for censoring by."""
    return [*(name for name in (STRATUM, REACH) if name in rows), *staying_columns(rows).values()]


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
def multiply_by_staying(known: Array, stratum: Ints, staying: Array) -> None:
    """Multiply weights (draws, rows) by what each row counts for by staying, so that each stratum keeps its sum."""
    for b in range(len(known)):
        before, after = np.zeros(stratum.max() + 1), np.zeros(stratum.max() + 1)
        for i in range(len(stratum)):
            before[stratum[i]] += known[b, i]
            after[stratum[i]] += known[b, i] * staying[i]
        for i in range(len(stratum)):
            if after[stratum[i]] > 0:
                known[b, i] *= staying[i] * (before[stratum[i]] / after[stratum[i]])


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
