"""The true risk at each landmark: the future averaged, given the hidden state then.

It is what the task estimates: progression within the horizon with death competing, without treatment and without loss.
The course is certain given the day on which the fast clone arrives, and that day is exponential: the risk is an integral over
the day of arrival (Gauss-Legendre) of an integral over time (steps of half a month, after 24 months of a month). The error is
near 0.001; where a criterion is reached within the first year it can be 0.01, since the intensity jumps there.

No model and no pipeline stage reads this: it is for judging.
"""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.files import whole_file
from features.simulation.life_table import cumulative_death_rate
from features.simulation.smm.disease import Traits, progression_rate
from features.simulation.smm.people import People
from features.simulation.smm.visits import Visits
from features.simulation.smm.worlds import World
from myeloma.calendar import DAYS_PER_YEAR, horizon_days

Array = NDArray[np.float64]
HORIZONS = (12, 24, 60)  # months, rising
NODES = 4  # days of arrival between one horizon and the next
BLOCK = 64  # landmarks at a time: what a core keeps near


def true_risks(world: World, people: People, visits: Visits, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return patient_id, landmark, risk_12m, risk_24m, risk_60m, for every day on which a result became available."""
    known = np.stack(list(visits.known.values()))
    panel, visit = np.nonzero(known >= 0)
    pairs = np.unique(np.column_stack([visits.person[visit], known[panel, visit]]), axis=0)
    person, day = pairs[:, 0], pairs[:, 1]
    risks = risks_at(world, people, person, day / DAYS_PER_YEAR)
    landmark = (people.index_day[person] + day).astype("datetime64[ns]")
    return pd.DataFrame({"patient_id": ids[person], "landmark": landmark} | {f"risk_{h}m": risks[:, i] for i, h in enumerate(HORIZONS)})


def write_truth(truth: pd.DataFrame, path: Path) -> None:
    """Write true risks as Parquet, whole or not at all."""
    with whole_file(path) as work:
        truth.to_parquet(work, index=False)


def risks_at(world: World, people: People, person: NDArray[np.int64], time: Array) -> Array:
    """Return the true risks of people, each at a time in years from the index date: shape (len(person), horizons)."""
    out = np.empty((len(person), len(HORIZONS)))
    arrived = people.arrival[person] <= time
    for group, arrives in ((np.flatnonzero(arrived), False), (np.flatnonzero(~arrived), True)):
        for rows in np.array_split(group, len(group) // BLOCK + 1):
            if len(rows):
                out[rows] = _risks(world, people, person[rows], time[rows], arrives)
    return out


def _risks(world: World, people: People, person: NDArray[np.int64], time: Array, arrives: bool) -> Array:
    """Return the risks of people all of whom await the fast clone, or none."""
    traits = people.traits.of(person, 2)
    ends = np.array([horizon_days(h) for h in HORIZONS]) / DAYS_PER_YEAR
    edges = _edges(ends)
    death = _death(world, people, person, time, edges)
    if not arrives:
        return _incidence(world, traits, people.arrival[person, None, None], time, edges, death)[:, 0][:, np.searchsorted(edges, ends) - 1]
    arrival, weight, late = _arrivals(world, ends)
    arrival = time[:, None] + np.append(arrival, np.inf)[None, :]
    by_arrival = _incidence(world, traits, arrival[:, :, None], time, edges, death)[:, :, np.searchsorted(edges, ends) - 1]
    # Up to each horizon the days of arrival weigh what they do; the rest has no fast clone before it.
    risks: Array = np.einsum("naj,aj->nj", by_arrival, np.vstack([weight, late]))
    return risks


def _edges(ends: Array) -> Array:
    steps = [(24, ends[0]), (24, ends[1]), (36, ends[2])]
    edges = [np.zeros(1)]
    for count, end in steps:
        edges.append(np.linspace(edges[-1][-1], end, count + 1)[1:])
    return np.concatenate(edges)


def _arrivals(world: World, ends: Array) -> tuple[Array, Array, Array]:
    """Return days of arrival after the landmark (years), their probability up to each horizon, and that of none up to it."""
    x, w = np.polynomial.legendre.leggauss(NODES)
    bounds = np.concatenate([[0.0], ends])
    arrival = np.concatenate([(a + b) / 2 + (b - a) / 2 * x for a, b in pairwise(bounds)])
    width = np.repeat(np.diff(bounds) / 2, NODES) * np.tile(w, len(ends))
    density = world.fast_arrival * np.exp(-world.fast_arrival * arrival) * width
    return arrival, density[:, None] * (arrival[:, None] < ends[None, :]), np.exp(-world.fast_arrival * ends)


def _death(world: World, people: People, person: NDArray[np.int64], time: Array, edges: Array) -> Array:
    """Return the death rate in each step: shape (people, steps)."""
    age = people.age[person, None] + time[:, None] + edges[None, :]
    added = cumulative_death_rate(age, people.female[person, None])
    return world.death_factor * np.diff(added, axis=1) / np.diff(edges)


def _incidence(world: World, traits: Traits, arrival: Array, time: Array, edges: Array, death: Array) -> Array:
    """Return the cumulative incidence of progression at the end of each step: shape (people, arrivals, steps)."""
    width, middle = np.diff(edges), (edges[1:] + edges[:-1]) / 2
    rate = progression_rate(world, traits, arrival, time[:, None, None] + middle)
    both = (rate + death[:, None, :]) * width
    free = np.exp(-np.cumsum(both, axis=2) + both)  # of both, at the beginning of the step
    # The ratio (1 - exp(-x)) / x, near 1, without dividing by a rate of zero.
    return np.cumsum(free * rate * width * -np.expm1(-both) / np.maximum(both, 1e-300), axis=2)
