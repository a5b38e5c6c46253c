"""The attainable risk: what a person's true risk is on average, given all that was seen of the person up to the landmark.

The true risk knows the hidden course. Nobody who sees results alone can order people better than by its mean over the courses that agree
with them. That mean is taken by importance sampling: courses are drawn from the world's own prior, weighed by the density of the
person's results and by the chance to be neither progressed nor treated by the landmark, from one landmark to the next. Where weights
gather on few courses, these are drawn again and moved by steps that leave the distribution as it is (iterated batch importance
sampling: Chopin, Biometrika 2002;89:539). When people come, what is tested and how late results are goes by chance alone in these
worlds, so it tells nothing, and neither do death of other causes and loss.

It is for judging only, like the true risk: no model and no pipeline stage reads this.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import Cohort
from features.simulation.life_table import cumulative_death_rate
from features.simulation.smm.courses import Courses, moved, weighed, went_on
from features.simulation.smm.disease import intensities
from features.simulation.smm.likelihood import Histories, histories, traits_in
from features.simulation.smm.people import Scores, draw_arrival, draw_scores, traits_of
from features.simulation.smm.truth import HORIZONS
from features.simulation.smm.worlds import World
from myeloma.calendar import DAYS_PER_YEAR, horizon_days

Array = NDArray[np.float64]
DRAWS = 400  # courses a person
FIRST = 10  # times as many are drawn from the prior
BLOCK = 40  # people at a time: what a core keeps near
STEPS = ((6, 12), (6, 24), (12, 60))  # of the risk's integral over time: so many up to so many months
_HALVINGS = 20


def attainable_risks(world: World, cohort: Cohort, visits: pd.DataFrame, draws: int = DRAWS, seed: int = 1) -> pd.DataFrame:
    """Return the attainable risk at visits of a simulated cohort.

    Parameters
    ----------
    world : World
        The world that the cohort was drawn from.
    cohort : Cohort
        As a model would get it: results with the days on which they were taken and known.
    visits : DataFrame
        patient_id, landmark.

    Returns
    -------
    DataFrame
        patient_id, landmark, risk_12m, risk_24m, risk_60m, and `effective`, the effective number of courses were all that the
        landmark adds weighed at once (it is taken in by stages); one row a visit, in the order of `visits`.
    """
    person = visits["patient_id"].to_numpy().astype(str)
    index_date = visits["patient_id"].map(cohort.patients.set_index("patient_id")["index_date"])
    day = (visits["landmark"] - index_date).dt.days.to_numpy(dtype=float)
    order = np.lexsort((day, person))
    ids, start, count = np.unique(person[order], return_index=True, return_counts=True)
    seen = histories(world, cohort, ids, np.split(day[order], start[1:]))
    rng = np.random.default_rng([seed, len(ids)])
    found = np.full((*seen.landmark.shape, len(HORIZONS) + 1), np.nan)
    by_count = np.argsort(-count, kind="stable")  # people with as many visits go together
    for rows in np.array_split(by_count, len(ids) // BLOCK + 1):
        if len(rows):
            found[rows] = _of_block(world, seen.of(rows), draws, rng)
    out = np.empty((len(visits), found.shape[2]))
    out[order] = found[np.isfinite(seen.landmark)]
    names = (*(f"risk_{h}m" for h in HORIZONS), "effective")
    return visits[["patient_id", "landmark"]].reset_index(drop=True).assign(**dict(zip(names, out.T, strict=True)))


def _of_block(world: World, seen: Histories, draws: int, rng: np.random.Generator) -> Array:
    """Return risks and effective numbers of some people: array (people, landmarks, horizons + 1)."""
    found = np.full((*seen.landmark.shape, len(HORIZONS) + 1), np.nan)
    courses = _from_prior(world, seen, FIRST * draws, rng)
    found[:, 0, -1] = _effective(courses.gain)
    courses, weight = _first(world, seen, courses, draws, rng)
    for step in range(np.isfinite(seen.landmark).sum(axis=1).max()):
        there = np.flatnonzero(np.isfinite(seen.landmark[:, step]))
        now = seen.of(there)
        if step:
            here = went_on(world, now, courses.of(there), step)
            found[there, step, -1] = _effective(weight[there] + here.gain)
            here, weight[there] = _taken_in(world, now, here, weight[there], np.zeros(len(there)), step, rng)
            courses.put(there, here)
        risks = _risks(world, now, courses.of(there), now.landmark[:, step])
        found[there, step, :-1] = np.einsum("pd,pdh->ph", _shares(weight[there]), risks)
    return found


def _from_prior(world: World, seen: Histories, many: int, rng: np.random.Generator) -> Courses:
    """Return courses of the world's people, at the first landmark."""
    shape = (len(seen.age), many)
    drawn = draw_scores(world, shape[0] * many, rng)
    arrival = draw_arrival(world, traits_of(world, np.repeat(seen.mix, many), drawn, np.ones(1)), rng)
    scores = Scores(drawn.normal.reshape(7, *shape), drawn.growth.reshape(shape))
    return weighed(world, seen, scores, arrival.reshape(shape), 0)


