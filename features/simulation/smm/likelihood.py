"""How well a hidden course agrees with a person's results: the densities that `people` and `laboratory` draw from, as densities.

Courses have the shape (people, draws). Frailty is not among what is drawn: it is gamma, and is averaged exactly.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtr, stdtr

from features.cohort.schema import Cohort
from features.simulation.smm.disease import Traits, beyond_criteria, markers
from features.simulation.smm.people import TRIES, Scores, case_mix, marker_correlation, traits_of
from features.simulation.smm.worlds import World
from myeloma import DataError
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
BIOMARKERS = ("m_protein", "flc_kappa", "flc_lambda", "bmpc", "hemoglobin", "creatinine")
HALF_A_PERCENT = 0.5  # marrow is reported in whole percent: the result lies this near
_HALVINGS = 10  # of ten years: to four days


@dataclass(frozen=True)
class Histories:
    """What was seen of some people at their landmarks, the earliest first.

    Attributes
    ----------
    mix, kappa, age, female : arrays (people,); the site's case mix, the involved chain, age in years at the index date
    landmark : array (people, landmarks), years from the index date, NaN beyond a person's last
    day : array (people, days), years from the index date to the days of collection, 0 beyond the last
    value : by biomarker, arrays (people, days), in canonical units, NaN = no result
    known : by biomarker, arrays (people, days): the number of the first landmark at which the result is known; none without one
    """

    mix: Array
    kappa: NDArray[np.bool_]
    age: Array
    female: NDArray[np.bool_]
    landmark: Array
    day: Array
    value: dict[str, Array]
    known: dict[str, NDArray[np.int64]]

    def of(self, rows: NDArray[np.int64]) -> Histories:
        """Return the histories of some of the people."""
        value = {name: of_one[rows] for name, of_one in self.value.items()}
        known = {name: of_one[rows] for name, of_one in self.known.items()}
        plain = (self.mix[rows], self.kappa[rows], self.age[rows], self.female[rows], self.landmark[rows], self.day[rows])
        return Histories(*plain, value, known)


def histories(world: World, cohort: Cohort, ids: NDArray[np.str_], landmarks: list[Array]) -> Histories:
    """Return what a cohort holds of people at their landmarks (days from the index date, rising; one array a person).

    Raises
    ------
    DataError
        A person is of a site that the world does not have, not in the cohort, or lacks what every simulated person has.
    """
    people = cohort.patients.set_index("patient_id").reindex(ids)
    sites = [site.name for site in world.sites]
    if strangers := sorted(set(people["site"].fillna("none")) - set(sites)):
        raise DataError(
            f'People are of the site "{strangers[0]}", which the simulated world does not have: it has {", ".join(sites)}.',
            "name a cohort that was simulated in this world.",
        )
    for name in ("light_chain", "sex", "age_at_index"):
        if unknown := int((people[name].isna() | (people[name] == "")).sum()):
            what = f"{unknown} of {len(people)} people have no {name}, which everybody of a simulated world has."
            raise DataError(what, "name the cohort as it was simulated.")
    results = cohort.measurements[cohort.measurements["patient_id"].isin(ids) & cohort.measurements["biomarker"].isin(BIOMARKERS)]
    index_date = results["patient_id"].map(people["index_date"])
    days, known_on = ((results[name] - index_date).dt.days.to_numpy() for name in ("collected_at", "available_at"))
    person = pd.Index(ids).get_indexer(pd.Index(results["patient_id"]))
    taken = pd.DataFrame({"person": person, "day": days}).drop_duplicates().sort_values(["person", "day"])
    place = taken.assign(place=taken.groupby("person").cumcount()).set_index(["person", "day"])["place"]
    column = place.loc[pd.MultiIndex.from_arrays([person, days])].to_numpy()
    day = np.zeros((len(ids), int(column.max(initial=0)) + 1))
    day[person, column] = days / DAYS_PER_YEAR
    at = np.full((len(ids), max(map(len, landmarks))), np.nan)
    for row, of_person in enumerate(landmarks):
        at[row, : len(of_person)] = of_person / DAYS_PER_YEAR
    step = np.array([np.searchsorted(landmarks[p], on) for p, on in zip(person, known_on, strict=True)], dtype=np.int64)
    value = {name: np.full(day.shape, np.nan) for name in BIOMARKERS}
    known = {name: np.full(day.shape, at.shape[1]) for name in BIOMARKERS}
    for name in BIOMARKERS:
        those = results["biomarker"].to_numpy() == name
        value[name][person[those], column[those]] = results["value"].to_numpy(dtype=float)[those]
        known[name][person[those], column[those]] = step[those]
    return Histories(
        mix=case_mix(world, np.array([sites.index(site) for site in people["site"]])),
        kappa=(people["light_chain"] == "kappa").to_numpy(),
        age=people["age_at_index"].to_numpy(dtype=float),
        female=(people["sex"] == "female").to_numpy(),
        landmark=at,
        day=day,
        value=value,
        known=known,
    )


def traits_in(world: World, mix: Array, scores: Scores) -> Traits:
    """Return the traits of drawn courses, with a frailty of 1: shape (people, draws)."""
    return traits_of(world, mix[:, None], scores, np.ones(1))


def log_likelihood(world: World, seen: Histories, traits: Traits, arrival: Array, since: int, until: int) -> Array:
    """Return the log density of the results that are known from a landmark `since` up to a landmark `until` (both included).

    Returns
    -------
    array (people, draws)
    """
    wanted = {name: (of_one >= since) & (of_one <= until) for name, of_one in seen.known.items()}
    total = np.zeros(arrival.shape)
    for column in np.flatnonzero(np.any(list(wanted.values()), axis=(0, 1))):
        true = markers(world, traits, arrival, seen.day[:, column, None])
        total += log_density_on(world, seen, traits, true, column, {name: those[:, column] for name, those in wanted.items()})
    return total


def log_density_on(
    world: World, seen: Histories, traits: Traits, true: dict[str, Array], column: int, wanted: dict[str, NDArray[np.bool_]]
) -> Array:
    """Return the log density of one day's results, those wanted of each person, given the true markers then."""
    involved, kappa = true["flc_ratio"] * traits.uninvolved, seen.kappa[:, None]
    chains = {"flc_kappa": np.where(kappa, involved, traits.uninvolved), "flc_lambda": np.where(kappa, traits.uninvolved, involved)}
    value = {name: seen.value[name][:, column, None] for name in BIOMARKERS}
    total = np.zeros(involved.shape)
    rho = world.chains_correlation
    both = (wanted["flc_kappa"] & wanted["flc_lambda"])[:, None]
    z_kappa, z_lambda = (_noise(world, name, value[name], chain) for name, chain in chains.items())
    z_lambda = np.where(both, (z_lambda - rho * z_kappa) / np.sqrt(1 - rho**2), z_lambda)
    found = {"flc_kappa": _log_density(world, z_kappa), "flc_lambda": _log_density(world, z_lambda)}
    for name in ("m_protein", "hemoglobin", "creatinine"):
        found[name] = _log_density(world, _noise(world, name, value[name], true[name]))
    low, high = (_noise(world, "bmpc", value["bmpc"] + half, true["bmpc"]) for half in (-HALF_A_PERCENT, HALF_A_PERCENT))
    found["bmpc"] = np.log(np.maximum(_below(world, high) - _below(world, low), 1e-300))
    for name, density in found.items():
        total = total + np.where(wanted[name][:, None], density, 0.0)
    return total


