"""Who is treated: what a person is when the disease is found, known and hidden."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.simulation.treated.worlds import World
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
Mask = NDArray[np.bool_]
STREAMS = ("people", "therapy", "course", "signs", "visits", "laboratory", "marrow", "quality")
_OTHER_SIMULATORS = 100  # so that no part of this one has the random numbers of another simulator
YOUNGEST, OLDEST = 32.0, 90.0
HIGH_RISK = ("t(4;14)", "t(14;16)", "del(17p)", "gain(1q)", "del(1p)")  # lesions that are counted, as MASTER and FORTE do
NOTHING_LEFT = -10.0  # log10: of a person who is cured


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one part of the simulator; what one part draws shifts nothing in another."""
    return np.random.default_rng([seed, _OTHER_SIMULATORS + STREAMS.index(name)])


@dataclass(frozen=True)
class People:
    """n people; arrays of shape (n,). What stands below `fish` is hidden, or known by its traces only.

    Attributes
    ----------
    regimen : position in the world's regimens
    fish : findings joined by a bar, empty where not determined
    lesions : number of high-risk lesions, reported or not
    burden : share of plasma cells in the marrow before therapy
    kill_years : the logarithm of the burden has gone 63 % of its way by then
    left : what therapy leaves of it, share of the marrow
    wake_rate : at which what is left wakes, off therapy, per year; 0 for those who are cured
    growth : rate of growth from then on
    secretion : M-protein and light chains of what wakes, against the first clone
    clinical_frailty : of clinical relapse
    """

    age: Array
    female: Mask
    site: NDArray[np.int64]
    index_day: NDArray[np.datetime64]
    regimen: NDArray[np.int64]
    smoldering: Mask
    heavy: NDArray[np.object_]
    kappa: Mask
    fish: NDArray[np.object_]
    lesions: NDArray[np.int64]
    burden: Array
    m_protein: Array
    chain: Array
    uninvolved: Array
    urine: Array
    hemoglobin: Array
    creatinine: Array
    b2m: Array
    albumin: Array
    ldh: Array
    cured: Mask
    kill_years: Array
    left: Array
    wake_rate: Array
    growth: Array
    secretion: Array
    clinical_frailty: Array

    def __len__(self) -> int:
        return len(self.age)


def draw_people(world: World, patients: int, seed: int) -> People:
    """Return people drawn from a world."""
    rng = stream(seed, "people")
    n, kinds = patients, world.regimens
    regimen = rng.choice(len(kinds), n, p=[kind.share for kind in kinds])
    age = np.clip(rng.normal(np.array([kind.age for kind in kinds])[regimen], world.age_sd), YOUNGEST, OLDEST)
    first, last = (np.datetime64(day) for day in world.entry)
    index_day = first + rng.integers(0, (last - first).astype(int) + 1, n)
    smoldering = np.array([kind.stage == "smm" for kind in kinds])[regimen]
    heavy = rng.choice(list(world.heavy_chains), n, p=list(world.heavy_chains.values())).astype(object)
    heavy[smoldering & (heavy != "IgG")] = "IgA"
    alone = heavy == "light_chain"
    fish, lesions = _findings(world, n, rng)
    z = rng.standard_normal((n, 6))

    def spread(middle: Array | float, by: float, k: int) -> Array:
        values: Array = middle * np.exp(by * z[:, k])
        return values

    burden = np.clip(
        spread(np.where(smoldering, world.burden_smm, world.burden), world.burden_spread, 0), 0.1, np.where(smoldering, 0.55, 0.92)
    )
    with_urine = alone | (rng.random(n) < world.urine_share)
    hidden = z[:, 4]
    cured, left, wake_rate = _residual(world, regimen, burden, lesions, hidden, rng)
    times = np.where(lesions >= 2, world.growth_high_risk, 1.0) * np.where(smoldering, world.growth_smm, 1.0)
    return People(
        age=np.round(age * DAYS_PER_YEAR) / DAYS_PER_YEAR,  # ages are those of whole days, as the birth date will tell
        female=rng.random(n) < world.female,
        site=rng.choice(len(world.sites), n, p=[site.share for site in world.sites]),
        index_day=index_day,
        regimen=regimen,
        smoldering=smoldering,
        heavy=heavy,
        kappa=rng.random(n) < world.kappa,
        fish=fish,
        lesions=lesions,
        burden=burden,
        m_protein=np.where(
            alone, 0.0, np.clip(spread(np.where(smoldering, world.m_protein_smm, world.m_protein), world.m_protein_spread, 1), 1.0, 8.5)
        ),
        chain=np.clip(
            spread(np.where(alone, world.chain_of_light_chain, world.chain), world.chain_spread, 2), np.where(alone, 150.0, 5.0), 2e4
        ),
        uninvolved=world.uninvolved_chain * np.exp(world.uninvolved_spread * rng.standard_normal(n)),
        urine=np.where(with_urine, spread(np.where(alone, world.urine_of_light_chain, world.urine), world.urine_spread, 2), 0.0),
        hemoglobin=rng.normal(13.6, 1.0, n),
        creatinine=0.92 * np.exp(0.2 * rng.standard_normal(n)),
        b2m=np.where(smoldering, 2.3, 3.5) * np.exp(0.7 * hidden + 0.15 * z[:, 0] + 0.2 * z[:, 5]),
        albumin=np.clip(rng.normal(3.8, 0.4, n) - 0.3 * hidden - 0.12 * z[:, 1], 1.8, 5.2),
        ldh=175 * np.exp(0.14 * hidden + 0.22 * rng.standard_normal(n)),
        cured=cured,
        kill_years=np.array([kind.kill_years for kind in kinds])[regimen] * np.exp(world.kill_spread * rng.standard_normal(n)),
        left=left,
        wake_rate=wake_rate,
        growth=world.growth * np.exp(world.growth_spread * rng.standard_normal(n) + world.growth_hidden * hidden) * times,
        secretion=np.exp(world.secretion_spread * rng.standard_normal(n)),
        clinical_frailty=rng.gamma(world.clinical_frailty_shape, 1 / world.clinical_frailty_shape, n),
    )


