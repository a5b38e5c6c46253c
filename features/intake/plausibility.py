"""Suspicions about rows that are kept: said, never corrected.

A value five times the person's own others (or a fifth) may be in a unit that is ten times another; a known light chain that the
ratio contradicts may be the wrong one, and an involved / uninvolved ratio far below 1 may be kappa / lambda.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from features.cohort.schema import LIGHT_CHAINS, Cohort
from features.intake.implausible import zeros_between
from features.intake.measured import names_with
from features.intake.refusals import Mask
from features.sources.cells import cells_of
from myeloma import catalogue
from myeloma.calendar import NEVER

SLIP_FACTOR = 10.0
# Conventions. Between visits a value may also have doubled or halved in truth, so that a tenfold slip shows as a fivefold one at the least.
_REAL_CHANGE = 2.0
_LEAST_SLIP = SLIP_FACTOR / _REAL_CHANGE
COLUMNS = ("code", "biomarker", "source_row", "message")
_SLIP = "suspected_unit_slip"
_CHAIN = "light_chain_contradicted"
_DIRECTION = "suspected_kappa_lambda"
_ZEROS = "suspected_zeros"
_MESSAGES = {
    _SLIP: "five times or more (or a fifth or less of) the person's own other values; is the unit right?",
    _CHAIN: "the kappa / lambda ratio points to the other light chain than the one recorded for the person",
    _DIRECTION: "below the normal range of kappa / lambda, where involved / uninvolved hardly lies; is it kappa / lambda? Then name it"
    " kappa_lambda_ratio, and give each person's light_chain",
    _ZEROS: "0, and most of the person's others are not; does 0 stand for missing? Then leave it out",
}
_KAPPA, _LAMBDA = (LIGHT_CHAINS.index(chain) + 1 for chain in ("kappa", "lambda"))
Places = NDArray[np.intp]


@dataclass(frozen=True)
class Kept:
    """Results kept, one entry a result, in the order of the cohort.

    Attributes
    ----------
    person : any codes of people
    biomarker : place in the catalogue
    day : day of collection, since 1970
    value : in the canonical unit
    light_chain : the person's, counted from 1 as `LIGHT_CHAINS` has them; 0 where not known
    row : place in the source
    under_therapy : collected after the person's first start of treatment, from when on values fall as they never do of themselves
    """

    person: NDArray[Any]
    biomarker: NDArray[Any]
    day: NDArray[np.int32]
    value: NDArray[np.float64]
    light_chain: NDArray[Any]
    row: NDArray[Any]
    under_therapy: Mask


def suspicions(cohort: Cohort) -> pd.DataFrame:
    """Return one row per suspicion: its code, the biomarker, the row of the source, and what is suspected."""
    return suspicions_of(cohort.measurements, cohort.patients.set_index("patient_id")["light_chain"], first_starts(cohort.events))


def first_starts(events: pd.DataFrame) -> pd.Series:
    """Return the day of the first start of treatment by patient."""
    starts = events[events["kind"] == "treatment_start"]
    return starts.groupby("patient_id")["occurred_at"].min()


def suspicions_of(measurements: pd.DataFrame, light_chain: pd.Series, starts: pd.Series) -> pd.DataFrame:
    """Return the same for some patients' measurements, in the order of the cohort; light chains and first starts are by patient."""
    patient, biomarker = cells_of(measurements["patient_id"]), cells_of(measurements["biomarker"])
    codes = {chain: code for code, chain in enumerate(LIGHT_CHAINS, 1)}
    chains = light_chain.map(codes).fillna(0).astype(int).to_dict()
    day = measurements["collected_at"].to_numpy().astype("datetime64[D]").astype(np.int32)
    begun = starts.to_numpy().astype("datetime64[D]").astype(np.int64)
    first = dict(zip(starts.index, begun.tolist(), strict=True))
    kept = Kept(
        patient.codes,
        biomarker.of(names_with(biomarker.texts)[1]),
        day,
        measurements["value"].to_numpy(),
        patient.each(lambda person: chains.get(person, 0), np.int8),
        measurements["source_row"].to_numpy(),
        day > patient.each(lambda person: first.get(person, NEVER), np.int64),
    )
    parts = [_table(code, rows, kept) for code, rows in suspected(kept).items()]
    return pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=list(COLUMNS))], ignore_index=True)


