"""Biomarkers computed from others: free light chain ratios, the involved chain, corrected calcium, filtration rate.

Kappa and lambda collected on one day give a kappa / lambda ratio, known when the later of the two is; a corrected chain
gives a further ratio, known when the correction is. The involved / uninvolved ratio follows from it: the involved chain is
the known light chain; where it is not known, the larger chain is taken as involved.

For one day, a reported involved / uninvolved ratio comes before a reported kappa / lambda ratio, and that
before our own division of the chains; but what was known before the better one came stays known.

What is computed from a limit is one itself (`features.history.sides`), and so is a ratio beyond those of the catalogue: kappa 9,000 and
lambda 1 mg/L give more than 5,000.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from features.cohort.schema import LIGHT_CHAINS, Cohort
from features.history.arrays import Histories, People, Results, dates_of, is_among, places
from features.history.layout import Codes, Days, Floats, Rows, Whole
from features.history.series import Series, lay_out
from features.history.sides import Sides
from myeloma import catalogue
from myeloma.kidney import corrected_calcium, egfr_ckd_epi_2021
from myeloma.units import quotient

DERIVED = ("kappa_lambda_ratio", "flc_ratio", "flc_involved", "calcium_corrected", "egfr")
_FROM_CHAINS = DERIVED[:3]
_INPUTS = ("flc_kappa", "flc_lambda", "kappa_lambda_ratio", "flc_ratio", "calcium", "albumin", "creatinine")
_KAPPA, _LAMBDA, _RATIO, _INVOLVED, _CALCIUM, _ALBUMIN, _CREATININE = range(len(_INPUTS))
_CHAINS = np.array([LIGHT_CHAINS.index(name) for name in ("kappa", "lambda")])
Array = NDArray[np.float64]
# Patient, collected, available, kappa, lambda, and either over the other.
_Pairs = tuple[NDArray[np.int32], Days, Days, Floats, Floats, Floats, Floats]
_Made = tuple[NDArray[np.int32], Days, Days, Floats, Whole]  # patient, collected, available, value, place of what it was made from


@dataclass(frozen=True)
class _Rows:
    """Rows of one derived biomarker, and on which side of each the truth lies; None where nobody asks."""

    patient: NDArray[np.int32]
    collected: Days
    available: Days
    value: Array
    sides: Sides | None

    def of(self, biomarker: int) -> Results:
        """Return them as results of a biomarker, by its place in the catalogue."""
        operator = None if self.sides is None else self.sides.as_computed()
        named = np.full(len(self.value), biomarker, np.int16)
        return Results(self.patient, named, self.collected, self.available, self.value, operator)


def with_derived(histories: Histories, wanted: tuple[str, ...] = DERIVED) -> Results:
    """Return the results and those derived from them; every run of a person and biomarker lies in one piece, sorted.

    Parameters
    ----------
    wanted : tuple of str
        Biomarkers that are asked for; derived ones that are not among them are not computed.
    """
    results, people = histories.results, histories.people
    asked = [name for name in DERIVED if name in wanted]
    if not asked:
        return results
    series = series_of(results, len(people), _INPUTS)
    made: dict[str, _Rows] = {}
    if any(name in asked for name in _FROM_CHAINS):
        made |= {name: rows for name, rows in _from_chains(series, people.light_chain).items() if name in asked}
    if "calcium_corrected" in asked:
        rows, calcium, albumin = _of_one_day(series, _CALCIUM, _ALBUMIN, positive=False)
        corrected, sides = corrected_calcium(series.value[calcium], series.value[albumin]), _sides_of(series)
        made["calcium_corrected"] = _Rows(*rows, corrected, sides and sides.at(calcium).against(sides.at(albumin)))
    if "egfr" in asked:
        made["egfr"] = _egfr(series, people)
    return _in_one_piece(results, made)


def measured_and_derived(cohort: Cohort) -> pd.DataFrame:
    """Return patient_id, biomarker, collected_at, available_at, value of a cohort: what was measured and what derives from it."""
    results = with_derived(Histories.of(cohort))
    return pd.DataFrame(
        {
            "patient_id": cohort.patients["patient_id"].to_numpy()[results.patient],
            "biomarker": np.array(catalogue().keys(), dtype=object)[results.biomarker],
            "collected_at": dates_of(results.collected),
            "available_at": dates_of(results.available),
            "value": results.value,
        }
    )


def series_of(results: Results, people: int, biomarkers: tuple[str, ...]) -> Series:
    """Return the series of some biomarkers of all people; row p of the runs is the person p."""
    columns = (results.patient, _codes(biomarkers)[results.biomarker], *results.columns()[2:])
    return lay_out(people, biomarkers, columns, results.operator, results.method)


@lru_cache(maxsize=512)
def _codes(biomarkers: tuple[str, ...]) -> NDArray[np.int16]:
    """Return the place among some biomarkers of each of the catalogue's, -1 for others; the last is that of what the catalogue lacks."""
    codes = np.full(len(catalogue().keys()) + 1, -1, np.int16)
    codes[places(biomarkers)] = np.arange(len(biomarkers))
    return codes