def _first(world: World, seen: Histories, prior: Courses, draws: int, rng: np.random.Generator) -> tuple[Courses, Array]:
    """Return courses at the first landmark and their log weights, from many drawn from the prior."""
    weight = np.zeros(prior.arrival.shape)
    power = _part(weight, prior.gain, np.ones(len(weight)), draws)
    courses = _drawn_again(world, seen, prior, power[:, None] * prior.gain, power, 0, draws, rng)
    return _taken_in(world, seen, courses, np.zeros(courses.arrival.shape), power, 0, rng)


def _taken_in(
    world: World, seen: Histories, courses: Courses, weight: Array, power: Array, step: int, rng: np.random.Generator
) -> tuple[Courses, Array]:
    """Return courses and their log weights when all that a landmark adds has been taken in, from a power of it (people,) on.

    A stage takes in so large a part that half of the courses stay effective; then they are drawn again and moved.
    """
    draws = weight.shape[1]
    while len(rows := np.flatnonzero(power < 1)):
        part = _part(weight[rows], courses.gain[rows], 1 - power[rows], draws / 2)
        power[rows] += part
        weight[rows] += part[:, None] * courses.gain[rows]
        if len(rows := rows[power[rows] < 1]):
            again = _drawn_again(world, seen.of(rows), courses.of(rows), weight[rows], power[rows], step, draws, rng)
            courses.put(rows, again)
            weight[rows] = 0.0
    return courses, weight


def _drawn_again(
    world: World, seen: Histories, courses: Courses, weight: Array, power: Array, step: int, draws: int, rng: np.random.Generator
) -> Courses:
    """Return so many courses of each person, by their weights, moved."""
    again = courses.of(np.arange(len(weight)), _systematic(_shares(weight), draws, rng))
    return moved(world, seen, again, step, power, rng)


def _part(weight: Array, gain: Array, left: Array, least: float) -> Array:
    """Return the largest part of a gain, up to what is left of it, that leaves at least so many courses effective: array (people,)."""
    low, high, part = np.zeros(len(left)), left, left
    for _ in range(_HALVINGS):
        enough = _effective(weight + part[:, None] * gain) >= least
        low, high = np.where(enough, part, low), np.where(enough, high, part)
        if (low == left).all():
            break
        part = np.where(low == left, left, (low + high) / 2)
    # Something must be taken in where the weights were uneven before.
    return np.where(low == left, left, np.maximum(low, left / 1000))


def _effective(log_weight: Array) -> Array:
    """Return the effective number of courses of each person."""
    effective: Array = 1 / np.sum(_shares(log_weight) ** 2, axis=1)
    return effective


def _shares(log_weight: Array) -> Array:
    """Return weights that add up to 1 for each person."""
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    shares: Array = weight / weight.sum(axis=1, keepdims=True)
    return shares


def _systematic(share: Array, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return places of draws, each as often as its share says, to the nearest whole number up or down: array (people, draws)."""
    at = (np.arange(draws) + rng.random((len(share), 1))) / draws
    up_to = np.cumsum(share, axis=1)
    places = np.array([np.searchsorted(total, point * total[-1], side="right") for total, point in zip(up_to, at, strict=True)])
    return np.asarray(np.minimum(places, share.shape[1] - 1), dtype=np.int64)


def _risks(world: World, seen: Histories, courses: Courses, time: Array) -> Array:
    """Return the risk of each course from a time on, with death competing, over the frailties of who has not progressed.

    Given the intensity that was foretold up to then, the frailty is gamma again. Array (people, draws, horizons).
    """
    traits, shape = traits_in(world, seen.mix, courses.scores), world.frailty_shape
    foretold, free, risk = courses.foretold, np.ones(courses.arrival.shape), np.zeros(courses.arrival.shape)
    since, risks = 0.0, []
    for count, months in STEPS:
        edges = np.linspace(since, horizon_days(months) / DAYS_PER_YEAR, count + 1)
        age = seen.age[:, None] + time[:, None] + edges
        deaths = world.death_factor * np.diff(cumulative_death_rate(age, seen.female[:, None]), axis=1)
        for step, (begin, end) in enumerate(pairwise(edges)):
            ahead, found = intensities(world, traits, courses.arrival, time[:, None] + (begin + end) / 2)
            half = ahead * (end - begin) / 2
            rate = world.unforeseen + sum(found) + ahead * shape / (shape + foretold + half)
            both = rate * (end - begin) + deaths[:, step, None]
            risk = risk + free * rate * (end - begin) * -np.expm1(-both) / both
            free, foretold = free * np.exp(-both), foretold + 2 * half
        since = float(edges[-1])
        risks.append(risk)
    return np.stack(risks, axis=2)
