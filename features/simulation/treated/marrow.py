"""What marrow and imaging show: plasma cells, and residual disease with its limit, patchiness and failures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.simulation.treated.course import EXTRAMEDULLARY, Lives
from features.simulation.treated.laboratory import WORDS, joined, rows_of, written
from features.simulation.treated.markers import Markers
from features.simulation.treated.people import Mask, stream
from features.simulation.treated.visits import Visits
from features.simulation.treated.worlds import World
from myeloma import catalogue

Array = NDArray[np.float64]
SPREAD_OF_SHARE = 0.25  # of plasma cells counted under the microscope, on the log scale
SEEN_BY_PET = 2e-3  # share of the marrow
PET_SPREAD = 1.2


def report_marrow(world: World, lives: Lives, visits: Visits, true: Markers, ids: NDArray[np.str_], seed: int) -> pd.DataFrame:
    """Return plasma cells, residual disease, PET/CT and plasmacytomas as the sites write them."""
    rng = stream(seed, "marrow")
    sampled, sample = sample_marrow(world, true.burden, rng)
    n = len(visits.person)
    on_therapy = visits.since >= 30
    smoldering = lives.people.smoldering[visits.person]
    percent = np.clip(np.round(100 * true.burden * np.exp(SPREAD_OF_SHARE * rng.standard_normal(n))), 0, 100)
    counted = sampled & (visits.known["marrow"] >= 0)
    parts = [
        rows_of("bmpc", written(percent[counted], 0), "%", counted, visits, "marrow").assign(method="biopsy"),
        _residual(world, lives, visits, sample, sampled & on_therapy & ~smoldering & (visits.known["marrow"] >= 0), rng),
    ]
    pictured = visits.known["imaging"] >= 0
    outside = (lives.course.kind[visits.person] == EXTRAMEDULLARY) & (true.ill > 0)
    seen = (true.burden * np.exp(PET_SPREAD * rng.standard_normal(n)) > SEEN_BY_PET) & ~smoldering | outside
    parts.append(rows_of("pet_ct", WORDS[seen[pictured].astype(int)], catalogue()["pet_ct"].unit, pictured, visits, "imaging"))
    found = outside & visits.confirms
    parts.append(rows_of("plasmacytoma", WORDS[np.ones(found.sum(), dtype=int)], catalogue()["plasmacytoma"].unit, found, visits, "blood"))
    frame = joined(parts, lives, ids)
    return frame.assign(specimen=np.where(frame["biomarker"].isin(["mrd", "bmpc"]), "marrow", ""))


def sample_marrow(world: World, burden: Array, rng: np.random.Generator) -> tuple[Mask, Array]:
    """Return which samples give a result, and the share of plasma cells in each: disease is patchy, and blood dilutes it."""
    n = len(burden)
    patchy = rng.random(n) < world.mrd_patchy
    log_share = (
        np.log10(np.maximum(burden, 1e-12)) + world.mrd_noise * rng.standard_normal(n) - np.where(patchy, rng.uniform(0.3, 1.3, n), 0.0)
    )
    return rng.random(n) >= world.mrd_failed, 10.0**log_share


def limits_of(world: World, site: NDArray[np.int64], rng: np.random.Generator) -> Array:
    """Return the limit of detection of each sample: that of the site's method, ten times that where there were few cells."""
    own = np.array([world.mrd_limit[place.mrd_method] for place in world.sites])[site]
    return np.where(rng.random(len(site)) < world.mrd_few_cells, 10 * own, own)


def _residual(world: World, lives: Lives, visits: Visits, sample: Array, rows: Mask, rng: np.random.Generator) -> pd.DataFrame:
    site = lives.people.site[visits.person]
    limit = limits_of(world, site, rng)[rows]
    share, place = np.minimum(sample[rows], 0.5), site[rows]
    unit = np.array([one.mrd_unit for one in world.sites], dtype=object)[place]
    factor = np.array([catalogue()["mrd"].units.get(one.mrd_unit, 1.0) for one in world.sites])[place]
    positive = share >= limit
    shown = np.where(positive, share, limit) * factor
    texts = np.array([f"{number:.3g}" if found else f"<{number:.3g}" for number, found in zip(shown, positive, strict=True)], dtype=object)
    frame = rows_of("mrd", texts, unit, rows, visits, "marrow")
    method = np.array([one.mrd_method for one in world.sites], dtype=object)
    return frame.assign(method=method[lives.people.site[frame["person"].to_numpy()]])