def _findings(world: World, n: int, rng: np.random.Generator) -> tuple[NDArray[np.object_], NDArray[np.int64]]:
    """Return what FISH is reported to have found, and the number of high-risk lesions that are there, reported or not."""
    there = rng.random((n, len(world.findings))) < list(world.findings.values())
    names = list(world.findings)
    for later, earlier in (("t(14;16)", "t(4;14)"), ("t(11;14)", "t(4;14)"), ("t(11;14)", "t(14;16)")):  # one partner of chromosome 14
        there[:, names.index(later)] &= ~there[:, names.index(earlier)]
    lesions = there[:, [names.index(name) for name in HIGH_RISK]].sum(axis=1)
    patterns, which = np.unique(there, axis=0, return_inverse=True)
    words = np.array(["|".join(np.array(names)[row]) or "normal" for row in patterns], dtype=object)[which.ravel()]
    return np.where(rng.random(n) < world.fish_unknown, "", words), lesions


def _residual(
    world: World, regimen: NDArray[np.int64], burden: Array, lesions: NDArray[np.int64], hidden: Array, rng: np.random.Generator
) -> tuple[Mask, Array, Array]:
    """Return who is cured, what is left (share of the marrow), and the rate at which it wakes off therapy."""
    n, kinds = len(regimen), world.regimens
    cured_share, mean, sd = (np.array([getattr(kind, name) for kind in kinds])[regimen] for name in ("cured", "residual", "residual_sd"))
    smoldering = np.array([kind.stage == "smm" for kind in kinds])[regimen]
    cured = rng.random(n) < np.where(lesions >= 2, 0.3, 1.0) * cured_share
    log_left = rng.normal(mean, sd) + np.where(smoldering, np.log10(burden), 0.0)
    log_left = np.clip(log_left, -9.0, np.log10(burden) + np.where(smoldering, 0.0, -0.15))
    per_log10, from_log10, rate = (
        np.where(smoldering, ours, theirs)
        for ours, theirs in ((world.wake_smm_per_log10, world.wake_per_log10), (np.log10(burden), -5.0), (world.wake_smm, world.wake))
    )
    by_lesions = np.array(world.wake_by_lesions)[np.minimum(lesions, 2)]
    wake = rate * by_lesions * np.exp(per_log10 * (log_left - from_log10) + world.frailty_spread * hidden)
    return cured, 10.0 ** np.where(cured, NOTHING_LEFT, log_left), np.where(cured, 0.0, wake)
