"""Observed and expected events in person-time, month by month: everybody scored counts from the day of the visit, nobody is waited for.

The risk of a visit says how many events it expects of each day that follows. A person's time counts once: under the latest visit that
was scored, from that visit on, until the event, the competing one, a treatment that ends observation, the last contact, or the last
horizon. As long as the risks are right, observed less expected is a martingale (Andersen et al., Statistical Models Based on Counting
Processes, 1993, section II.4), whoever enters late or leaves early. Nothing is read of what happened after the day of the look.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.arrays import days_of
from features.table.outcomes import EVENT, NONE
from myeloma.calendar import DAYS_PER_MONTH, DAYS_PER_YEAR, horizon_days

Array = NDArray[np.float64]
FOLLOWED_DAYS = 183  # after a last visit without a later contact on record: people come about every half year
REFERENCE = "reference_person_time"  # what a model keeps of it, in `about`
SINCE_VISIT = (0, 3, 6, 12, 24)  # months at which a band begins
_PRIOR_EVENTS = 10.0
_LEAST_FREE = 1e-9  # of people, so that a hazard is finite


@dataclass(frozen=True)
class PersonTime:
    """What was observed and expected in each month that ends on the day of the look or a whole number of months before it.

    Attributes
    ----------
    ends : days (months + 1,); a month is from after one of them to the next
    observed, expected : arrays (months,)
    people : how many were under observation in these months
    years : of person-time
    """

    ends: Array
    observed: Array
    expected: Array
    people: int
    years: float


@dataclass(frozen=True)
class Stretches:
    """Time under observation after each scored visit, in days: from the visit until `end`; `event` where the event ended it."""

    visit: Array
    end: Array
    event: NDArray[np.bool_]


@dataclass(frozen=True)
class Hazard:
    """The cumulative hazard of the event after each visit, linear between some days since it.

    Attributes
    ----------
    at : days (k,), the first 0
    cumulative : array (rows, k)
    """

    at: Array
    cumulative: Array

    def until(self, since: Array) -> Array:
        """Return the cumulative hazard so many days after each visit, at most that of the last day known (rows,)."""
        row, k = np.arange(len(since)), self._between(since)
        share = np.clip((since - self.at[k]) / (self.at[k + 1] - self.at[k]), 0.0, 1.0)
        before = self.cumulative[row, k]
        found: Array = before + share * (self.cumulative[row, k + 1] - before)
        return found

    def rate(self, since: Array) -> Array:
        """Return the hazard a day, so many days after each visit (rows,)."""
        row, k = np.arange(len(since)), self._between(since)
        found: Array = (self.cumulative[row, k + 1] - self.cumulative[row, k]) / (self.at[k + 1] - self.at[k])
        return found

    def _between(self, since: Array) -> NDArray[np.int64]:
        return np.clip(np.searchsorted(self.at, since, side="left") - 1, 0, len(self.at) - 2)

    def as_in_training(self, reference: Mapping[str, Any]) -> Hazard:
        """Return it times observed / expected of training at as many months since the visit (see `reference_of_person_time`)."""
        begins = np.array([horizon_days(months) for months in reference["months"]], dtype=float)
        at = np.unique(np.concatenate([self.at, begins[begins < self.at[-1]]]))
        fine = np.column_stack([self.until(np.full(len(self.cumulative), day)) for day in at])
        ratio = np.array(reference["ratio"])[np.searchsorted(begins, at[:-1], side="right") - 1]
        return Hazard(at, np.cumsum(np.hstack([fine[:, :1], np.diff(fine, axis=1) * ratio]), axis=1))


def hazard_of(risk: Array, die_first: Array, horizons: tuple[int, ...]) -> Hazard:
    """Return the cumulative hazard of the event at the visit and at each horizon.

    In between it is interpolated. So hazards are constant between two horizons, and there the hazard of the event is to that of either
    end as the event's share is of what is added to both risks.

    Parameters
    ----------
    risk, die_first : arrays (rows, horizons)
        Of the event and of the competing one, neither falling; the latter NaN where the model has none, which then counts as 0.
    """
    start = np.zeros((len(risk), 1))
    event, competing = np.hstack([start, risk]), np.hstack([start, np.nan_to_num(die_first)])
    either = -np.diff(np.log(np.maximum(1.0 - event - competing, _LEAST_FREE)), axis=1)
    of_event, of_both = np.diff(event, axis=1), np.diff(event + competing, axis=1)
    share = np.divide(of_event, of_both, out=np.zeros_like(of_event), where=of_both > 0)
    days = np.array([0, *map(horizon_days, horizons)], dtype=float)
    return Hazard(days, np.hstack([start, np.cumsum(either * share, axis=1)]))


def stretches(rows: pd.DataFrame, horizon: int, look: float) -> Stretches:
    """Return the time under observation after each visit, as it is known on the day of the look.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, event, time_to_event, censored_by and `last_visit` (the person's last, a date), by person and day.
    horizon : int
        The last one, in months: of time beyond it the risk says nothing.
    """
    visit, last_visit = days_of(rows["landmark"]).astype(float), days_of(rows["last_visit"]).astype(float)
    end = visit + rows["time_to_event"].to_numpy(dtype=float)
    ended = rows["event"].to_numpy() != NONE
    unknown = ~ended & (rows["censored_by"].to_numpy() != "treatment") & (end <= last_visit)  # no contact after the last visit
    end = np.where(unknown, last_visit + FOLLOWED_DAYS, end)
    last = np.minimum(look, visit + horizon_days(horizon))
    same = rows["patient_id"].to_numpy()[1:] == rows["patient_id"].to_numpy()[:-1]
    until_next = np.append(np.where(same, visit[1:], np.inf), np.inf)[: len(visit)]
    event = (rows["event"].to_numpy() == EVENT) & (end <= np.minimum(last, until_next))
    return Stretches(visit, np.maximum(np.minimum(np.minimum(end, until_next), last), visit), event)


def by_person(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows by person and day, with `last_visit`, the last of these rows; the index says which row each was."""
    read = rows.reset_index(drop=True).sort_values(["patient_id", "landmark"], kind="stable")
    return read.assign(last_visit=read.groupby("patient_id", observed=True)["landmark"].transform("max"))


def person_time(rows: pd.DataFrame, hazard: Hazard, horizon: int, first: float, look: float) -> PersonTime:
    """Return what was observed and expected in the whole months between two days.

    Parameters
    ----------
    rows : DataFrame
        As `stretches` takes them: every visit that was scored, also those before the first day, from which a person's time may last.
    hazard : Hazard
        Of these rows.
    horizon : int
        The last one, in months.
    first, look : days
        Months are counted back from the look; what is left over at the beginning is left out.
    """
    months = max(int((look - first) / DAYS_PER_MONTH), 0)
    ends = look - np.arange(months, -1, -1, dtype=np.float64) * DAYS_PER_MONTH
    under = stretches(rows, horizon, look)
    until = [hazard.until(np.clip(day, under.visit, under.end) - under.visit).sum() for day in ends]
    month = np.searchsorted(ends, under.end[under.event], side="left") - 1
    observed = np.bincount(month[(month >= 0) & (month < months)], minlength=months).astype(float)
    days = under.end - np.maximum(under.visit, ends[0])
    people = rows.loc[days > 0, "patient_id"].nunique()
    return PersonTime(ends, observed, np.diff(np.array(until, dtype=np.float64)), people, float(days[days > 0].sum() / DAYS_PER_YEAR))


def reference_of_person_time(rows: pd.DataFrame, hazard: Hazard, horizon: int) -> dict[str, Any]:
    """Return observed / expected of the people fitted on by months since the visit, from hazards of fits without the person.

    A hazard is not quite constant between two horizons. Soon after a visit at which nothing was wrong there are fewer events, later more,
    in those who were not seen again: so it was in training, and whatever is expected elsewhere is multiplied by it. A band of few events
    counts little: it is as if ten more had been observed, and ten more expected (a gamma prior about 1).

    Parameters
    ----------
    rows : DataFrame
        Of a feature table: patient_id, landmark, event, time_to_event, censored_by.
    """
    read = by_person(rows)
    under, of_rows = stretches(read, horizon, np.inf), Hazard(hazard.at, hazard.cumulative[read.index])
    edges, since = np.array([*map(horizon_days, SINCE_VISIT), np.inf], dtype=float), under.end - under.visit
    expected = np.diff([of_rows.until(np.minimum(since, edge)).sum() for edge in edges])
    band = np.searchsorted(edges, since[under.event], side="left") - 1
    observed = np.bincount(np.maximum(band, 0), minlength=len(expected))
    return {"months": list(SINCE_VISIT), "ratio": ((observed + _PRIOR_EVENTS) / (expected + _PRIOR_EVENTS)).tolist()}
