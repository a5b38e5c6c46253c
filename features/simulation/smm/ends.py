"""What ends a history: progression, death, treatment, loss to follow-up, the end of the study."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.simulation.life_table import age_at_death
from features.simulation.smm.disease import markers, progression_rate
from features.simulation.smm.people import People, stream
from features.simulation.smm.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
STEP = 1.0 / 12.0  # years; the intensity is taken at the middle of each step
BLOCK_STEPS = 36
BLOCK_PEOPLE = 512
TREATED_ABOVE_PERCENT = 20.0


@dataclass(frozen=True)
class Ends:
    """Times in years from the index date, infinite = never; arrays of shape (n,)."""

    progression: Array
    death: Array
    treatment: Array
    last_contact: Array

    @property
    def first(self) -> Array:
        """Return when the natural history is no longer watched."""
        first: Array = np.minimum.reduce([self.progression, self.death, self.treatment, self.last_contact])
        return first


def draw_ends(world: World, people: People, seed: int) -> Ends:
    """Return the ends of every person's history. Progression after `last_contact` or death is never seen, and not sought."""
    rng = stream(seed, "ends")
    n = len(people)
    death = age_at_death(people.age, people.female, rng.exponential(1 / world.death_factor, n)) - people.age
    lost, waiting = _first(rng, n, world.loss), _first(rng, n, world.treatment)
    study = (np.datetime64(world.study_end) - people.index_day) / np.timedelta64(1, "D") / DAYS_PER_YEAR
    at_index = markers(world, people.traits, people.arrival, np.zeros(n))
    ends = Ends(
        progression=np.full(n, np.inf),
        death=death,
        treatment=np.where(at_index["bmpc"] > TREATED_ABOVE_PERCENT, waiting, np.inf),
        last_contact=np.minimum.reduce([lost, study, np.full(n, world.most_years)]),
    )
    return replace(ends, progression=_progression(world, people, ends, rng.exponential(1.0, n)))


def _first(rng: np.random.Generator, n: int, rate: float) -> Array:
    """Return waiting times at a rate per year; the same draws are used up whatever the rate."""
    draw = rng.exponential(1.0, n)
    return draw / rate if rate else np.full(n, np.inf)


def _progression(world: World, people: People, ends: Ends, threshold: Array) -> Array:
    """Return when the added intensity reaches each person's threshold (a unit exponential), if it is watched so long."""
    watched = np.minimum(ends.death, ends.last_contact)
    progression = np.full(len(people), np.inf)
    reached = np.zeros(len(people))
    for start in np.arange(0.0, world.most_years, BLOCK_STEPS * STEP):
        still = np.flatnonzero((watched > start) & (reached < threshold))
        for rows in np.array_split(still, len(still) // BLOCK_PEOPLE + 1):
            rate = _rates(world, people, ends.treatment, rows, float(start))
            added = reached[rows, None] + np.cumsum(rate * STEP, axis=1)
            reached[rows] = added[:, -1]
            hit = added[:, -1] >= threshold[rows]
            step = (added[hit] >= threshold[rows[hit], None]).argmax(axis=1)
            over = added[hit, step] - threshold[rows[hit]]
            progression[rows[hit]] = start + (step + 1) * STEP - over / rate[hit, step]
    return np.where(progression < watched, progression, np.inf)


def _rates(world: World, people: People, treatment: Array, rows: NDArray[np.int64], start: float) -> Array:
    t: Array = start + (np.arange(BLOCK_STEPS, dtype=np.float64) + 0.5)[None, :] * STEP
    rate = progression_rate(world, people.traits.of(rows, 1), people.arrival[rows, None], t)
    treated: Array = rate * np.where(t > treatment[rows, None], world.treatment_effect, 1.0)
    return treated
