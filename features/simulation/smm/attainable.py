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
DRAWS = 200  # courses a person
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
        patient_id, landmark, risk_12m, risk_24m, risk_60m, and `effective`, the effective number of courses when their weights had
        taken in this landmark; one row a visit, in the order of `visits`.
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
    courses = weight = np.empty(0)
    for step in range(np.isfinite(seen.landmark).sum(axis=1).max()):
        there = np.flatnonzero(np.isfinite(seen.landmark[:, step]))
        now = seen.of(there)
        if step == 0:
            here, log_weight = _from_prior(world, now, FIRST * draws, rng), np.zeros((len(there), FIRST * draws))
        else:
            here, log_weight = went_on(world, now, courses.of(there), step), weight[there]
        effective = 1 / np.sum(_shares(log_weight + here.gain) ** 2, axis=1)
        here, log_weight = _taken_in(world, now, here, log_weight, step, draws, rng)
        if step == 0:
            courses, weight = here, log_weight
        else:
            courses.put(there, here)
            weight[there] = log_weight
        risks = _risks(world, now, here, now.landmark[:, step])
        found[there, step] = np.column_stack([np.einsum("pd,pdh->ph", _shares(log_weight), risks), effective])
    return found


def _from_prior(world: World, seen: Histories, many: int, rng: np.random.Generator) -> Courses:
    """Return courses of the world's people, at the first landmark."""
    shape = (len(seen.age), many)
    drawn = draw_scores(world, shape[0] * many, rng)
    arrival = draw_arrival(world, traits_of(world, np.repeat(seen.mix, many), drawn, np.ones(1)), rng)
    scores = Scores(drawn.normal.reshape(7, *shape), drawn.growth.reshape(shape))
    return weighed(world, seen, scores, arrival.reshape(shape), 0)


def _taken_in(
    world: World, seen: Histories, courses: Courses, weight: Array, step: int, draws: int, rng: np.random.Generator
) -> tuple[Courses, Array]:
    """Return courses and their log weights when what a landmark adds has been taken in, by as many stages as a person needs.

    A stage takes in so large a part that half of the courses stay effective; then they are drawn again and moved.
    """
    power, least, first = np.zeros(len(weight)), draws / 2, weight.shape[1] > draws
    done = np.zeros(len(weight), dtype=bool)
    while not done.all():
        rows = np.flatnonzero(~done)
        part = _part(weight[rows], courses.gain[rows], 1 - power[rows], draws if first else least)
        power[rows] += part
        weight[rows] += part[:, None] * courses.gain[rows]
        done = power >= 1
        rows = rows if first else rows[power[rows] < 1]
        if len(rows) == 0:
            continue
        again = courses.of(rows, _systematic(_shares(weight[rows]), draws, rng))
        again = moved(world, seen.of(rows), again, step, power[rows], rng)
        if first:
            courses, weight, first = again, np.zeros((len(weight), draws)), False
        else:
            courses.put(rows, again)
            weight[rows] = 0.0
    return courses, weight


def _part(weight: Array, gain: Array, left: Array, least: float) -> Array:
    """Return the largest part of a gain, up to what is left of it, that leaves at least so many courses effective (people,)."""
    low, high = np.zeros(len(left)), left.copy()
    part = left
    for _ in range(_HALVINGS):
        enough = 1 / np.sum(_shares(weight + part[:, None] * gain) ** 2, axis=1) >= least
        low, high = np.where(enough, part, low), np.where(enough, high, part)
        if enough.all():
            break
        part = np.where(low == left, left, (low + high) / 2)
    return np.where(low == left, left, np.maximum(low, 1e-3 * left))


def _shares(log_weight: Array) -> Array:
    """Return weights that add up to 1 for each person."""
    weight = np.exp(log_weight - log_weight.max(axis=1, keepdims=True))
    shares: Array = weight / weight.sum(axis=1, keepdims=True)
    return shares


def _systematic(share: Array, draws: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return places of draws, each as often as its share says, to the nearest whole number up or down: array (people, draws)."""
    at = (np.arange(draws) + rng.random((len(share), 1))) / draws
    up_to = np.cumsum(share, axis=1)
    places = [np.searchsorted(total, point * total[-1], side="right") for total, point in zip(up_to, at, strict=True)]
    return np.minimum(np.array(places), share.shape[1] - 1)


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
        for step, (begin, end) in enumerate(zip(edges[:-1], edges[1:], strict=True)):
            ahead, found = intensities(world, traits, courses.arrival, time[:, None] + (begin + end) / 2)
            half = ahead * (end - begin) / 2
            rate = world.unforeseen + sum(found) + ahead * shape / (shape + foretold + half)
            both = rate * (end - begin) + deaths[:, step, None]
            risk = risk + free * rate * (end - begin) * -np.expm1(-both) / both
            free, foretold = free * np.exp(-both), foretold + 2 * half
        since = float(edges[-1])
        risks.append(risk)
    return np.stack(risks, axis=2)
