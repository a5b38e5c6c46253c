"""Hidden courses drawn for people of whom results were seen: how likely each is, and steps that leave their distribution as it is."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from features.simulation.smm.disease import Traits, burden_ratio, intensities, markers
from features.simulation.smm.ends import TREATED_ABOVE_PERCENT
from features.simulation.smm.likelihood import Histories, log_likelihood, log_prior, present_from, traits_in
from features.simulation.smm.people import Scores
from features.simulation.smm.worlds import World

Array = NDArray[np.float64]
Rows = NDArray[np.int64]
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(4)  # between one landmark and the next
_STEP, _JITTER = 2.38, 0.02  # of the steps along differences: ter Braak, Stat Comput 2006;16:239; the jitter is ours
_AMONG = 0.5  # share of a course's coordinates that one step changes


@dataclass(frozen=True)
class Courses:
    """Courses of some people, and what was found of each up to a landmark.

    Arrays (people, draws); the seven normal scores have their axis in front. A frailty is not drawn: it is averaged exactly.

    Attributes
    ----------
    normal, growth, arrival : what is drawn (see `people.Scores`), arrival in years from the index date
    prior : log density, up to a constant
    before, gain : log density, up to a constant, of what was seen up to the landmark before this one, and of what this one adds
    foretold : intensity of a frailty of 1, added up to the landmark
    """

    normal: Array
    growth: Array
    arrival: Array
    prior: Array
    before: Array
    gain: Array
    foretold: Array

    @property
    def scores(self) -> Scores:
        """Return the scores of the traits."""
        return Scores(self.normal, self.growth)

    def of(self, rows: Rows, draws: Rows | slice = slice(None)) -> Courses:
        """Return the courses of some people; with places of draws (people, draws), those of each person."""
        places = (rows, draws) if isinstance(draws, slice) else (rows[:, None], draws)
        return Courses(**{f.name: getattr(self, f.name)[(..., *places)] for f in fields(self)})

    def put(self, rows: Rows, others: Courses) -> None:
        """Put other courses in the place of those of some people."""
        for f in fields(self):
            getattr(self, f.name)[..., rows, :] = getattr(others, f.name)

    def log_target(self, power: Array) -> Array:
        """Return the log density given all that was seen, up to a constant; what this landmark adds counts to a power (people,)."""
        return self.prior + self.before + power[:, None] * self.gain


def weighed(world: World, seen: Histories, scores: Scores, arrival: Array, step: int) -> Courses:
    """Return courses with what is found of each up to a landmark, the number `step` of each person."""
    traits = traits_in(world, seen.mix, scores)
    prior = log_prior(world, scores, arrival, present_from(world, traits))
    before, foretold = np.zeros(arrival.shape), np.zeros(arrival.shape)
    if step:
        before, foretold = gained(world, seen, traits, arrival, foretold, 0, step - 1)
    gain, foretold = gained(world, seen, traits, arrival, foretold, step, step)
    return Courses(scores.normal, scores.growth, arrival, prior, before, gain, foretold)


def went_on(world: World, seen: Histories, courses: Courses, step: int) -> Courses:
    """Return courses of the landmark before `step` at this one."""
    traits = traits_in(world, seen.mix, courses.scores)
    gain, foretold = gained(world, seen, traits, courses.arrival, courses.foretold, step, step)
    return replace(courses, before=courses.before + courses.gain, gain=gain, foretold=foretold)


def gained(world: World, seen: Histories, traits: Traits, arrival: Array, foretold: Array, since: int, until: int) -> tuple[Array, Array]:
    """Return what the landmarks `since` to `until` add to the log density, and `foretold` of `Courses` then."""
    later, other = added(world, seen, traits, arrival, since, until)
    later, shape = foretold + later, world.frailty_shape
    # Neither progressed nor treated: over all frailties, gamma with mean 1.
    free = shape * np.log((shape + foretold) / (shape + later)) - other
    return log_likelihood(world, seen, traits, arrival, since, until) + free, later


def added(world: World, seen: Histories, traits: Traits, arrival: Array, since: int, until: int) -> tuple[Array, Array]:
    """Return the intensities of progression in a frailty of 1, and of discovery and treatment, added up from the landmark before `since`.

    At the first landmark they begin at the index date.
    """
    foretold, other = np.zeros(arrival.shape), np.zeros(arrival.shape)
    treated = markers(world, traits, arrival, np.zeros(1))["bmpc"] > TREATED_ABOVE_PERCENT
    traits, arrived = traits.over_time(), arrival[:, :, None]
    for step in range(since, until + 1):
        begin = seen.landmark[:, step - 1] if step else np.zeros(len(seen.age))
        years = (seen.landmark[:, step] - begin)[:, None]
        if years.any():
            rate, found = intensities(world, traits, arrived, begin[:, None, None] + years[:, :, None] * (_NODES + 1) / 2)
            foretold += rate @ _WEIGHTS * years / 2
            other += sum(found) @ _WEIGHTS * years / 2 + np.where(treated, world.treatment * years, 0.0)
    return foretold, other


def moved(world: World, seen: Histories, courses: Courses, step: int, power: Array, rng: np.random.Generator) -> Courses:
    """Return the courses after Metropolis steps that keep the distribution `log_target` at a landmark."""
    partners = courses
    for kind in ("clone", "difference", "difference"):
        if kind == "clone":
            scores, arrival, asymmetry = _other_clone(world, seen, courses, step, rng)
        else:
            scores, arrival, asymmetry = _along_difference(seen, courses, partners, step, world.fast_arrival, rng)
        proposed = weighed(world, seen, scores, arrival, step)
        ratio = proposed.log_target(power) - courses.log_target(power) + asymmetry
        taken = np.log(rng.random(ratio.shape)) < ratio
        courses = Courses(**{f.name: np.where(taken, getattr(proposed, f.name), getattr(courses, f.name)) for f in fields(Courses)})
    return courses


def _other_clone(world: World, seen: Histories, courses: Courses, step: int, rng: np.random.Generator) -> tuple[Scores, Array, Array]:
    """Propose another fast clone, and what the slow one makes shifted so that the markers of some day stay as they are.

    Half of the proposals have arrived by the landmark, half have not.
    """
    now, shape = seen.landmark[:, step, None], courses.arrival.shape
    growth, earliest = rng.random(shape), -world.fast_present_years
    there, later = earliest + (now - earliest) * rng.random(shape), now + rng.exponential(1 / world.fast_arrival, shape)
    arrival = np.where(rng.random(shape) < 0.5, there, later)
    day = now * rng.random(shape)
    before, _ = burden_ratio(world, traits_in(world, seen.mix, courses.scores), courses.arrival, day)
    after, _ = burden_ratio(world, traits_in(world, seen.mix, Scores(courses.normal, growth)), arrival, day)
    shift = np.log(before / after)
    normal = courses.normal.copy()
    normal[0] += shift / world.burden_spread
    normal[1] += shift * world.m_protein_power / world.m_protein_spread
    normal[2] += shift * world.flc_ratio_power / world.flc_ratio_spread

    def log_chance(arrives: Array) -> Array:
        waits: Array = np.log(world.fast_arrival) - world.fast_arrival * (arrives - now)
        return np.where(arrives > now, waits, -np.log(now - earliest))

    return Scores(normal, growth), arrival, log_chance(courses.arrival) - log_chance(arrival)


def _along_difference(
    seen: Histories, courses: Courses, partners: Courses, step: int, rate: float, rng: np.random.Generator
) -> tuple[Scores, Array, Array]:
    """Propose a step along the difference of two of the person's courses, both with the fast clone there, or both without.

    A fast clone that has not arrived by the landmark has left no trace: its arrival, at a rate, and its growth are drawn anew.
    """
    now, shape = seen.landmark[:, step, None], courses.arrival.shape
    waits, place = courses.arrival > now, np.vstack([courses.normal, courses.growth[None], courses.arrival[None]])
    others = np.vstack([partners.normal, partners.growth[None], partners.arrival[None]])
    there_first = np.argsort(partners.arrival > now, axis=1, kind="stable")
    there = np.sum(partners.arrival <= now, axis=1, keepdims=True)
    begin, many = np.where(waits, there, 0), np.where(waits, shape[1] - there, there)

    def drawn() -> Array:
        which = np.minimum(begin + (rng.random(shape) * many).astype(int), shape[1] - 1)
        return others[:, np.arange(shape[0])[:, None], np.take_along_axis(there_first, which, axis=1)]

    among = np.less(rng.random(place.shape), _AMONG)
    far = _STEP / np.sqrt(2 * np.maximum(np.sum(among, axis=0), 1))
    place = place + among * (far * (drawn() - drawn()) + _JITTER * rng.standard_normal(place.shape))
    growth = np.where(waits, rng.random(shape), 1 - np.abs(1 - np.abs(place[7])))  # reflected at 0 and 1
    arrival = np.where(waits, now + rng.exponential(1 / rate, shape), place[8])
    asymmetry = np.where(waits, rate * (arrival - courses.arrival), np.where(arrival > now, -np.inf, 0.0))
    return Scores(place[:7], growth), arrival, asymmetry
