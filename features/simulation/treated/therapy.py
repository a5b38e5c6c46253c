"""The first line of therapy as it is planned: when it starts, transplant, maintenance, and when it is stopped for other reasons."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.treated.people import People, stream
from features.simulation.treated.worlds import World

Array = NDArray[np.float64]
INDUCTION = 0.5  # years
MAINTENANCE_FROM = 0.65


@dataclass(frozen=True)
class Therapy:
    """Times in years from the start of the first line, infinite = never; arrays of shape (n,). `start_day`: whole days from the index date.

    `induction_end` is infinite for regimens that are given without a break until they are stopped.
    """

    start_day: NDArray[np.int64]
    transplant: Array
    induction_end: Array
    maintenance: Array
    stop: Array
    hold: Array


def draw_therapy(world: World, people: People, seed: int) -> Therapy:
    """Return the plan of every person's first line."""
    rng = stream(seed, "therapy")
    n, kinds = len(people), world.regimens

    def of(name: str) -> Array:
        values: Array = np.array([float(getattr(kind, name)) for kind in kinds])[people.regimen]
        return values

    start_day = np.where(people.smoldering, rng.integers(20, 200, n), rng.integers(5, 29, n))
    phased = np.array([bool(kind.maintenance) for kind in kinds])[people.regimen]
    transplanted = rng.random(n) < of("transplant")
    maintained = phased & (rng.random(n) < 0.9)
    stop = np.minimum(MAINTENANCE_FROM + rng.exponential(1.0, n) / of("stop_rate"), of("longest"))
    return Therapy(
        start_day=start_day.astype(np.int64),
        transplant=np.where(transplanted, rng.uniform(0.36, 0.46, n), np.inf),
        induction_end=np.where(phased, INDUCTION, np.inf),
        maintenance=np.where(maintained, MAINTENANCE_FROM, np.inf),
        stop=np.where(phased & ~maintained, INDUCTION, stop),
        hold=of("hold"),
    )


def held(world: World, therapy: Therapy, rows: NDArray[np.int64] | slice, t: Array) -> Array:
    """Return the time up to `t` during which what is left may wake, in years; those on therapy count for `hold` of theirs.

    Parameters
    ----------
    t : (rows, ...) years from the start of the first line
    """
    shape = (-1, *(1,) * (t.ndim - 1))
    stop, hold = (np.maximum(therapy.stop[rows], world.wake_from).reshape(shape), therapy.hold[rows].reshape(shape))
    on = np.clip(np.minimum(t, stop) - world.wake_from, 0.0, None)
    counted: Array = hold * on + np.maximum(t - stop, 0.0)
    return counted


def when_held(world: World, therapy: Therapy, counted: Array) -> Array:
    """Return the time at which `held` reaches a value: its inverse, for all people."""
    stop = np.maximum(therapy.stop, world.wake_from)
    on = therapy.hold * (stop - world.wake_from)
    when: Array = np.where(counted < on, world.wake_from + counted / therapy.hold, stop + counted - on)
    return when
