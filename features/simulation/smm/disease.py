"""The hidden course: two clones, the markers they drive, and the intensity of progression.

Given a person's traits and the day on which the fast clone arrives, the course is certain. All functions broadcast: traits
and arrival have one axis per person and further axes of length one, `t` holds years from the index date.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from features.simulation.smm.worlds import World
from myeloma.criteria import (
    BMPC_FROM_PERCENT,
    CREATININE_ABOVE_MG_DL,
    FLC_RATIO_FROM,
    HEMOGLOBIN_BELOW_G_DL,
    INVOLVED_FLC_FROM_MG_L,
)

Array = NDArray[np.float64]
HIGHEST_BURDEN = 95.0  # percent of the marrow


@dataclass(frozen=True)
class Traits:
    """What stays with a person: the markers that the slow clone alone makes at the index date, the growth rates, the frailty."""

    burden: Array
    m_protein: Array
    flc_ratio: Array
    uninvolved: Array
    hemoglobin: Array
    creatinine: Array
    slow_growth: Array
    fast_growth: Array
    frailty: Array

    def of(self, rows: NDArray[np.int64] | slice, axes: int = 0) -> Traits:
        """Return the traits of some people, with so many axes of length one behind."""
        shape = (-1, *(1,) * axes)
        return Traits(**{f.name: getattr(self, f.name)[rows].reshape(shape) for f in fields(self)})

    def over_time(self) -> Traits:
        """Return the traits with one more axis of length one behind, for several times."""
        return Traits(**{f.name: getattr(self, f.name)[..., None] for f in fields(self)})


def burden_ratio(world: World, traits: Traits, arrival: Array, t: Array) -> tuple[Array, Array]:
    """Return burden over the slow clone's at the index date, and its relative growth per year."""
    slow, slow_rate = _clone(world, traits.slow_growth, t)
    running = t - arrival
    fast, fast_rate = _clone(world, traits.fast_growth, np.maximum(running, 0.0))
    fast = np.where(running > 0, world.fast_size * fast, 0.0)
    total = slow + fast
    return total, (slow * slow_rate + fast * fast_rate) / total


def _clone(world: World, rate: Array, t: Array) -> tuple[Array, Array]:
    """Return a clone's size after t years, from 1, and its growth rate then."""
    if world.growth_slowing == 0:
        return np.exp(rate * t), rate
    slowed = np.exp(-world.growth_slowing * np.maximum(t, 0.0))
    # Before the index date growth is taken as exponential; only the late answer of hemoglobin looks back there.
    effective = np.where(t > 0, (1 - slowed) / world.growth_slowing, t)
    return np.exp(rate * effective), rate * slowed


def markers(world: World, traits: Traits, arrival: Array, t: Array) -> dict[str, Array]:
    """Return the true markers. Hemoglobin and creatinine answer late, and to a large burden only."""
    ratio, _ = burden_ratio(world, traits, arrival, t)
    earlier, _ = burden_ratio(world, traits, arrival, t - world.late_years)
    return _markers(world, traits, ratio, earlier, t)


def _markers(world: World, traits: Traits, ratio: Array, earlier: Array, t: Array) -> dict[str, Array]:
    log_ratio = np.log(ratio)
    excess = np.maximum(np.log(traits.burden * earlier / world.late_from), 0.0)
    slow_only = np.maximum(np.log(traits.burden / world.late_from), 0.0)  # the person's usual values have it in them
    flc_ratio = traits.flc_ratio * np.exp(world.flc_ratio_power * log_ratio)
    return {
        "bmpc": np.minimum(traits.burden * ratio, HIGHEST_BURDEN),
        "m_protein": np.minimum(traits.m_protein * np.exp(world.m_protein_power * log_ratio), 9.5),
        "flc_ratio": np.minimum(flc_ratio, 4000.0),
        "hemoglobin": np.maximum(traits.hemoglobin - world.hemoglobin_ageing * t - world.hemoglobin_fall * (excess - slow_only), 4.0),
        "creatinine": np.minimum(
            traits.creatinine * (1 + world.creatinine_ageing * t) * np.exp(world.creatinine_rise * (excess - slow_only)), 15.0
        ),
    }


def beyond_criteria(world: World, traits: Traits, m: dict[str, Array]) -> dict[str, Array]:
    """Return, for each SLiM-CRAB criterion, how far the true marker is beyond it, in standard deviations of one result.

    The logarithm of value over limit, over the marker's within-person variation; negative before the criterion is reached.
    Criteria: Rajkumar, Lancet Oncol 2014;15:e538.
    """
    return _beyond(world, traits, {name: np.log(value) for name, value in m.items()})


def _beyond(world: World, traits: Traits, logs: dict[str, Array]) -> dict[str, Array]:
    both = np.minimum(-np.log(FLC_RATIO_FROM), np.log(traits.uninvolved / INVOLVED_FLC_FROM_MG_L))  # ratio and chain
    over_limit = {
        "flc_kappa": logs["flc_ratio"] + both,
        "bmpc": logs["bmpc"] - np.log(BMPC_FROM_PERCENT),
        "hemoglobin": np.log(HEMOGLOBIN_BELOW_G_DL) - logs["hemoglobin"],
        "creatinine": logs["creatinine"] - np.log(CREATININE_ABOVE_MG_DL),
    }
    return {name: over / world.cv[name] for name, over in over_limit.items()}


def progression_rate(world: World, traits: Traits, arrival: Array, t: Array) -> Array:
    """Return the intensity of progression per year, without treatment."""
    foretold, found = intensities(world, traits, arrival, t)
    rate: Array = world.unforeseen + traits.frailty * foretold
    for of_criterion in found:
        rate = rate + of_criterion
    return rate


def intensities(world: World, traits: Traits, arrival: Array, t: Array) -> tuple[Array, list[Array]]:
    """Return the intensity that markers foretell in a person of frailty 1, and that of each criterion's discovery, per year."""
    ratio, growth = burden_ratio(world, traits, arrival, t)
    earlier, _ = burden_ratio(world, traits, arrival, t - world.late_years)
    m = _markers(world, traits, ratio, earlier, t)
    logs = {name: np.log(m[name]) for name in ("bmpc", "flc_ratio", "hemoglobin", "creatinine")}
    foretold: Array = world.intensity * np.exp(
        world.per_log_burden * (logs["bmpc"] - np.log(15.0))
        + world.per_m_protein * (m["m_protein"] - 1.2)
        + world.per_log_flc_ratio * (logs["flc_ratio"] - np.log(5.0))
        + world.per_growth * growth
    )
    # The share of results that would be beyond: near a limit noise decides (a logistic curve stands for the normal one).
    beyond = _beyond(world, traits, logs).items()
    return foretold, [world.discovery[name] / (1.0 + np.exp(-1.702 * np.maximum(by, -40.0))) for name, by in beyond]
