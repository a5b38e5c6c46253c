"""When people come, what is tested then, and when the results are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.smm.ends import Ends
from features.simulation.smm.people import People, stream
from features.simulation.smm.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

PANELS = ("m_protein", "flc", "bmpc", "hemoglobin", "creatinine")
ROUND = 16  # visits drawn at a time


@dataclass(frozen=True)
class Visits:
    """Person and day (whole days from the index date) of each visit; `known` is when each panel's result is, -1 = no test."""

    person: NDArray[np.int64]
    day: NDArray[np.int64]
    known: dict[str, NDArray[np.int64]]


def days(years: NDArray[np.float64]) -> NDArray[np.int64]:
    """Return whole days; what never happens lies beyond any life."""
    return np.round(np.minimum(years, 1000.0) * DAYS_PER_YEAR).astype(np.int64)


def draw_visits(world: World, people: People, ends: Ends, seed: int) -> Visits:
    """Return every visit before the history's first end. The first visit is the index date; a day has one visit."""
    rng = stream(seed, "visits")
    person, day = _visit_days(world, last_day(ends), rng)
    missing = {
        "m_protein": np.full(len(day), world.m_protein_missing),
        "flc": np.array([site.chains_missing for site in world.sites])[people.site[person]],
        "bmpc": np.where(day == 0, 1 - world.marrow_at_index, 1 - world.marrow_later),
        "hemoglobin": np.full(len(day), world.hemoglobin_missing),
        "creatinine": np.full(len(day), world.creatinine_missing),
    }
    known = {}
    for panel in PANELS:
        tested = rng.random(len(day)) >= missing[panel]
        late = rng.random(len(day)) < world.late_share.get(panel, 0.0)
        delay = np.where(late, rng.integers(world.late_days[0], world.late_days[1] + 1, len(day)), 0)
        # What comes in after the history ended is nobody's history any more.
        in_time = day + delay <= last_day(ends)[person]
        known[panel] = np.where(tested & in_time, day + delay, -1)
    return Visits(person, day, known)


def last_day(ends: Ends) -> NDArray[np.int64]:
    """Return the last day on which a person is still free of every end, the index date at least."""
    return np.maximum(days(ends.first), 1) - 1


def _visit_days(world: World, last: NDArray[np.int64], rng: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    person = [np.arange(len(last))]
    day = [np.zeros(len(last), dtype=np.int64)]
    active, now = np.arange(len(last)), np.zeros(len(last))
    while len(active):
        gaps = np.interp(rng.random((len(active), ROUND)), world.interval_at, world.interval)
        times = now[active, None] + np.cumsum(gaps, axis=1)
        seen = days(times) <= last[active, None]
        row, _ = np.nonzero(seen)
        person.append(active[row])
        day.append(days(times[seen]))
        now[active] = times[:, -1]
        active = active[seen[:, -1]]
    order = np.lexsort((np.concatenate(day), np.concatenate(person)))
    return np.concatenate(person)[order], np.concatenate(day)[order]
