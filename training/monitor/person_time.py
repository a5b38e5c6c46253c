"""Observed and expected events in person-time, month by month: everybody scored counts from the day of the visit, nobody is waited for.

The risk of a visit says how many events it expects of each day that follows. A person's time counts once: under the latest visit that
was scored, from that visit on, until the event, the competing one, a treatment that ends observation, the last contact, or the last
horizon. As long as the risks are right, observed less expected is a martingale (Andersen et al., Statistical Models Based on Counting
Processes, 1993, section II.4), whoever enters late or leaves early. Nothing is read of what happened after the day of the look.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.arrays import days_of
from features.table.outcomes import EVENT, NONE
from myeloma.calendar import DAYS_PER_MONTH, horizon_days

Array = NDArray[np.float64]
FOLLOWED_DAYS = 183  # after a last visit without a later contact on record: people come about every half year
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


def cumulative_hazard(risk: Array, die_first: Array) -> Array:
    """Return the cumulative hazard of the event at the visit (0) and at each horizon (rows, 1 + horizons).

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
    return np.hstack([start, np.cumsum(either * share, axis=1)])


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


def person_time(rows: pd.DataFrame, hazard: Array, horizons: tuple[int, ...], first: float, look: float) -> PersonTime:
    """Return what was observed and expected in the whole months between two days.

    Parameters
    ----------
    rows : DataFrame
        As `stretches` takes them: every visit that was scored, also those before the first day, from which a person's time may last.
    hazard : array (rows, 1 + horizons)
        As `cumulative_hazard` gives it.
    first, look : days
        Months are counted back from the look; what is left over at the beginning is left out.
    """
    months = max(int((look - first) / DAYS_PER_MONTH), 0)
    ends = look - np.arange(months, -1, -1, dtype=np.float64) * DAYS_PER_MONTH
    under = stretches(rows, horizons[-1], look)
    expected = np.diff([_expected_until(day, under, hazard, horizons) for day in ends])
    month = np.searchsorted(ends, under.end[under.event], side="left") - 1
    observed = np.bincount(month[(month >= 0) & (month < months)], minlength=months).astype(float)
    days = np.minimum(under.end, look) - np.maximum(under.visit, ends[0])
    people = rows.loc[days > 0, "patient_id"].nunique()
    return PersonTime(ends, observed, expected, people, float(days[days > 0].sum() / DAYS_PER_MONTH / 12.0))


def _expected_until(day: float, under: Stretches, hazard: Array, horizons: tuple[int, ...]) -> float:
    at = np.array([0, *map(horizon_days, horizons)], dtype=float)
    since = np.clip(day, under.visit, under.end) - under.visit
    k = np.clip(np.searchsorted(at, since, side="right") - 1, 0, len(horizons) - 1)
    row = np.arange(len(since))
    share = (since - at[k]) / (at[k + 1] - at[k])
    return float((hazard[row, k] + share * (hazard[row, k + 1] - hazard[row, k])).sum())