def suspected(kept: Kept) -> dict[str, Places]:
    """Return the places of the results that are suspected, by the code of the suspicion."""
    return {_SLIP: np.flatnonzero(unit_slips(kept)), _CHAIN: contradicting_ratios(kept), _DIRECTION: inverted_ratios(kept)}


def describe(found: pd.DataFrame) -> list[str]:
    """Return one line per kind of suspicion, with how many rows and the first of them."""
    lines = []
    for (code, biomarker), group in found.groupby(["code", "biomarker"]):
        lines.append(_line(str(code), str(biomarker), len(group), group["source_row"].iloc[0]))
    return lines


def describe_kept(kept: Kept) -> list[str]:
    """Return the same lines of one person straight from arrays, and what `features.intake.implausible` says of the zeros of a site."""
    names, lines = catalogue().keys(), []
    for code, rows in sorted((suspected(kept) | {_ZEROS: zeros_of_m_protein(kept)}).items()):
        of = np.where(code == _CHAIN, names.index("kappa_lambda_ratio"), kept.biomarker[rows])
        for biomarker in sorted(set(of.tolist()), key=names.__getitem__):
            chosen = rows[of == biomarker]
            lines.append(_line(code, names[biomarker], len(chosen), int(kept.row[chosen[0]])))
    return lines


def _line(code: str, biomarker: str, results: int, first: int) -> str:
    rows = "1 result" if results == 1 else f"{results} results"
    return f"{code}: {rows} of {biomarker}, first at row {first} of measurements: {_MESSAGES[code]}"


def _table(code: str, rows: Places, kept: Kept) -> pd.DataFrame:
    names = np.array(catalogue().keys(), dtype=object)
    biomarker = "kappa_lambda_ratio" if code == _CHAIN else names[kept.biomarker[rows]]
    columns = {"code": code, "biomarker": biomarker, "source_row": kept.row[rows], "message": _MESSAGES[code]}
    return pd.DataFrame(columns, columns=list(COLUMNS))


def unit_slips(kept: Kept) -> Mask:
    """Return which results are five times, or a fifth of, the median of three or more results of the person above zero, before therapy.

    Of two results both are, where one is five times the other.
    """
    slipped = np.zeros(len(kept.value), dtype=bool)
    steady = _has_steady_size(catalogue().version)[kept.biomarker]
    person, biomarker = kept.person.astype(np.int64, copy=False), kept.biomarker.astype(np.int16, copy=False)
    order = np.lexsort((kept.value, biomarker, person))
    _mark_slips(order, person, biomarker, kept.value, steady & ~kept.under_therapy, slipped)
    return slipped


