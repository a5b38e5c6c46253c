"""A simulated cohort of smoldering myeloma: latent tumour burden, noisy visits, progression, death, loss.

No open cohort of smoldering myeloma with M-protein series exists, so the default run uses this one. It is a
mechanism with assumed parameters, not evidence: nothing learned from it says anything about a patient. What
is taken from publications is marked with its source; every other number is an assumption of this module.

Each person has a slow clone and perhaps a fast one that starts later. Markers follow the burden, with the
within-person variation of the catalogue. Progression happens at an intensity that burden and growth drive,
or at the visit at which marrow, hemoglobin or creatinine reach a SLiM-CRAB criterion.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.sources import Received
from features.sources.received import received
from features.tasks import DAYS_PER_YEAR
from myeloma import catalogue

GRID = 1.0 / 12.0  # years between the points at which the intensity is integrated
MAX_YEARS = 20.0
STUDY_END = np.datetime64("2024-12-31")
SITES = ("athens", "boston", "london", "pamplona")
# What each site writes: g/L for mass concentrations, umol/L for creatinine, mg/dL for light chains.
SI_PROTEIN, SI_CREATININE, CHAINS_PER_DL = {"athens", "london"}, {"london", "pamplona"}, {"pamplona"}
DEFAULT_CV = {"hemoglobin": 0.03, "bmpc": 0.15}  # assumed: the catalogue has no confirmed figure


@dataclass(frozen=True)
class _People:
    """Latent state of n people; arrays of shape (n,). Rates are per year."""

    age: np.ndarray
    female: np.ndarray
    site: np.ndarray
    kappa: np.ndarray
    index_day: np.ndarray
    burden: np.ndarray
    slow_growth: np.ndarray
    fast_start: np.ndarray
    fast_growth: np.ndarray
    m_protein: np.ndarray
    flc_ratio: np.ndarray
    hemoglobin: np.ndarray
    creatinine: np.ndarray
    frailty: np.ndarray


def simulate(patients: int, seed: int) -> Received:
    """Return a cohort as a source would: three tables, with each site's own units.

    Parameters
    ----------
    patients : int
        Number of people, at least 1.
    seed : int
        The same seed gives the same cohort.
    """
    rng = np.random.default_rng(seed)
    people = _draw_people(patients, rng)
    visits = _draw_visits(people, rng)
    ends = _draw_ends(people, visits, rng)
    ids = np.array([f"S{i:06d}" for i in range(1, patients + 1)])
    tables = {
        "patients": _patients(people, ids),
        "measurements": _measurements(people, visits, ends, ids, rng),
        "events": _events(people, ends, ids),
    }
    for frame in tables.values():
        frame["source_row"] = np.arange(1, len(frame) + 1)
    return received("simulated", tables, dict.fromkeys(tables, "simulated"))


def _draw_people(n: int, rng: np.random.Generator) -> _People:
    correlated = rng.multivariate_normal([0, 0, 0], [[1, 0.5, 0.4], [0.5, 1, 0.25], [0.4, 0.25, 1]], n)
    # A quarter of people are diagnosed with the fast clone already growing, a fifth get one later.
    kind = rng.random(n)
    fast_start = np.select([kind < 0.25, kind < 0.45], [rng.uniform(-6.0, 0.0, n), rng.exponential(7.0, n)], np.inf)
    return _People(
        age=np.clip(rng.normal(62.0, 10.5, n), 30, 90),
        female=rng.random(n) < 0.47,
        site=rng.choice(SITES, n, p=[0.25, 0.4, 0.2, 0.15]),
        kappa=rng.random(n) < 0.62,
        index_day=np.datetime64("2004-01-01") + rng.integers(0, 5800, n),
        # Means to reach over visits (Chabrun et al., Nature Medicine 2026, DFCI training rows): marrow 17 %,
        # M-protein 1.2 g/dL, geometric mean ratio 5, geometric mean creatinine 0.96 mg/dL, age 64.
        burden=np.clip(15.6 * np.exp(0.48 * correlated[:, 0]), 5, 55),
        slow_growth=rng.normal(0.005, 0.03, n),
        fast_start=fast_start,
        fast_growth=rng.uniform(0.3, 1.0, n),
        m_protein=np.clip(1.0 * np.exp(0.62 * correlated[:, 1]), 0.1, 5.5),
        flc_ratio=np.clip(4.9 * np.exp(1.15 * correlated[:, 2]), 0.6, 95),
        hemoglobin=rng.normal(13.6, 1.0, n),
        creatinine=0.93 * np.exp(rng.normal(0, 0.2, n)),
        frailty=rng.gamma(6.0, 1 / 6.0, n),
    )


def _burden_ratio(p: _People, t: np.ndarray, who: np.ndarray | slice) -> np.ndarray:
    """Return burden at time t (years) over burden at the index date; the fast clone starts at 6 % of the slow one."""

    def clones(at: np.ndarray | float) -> np.ndarray:
        running = np.clip(at - p.fast_start[who], 0, None)
        fast = np.where(running > 0, 0.06 * np.exp(np.clip(p.fast_growth[who] * running, 0, 8)), 0.0)
        return np.exp(p.slow_growth[who] * at) + fast

    return clones(t) / clones(0.0)


def _markers(p: _People, t: np.ndarray, who: np.ndarray | slice) -> dict[str, np.ndarray]:
    """Return the true markers at time t. Hemoglobin and creatinine answer late, to a large burden only."""
    ratio = _burden_ratio(p, t, who)
    burden = np.clip(p.burden[who] * ratio, 0, 95)
    excess = np.clip(np.log(burden / 30.0), 0, None)
    return {
        "bmpc": burden,
        "m_protein": np.clip(p.m_protein[who] * ratio**0.8, 0, 9.5),
        "flc_ratio": np.clip(p.flc_ratio[who] * ratio**0.9, 0.3, 2000),
        "hemoglobin": np.clip(p.hemoglobin[who] - 0.02 * t - 2.2 * excess, 5, 20),
        "creatinine": np.clip(p.creatinine[who] * (1 + 0.006 * t) * np.exp(0.25 * excess), 0.3, 15),
    }


def _draw_visits(p: _People, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return person and time (years) of every planned visit; the first is at the index date.

    Intervals have the published quartiles 0.34 / 0.50 / 0.63 years within a few hundredths (Chabrun 2026).
    """
    n, most = len(p.age), 64
    gaps = rng.gamma(5.0, 0.102, (n, most))
    gaps[:, 0] = 0.0
    times = np.cumsum(gaps, axis=1)
    who, _ = np.nonzero(times < MAX_YEARS)
    return who, times[times < MAX_YEARS]


