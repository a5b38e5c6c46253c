"""Stabilised weights of staying under observation, from the history as it grows.

Groups at the landmark know what was known then. Treatment answers to what is found later: whoever rises fast is treated before the
progression that would have come, and those who stay in the group have risen less. So the chance of being neither treated nor lost is
followed from visit to visit, by a hazard of what each visit knows, and a row that is still observed counts by the chance that its group
had over the chance that its own course left it (Robins and Finkelstein, Biometrics 2000;56:779; stabilised and truncated: Cole and
Hernan, Am J Epidemiol 2008;168:656). On average such a weight is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.columns import FeatureSpec
from myeloma.calendar import horizon_days
from training.estimators.leaving import Terms, history_columns
from training.rows.censoring import STAYING, FollowUp

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
TRUNCATED = 10.0  # a weight is at most this, and at least its inverse


@dataclass(frozen=True)
class HazardByVisit:
    """The hazard of leaving by one cause between a visit and the next.

    Attributes
    ----------
    left : array (rows,), which rows ended so
    ratio : array (rows,), the hazard at each visit over the baseline
    baseline : the baseline added up, by days since the visit
    """

    left: Bools
    ratio: Array
    baseline: Callable[[Array], Array]


def hazard_by_visit(rows: pd.DataFrame, left: Bools, spec: FeatureSpec) -> HazardByVisit | None:
    """Return the hazard of leaving by what each visit knows of the history; None where it cannot be fitted."""
    ends, to_next = rows["time_to_event"].to_numpy(dtype=float), _Course(rows).to_next_visit()
    time = np.minimum(to_next, ends)
    terms = Terms.of(rows, history_columns(spec))
    fitted = terms.hazard(rows, time, left & (time == ends))
    if fitted is None:
        return None
    times, cumulative = fitted.times, np.concatenate([[0.0], fitted.cumulative])
    ratio: Array = np.exp(terms(rows) @ fitted.coefficients)
    return HazardByVisit(left, ratio, lambda days: cumulative[np.searchsorted(times, days, side="right")])


def staying_weights(rows: pd.DataFrame, hazards: list[HazardByVisit], horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return `staying_24m` and so on: what each row counts for at a horizon in months, if it is known there.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, event, time_to_event, and the censoring strata.
    """
    course, follow_up, found = _Course(rows), FollowUp.of(rows), {}
    for months in horizons:
        days = float(horizon_days(months))
        until, stratum = np.minimum(follow_up.time, days), follow_up.strata_at(days)
        own = sum((course.hazard(until, each) for each in hazards), np.zeros(len(rows)))
        of_group = sum((_of_group(follow_up, each.left, stratum, until) for each in hazards), np.zeros(len(rows)))
        found[STAYING.format(months)] = np.clip(np.exp(own - of_group), 1.0 / TRUNCATED, TRUNCATED)
    return pd.DataFrame(found, index=rows.index)


class _Course:
    """Rows in order of person and landmark, to add up what each visit adds until the next."""

    def __init__(self, rows: pd.DataFrame) -> None:
        person = pd.factorize(rows["patient_id"])[0].astype(np.int64)
        day = rows["landmark"].to_numpy().astype("datetime64[D]").astype(np.int64)
        self._order = np.lexsort((day, person))
        person, self._day = person[self._order], day[self._order]
        last = np.append(person[1:] != person[:-1], True)
        self._gap = np.where(last, np.inf, np.append(np.diff(self._day), 0).astype(float))
        self._span = np.int64(self._day.max() - self._day.min() + 10**6)  # days between one person's key and the next's
        self._key = person * self._span + self._day

    def to_next_visit(self) -> Array:
        """Return the days from each row to the person's next one, infinite where there is none."""
        gap = np.empty(len(self._gap))
        gap[self._order] = self._gap
        return gap

    def hazard(self, until: Array, of: HazardByVisit) -> Array:
        """Return the hazard added up from each row's landmark until so many days after it, over the visits on the way.

        What happens on the last day itself is not part of it, as at equal times events come before censorings.
        """
        until, ratio = until[self._order], of.ratio[self._order]
        again = np.isfinite(self._gap)  # the person comes again
        whole = np.concatenate([[0.0], np.cumsum(np.where(again, ratio * of.baseline(np.where(again, self._gap, 0.0)), 0.0))])
        end = self._key + until.astype(np.int64)
        at = np.searchsorted(self._key, end, side="left") - 1  # the last visit before that day
        at = np.maximum(at, np.arange(len(at)))
        added = whole[at] - whole[:-1] + ratio[at] * of.baseline(np.maximum(end - self._key[at], 0) - 0.5)
        out = np.empty(len(added))
        out[self._order] = added
        return out


def _of_group(follow_up: FollowUp, left: Bools, stratum: NDArray[np.int64], until: Array) -> Array:
    """Return the cumulative hazard of leaving in each row's stratum (Nelson-Aalen), before so many days after its landmark."""
    out, counts = np.empty(len(until)), np.ones(len(until)) if follow_up.weight is None else follow_up.weight
    for k in np.unique(stratum):
        own = np.flatnonzero(stratum == k)
        times, position = np.unique(follow_up.time[own], return_inverse=True)
        leaving, ending = (np.bincount(position, weights=counts[own] * who[own]) for who in (left, np.ones(len(left))))
        at_risk = ending[::-1].cumsum()[::-1]
        cumulative = np.concatenate([[0.0], np.cumsum(leaving / at_risk)])
        out[own] = cumulative[np.searchsorted(times, until[own], side="left")]
    return out