@njit(cache=True, nogil=True)
def _mark_slips(
    order: Places, person: NDArray[np.int64], biomarker: NDArray[np.int16], value: NDArray[np.float64], counts: Mask, slipped: Mask
) -> None:
    """Mark the results of each person and biomarker, in the order of their values; `counts` says which may be set against each other."""
    several, first = np.empty(len(order), np.int64), 0
    while first < len(order):
        end, size = first, 0
        while end < len(order) and person[order[end]] == person[order[first]] and biomarker[order[end]] == biomarker[order[first]]:
            if counts[order[end]] and value[order[end]] > 0:
                several[size] = order[end]
                size += 1
            end += 1
        if size == 2 and value[several[1]] >= _LEAST_SLIP * value[several[0]]:  # which of the two it is cannot be told
            slipped[several[0]] = slipped[several[1]] = True
        elif size > 2:
            median = (value[several[(size - 1) // 2]] + value[several[size // 2]]) / 2
            for k in range(size):
                ratio = value[several[k]] / median
                slipped[several[k]] = ratio >= _LEAST_SLIP or ratio <= 1.0 / _LEAST_SLIP
        first = end


@lru_cache(maxsize=4)
def _has_steady_size(version: str) -> Mask:
    """Return of each biomarker whether five times a person's other values is strange: not of residual disease, a finding or a scale."""
    entries = catalogue().biomarkers.values()
    return np.array([not (entry.words or entry.limit_needed or entry.unit == "{score}") for entry in entries])


def contradicting_ratios(kept: Kept) -> Places:
    """Return the ratios, reported or divided (as the place of kappa), beyond the normal range on the side of the other chain."""
    low, high = catalogue()["kappa_lambda_ratio"].expected or (0.0, float("inf"))
    kappa, lambda_, reported = (np.flatnonzero(kept.biomarker == place) for place in _places(catalogue().version))
    lambda_ = lambda_[kept.value[lambda_] > 0]
    of_kappa, of_lambda = _of_day(kept, kappa), _of_day(kept, lambda_)
    first, second = np.argsort(of_kappa, kind="stable"), np.argsort(of_lambda, kind="stable")
    pairs = np.empty((2, min(len(kappa), len(lambda_))), np.int64)
    n = _pair_days(of_kappa[first], of_lambda[second], pairs)
    kappa, lambda_ = kappa[first[pairs[0, :n]]], lambda_[second[pairs[1, :n]]]
    in_order = np.argsort(kappa)
    rows = np.concatenate([reported, kappa[in_order]])
    ratio = np.concatenate([kept.value[reported], (kept.value[kappa] / kept.value[lambda_])[in_order]])
    chain = kept.light_chain[rows]
    contradicting: Places = rows[((chain == _KAPPA) & (ratio < low)) | ((chain == _LAMBDA) & (ratio > high))]
    return contradicting


def inverted_ratios(kept: Kept) -> Places:
    """Return the involved / uninvolved ratios below the normal range of kappa / lambda, before therapy.

    Even where the clone is kappa and makes nothing, the ratio of its chain to the other is normal: it lies within that range.
    """
    low, _ = catalogue()["kappa_lambda_ratio"].expected or (0.0, float("inf"))
    of_ratio = kept.biomarker == catalogue().keys().index("flc_ratio")
    return np.flatnonzero(of_ratio & (kept.value < low) & ~kept.under_therapy)


def zeros_of_m_protein(kept: Kept) -> Places:
    """Return the M-proteins of 0 of people most of whose others are not, before therapy: of itself none falls so far."""
    of_m_protein = kept.biomarker == catalogue().keys().index("m_protein")
    return np.flatnonzero(zeros_between(kept.person, of_m_protein & ~kept.under_therapy, kept.value))


@lru_cache(maxsize=4)
def _places(version: str) -> tuple[int, int, int]:
    names = catalogue().keys()
    return names.index("flc_kappa"), names.index("flc_lambda"), names.index("kappa_lambda_ratio")


def _of_day(kept: Kept, rows: Places) -> NDArray[np.int64]:
    """Return a number for the person and day of each row."""
    of_day: NDArray[np.int64] = (kept.person[rows].astype(np.int64) << 32) + (kept.day[rows].astype(np.int64) + 2**31)
    return of_day


@njit(cache=True, nogil=True)
def _pair_days(one: NDArray[np.int64], other: NDArray[np.int64], pairs: NDArray[np.int64]) -> int:
    """Write the places of the last of each number that both hold, each sorted; return how many there are."""
    i = j = n = 0
    while i < len(one) and j < len(other):
        if i + 1 < len(one) and one[i + 1] == one[i]:
            i += 1
        elif j + 1 < len(other) and other[j + 1] == other[j]:
            j += 1
        elif one[i] < other[j]:
            i += 1
        elif other[j] < one[i]:
            j += 1
        else:
            pairs[0, n], pairs[1, n] = i, j
            n, i, j = n + 1, i + 1, j + 1
    return n