def _draw_ends(p: _People, visits: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Return the times (years from index; infinite = never) of progression, death, treatment and loss."""
    n = len(p.age)
    grid = np.arange(0.0, MAX_YEARS, GRID) + GRID / 2
    everyone = np.arange(n)[:, None]
    m = _markers(p, grid[None, :], everyone)
    growth = np.log(_burden_ratio(p, grid[None, :] + 0.5, everyone) / _burden_ratio(p, grid[None, :] - 0.5, everyone))
    intensity = (
        0.0235
        * p.frailty[:, None]
        * np.exp(
            0.85 * np.log(m["bmpc"] / 15.0)
            + 0.25 * (m["m_protein"] - 1.2)
            + 0.28 * np.log(m["flc_ratio"] / 5.0)
            + 1.0 * np.clip(growth, -0.2, 1.5)
        )
    )
    reached = np.cumsum(intensity * GRID, axis=1) >= rng.exponential(1.0, (n, 1))
    progression = np.where(reached.any(axis=1), grid[reached.argmax(axis=1)] + GRID * (rng.random(n) - 0.5), np.inf)
    who, t = visits
    seen = _markers(p, t, who)
    # SLiM-CRAB, Rajkumar, Lancet Oncol 2014;15:e538: marrow >= 60 %, hemoglobin < 10 g/dL, creatinine > 2 mg/dL.
    defining = (seen["bmpc"] >= 60) | (seen["hemoglobin"] < 10) | (seen["creatinine"] > 2)
    by_criteria = np.full(n, np.inf)
    np.minimum.at(by_criteria, who[defining & (t > 0)], t[defining & (t > 0)])
    treated = np.where(m["bmpc"][:, 0] > 20, rng.exponential(1 / 0.03, n), np.inf)
    censoring = np.minimum(rng.exponential(1 / 0.05, n), (STUDY_END - p.index_day) / np.timedelta64(1, "D") / DAYS_PER_YEAR)
    return {
        "progression": np.minimum(progression, by_criteria),
        "death": _death_times(p, rng),
        "treatment": treated,
        "last_contact": np.minimum(censoring, MAX_YEARS),
    }


def _death_times(p: _People, rng: np.random.Generator) -> np.ndarray:
    """Draw from a Gompertz hazard through 1.5 % per year at 65 and 3.5 % at 75, assumed for want of a sourced life table."""
    slope = np.log(3.5 / 1.5) / 10.0
    hazard_now = 0.015 * np.exp(slope * (p.age - 65.0)) * np.where(p.female, 0.8, 1.2)
    return np.log1p(rng.exponential(1.0, len(p.age)) * slope / hazard_now) / slope


def _patients(p: _People, ids: np.ndarray) -> pd.DataFrame:
    birth = p.index_day - np.round(p.age * DAYS_PER_YEAR).astype("timedelta64[D]")
    return pd.DataFrame(
        {
            "patient_id": ids,
            "birth_date": birth.astype("datetime64[ns]"),
            "sex": np.where(p.female, "female", "male"),
            "site": p.site,
            "index_date": p.index_day.astype("datetime64[ns]"),
            "stage": "smm",
            "light_chain": np.where(p.kappa, "kappa", "lambda"),
        }
    )


def _measurements(
    p: _People, visits: tuple[np.ndarray, np.ndarray], ends: dict[str, np.ndarray], ids: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    who, t = visits
    stop = np.minimum.reduce(list(ends.values()))
    seen = (_whole_days(t) < _whole_days(stop)[who]) | (t == 0)
    who, t = who[seen], t[seen]
    true = _markers(p, t, who)
    uninvolved = rng.lognormal(np.log(12.0), 0.25, len(p.age))[who]
    involved = true.pop("flc_ratio") * uninvolved
    true["flc_kappa"] = np.where(p.kappa[who], involved, uninvolved)
    true["flc_lambda"] = np.where(p.kappa[who], uninvolved, involved)
    day = (p.index_day[who] + _whole_days(t).astype("timedelta64[D]")).astype("datetime64[ns]")
    lab_missing = rng.random(len(t)) < 0.08  # light chains are ordered together or not at all
    parts = []
    for biomarker, values in true.items():
        taken = _taken(biomarker, t, lab_missing, rng)
        cv = catalogue()[biomarker].cv or DEFAULT_CV[biomarker]
        if biomarker.startswith("flc"):
            cv = cv / np.sqrt(2)  # the published variation of the ratio's size, shared by its two chains
        noisy = values * np.exp(rng.normal(-0.5 * cv**2, cv, len(values)))
        parts.append(
            _as_sites_write(biomarker, noisy[taken], p.site[who][taken]).assign(patient_id=ids[who][taken], collected_at=day[taken])
        )
    return pd.concat(parts, ignore_index=True)


def _whole_days(years: np.ndarray) -> np.ndarray:
    return np.round(np.minimum(years, 10 * MAX_YEARS) * DAYS_PER_YEAR)


def _taken(biomarker: str, t: np.ndarray, chains_missing: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Return which visits have the test: 19-22 % of visits lack one (Chabrun 2026); marrow is rare after diagnosis."""
    if biomarker == "bmpc":
        return (t == 0) | (rng.random(len(t)) < 0.12)
    if biomarker.startswith("flc"):
        return ~chains_missing
    return rng.random(len(t)) >= 0.045


def _as_sites_write(biomarker: str, value: np.ndarray, site: np.ndarray) -> pd.DataFrame:
    entry = catalogue()[biomarker]
    writes = {"m_protein": ("g/L", SI_PROTEIN), "hemoglobin": ("g/L", SI_PROTEIN), "creatinine": ("umol/L", SI_CREATININE)}
    unit, sites = writes.get(biomarker, ("mg/dL", CHAINS_PER_DL if biomarker.startswith("flc") else set()))
    value = np.clip(value, max(entry.lower, 0.0), min(entry.upper, 1e5))
    other = np.isin(site, list(sites))
    value = np.where(other, value * entry.units.get(unit, 1.0), value)
    decimals = {"bmpc": 0, "hemoglobin": 1}.get(biomarker, 2)
    return pd.DataFrame({"biomarker": biomarker, "value": np.round(value, decimals), "unit": np.where(other, unit, entry.unit)})


def _events(p: _People, ends: dict[str, np.ndarray], ids: np.ndarray) -> pd.DataFrame:
    """Record what would have been seen: nothing after the last contact, and treatment ends the natural history."""
    first_end = np.minimum(ends["death"], ends["last_contact"])
    kinds = {"progression": ends["progression"], "treatment_start": ends["treatment"], "death": ends["death"]}

    def day_of(t: np.ndarray) -> np.ndarray:
        return (p.index_day + np.maximum(_whole_days(t), 1).astype("timedelta64[D]")).astype("datetime64[ns]")

    parts = []
    for kind, times in kinds.items():
        happened = times <= first_end
        if kind == "treatment_start":
            happened &= times < ends["progression"]
        parts.append(pd.DataFrame({"patient_id": ids, "occurred_at": day_of(np.where(happened, times, 0)), "kind": kind})[happened])
    alive = ends["last_contact"] < ends["death"]
    parts.append(
        pd.DataFrame({"patient_id": ids, "occurred_at": day_of(np.where(alive, ends["last_contact"], 0)), "kind": "last_contact"})[alive]
    )
    events = pd.concat(parts, ignore_index=True)
    events["detail"] = np.where(events["kind"] == "treatment_start", "daratumumab", "")
    return events
