"""Stabilised weights of staying under observation, from the history as it grows.

Groups at the landmark know what was known then. Treatment answers to what is found later: whoever rises fast is treated before the
progression that would have come, and those who stay in the group have risen less. So the chance of being neither treated nor lost is
followed from visit to visit, by a hazard of what each visit knows, and a row that is still observed counts by the chance that it had as
it was at the landmark over the chance that its course left it (Robins and Finkelstein, Biometrics 2000;56:779; stabilised and truncated:
Cole and Hernan, Am J Epidemiol 2008;168:656). Where nothing changes after the landmark such a weight is one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.columns import FeatureSpec
from myeloma.calendar import horizon_days
from training.estimators.leaving import Terms, fit_hazard, history_columns
from training.rows.censoring import STAYING

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
TRUNCATED = 10.0  # a weight is at most this, and at least its inverse
_JUST_BEFORE = 0.5  # days


@dataclass(frozen=True)
class HazardByVisit:
    """The hazard of leaving by one cause between a visit and the next.

    Attributes
    ----------
    ratio : array (rows,), the hazard at each visit over the baseline
    baseline : the baseline added up, by days since the visit
    expected : the hazard of each row added up, as it was at the landmark, by days (rows,) since
    """

    ratio: Array
    baseline: Callable[[Array], Array]
    expected: Callable[[Array], Array]


def hazard_by_visit(course: Course, left: Bools, spec: FeatureSpec) -> HazardByVisit | None:
    """Return the hazard of leaving by what each visit knows of the history; None where it cannot be fitted."""
    rows = course.rows
    ends, known = rows["time_to_event"].to_numpy(dtype=float), Terms.of(rows, history_columns(spec))(rows)
    time = np.minimum(course.to_next_visit(), ends)
    by_visit, from_landmark = fit_hazard(known, rows, time, left & (time == ends)), fit_hazard(known, rows, ends, left)
    if by_visit is None or from_landmark is None:
        return None
    at_landmark: Array = np.exp(known @ from_landmark.coefficients)
    return HazardByVisit(
        np.exp(known @ by_visit.coefficients), by_visit.until, lambda days: at_landmark * from_landmark.until(days - _JUST_BEFORE)
    )


def staying_weights(course: Course, hazards: list[HazardByVisit], horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return `staying_24m` and so on: what each row counts for at a horizon in months, if it is known there."""
    time, found = course.rows["time_to_event"].to_numpy(dtype=float), {}
    for months in horizons:
        until = np.minimum(time, float(horizon_days(months)))
        more = sum((course.hazard(until, each) - each.expected(until) for each in hazards), np.zeros(len(time)))
        found[STAYING.format(months)] = np.clip(np.exp(more), 1.0 / TRUNCATED, TRUNCATED)
    return pd.DataFrame(found, index=course.rows.index)


class Course:
    """Rows in order of person and landmark, to add up what each visit adds until the next.

    Attributes
    ----------
    rows : DataFrame
        patient_id, landmark, time_to_event.
    """

    def __init__(self, rows: pd.DataFrame) -> None:
        self.rows = rows
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
        added = whole[at] - whole[:-1] + ratio[at] * of.baseline(np.maximum(end - self._key[at], 0) - _JUST_BEFORE)
        out = np.empty(len(added))
        out[self._order] = added
        return out
