"""Stabilised weights of staying under observation, from the history as it grows.

Groups at the landmark know what was known then. Treatment answers to what is found later: whoever rises fast is treated before the
progression that would have come, and those who stay in the group have risen less. So the chance of being neither treated nor lost is
followed from visit to visit, by a hazard of what each visit knows, and a row that is still observed counts by the chance that its group
had over the chance that its own course left it (Robins and Finkelstein, Biometrics 2000;56:779; stabilised and truncated: Cole and
Hernan, Am J Epidemiol 2008;168:656). On average such a weight is one.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.rows.censoring import STAYING, FollowUp

Array = NDArray[np.float64]
Hazard = Callable[[Array], Array]
TRUNCATED = 10.0  # a weight is at most this, and at least its inverse


def staying_weights(rows: pd.DataFrame, hazards: list[tuple[NDArray[np.bool_], Array, Hazard]], horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return `staying_24m` and so on: what each row counts for at a horizon in months, if it is known there.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, event, time_to_event, and the censoring strata.
    hazards : list
        Of each way to leave: which rows end so, and the cumulative hazard from a visit on, as its ratio (rows,) and its baseline by days.
    """
    course = _Course(rows)
    follow_up = FollowUp.of(rows)
    found = {}
    for months in horizons:
        days = float(horizon_days(months))
        until = np.minimum(follow_up.time, days)
        own, group = np.zeros(len(rows)), np.zeros(len(rows))
        for left, ratio, baseline in hazards:
            own += course.hazard(until, ratio, baseline)
            group += _of_group(follow_up, left, follow_up.strata_at(days), until)
        found[STAYING.format(months)] = np.clip(np.exp(own - group), 1.0 / TRUNCATED, TRUNCATED)
    return pd.DataFrame(found, index=rows.index)


def to_next_visit(rows: pd.DataFrame) -> Array:
    """Return the days from each row to the person's next one, or to the end of what is known."""
    course = _Course(rows)
    gap = np.empty(len(rows))
    gap[course.order] = course.gap
    to_next: Array = np.minimum(gap, rows["time_to_event"].to_numpy(dtype=float))
    return to_next


class _Course:
    """Rows in order of person and landmark, to add up what each visit adds until the next."""

    def __init__(self, rows: pd.DataFrame) -> None:
        person = pd.factorize(rows["patient_id"])[0].astype(np.int64)
        day = rows["landmark"].to_numpy().astype("datetime64[D]").astype(np.int64)
        self.order = np.lexsort((day, person))
        person, self._day = person[self.order], day[self.order]
        last = np.append(person[1:] != person[:-1], True)
        self.gap = np.where(last, np.inf, np.append(np.diff(self._day), 0).astype(float))
        self._span = np.int64(self._day.max() - self._day.min() + 10**6)  # days between one person's key and the next's
        self._key = person * self._span + self._day

    def hazard(self, until: Array, ratio: Array, baseline: Hazard) -> Array:
        """Return the hazard added up from each row's landmark until so many days after it, over the visits on the way.

        What happens on the last day itself is not part of it, as at equal times events come before censorings.
        """
        until, ratio = until[self.order], ratio[self.order]
        again = np.isfinite(self.gap)  # the person comes again
        whole = np.concatenate([[0.0], np.cumsum(np.where(again, ratio * baseline(np.where(again, self.gap, 0.0)), 0.0))])
        end = self._key + until.astype(np.int64)
        at = np.searchsorted(self._key, end, side="left") - 1  # the last visit before that day
        at = np.maximum(at, np.arange(len(at)))
        added = whole[at] - whole[:-1] + ratio[at] * baseline(np.maximum(end - self._key[at], 0) - 0.5)
        out = np.empty(len(added))
        out[self.order] = added
        return out


def _of_group(follow_up: FollowUp, left: NDArray[np.bool_], stratum: NDArray[np.int64], until: Array) -> Array:
    """Return the cumulative hazard of leaving in each row's stratum (Nelson-Aalen), before so many days after its landmark."""
    out = np.empty(len(until))
    for k in np.unique(stratum):
        own = np.flatnonzero(stratum == k)
        times, position = np.unique(follow_up.time[own], return_inverse=True)
        leaving, all_who_end = np.bincount(position, weights=left[own]), np.bincount(position)
        at_risk = all_who_end[::-1].cumsum()[::-1]
        cumulative = np.concatenate([[0.0], np.cumsum(leaving / at_risk)])
        out[own] = cumulative[np.searchsorted(times, until[own], side="left")]
    return out
