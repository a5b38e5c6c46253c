"""What the laboratories report of blood and urine: with the noise of a stable person, below limits, in each site's own units."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.treated.course import Lives
from features.simulation.treated.markers import Markers
from features.simulation.treated.people import Mask, stream
from features.simulation.treated.visits import Visits
from features.simulation.treated.worlds import World
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR

Array = NDArray[np.float64]
CHAINS_CORRELATION = 0.5
WORDS = np.array(["negative", "positive"], dtype=object)
PANEL = {"flc_kappa": "flc", "flc_lambda": "flc", "urine_m_protein": "urine", "urine_immunofixation": "urine", "dira": "dira"}  # else blood
# Biomarker -> a site's other unit, the trait of a site that writes it, decimals in the canonical unit and in the other.
WRITTEN = {
    "m_protein": ("g/L", "si_protein", 2, 1),
    "hemoglobin": ("g/L", "si_protein", 1, 0),
    "creatinine": ("umol/L", "si_creatinine", 2, 0),
}
URINE_LIMIT = 20.0  # mg in 24 hours, below it "<20"
SHIFT_WORTH_BELOW = 0.25  # g/dL, daratumumab's shift assay (J Appl Lab Med 2021, jfab055)
SERUM_FROM_CHAINS = 2e-4  # g/dL per mg/L: a band of light chains alone


def written(values: Array, decimals: int) -> NDArray[np.object_]:
    """Return numbers as text; each distinct one is written once."""
    scaled, place = np.unique(np.round(values * 10**decimals).astype(np.int64), return_inverse=True)
    texts: NDArray[np.object_] = np.array([f"{number / 10**decimals:.{decimals}f}" for number in scaled], dtype=object)[place]
    return texts


def report(world: World, lives: Lives, visits: Visits, true: Markers, ids: NDArray[np.str_], seed: int) -> pd.DataFrame:
    """Return the measurements of blood and urine as the sites write them."""
    rng = stream(seed, "laboratory")
    people, person, n = lives.people, visits.person, len(visits.person)
    kappa, secretes = people.kappa[person], people.m_protein[person] > 0
    band = _band(world, lives, visits, rng)
    z = _standard(world, n, rng)
    other = CHAINS_CORRELATION * z + np.sqrt(1 - CHAINS_CORRELATION**2) * _standard(world, n, rng)
    involved, uninvolved = _noisy(world, "flc_kappa", true.involved, z), _noisy(world, "flc_lambda", true.uninvolved, other)
    # The drug migrates with an IgG kappa and is added to it; elsewhere the M-protein is read beside it.
    with_it = (people.heavy[person] == "IgG") & kappa
    serum = _noisy(world, "m_protein", true.m_protein, _standard(world, n, rng)) + np.where(with_it, band, 0.0)
    in_serum = true.m_protein + band + np.where(secretes, 0.0, SERUM_FROM_CHAINS * (true.involved - people.uninvolved[person]))
    at_times = rng.random((3, n))
    fixed = np.where(secretes, (serum < 0.5) | (at_times[0] < 0.2), at_times[0] < 0.3)
    values = {
        "m_protein": (serum, secretes | (at_times[1] < 0.3)),
        "flc_kappa": (np.where(kappa, involved, uninvolved), np.ones(n, dtype=bool)),
        "flc_lambda": (np.where(kappa, uninvolved, involved), np.ones(n, dtype=bool)),
        "urine_m_protein": (_noisy(world, "urine_m_protein", true.urine, _standard(world, n, rng)), np.ones(n, dtype=bool)),
    }
    for name in ("hemoglobin", "creatinine", "calcium"):
        values[name] = (_noisy(world, name, getattr(true, name), _standard(world, n, rng)), rng.random(n) < 0.97)
    findings = {
        "serum_immunofixation": (in_serum > world.fixation_limit, fixed),
        "urine_immunofixation": (true.urine > URINE_LIMIT, np.ones(n, dtype=bool)),
        "dira": (true.m_protein > world.fixation_limit, serum < SHIFT_WORTH_BELOW),
    }
    parts = [_numbers(world, lives, visits, name, *both) for name, both in values.items()]
    parts += [
        rows_of(name, WORDS[found[rows].astype(int)], catalogue()[name].unit, rows, visits, PANEL.get(name, "blood"))
        for name, (found, rows) in findings.items()
    ]
    first = visits.known["start"] >= 0
    for name, decimals in (("b2m", 1), ("albumin", 1), ("ldh", 0)):
        parts.append(rows_of(name, written(getattr(people, name)[person[first]], decimals), catalogue()[name].unit, first, visits, "start"))
    return joined(parts, lives, ids)


def _noisy(world: World, name: str, values: Array, z: Array) -> Array:
    spread = np.sqrt(np.log1p(world.cv[name] ** 2))
    noisy: Array = values * np.exp(spread * z - spread**2 / 2)
    return noisy


def _numbers(world: World, lives: Lives, visits: Visits, name: str, value: Array, rows: Mask) -> pd.DataFrame:
    """Return a biomarker's rows in each site's units; what lies below the limit of its assay is reported so."""
    entry = catalogue()[name]
    value = np.clip(value[rows], max(entry.lower, 0.01), entry.upper)
    unit, trait, decimals, decimals_other = WRITTEN.get(name, (entry.unit, "", 1, 1))
    sites = np.array([bool(trait) and getattr(place, trait) for place in world.sites])
    other, factor = sites[lives.people.site[visits.person[rows]]], entry.units.get(unit, 1.0)
    texts = np.where(other, written(value * factor, decimals_other), written(value, decimals))
    limit = {"m_protein": world.m_protein_limit, "urine_m_protein": URINE_LIMIT}.get(name, 0.0)
    texts = np.where(value < limit, np.where(other, f"<{limit * factor:g}", f"<{limit:g}"), texts)
    words = np.array([entry.unit, unit], dtype=object)[other.astype(int)]
    return rows_of(name, texts, words, rows, visits, PANEL.get(name, "blood"))


def joined(parts: list[pd.DataFrame], lives: Lives, ids: NDArray[np.str_]) -> pd.DataFrame:
    """Return rows (person, day, known, biomarker, value, unit, ...) as measurements of a source, with dates."""
    frame = pd.concat([part for part in parts if len(part)], ignore_index=True)
    person = frame.pop("person").to_numpy()
    index_day = lives.people.index_day[person]
    for name, days in (("collected_at", frame.pop("day")), ("available_at", frame.pop("known"))):
        frame[name] = (index_day + days.to_numpy()).astype("datetime64[ns]")
    frame["patient_id"] = ids[person]
    return frame


def rows_of(
    biomarker: str, values: NDArray[np.object_], unit: NDArray[np.object_] | str, rows: Mask, visits: Visits, panel: str
) -> pd.DataFrame:
    """Return the rows of a biomarker at some visits; `values` and `unit` hold one entry for each of them."""
    known = visits.known[panel][rows]
    there = known >= 0
    return pd.DataFrame(
        {
            "person": visits.person[rows][there],
            "day": visits.day[rows][there],
            "known": known[there],
            "biomarker": biomarker,
            "value": values[there],
            "unit": unit[there] if isinstance(unit, np.ndarray) else unit,
        }
    )


def _standard(world: World, n: int, rng: np.random.Generator) -> Array:
    """Return draws with mean 0 and standard deviation 1."""
    if world.noise_freedom == 0:
        return rng.standard_normal(n)
    draws: Array = rng.standard_t(world.noise_freedom, n) * np.sqrt(1 - 2 / world.noise_freedom)
    return draws


def _band(world: World, lives: Lives, visits: Visits, rng: np.random.Generator) -> Array:
    """Return what daratumumab adds to serum, g/dL: there from the first week on in most, lost in some under monthly doses."""
    people, therapy = lives.people, lives.therapy
    n, kinds = len(people), world.regimens
    given = np.array([kind.anti_cd38 for kind in kinds])[people.regimen] & (rng.random(n) < world.band_share)
    size = np.where(given, np.minimum(world.band * np.exp(world.band_spread * rng.standard_normal(n)), world.band_most), 0.0)
    lost = world.band_weekly_years + rng.exponential(1 / world.band_lost, n)
    stopped = np.minimum(therapy.stop, np.minimum(lives.course.second, lost))[visits.person]
    t = visits.since / DAYS_PER_YEAR
    faded = 0.5 ** (np.maximum(t - stopped, 0.0) * DAYS_PER_YEAR / world.band_half_life)
    weekly = np.where(t < world.band_weekly_years, 1.0, 0.6)  # lower with monthly doses
    band: Array = np.where(visits.since >= 7, size[visits.person] * weekly * faded, 0.0)
    return band
