"""What the laboratories report: the true markers with the noise of a stable person, in each site's own units."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.smm.disease import markers
from features.simulation.smm.people import People, stream
from features.simulation.smm.visits import Visits
from features.simulation.smm.worlds import World
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
DECIMALS = {"bmpc": 0, "hemoglobin": 1}
PANEL = {"flc_kappa": "flc", "flc_lambda": "flc"}


def report(world: World, people: People, visits: Visits, ids: NDArray[np.str_], seed: int) -> pd.DataFrame:
    """Return the measurements as the sites write them."""
    rng = stream(seed, "laboratory")
    parts = []
    for biomarker, values in _noisy(world, people, visits, rng).items():
        known = visits.known[PANEL.get(biomarker, biomarker)]
        taken = known >= 0
        person = visits.person[taken]
        index_day = people.index_day[person]
        part = _as_sites_write(world, biomarker, values[taken], people.site[person])
        part["patient_id"] = ids[person]
        part["collected_at"] = (index_day + visits.day[taken]).astype("datetime64[ns]")
        part["available_at"] = (index_day + known[taken]).astype("datetime64[ns]")
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _noisy(world: World, people: People, visits: Visits, rng: np.random.Generator) -> dict[str, Array]:
    traits, kappa = people.traits.of(visits.person), people.kappa[visits.person]
    values = markers(world, traits, people.arrival[visits.person], visits.day / DAYS_PER_YEAR)
    involved = values.pop("flc_ratio") * traits.uninvolved
    values["flc_kappa"] = np.where(kappa, involved, traits.uninvolved)
    values["flc_lambda"] = np.where(kappa, traits.uninvolved, involved)
    z = {biomarker: _standard(world, len(visits.day), rng) for biomarker in values}
    rho = world.chains_correlation
    z["flc_lambda"] = rho * z["flc_kappa"] + np.sqrt(1 - rho**2) * z["flc_lambda"]
    return {biomarker: _with_noise(world.cv[biomarker], value, z[biomarker]) for biomarker, value in values.items()}


def _standard(world: World, n: int, rng: np.random.Generator) -> Array:
    """Return draws with mean 0 and standard deviation 1."""
    if world.noise_freedom == 0:
        return rng.standard_normal(n)
    draws: Array = rng.standard_t(world.noise_freedom, n) * np.sqrt(1 - 2 / world.noise_freedom)
    return draws


def _with_noise(cv: float, value: Array, z: Array) -> Array:
    spread = np.sqrt(np.log1p(cv**2))
    noisy: Array = value * np.exp(spread * z - spread**2 / 2)
    return noisy


def _as_sites_write(world: World, biomarker: str, value: Array, site: NDArray[np.int64]) -> pd.DataFrame:
    entry = catalogue()[biomarker]
    unit, trait = {
        "m_protein": ("g/L", "si_protein"),
        "hemoglobin": ("g/L", "si_protein"),
        "creatinine": ("umol/L", "si_creatinine"),
        "flc_kappa": ("mg/dL", "chains_per_dl"),
        "flc_lambda": ("mg/dL", "chains_per_dl"),
    }.get(biomarker, (entry.unit, ""))
    other = np.array([bool(trait) and getattr(s, trait) for s in world.sites])[site]
    value = np.clip(value, max(entry.lower, 0.0), min(entry.upper, 1e5))
    value = np.where(other, value * entry.units.get(unit, 1.0), value)
    written = np.round(value, DECIMALS.get(biomarker, 2))
    words = np.array([entry.unit, unit], dtype=object)
    return pd.DataFrame({"biomarker": biomarker, "value": written, "unit": words[other.astype(int)]})
