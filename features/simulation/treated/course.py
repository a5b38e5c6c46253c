"""What happens to a person: when the disease wakes, relapses and is treated again; death, loss, the end of the study."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.simulation.life_table import age_at_death
from features.simulation.treated.disease import Lags, added_at, lags_of, reached, regrown, sensitive
from features.simulation.treated.people import Mask, People, stream
from features.simulation.treated.therapy import Therapy, draw_therapy, when_held
from features.simulation.treated.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
SECOND_KILL_YEARS = 0.25
WEEK = 7 / DAYS_PER_YEAR
BIOCHEMICAL, CLINICAL, EXTRAMEDULLARY = "biochemical", "clinical", "extramedullary"


@dataclass(frozen=True)
class Course:
    """Times in years from the start of the first line, infinite = never; arrays of shape (n,).

    Attributes
    ----------
    wake : when what is left wakes
    progression, kind : the true first progression, and its kind
    clinical : when the relapse is clinical, or would become so if it were not treated
    recorded : whether an event records the progression
    second : start of the second line
    second_left, second_wake : what it leaves of the disease, share of the marrow, and when that wakes again
    second_progression : the end of the second line, after which nobody is watched but for death
    death, last_contact : as they are
    """

    wake: Array
    progression: Array
    kind: NDArray[np.object_]
    clinical: Array
    recorded: Mask
    second: Array
    second_left: Array
    second_wake: Array
    second_progression: Array
    death: Array
    last_contact: Array

    @property
    def watched(self) -> Array:
        """Return until when anything is seen."""
        first: Array = np.minimum(self.death, self.last_contact)
        return first

    @property
    def visited(self) -> Array:
        """Return until when a person comes to visits."""
        last: Array = np.minimum(self.watched, self.second_progression)
        return last


@dataclass(frozen=True)
class Lives:
    """People, their plan of therapy, their course, and what relapse depends on: everything that is hidden."""

    people: People
    therapy: Therapy
    course: Course
    lags: Lags


def draw_lives(world: World, people: People, seed: int) -> Lives:
    """Return everything that happens to people."""
    therapy, lags = draw_therapy(world, people, seed), lags_of(world, people)
    return Lives(people, therapy, _course(world, people, therapy, lags, seed), lags)


def _course(world: World, people: People, therapy: Therapy, lags: Lags, seed: int) -> Course:
    rng = stream(seed, "course")
    n = len(people)
    waits, relapses, later, unforeseen, dies, excess = rng.exponential(1.0, (6, n))
    wake = when_held(world, therapy, waits / np.maximum(people.wake_rate, 1e-300)) if world.sleeps else np.zeros(n)
    wake = np.where(people.cured, np.inf, wake)
    lag = reached(lags.any_kind, relapses)
    foretold = wake + lag
    sudden = unforeseen / world.unforeseen
    progression = np.minimum(foretold, sudden)
    is_clinical = (sudden < foretold) | (rng.random(n) < _clinical_share(lags, lag))
    clinical = np.where(is_clinical, progression, wake + reached(lags.clinical, added_at(lags.clinical, np.minimum(lag, 1e3)) + later))
    outside = rng.random(n) < world.extramedullary
    kind = np.where(is_clinical, np.where(outside, EXTRAMEDULLARY, CLINICAL), BIOCHEMICAL).astype(object)
    start = people.index_day + therapy.start_day
    study = (np.datetime64(world.study_end) - start) / np.timedelta64(1, "D") / DAYS_PER_YEAR
    lost = rng.exponential(1.0, n) / world.loss if world.loss else np.full(n, np.inf)
    age = people.age + therapy.start_day / DAYS_PER_YEAR
    death = np.minimum(age_at_death(age, people.female, dies / world.death_factor) - age, excess / world.death_excess)
    after = rng.exponential(1.0, n) / np.where(is_clinical, world.death_clinical, world.death_biochemical)
    recorded = rng.random(n) >= world.unrecorded
    course = Course(
        wake=wake,
        progression=progression,
        kind=kind,
        clinical=clinical,
        recorded=recorded,
        second=_second_line(world, progression, clinical, is_clinical, recorded, rng),
        second_left=np.zeros(n),
        second_wake=np.full(n, np.inf),
        second_progression=np.full(n, np.inf),
        death=np.where(progression < death, np.minimum(death, progression + after), death),
        last_contact=np.minimum.reduce([lost, study, np.full(n, world.most_years)]),
    )
    return _with_second(world, people, course, rng)


def _clinical_share(lags: Lags, lag: Array) -> Array:
    """Return the share of relapses just then that are clinical."""
    lag = np.minimum(lag, 1e3)
    around = [added_at(added, lag + 0.01) - added_at(added, np.maximum(lag - 0.01, 0.0)) for added in (lags.clinical, lags.any_kind)]
    share: Array = around[0] / np.maximum(around[1], 1e-300)
    return share


def _second_line(world: World, progression: Array, clinical: Array, is_clinical: Mask, recorded: Mask, rng: np.random.Generator) -> Array:
    """Return when the second line starts: weeks after a clinical relapse; a biochemical one is treated soon, or once it is clinical."""
    n = len(progression)
    at_once = is_clinical | (rng.random(n) < world.treat_biochemical) | ~recorded
    weeks = np.where(is_clinical | ~recorded | ~at_once, rng.uniform(2.0, 5.0, n), rng.uniform(5.0, 16.0, n))
    started: Array = np.where(at_once, progression, clinical) + weeks * WEEK
    return started


def _with_second(world: World, people: People, course: Course, rng: np.random.Generator) -> Course:
    """Return the course with what the second line does: it kills a part, the rest wakes and is clinical again."""
    n = len(people)
    depth = np.maximum(rng.normal(world.second_depth, world.second_depth_sd, n), 0.0)
    sleeps, again = rng.exponential(1.0, (2, n))
    started = np.where(np.isfinite(course.second), course.second, 0.0)
    left = regrown(world, people.left, people.growth, np.where(np.isfinite(course.wake), started - course.wake, 0.0)) * 10.0**-depth
    wake = course.second + 0.15 + sleeps / world.second_wake
    return replace(course, second_left=left, second_wake=wake, second_progression=wake + 0.5 + again)


def burden_at(world: World, lives: Lives, rows: NDArray[np.int64], t: Array) -> tuple[Array, Array]:
    """Return the share of plasma cells in the marrow, and of those that secrete like the first clone; t: (rows, times)."""
    people, course = lives.people, lives.course

    def of(values: Array) -> Array:
        return values[rows][:, None]

    killable = sensitive(people, rows, t)
    wake, second = of(course.wake), of(course.second)
    until = np.minimum(t, second)  # what has woken grows until the second line starts
    woken = np.where(t > wake, regrown(world, of(people.left), of(people.growth), np.where(until > wake, until - wake, 0.0)), 0.0)
    after = t > second
    if after.any():
        left = of(course.second_left)
        falling = np.exp(-np.maximum(t - second, 0.0) / SECOND_KILL_YEARS)
        treated = left * (np.maximum(woken, 1e-300) / np.maximum(left, 1e-300)) ** falling
        again = np.where(
            t > of(course.second_wake), regrown(world, np.maximum(left, 1e-12), of(people.growth), t - of(course.second_wake)), 0.0
        )
        woken = np.where(after, np.maximum(treated, again), woken)
    return np.maximum(killable, woken), np.maximum(killable, woken * of(people.secretion))