def log_prior(world: World, scores: Scores, arrival: Array, present_from: Array) -> Array:
    """Return the log density of scores and arrivals, up to a constant. Arrivals: see `present_from`."""
    together, alone = scores.normal[:3], scores.normal[3:]
    inverse = np.linalg.inv(marker_correlation(world))
    normal = np.einsum("i...,ij,j...->...", together, inverse, together) + np.sum(alone**2, axis=0)
    log: Array = log_arrival(world, arrival, present_from) - normal / 2
    return log


def log_arrival(world: World, arrival: Array, present_from: Array) -> Array:
    """Return the log density of the day of arrival, given the other traits (`people.draw_arrival`)."""
    # One of several tries leaves smoldering disease.
    present = world.fast_present * (1 - (1 + present_from / world.fast_present_years) ** TRIES)
    before = np.where(arrival > present_from, present / np.maximum(-present_from, 1e-9), 0.0)
    density = np.where(arrival > 0, (1 - present) * world.fast_arrival * np.exp(-world.fast_arrival * np.maximum(arrival, 0)), before)
    log: Array = np.log(np.maximum(density, 1e-300))
    return log


def present_from(world: World, traits: Traits) -> Array:
    """Return the earliest arrival before the index date that leaves no criterion met on it, in years (negative), by bisection."""
    shape = np.broadcast_shapes(traits.burden.shape, traits.fast_growth.shape)
    low, high = np.full(shape, -world.fast_present_years), np.zeros(shape)
    now = np.zeros(1)
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        beyond = beyond_criteria(world, traits, markers(world, traits, middle, now))
        smoldering = np.maximum.reduce(list(beyond.values())) < 0
        low, high = np.where(smoldering, low, middle), np.where(smoldering, middle, high)
    # Where the earliest of all fits, so does every one.
    return np.where(low == -world.fast_present_years, low, high)


def _noise(world: World, name: str, value: Array, true: Array) -> Array:
    """Return the noise of a result in standard deviations."""
    spread = np.sqrt(np.log1p(world.cv[name] ** 2))
    noise: Array = (np.log(np.maximum(value, 1e-9) / true) + spread**2 / 2) / spread
    return noise


def _log_density(world: World, z: Array) -> Array:
    """Return the log density of noise with standard deviation 1, up to a constant."""
    if world.noise_freedom == 0:
        return -(z**2) / 2
    freedom = world.noise_freedom
    density: Array = -(freedom + 1) / 2 * np.log1p(z**2 / (freedom - 2))
    return density


def _below(world: World, z: Array) -> Array:
    """Return the probability of noise below z."""
    freedom = world.noise_freedom
    below: Array = ndtr(z) if freedom == 0 else stdtr(freedom, z / np.sqrt(1 - 2 / freedom))
    return below
