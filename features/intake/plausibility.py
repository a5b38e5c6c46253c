"""Suspicions about rows that are kept: said, never corrected.

A value ten times the person's own others (or a tenth) may be in another unit than it says; a known light chain that the
ratio contradicts may be the wrong one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import LIGHT_CHAINS, Cohort
from features.sources.cells import cells_of
from myeloma import catalogue

SLIP_FACTOR = 10.0
_LEAST_OTHERS = 2
COLUMNS = ("code", "biomarker", "source_row", "message")
_MESSAGES = {
    "suspected_unit_slip": "ten times or more (or a tenth or less of) the person's own other values; is the unit right?",
    "light_chain_contradicted": "the kappa / lambda ratio points to the other light chain than the one recorded for the person",
}
_KAPPA, _LAMBDA = map(LIGHT_CHAINS.index, ("kappa", "lambda"))


@dataclass(frozen=True)
class KeptResults:
    """Results as they were kept, one element a result, those of a person and biomarker together and in the order of the cohort.

    Attributes
    ----------
    patient : position in `light_chain`
    names : the biomarkers that `biomarker` is a position in
    day : of collection, since 1970
    value : in the canonical unit
    row : of the source
    light_chain : of each person, position in `LIGHT_CHAINS`, -1 where not known
    """

    patient: NDArray[np.integer]
    biomarker: NDArray[np.integer]
    names: list[str]
    day: NDArray[np.integer]
    value: NDArray[np.float64]
    row: NDArray[np.integer]
    light_chain: NDArray[np.integer]


@dataclass(frozen=True)
class Suspicion:
    """What is suspected of some rows of one biomarker."""

    code: str
    biomarker: str
    rows: NDArray[np.integer]

    def words(self) -> str:
        """Return the suspicion as one line: how many rows, the first of them, and what is suspected."""
        count = "1 result" if len(self.rows) == 1 else f"{len(self.rows)} results"
        return f"{self.code}: {count} of {self.biomarker}, first at row {self.rows[0]} of measurements: {_MESSAGES[self.code]}"


def suspected(results: KeptResults) -> list[Suspicion]:
    """Return the suspicions, in the order of their codes and biomarkers."""
    slipped = np.flatnonzero(unit_slips(results.patient * np.int64(len(results.names)) + results.biomarker, results.value))
    slips = [
        Suspicion("suspected_unit_slip", name, results.row[slipped[results.biomarker[slipped] == code]])
        for code, name in enumerate(results.names)
    ]
    every = [Suspicion("light_chain_contradicted", "kappa_lambda_ratio", contradicted_chains(results)), *slips]
    return sorted((one for one in every if len(one.rows)), key=lambda one: (one.code, one.biomarker))


def suspicions(cohort: Cohort) -> pd.DataFrame:
    """Return one row per suspicion: its code, the biomarker, the row of the source, and what is suspected."""
    return suspicions_of(cohort.measurements, cohort.patients.set_index("patient_id")["light_chain"])


def suspicions_of(measurements: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    """Return the same for some patients' measurements, in the order of the cohort, and the known light chains by patient."""
    patient, biomarker = cells_of(measurements["patient_id"]), cells_of(measurements["biomarker"])
    chains = light_chain.to_dict()
    results = KeptResults(
        patient.codes,
        biomarker.codes,
        list(biomarker.texts),
        measurements["collected_at"].to_numpy().astype("datetime64[D]").astype(np.int64),
        measurements["value"].to_numpy(),
        measurements["source_row"].to_numpy(),
        pd.Index(LIGHT_CHAINS).get_indexer([chains.get(person, "") for person in patient.texts]),
    )
    found = [(one.code, one.biomarker, row, _MESSAGES[one.code]) for one in suspected(results) for row in one.rows.tolist()]
    return pd.DataFrame(found, columns=list(COLUMNS))


def describe(found: pd.DataFrame) -> list[str]:
    """Return one line per kind of suspicion, with how many rows and the first of them."""
    return in_words(Suspicion(str(c), str(b), group["source_row"].to_numpy()) for (c, b), group in found.groupby(["code", "biomarker"]))


def in_words(found: Iterable[Suspicion]) -> list[str]:
    """Return one line a suspicion."""
    return [one.words() for one in found]


def unit_slips(series: NDArray[np.integer], value: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which values are ten times the median of their series or more, or a tenth of it or less.

    Parameters
    ----------
    series : integer array (results,)
        Which results belong together. Of fewer than three positive ones nothing is suspected.
    """
    positive = np.flatnonzero(value > 0)
    order = positive[np.lexsort((value[positive], series[positive]))]
    _, starts, counts = np.unique(series[order], return_index=True, return_counts=True)
    low, high = starts + (counts - 1) // 2, starts + counts // 2
    median = np.repeat((value[order[low]] + value[order[high]]) / 2.0, counts) if len(order) else np.empty(0)
    ratio = value[order] / median
    out = np.zeros(len(value), dtype=bool)
    out[order] = (np.repeat(counts, counts) > _LEAST_OTHERS) & ((ratio >= SLIP_FACTOR) | (ratio <= 1.0 / SLIP_FACTOR))
    return out


def contradicted_chains(results: KeptResults) -> NDArray[np.integer]:
    """Return the source rows of ratios, reported or divided, outside the normal range on the side of the other chain than the recorded."""
    low, high = catalogue()["kappa_lambda_ratio"].expected or (0.0, float("inf"))
    person_day = (results.patient.astype(np.int64) << 32) + results.day + (1 << 30)

    def of(name: str) -> NDArray[np.intp]:
        return np.flatnonzero(results.biomarker == results.names.index(name)) if name in results.names else np.empty(0, np.intp)

    def last_of_day(rows: NDArray[np.intp]) -> tuple[NDArray[np.int64], NDArray[np.intp]]:
        days, places = np.unique(person_day[rows][::-1], return_index=True)
        return days, rows[::-1][places]

    kappa, lambda_, reported = of("flc_kappa"), of("flc_lambda"), of("kappa_lambda_ratio")
    (kappa_day, kappa), (lambda_day, lambda_) = last_of_day(kappa), last_of_day(lambda_[results.value[lambda_] > 0])
    _, first, second = np.intersect1d(kappa_day, lambda_day, assume_unique=True, return_indices=True)
    rows = np.concatenate([reported, kappa[first]])
    ratio = np.concatenate([results.value[reported], results.value[kappa[first]] / results.value[lambda_[second]]])
    known = results.light_chain[results.patient[rows]]
    return results.row[rows[((known == _KAPPA) & (ratio < low)) | ((known == _LAMBDA) & (ratio > high))]]
