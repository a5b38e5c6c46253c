"""The true risk of relapse at each landmark: the future averaged, given the hidden state then.

It is the probability of the first progression within the horizon, death competing, of a person who has not progressed and is alive;
recorded or not, found in whatever way. Where no event records
it, the second line is what tells, within weeks. Loss and the end of the study do not enter. What is averaged: when what is left wakes, how
long relapse takes from then, a relapse that nothing foretells, death. What is known: whether it has woken and when, the person's traits,
and the plan of therapy (also the day on which it will be stopped for other reasons). No drawing: the waking time is summed over months,
each weighed by its probability and taken to lie in its middle, and so is death. Against drawn futures the error is below 0.004.

No model and no pipeline stage reads this: it is for judging.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.life_table import cumulative_death_rate
from features.simulation.smm.truth import HORIZONS
from features.simulation.treated.course import Lives
from features.simulation.treated.disease import CELL, LAG_YEARS
from features.simulation.treated.therapy import held
from features.simulation.treated.visits import Visits
from features.simulation.treated.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
MONTH = 1.0 / 12.0
MONTHS = HORIZONS[-1]
EDGES = np.arange(MONTHS + 1) * MONTH
BLOCK = 4096  # landmarks at a time


def true_risks(world: World, lives: Lives, visits: Visits, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return patient_id, landmark, risk_12m, risk_24m, risk_60m.

    There is a row for every day on which a result became available, or a sample turned out to have failed, from the start of the first
    line to the day before progression; where no event records that, to the day before the second line.
    """
    pairs = np.unique(np.concatenate([np.column_stack([visits.person, known])[known >= 0] for known in visits.known.values()]), axis=0)
    person, day = pairs[:, 0], pairs[:, 1]
    since_start = day - lives.therapy.start_day[person]
    at_risk = (since_start >= 0) & (day < visits.told_day[person])
    person, day, since_start = person[at_risk], day[at_risk], since_start[at_risk]
    risks = risks_at(world, lives, person, since_start / DAYS_PER_YEAR)
    landmark = (lives.people.index_day[person] + day).astype("datetime64[ns]")
    return pd.DataFrame({"patient_id": ids[person], "landmark": landmark} | {f"risk_{h}m": risks[:, i] for i, h in enumerate(HORIZONS)})


def risks_at(world: World, lives: Lives, person: NDArray[np.int64], time: Array) -> Array:
    """Return the true risks of people, each at a time in years from the start of the first line: shape (len(person), horizons)."""
    out = np.empty((len(person), len(HORIZONS)))
    for rows in np.array_split(np.arange(len(person)), len(person) // BLOCK + 1):
        out[rows] = _risks(world, lives, person[rows], time[rows])
    return out


def _risks(world: World, lives: Lives, person: NDArray[np.int64], time: Array) -> Array:
    awake = lives.course.wake[person] <= time
    relapsed = np.empty((len(person), MONTHS + 1))  # share relapsed of what was foretold, by the end of each month
    relapsed[awake] = _awake(lives, person[awake], time[awake])
    relapsed[~awake] = _asleep(world, lives, person[~awake], time[~awake])
    over = lives.course.progression[person] <= time  # it has come, and no event says so yet
    relapsed[over] = EDGES > 0
    free = (1.0 - relapsed) * np.exp(-world.unforeseen * EDGES)
    age = lives.people.age[person] + lives.therapy.start_day[person] / DAYS_PER_YEAR + time
    added = cumulative_death_rate(age[:, None] + EDGES, lives.people.female[person, None])
    alive = np.exp(-world.death_factor * (added - added[:, :1]) - world.death_excess * EDGES)
    # Within a month, relapse comes with the mean of those alive at its beginning and its end.
    risk = np.cumsum((free[:, :-1] - free[:, 1:]) * (alive[:, :-1] + alive[:, 1:]) / 2, axis=1)
    return risk[:, [h - 1 for h in HORIZONS]]


def _awake(lives: Lives, person: NDArray[np.int64], time: Array) -> Array:
    """Return the share relapsed by each edge, of those in whom it has woken and who have not relapsed."""
    since = time - lives.course.wake[person]
    added = _added(lives, person, since[:, None] + EDGES)
    relapsed: Array = -np.expm1(-(added - added[:, :1]))
    return relapsed


def _asleep(world: World, lives: Lives, person: NDArray[np.int64], time: Array) -> Array:
    """Return the same of those in whom it sleeps: wakings of each month, followed by the time from waking to relapse."""
    counted = held(world, lives.therapy, person, time[:, None] + EDGES)
    asleep = np.exp(-lives.people.wake_rate[person, None] * (counted - counted[:, :1]))
    wakes = asleep[:, :-1] - asleep[:, 1:]
    # Of those who wake in the middle of a month, the share that has relapsed by the end of that month, of the next, ...
    after = -np.expm1(-_added(lives, person, np.broadcast_to(EDGES[1:] - MONTH / 2, (len(person), MONTHS))))
    relapsed = np.zeros((len(person), MONTHS + 1))
    for k in range(MONTHS):
        relapsed[:, k + 1 :] += wakes[:, k : k + 1] * after[:, : MONTHS - k]
    return relapsed


def _added(lives: Lives, person: NDArray[np.int64], since: Array) -> Array:
    """Return the intensity of relapse added up since waking, at times (landmarks, times) after it: linear within cells."""
    place = np.clip(since / CELL, 0.0, LAG_YEARS / CELL - 1e-9)
    cell = place.astype(np.int64)
    part = place - cell
    added = lives.lags.any_kind
    value: Array = added[person[:, None], cell] * (1 - part) + added[person[:, None], cell + 1] * part
    return value
