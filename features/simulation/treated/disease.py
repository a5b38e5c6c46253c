"""The hidden course: what therapy kills, what wakes and grows, and the intensity of relapse that it drives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.treated.people import People
from features.simulation.treated.worlds import World

Array = NDArray[np.float64]
Rows = NDArray[np.int64] | slice
CELL = 1.0 / 48.0  # years: a quarter of a month, in which the time from waking to relapse is counted
LAG_YEARS = 18.0
# Rises from the lowest value that are progression (Kumar, Lancet Oncol 2016;17:e328-46): serum 0.5 g/dL, or 1 g/dL from 5 g/dL on;
# difference of light chains 100 mg/L where nothing else is measurable; and 25 %.
RISE_G_DL, RISE_CHAIN_MG_L, RISE_SHARE = 0.5, 100.0, 0.25


def sensitive(people: People, rows: Rows, t: Array) -> Array:
    """Return the share of the marrow that therapy can kill and has not yet: from the first burden to what is left. t: (rows, times)."""
    kill = people.kill_years[rows][:, None]
    first, left = np.log(people.burden[rows])[:, None], np.log(people.left[rows])[:, None]
    remaining: Array = np.exp(left + (first - left) * np.exp(-np.maximum(t, 0.0) / kill))
    return remaining


def regrown(world: World, seed: Array, growth: Array, since: Array) -> Array:
    """Return the share of the marrow so many years after waking, from a seed. All broadcast."""
    since = np.maximum(since, 0.0)
    if not world.slowing:
        exponential: Array = np.minimum(seed * np.exp(np.minimum(growth * since, 40.0)), world.fullest)
        return exponential
    gompertz: Array = world.fullest * np.exp(np.log(seed / world.fullest) * np.exp(-growth * since))
    return gompertz


def limit_of_burden(world: World, people: People) -> Array:
    """Return the share of the marrow at which what has woken is biochemical progression; infinite in smoldering people."""
    measured, rise = (
        np.where(people.m_protein > 0, people.m_protein, people.chain),
        np.where(people.m_protein > 0, RISE_G_DL, RISE_CHAIN_MG_L),
    )
    lowest = measured * people.left / people.burden
    rise = np.where((people.m_protein > 0) & (lowest >= 5.0), 1.0, np.maximum(rise, RISE_SHARE * lowest))
    # What wakes may secrete less than the first clone did, or more.
    limit = (lowest + rise) * people.burden / (measured * people.secretion)
    return np.where(people.smoldering, np.inf, limit)


def clinical_rate(world: World, frailty: Array, burden: Array) -> Array:
    """Return the intensity of clinical relapse per year of people with this share of woken cells in the marrow."""
    rate: Array = frailty * world.clinical * (burden / 0.2) ** world.clinical_power
    return rate


@dataclass(frozen=True)
class Lags:
    """The time from waking to relapse, given a person's traits, on cells of `CELL`: arrays (n, cells + 1) of added intensities."""

    any_kind: Array
    clinical: Array


def lags_of(world: World, people: People) -> Lags:
    """Return the intensities of relapse after waking, added up; death and therapy change nothing in them."""
    middle: Array = (np.arange(round(LAG_YEARS / CELL), dtype=np.float64) + 0.5) * CELL
    burden = regrown(world, people.left[:, None], people.growth[:, None], middle[None, :])
    over = np.log(burden) - np.log(world.found_at * limit_of_burden(world, people))[:, None]
    found = world.found / (1.0 + np.exp(-world.found_sharpness * np.clip(over, -6.0, 6.0))) * np.isfinite(over)
    clinical = clinical_rate(world, people.clinical_frailty[:, None], burden)
    clinical, found = (np.where(people.cured[:, None], 0.0, rate) for rate in (clinical, found))
    added = [np.cumsum(np.pad(rate, ((0, 0), (1, 0))) * CELL, axis=1) for rate in (found + clinical, clinical)]
    return Lags(*added)


def reached(added: Array, threshold: Array) -> Array:
    """Return when an added intensity reaches a threshold, years after waking, infinite if never: linear within cells."""
    cell = (added < threshold[:, None]).sum(axis=1)  # edges before it
    rows, inside = np.arange(len(added)), np.minimum(cell, added.shape[1] - 1)
    before, after = added[rows, np.maximum(inside - 1, 0)], added[rows, inside]
    share = (threshold - before) / np.maximum(after - before, 1e-300)
    when: Array = np.where(cell < added.shape[1], (np.maximum(inside, 1) - 1 + np.clip(share, 0.0, 1.0)) * CELL, np.inf)
    return when


def added_at(added: Array, since: Array) -> Array:
    """Return an added intensity at a time after waking, linear within cells. added: (n, cells + 1), since: (n,) or (n, times)."""
    place = np.clip(np.asarray(since) / CELL, 0.0, added.shape[1] - 1.0)
    cell = np.minimum(place.astype(np.int64), added.shape[1] - 2)
    rows = np.arange(len(added)).reshape(-1, *(1,) * (cell.ndim - 1))
    part = place - cell
    value: Array = added[rows, cell] * (1 - part) + added[rows, cell + 1] * part
    return value
