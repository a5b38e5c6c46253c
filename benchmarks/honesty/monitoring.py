"""How soon the watch finds risks that are wrong by 1.5, and how often it alarms while they are right.

Run: python -m benchmarks.honesty monitoring. Sites are simulated whose people have the very hazard that their risks say, or 1.5 times
it: nothing is fitted. They go through the product's own person-time and charts. A site sees 20 new people a month from its first day
on; or has done so for two years when its charts begin; or follows 120 people, so that 20 are seen a month. People come every half
year; at each visit their hazard changes, and their risks with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from benchmarks.honesty.goal import Goal
from features.history.arrays import dates_of
from myeloma.calendar import DAYS_PER_MONTH, DAYS_PER_YEAR
from training.monitor.cusum import MONTHS_A_YEAR, WRONG_BY, chart
from training.monitor.over_time import LOOKS_FOR, USUAL
from training.reference.person_time import PersonTime, hazard_of, person_time

Array = NDArray[np.float64]
SITES, SEED, MONTHS = 100, 1, 60
MOST_MONTHS = 10  # to find a true 1.5
EACH = USUAL.false_alarms / 2.0  # a year, of each of both charts
NEW_A_MONTH, FOLLOWED, YEARS_BEFORE = 20, 120, 2
HORIZONS = (12, 24, 60)
PER_YEAR, SPREAD, CHANGE = 0.07, 0.8, 0.2  # hazard of the event as in the simulated cohort of smm: mean, and SD of its logarithm
DEATH, LOSS = 0.03, 0.10  # a year
VISITS, DAYS_BETWEEN = 24, 183
_FIRST = 15_000  # any day


@dataclass(frozen=True)
class Kind:
    """A kind of site: months of arrivals before the charts begin, and people who are there at once instead of arriving."""

    name: str
    before: int
    at_once: int = 0


KINDS = (
    Kind("20 new people a month, from the first on", 0),
    Kind("20 new people a month, for two years already", YEARS_BEFORE * MONTHS_A_YEAR),
    Kind("20 people seen a month, 120 followed", 0, FOLLOWED),
)


def site(kind: Kind, factor: float, rng: np.random.Generator) -> PersonTime:
    """Return what a site observes and expects, month by month; the rate is `factor` times the expected from the charts' first day on."""
    start = kind.before * DAYS_PER_MONTH
    last = start + MONTHS * DAYS_PER_MONTH
    arrival = _arrivals(kind, last, rng)
    people = len(arrival)
    steps = rng.normal(0.0, [SPREAD, *[CHANGE] * (VISITS - 1)], (people, VISITS))
    hazard = PER_YEAR / DAYS_PER_YEAR * np.exp(np.cumsum(steps, axis=1) - SPREAD**2 / 2.0)
    visit = arrival[:, None] + np.arange(VISITS) * float(DAYS_BETWEEN)
    event = _event_days(hazard, visit, factor, start, rng.exponential(1.0, people))
    death, lost = (arrival + rng.exponential(DAYS_PER_YEAR / rate, people) for rate in (DEATH, LOSS))
    end = np.minimum.reduce([event, death, lost])
    rows = _rows(visit, end, np.where(event == end, "event", np.where(death == end, "competing", "none")))
    seen = visit < end[:, None]
    risk, die_first = _risks(hazard[seen])
    return person_time(rows, hazard_of(risk, die_first, HORIZONS), HORIZONS[-1], _FIRST + start, _FIRST + last)


def _arrivals(kind: Kind, last: float, rng: np.random.Generator) -> Array:
    if not kind.at_once:
        return np.sort(rng.uniform(0.0, last, round(NEW_A_MONTH * last / DAYS_PER_MONTH)))
    stay = DAYS_PER_YEAR / (PER_YEAR + DEATH + LOSS)  # whoever leaves is replaced
    later = rng.uniform(0.0, last, rng.poisson(kind.at_once * last / stay))
    return np.concatenate([rng.uniform(-DAYS_BETWEEN, 0.0, kind.at_once), later])