def _from_chains(series: Series, light_chain: NDArray[np.int8]) -> dict[str, _Rows]:
    """Return the ratios divided here, the involved / uninvolved ratios, and the involved chains."""
    days, of_kappa, of_lambda = _of_one_day(series, _KAPPA, _LAMBDA, positive=True)
    kappa, lambda_ = series.value[of_kappa], series.value[of_lambda]
    which = [_RATIO, _INVOLVED]
    runs = np.ascontiguousarray(series.starts[:, which]), np.ascontiguousarray(series.stops[:, which])
    of_kappa_lambda, of_involved_uninvolved = _limits(catalogue().version)
    most = len(kappa) + int((runs[1] - runs[0])[:, 0].sum())
    made, by_chain = _room(most), _room(most)
    rows, involved = (series.collected, series.available, series.value), np.empty(len(kappa))
    chains = light_chain, _CHAINS
    pairs = (*days, kappa, lambda_, quotient(kappa, lambda_), quotient(lambda_, kappa))
    n, reported, m = _ratios(rows, runs, chains, pairs, involved, made, by_chain)
    of_divided = of_ratios = of_involved = None
    if (sides := _sides_of(series)) is not None:
        both, larger = sides.at(of_kappa).against(sides.at(of_lambda)), kappa >= lambda_
        of_divided = both.at(made[4][:n])
        one, other = by_chain[4][:reported], by_chain[4][reported:m]  # where the reported ratios stand, and the pairs
        of_ratios = sides.at(one).followed_by(both.at(other))
        is_kappa = _is_kappa(light_chain[by_chain[0][:m]], np.concatenate([series.value[one] >= 1.0, larger[other]]))
        of_ratios = of_ratios.where(is_kappa, of_ratios.turned())
        of_involved = sides.at(of_kappa).where(_is_kappa(light_chain[days[0]], larger), sides.at(of_lambda))
    asked = series.operator is not None
    return {
        "kappa_lambda_ratio": _within(of_kappa_lambda, n, made, of_divided, asked),
        "flc_ratio": _within(of_involved_uninvolved, m, by_chain, of_ratios, asked),
        "flc_involved": _Rows(*days, involved, of_involved),
    }


def _within(limits: Array, n: int, made: _Made, sides: Sides | None, asked: bool) -> _Rows:
    """Return the first rows, a ratio beyond the limits as the limit that it is beyond."""
    patient, collected, available, ratio = made[0][:n], made[1][:n], made[2][:n], made[3][:n]
    too_low, too_high = ratio < limits[0], ratio > limits[1]
    if too_low.any() or too_high.any():
        ratio = np.clip(ratio, *limits)
        if asked:
            known = sides or Sides(np.zeros(n, bool), np.zeros(n, bool))
            sides = Sides(known.below | too_low, known.above | too_high)
    return _Rows(patient, collected, available, ratio, sides)


