"""Who is in the cohort: what a person is at the index date, known and hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.smm.disease import Traits, beyond_criteria, markers
from features.simulation.smm.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
STREAMS = ("people", "ends", "visits", "laboratory")
YOUNGEST, OLDEST = 31.0, 90.0
TRIES = 5


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one part of the simulator; what one part draws shifts nothing in another."""
    return np.random.default_rng([seed, STREAMS.index(name)])


@dataclass(frozen=True)
class People:
    """n people. Arrays of shape (n,); `arrival` is when the fast clone arrives, in years from the index date."""

    age: Array
    female: NDArray[np.bool_]
    kappa: NDArray[np.bool_]
    site: NDArray[np.int64]
    index_day: NDArray[np.datetime64]
    traits: Traits
    arrival: Array

    def __len__(self) -> int:
        return len(self.age)


def draw_people(world: World, patients: int, seed: int) -> People:
    """Return people drawn from a world."""
    rng = stream(seed, "people")
    site = rng.choice(len(world.sites), patients, p=[site.share for site in world.sites])
    older = np.array([s.years_older for s in world.sites])[site]
    age = np.clip(rng.normal(world.age, world.age_sd, patients) + older, YOUNGEST, OLDEST)
    first, last = (np.datetime64(day) for day in world.entry)
    index_day = first + rng.integers(0, (last - first).astype(int) + 1, patients)
    scores = draw_scores(world, patients, rng)
    traits = traits_of(world, case_mix(world, site), scores, rng.gamma(world.frailty_shape, 1 / world.frailty_shape, patients))
    return People(
        # Ages are those of whole days, as the birth date will tell.
        age=np.round(age * DAYS_PER_YEAR) / DAYS_PER_YEAR,
        female=rng.random(patients) < world.female,
        kappa=rng.random(patients) < world.kappa,
        site=site,
        index_day=index_day,
        traits=traits,
        arrival=draw_arrival(world, traits, rng),
    )


@dataclass(frozen=True)
class Scores:
    """What a person's traits come from.

    Attributes
    ----------
    normal : seven standard normal scores, of burden, M-protein and ratio (correlated), uninvolved chain, hemoglobin, creatinine and slow
        growth; shape (7, ...)
    growth : a uniform score of fast growth, from 0 to 1
    """

    normal: Array
    growth: Array


def marker_correlation(world: World) -> Array:
    """Return the correlation matrix of the first three normal scores."""
    burden_m, burden_ratio, m_ratio = world.marker_correlation
    return np.array([[1, burden_m, burden_ratio], [burden_m, 1, m_ratio], [burden_ratio, m_ratio, 1]])


def draw_scores(world: World, n: int, rng: np.random.Generator) -> Scores:
    """Return the scores of n people."""
    together = rng.standard_normal((n, 3)) @ np.linalg.cholesky(marker_correlation(world)).T
    return Scores(np.vstack([together.T, *(rng.standard_normal(n) for _ in range(4))]), rng.random(n))


def case_mix(world: World, site: NDArray[np.int64]) -> Array:
    """Return what each person's site multiplies burden and M-protein by."""
    return np.array([s.burden for s in world.sites])[site]


def traits_of(world: World, mix: Array, scores: Scores, frailty: Array) -> Traits:
    """Return the traits that scores stand for, in people of sites with this case mix. All broadcast."""
    burden, m_protein, ratio, uninvolved, hemoglobin, creatinine, slow_growth = scores.normal
    slowest, fastest = world.fast_growth
    return Traits(
        # The slow clone alone meets no criterion of active myeloma.
        burden=np.clip(world.burden * mix * np.exp(world.burden_spread * burden), 4, 55),
        m_protein=np.clip(world.m_protein * mix * np.exp(world.m_protein_spread * m_protein), 0.1, 6.0),
        flc_ratio=np.clip(world.flc_ratio * np.exp(world.flc_ratio_spread * ratio), 0.6, 90),
        uninvolved=world.uninvolved_chain * np.exp(world.uninvolved_chain_spread * uninvolved),
        hemoglobin=np.clip(world.hemoglobin + world.hemoglobin_sd * hemoglobin, 11.0, 18.0),
        creatinine=np.clip(world.creatinine * np.exp(world.creatinine_spread * creatinine), 0.4, 1.7),
        slow_growth=world.slow_growth + world.slow_growth_sd * slow_growth,
        fast_growth=slowest + (fastest - slowest) * scores.growth,
        frailty=frailty,
    )


def draw_arrival(world: World, traits: Traits, rng: np.random.Generator) -> Array:
    """Return when fast clones arrive: for some before the index date, at any time that leaves them without a criterion then.

    Who would meet one at the index date has active myeloma, and is not in the cohort; another time is drawn, a few times.
    """
    n = len(traits.burden)
    arrival = rng.exponential(1 / world.fast_arrival, n)
    present = rng.random(n) < world.fast_present
    for _ in range(TRIES):
        before = rng.uniform(-world.fast_present_years, 0.0, n)
        beyond = beyond_criteria(world, traits, markers(world, traits, before, np.zeros(n)))
        smoldering = np.max(list(beyond.values()), axis=0) < 0
        arrival = np.where(present & smoldering & (arrival > 0), before, arrival)
    return arrival
