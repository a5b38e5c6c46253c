"""Myeloma-defining events (SLiM-CRAB), three-valued: met, not met, unknown. A guard, not a diagnosis.

Rajkumar et al., Lancet Oncol 2014;15:e538. Active myeloma needs clonal marrow plasma cells >= 10 % or a plasmacytoma, and one
of the events, attributable to the plasma cell disorder: that is the clinician's to judge, so software only flags.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]
Status = Literal["met", "not met", "unknown"]

CALCIUM_ABOVE_MG_DL = 11.0  # the alternative, 1 mg/dL above the laboratory's own upper limit, needs that limit
CREATININE_ABOVE_MG_DL = 2.0
HEMOGLOBIN_BELOW_G_DL = 10.0
BMPC_FROM_PERCENT = 60.0
FLC_RATIO_FROM = 100.0
INVOLVED_FLC_FROM_MG_L = 100.0


@dataclass(frozen=True)
class Criterion:
    """One event, decided by one value (the light chains: by two)."""

    key: str
    label: str
    biomarker: str


CRITERIA = (
    Criterion("calcium", "calcium > 11 mg/dL", "calcium"),
    Criterion("renal", "creatinine > 2 mg/dL", "creatinine"),
    Criterion("anemia", "hemoglobin < 10 g/dL", "hemoglobin"),
    Criterion("marrow", "clonal marrow plasma cells >= 60 %", "bmpc"),
    Criterion("light_chains", "involved / uninvolved ratio >= 100 with an involved chain >= 100 mg/L", "flc_ratio"),
    Criterion("bone", "osteolytic lesion >= 5 mm", "bone_lesion"),
    Criterion("mri", "more than one focal lesion on MRI", "mri_focal_lesions"),
)


CRITERIA_INPUTS = (*(criterion.biomarker for criterion in CRITERIA), "flc_involved")


@dataclass(frozen=True)
class Finding:
    """One criterion of one person: its status, and the value it rests on (canonical unit)."""

    criterion: Criterion
    status: Status
    value: float | None


def statuses(values: Mapping[str, ArrayLike]) -> dict[str, Array]:
    """Return, for each criterion, 1 where it is met, 0 where not, NaN where unknown.

    Parameters
    ----------
    values : mapping
        Arrays of one shape, in canonical units, NaN where unknown: calcium, creatinine, hemoglobin, bmpc, flc_ratio,
        flc_involved (mg/L), bone_lesion (0/1), mri_focal_lesions (a number). What is absent is unknown.
    """
    shape = np.broadcast_shapes(*(np.shape(value) for value in values.values())) if values else ()

    def of(name: str) -> Array:
        return np.broadcast_to(np.asarray(values.get(name, np.nan), dtype=float), shape)

    def decided(met: NDArray[np.bool_], *inputs: Array) -> Array:
        unknown = np.any([np.isnan(value) for value in inputs], axis=0)
        return np.where(unknown, np.nan, met)

    ratio, involved = of("flc_ratio"), of("flc_involved")
    light_chains = decided((ratio >= FLC_RATIO_FROM) & (involved >= INVOLVED_FLC_FROM_MG_L), ratio, involved)
    either_fails = (ratio < FLC_RATIO_FROM) | (involved < INVOLVED_FLC_FROM_MG_L)  # one failing settles it
    return {
        "calcium": decided(of("calcium") > CALCIUM_ABOVE_MG_DL, of("calcium")),
        "renal": decided(of("creatinine") > CREATININE_ABOVE_MG_DL, of("creatinine")),
        "anemia": decided(of("hemoglobin") < HEMOGLOBIN_BELOW_G_DL, of("hemoglobin")),
        "marrow": decided(of("bmpc") >= BMPC_FROM_PERCENT, of("bmpc")),
        "light_chains": np.where(either_fails, 0.0, light_chains),
        "bone": decided(of("bone_lesion") > 0, of("bone_lesion")),
        "mri": decided(of("mri_focal_lesions") > 1, of("mri_focal_lesions")),
    }


def any_met(values: Mapping[str, ArrayLike]) -> Array:
    """Return 1 where at least one event is met, 0 where all are known not to be, NaN where that is open."""
    table = np.array(list(statuses(values).values()))
    met = (table == 1).any(axis=0)
    return np.where(met, 1.0, np.where(np.isnan(table).any(axis=0), np.nan, 0.0))


def findings(values: Mapping[str, float | None]) -> list[Finding]:
    """Return every criterion for one person, with the value it rests on."""
    known = {name: np.nan if value is None else float(value) for name, value in values.items()}
    status = {key: float(value) for key, value in statuses(known).items()}
    words: dict[float, Status] = {1.0: "met", 0.0: "not met"}
    found = []
    for criterion in CRITERIA:
        value = known.get(criterion.biomarker, np.nan)
        found.append(Finding(criterion, words.get(status[criterion.key], "unknown"), None if np.isnan(value) else value))
    return found