def _event_days(hazard: Array, visit: Array, factor: float, start: float, threshold: Array) -> Array:
    """Return the day of each person's event, whose hazard holds from each visit to the next, `factor` times it from a day on."""
    edges = np.sort(np.hstack([visit, np.maximum(start, visit[:, :1])]), axis=1)
    of_visit = np.minimum((edges[:, :-1, None] >= visit[:, None, :]).sum(axis=2) - 1, VISITS - 1)
    rate = np.take_along_axis(hazard, of_visit, axis=1) * np.where(edges[:, :-1] >= start, factor, 1.0)
    reached = np.hstack([np.zeros((len(hazard), 1)), np.cumsum(rate * np.diff(edges, axis=1), axis=1)])
    k = np.minimum((reached <= threshold[:, None]).sum(axis=1) - 1, rate.shape[1] - 1)
    at = np.arange(len(hazard))
    days: Array = edges[at, k] + (threshold - reached[at, k]) / rate[at, k]
    return days


def _rows(visit: Array, end: Array, event: NDArray[np.str_]) -> pd.DataFrame:
    """Return the visits before each person's end, as the watch gives them to person-time."""
    seen = visit < end[:, None]
    person, day = np.nonzero(seen)[0], np.floor(visit[seen])
    last = np.floor(np.where(seen, visit, -np.inf).max(axis=1))[person]
    dates = {name: dates_of((_FIRST + days).astype(np.int32)) for name, days in (("landmark", day), ("last_visit", last))}
    return pd.DataFrame(
        {"patient_id": person, **dates, "event": event[person], "time_to_event": np.ceil(end)[person] - day, "censored_by": "last_contact"}
    )


def _risks(hazard: Array) -> tuple[Array, Array]:
    """Return the risks of the event and of the competing one at each horizon, where both hazards stay as they are."""
    days, death = np.array(HORIZONS) * DAYS_PER_MONTH, DEATH / DAYS_PER_YEAR
    either = 1.0 - np.exp(-(hazard[:, None] + death) * days)
    share = (hazard / (hazard + death))[:, None]
    return share * either, (1.0 - share) * either


def alarms(kind: Kind, factor: float, wrong: float, sites: int, a_year: float) -> Iterator[NDArray[np.bool_]]:
    """Yield, site by site, whether the chart that looks for a wrong rate alarms in each month; `a_year` are its false alarms."""
    rng = np.random.default_rng(SEED)
    for _ in range(sites):
        found = site(kind, factor, rng)
        yield chart(found.observed, found.expected, wrong, a_year, least=LOOKS_FOR[wrong]).alarms


def months_to_find(kind: Kind, wrong: float, sites: int = SITES, a_year: float = EACH) -> float:
    """Return the median months to an alarm where the rate is as wrong as the chart looks for; infinite beyond the months simulated."""
    first = [found.argmax() + 1.0 if found.any() else np.inf for found in alarms(kind, wrong, wrong, sites, a_year)]
    return float(np.median(first))


def false_alarms(kind: Kind, sites: int = SITES) -> float:
    """Return how often a year one of both charts alarms while the risks are right."""
    alarmed = sum(int(found.sum()) for wrong in (WRONG_BY, 1.0 / WRONG_BY) for found in alarms(kind, 1.0, wrong, sites, EACH))
    return alarmed / (sites * MONTHS / MONTHS_A_YEAR)


def measured(sites: int = SITES) -> Iterator[Goal]:
    """Yield, by kind of site, how soon a true 1.5 is found and how often the charts alarm for nothing."""
    chance = 2.0 * np.sqrt(USUAL.false_alarms / (sites * MONTHS / MONTHS_A_YEAR))  # of a count in so many years
    asked = f"{MOST_MONTHS} months at {USUAL.false_alarms:g} false alarms a year"
    for kind in KINDS:
        many, few = (months_to_find(kind, wrong, sites) for wrong in (WRONG_BY, 1.0 / WRONG_BY))
        false = false_alarms(kind, sites)
        alone = months_to_find(kind, WRONG_BY, sites, USUAL.false_alarms)
        months = f"a true {WRONG_BY:g} in a median of {many:.0f} months, a true {1 / WRONG_BY:.2g} in {few:.0f}"
        only = f"{alone:.0f} for {WRONG_BY:g}, were all false alarms left to its chart"
        holds = bool(many <= MOST_MONTHS and false <= USUAL.false_alarms + chance)
        yield Goal(kind.name, f"{months}; {false:.2f} false alarms a year ({only})", asked, holds)