def _room(most: int) -> _Made:
    return np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most, np.int32), np.empty(most), np.empty(most, np.int64)


def _is_kappa(light_chain: NDArray[np.int8], is_larger: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return whether kappa is the involved chain: where that is known, else where it is the larger, as `_of_chain` has it."""
    found: NDArray[np.bool_] = np.where(np.isin(light_chain, _CHAINS), light_chain == _CHAINS[0], is_larger)
    return found


def _sides_of(series: Series) -> Sides | None:
    """Return on which side of each result the truth lies; None where none is a limit, or nobody asks."""
    return Sides.of(series.operator) if series.operator is not None and (series.operator > 0).any() else None


@lru_cache(maxsize=4)
def _limits(version: str) -> Array:
    """Return the limits of either ratio in that version of the catalogue."""
    return np.array([(entry.lower, entry.upper) for entry in map(catalogue().__getitem__, ("kappa_lambda_ratio", "flc_ratio"))])


def _egfr(series: Series, people: People) -> _Rows:
    patient, rows = _run(series, _CREATININE)
    rate = egfr_ckd_epi_2021(series.value[rows], people.age(patient, series.collected[rows]), people.female[patient])
    known, sides = ~np.isnan(rate), _sides_of(series)
    rows = rows[known]
    return _Rows(patient[known], series.collected[rows], series.available[rows], rate[known], sides and sides.at(rows).turned())


def _in_one_piece(results: Results, made: dict[str, _Rows]) -> Results:
    """Return all rows, the reported ones of a derived biomarker sorted in among the derived, behind all others."""
    first, *others = (rows.of(place) for place, rows in zip(places(tuple(made)).tolist(), made.values(), strict=True))
    late = first.followed_by(*others)
    reported = is_among(results.biomarker, late.biomarker)
    if reported.any():
        late, results = late.followed_by(results.at(reported)), results.at(~reported)
    order = np.lexsort((late.value, late.available, late.collected, late.biomarker, late.patient))
    return results.followed_by(late.at(order))


def _run(series: Series, which: int) -> tuple[NDArray[np.int32], Whole]:
    """Return whose the results of one biomarker are, and their places."""
    starts, lengths = series.starts[:, which], series.stops[:, which] - series.starts[:, which]
    patient = np.repeat(np.arange(len(starts), dtype=np.int32), lengths)
    rows = np.arange(len(patient)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + starts[patient]
    return patient, rows


def _of_one_day(series: Series, first: int, second: int, *, positive: bool) -> tuple[tuple[NDArray[np.int32], Days, Days], Whole, Whole]:
    """Return where two biomarkers of one day stand, side by side, one row for each time at which what is known of the two changes.

    Parameters
    ----------
    positive : bool
        Values of zero and below count as not measured.
    """
    starts, stops = np.ascontiguousarray(series.starts[:, [first, second]]), np.ascontiguousarray(series.stops[:, [first, second]])
    most = int((stops - starts).sum())
    patient, collected, available = (np.empty(most, np.int32) for _ in range(3))
    one, other = np.empty(most, np.int64), np.empty(most, np.int64)
    n = _pair((series.collected, series.available, series.value), (starts, stops), positive, (patient, collected, available, one, other))
    return (patient[:n], collected[:n], available[:n]), one[:n], other[:n]


@njit(cache=True, nogil=True)
def _ratios(
    series: Rows,
    runs: tuple[Whole, Whole],
    chains: tuple[Codes, Whole],
    pairs: _Pairs,
    involved: Floats,
    divided: _Made,
    ratios: _Made,
) -> tuple[int, int, int]:
    """Fill the involved chain of each pair, the ratios divided here, and those by the involved chain, first of ratios that were reported.

    Return how many there are: divided here, by the involved chain of reported ratios, and in all.
    """
    collected, available, value = series
    starts, stops = runs  # of the reported kappa / lambda and involved / uninvolved ratios
    patients, days, known, kappa, lambda_, by_lambda, by_kappa = pairs
    n = m = 0
    for p in range(len(starts)):
        for i in range(starts[p, 0], stops[p, 0]):
            if not _is_known(series, starts[p, 1], stops[p, 1], collected[i], available[i]):
                ratio = value[i]
                inverse = np.inf if ratio == 0.0 else 1.0 / ratio
                _put(ratios, m, p, collected[i], available[i], _of_chain(chains, p, ratio, inverse), i)
                m += 1
    reported = m
    for k in range(len(patients)):
        p, day, time = patients[k], days[k], known[k]
        involved[k] = _of_chain(chains, p, kappa[k], lambda_[k])
        if _is_known(series, starts[p, 0], stops[p, 0], day, time):
            continue
        _put(divided, n, p, day, time, by_lambda[k], k)
        n += 1
        if not _is_known(series, starts[p, 1], stops[p, 1], day, time):
            _put(ratios, m, p, day, time, _of_chain(chains, p, by_lambda[k], by_kappa[k]), k)
            m += 1
    return n, reported, m


@njit(cache=True, nogil=True)
def _is_known(series: Rows, low: int, end: int, day: int, time: int) -> bool:
    """Return whether a run holds a result that was collected on a day and known by a time."""
    collected, available, _ = series
    high = end
    while low < high:
        middle = (low + high) // 2
        if collected[middle] < day:
            low = middle + 1
        else:
            high = middle
    return low < end and collected[low] == day and available[low] <= time


@njit(cache=True, nogil=True)
def _of_chain(chains: tuple[Codes, Whole], p: int, if_kappa: float, if_lambda: float) -> float:
    """Return the value of the involved chain; the larger of the two where the chain is not known."""
    light_chain, kappa, lambda_ = chains[0][p], chains[1][0], chains[1][1]
    return if_kappa if light_chain == kappa else if_lambda if light_chain == lambda_ else max(if_kappa, if_lambda)


@njit(cache=True, nogil=True)
def _put(made: _Made, n: int, patient: int, day: int, time: int, value: float, source: int) -> None:
    made[0][n], made[1][n], made[2][n], made[3][n], made[4][n] = patient, day, time, value, source


@njit(cache=True, nogil=True)
def _pair(series: Rows, places_of: tuple[Whole, Whole], positive: bool, out: tuple[Days, Days, Days, Whole, Whole]) -> int:
    """Fill `out`; return how many rows there are. Of results known on one day the highest counts, as everywhere."""
    collected, available, value = series
    starts, stops = places_of
    patients, days, known, firsts, seconds = out
    n = 0
    for p in range(len(starts)):
        i, j, last_i, last_j = starts[p, 0], starts[p, 1], stops[p, 0], stops[p, 1]
        while i < last_i and j < last_j:
            if collected[i] < collected[j]:
                i += 1
                continue
            if collected[j] < collected[i]:
                j += 1
                continue
            day, first, second = collected[i], -1, -1
            while (i < last_i and collected[i] == day) or (j < last_j and collected[j] == day):
                of_first = i < last_i and collected[i] == day
                of_second = j < last_j and collected[j] == day
                time = available[i] if of_first and (not of_second or available[i] <= available[j]) else available[j]
                counts = False
                while i < last_i and collected[i] == day and available[i] == time:
                    if value[i] > 0.0 or not positive:
                        first, counts = i, True
                    i += 1
                while j < last_j and collected[j] == day and available[j] == time:
                    if value[j] > 0.0 or not positive:
                        second, counts = j, True
                    j += 1
                if counts and first >= 0 and second >= 0:
                    patients[n], days[n], known[n], firsts[n], seconds[n] = p, day, time, first, second
                    n += 1
    return n
