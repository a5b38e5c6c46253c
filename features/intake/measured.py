"""Measurements under inspection: days, values and units of the results of some people, as whole columns."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import nan
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.cohort.order import of_several, order_of
from features.cohort.schema import OPERATORS
from features.intake import rules
from features.intake.duplicates import duplicates
from features.intake.items import check_answers, item_of, refuse_with, scored
from features.intake.people import check_days
from features.intake.refusals import Mask, Refusals
from features.intake.words import not_words
from features.sources.answers import divisor_of as known_divisor
from features.sources.answers import measurable
from features.sources.parsing import BLANK
from myeloma import catalogue
from myeloma.calendar import NO_DAY
from myeloma.units import quotient

Days = NDArray[np.int32]


@dataclass(frozen=True)
class Results:
    """Columns of measurements, parsed: arrays with one entry a row.

    Attributes
    ----------
    person : place of the identifier in the order of identifiers; None where all rows are of one person
    of_nobody : no usable patient has this identifier
    born, died : the person's days of birth and death, `NO_DAY` and `NEVER` where not known
    too_old : the day after which the person would be older than people become, `NEVER` where the age is not known
    collected, available : days as written
    time : int32, the instant within the day in milliseconds, `UNTIMED` where none is written
    names, biomarker : the biomarker of a row is names[biomarker]; the names of the catalogue come first
    value, operator, kind : the result as `features.sources.parsing.Result` has it, an operator that includes the limit told apart
    divisor : received = canonical x divisor, NaN where the unit is none of the biomarker's
    row : place in the source
    method, specimen : codes as `features.intake.words` has them; None where the source has no such column
    said : the biomarker, a tab, and the text of the result of a row is said[0][said[1]]; None where no biomarker's results are words
    """

    person: NDArray[Any] | None
    of_nobody: Mask
    born: Days
    died: Days
    too_old: Days
    collected: Days
    available: Days
    time: NDArray[np.int32]
    names: Sequence[str]
    biomarker: NDArray[Any]
    value: NDArray[np.float64]
    operator: NDArray[np.int8]
    kind: NDArray[np.int8]
    divisor: NDArray[np.float64]
    row: NDArray[np.int64]
    method: NDArray[np.int8] | None = None
    specimen: NDArray[np.int8] | None = None
    said: tuple[Sequence[str], NDArray[Any]] | None = None


@dataclass(frozen=True)
class Taken:
    """What is kept of `Results`: the places of the rows in order, and columns of all rows in the form the cohort keeps.

    `operator` is 0, or the place of the operator in `OPERATORS` plus 1. A result of `>=60` is one of more than the number below 60: no
    number lies between, so a criterion from 60 on is met, and one above 60 is open.
    `scale` says which rows were answers and are scales now, None where there are no answers; their `biomarker` and `value` are the
    scale's.
    The order is person, biomarker (by name), collected, available, then method and specimen where there are any, time, which no two
    rows share: results of two methods, or specimens, of one day are two facts.
    """

    order: NDArray[np.intp]
    available: Days
    value: NDArray[np.float64]
    operator: NDArray[np.int8]
    biomarker: NDArray[Any]
    scale: Mask | None


def check_results(table: Refusals, results: Results, today: int) -> Taken:
    """Refuse what cannot be used and return the rest, in canonical units."""
    table.check(rules.RESULT_OF_NOBODY, results.of_nobody)
    check_days(table, rules.COLLECTED_AT, results.collected, today)
    check_days(table, rules.AVAILABLE_AT, results.available, today)
    available = np.where(results.available == NO_DAY, results.collected, results.available)
    table.check(rules.AVAILABLE_EARLY, available, results.collected)
    table.check(rules.BEFORE_BIRTH, results.collected, results.born)
    table.check(rules.AFTER_DEATH, results.collected, results.died)
    table.check(rules.TOO_OLD, results.collected, results.too_old)
    value = _check_values(table, results)
    person = () if results.person is None else (results.person,)
    rank = _by_name(tuple(results.names), catalogue().version).rank
    kinds = [code for code in (results.method, results.specimen) if code is not None]
    item, day = item_of(results.biomarker), (*person, results.collected, available)
    refuse_with(table, item, results.kind, (*day, results.time))
    series = (*person, rank[results.biomarker], results.collected, available, *kinds)
    order, biomarker = _resolve(table, results, series, value), results.biomarker
    value, operator = _beyond(value, results.operator)
    if not (item >= 0).any():
        return Taken(order, available, value, operator, biomarker, None)
    made = scored(table, biomarker, value, day, results.time)
    order = np.flatnonzero(table.keep & ~made.part)
    order = order[order_of([column[order] for column in (*person, rank[made.biomarker], *series[len(person) + 1 :], results.time)])]
    return Taken(order, available, made.value, operator, made.biomarker, made.scale)


def _beyond(value: NDArray[np.float64], operator: NDArray[np.int8]) -> tuple[NDArray[np.float64], NDArray[np.int8]]:
    """Return values and operators in which every limit is left out itself: at most 5 is less than the next number after 5.

    Examples
    --------
    >>> value, operator = _beyond(np.array([5.0, 60.0, 60.0]), np.array([3, 4, 2], np.int8))
    >>> value.tolist(), operator.tolist()
    ([5.000000000000001, 59.99999999999999, 60.0], [1, 2, 2])
    """
    included = operator > len(OPERATORS)
    if not included.any():
        return value, operator
    without = np.where(included, operator - len(OPERATORS), operator).astype(np.int8)
    beyond = np.where(without == 1 + OPERATORS.index("<"), np.inf, -np.inf)
    return np.where(included, np.nextafter(value, beyond), value), without


def _check_values(table: Refusals, results: Results) -> NDArray[np.float64]:
    """Return the values in canonical units; refuse what is no value, and what no biomarker, unit or limit allows."""
    of_each, of_name = (results.names, results.biomarker), _by_name(tuple(results.names), catalogue().version)
    table.check(rules.UNKNOWN_BIOMARKER, results.biomarker, len(_places(catalogue().version)), biomarker=of_each)
    table.check(rules.NO_VALUE, results.kind)
    table.check(rules.LIMIT_INCLUDED, of_name.limit_needed[results.biomarker], results.operator)
    table.check(rules.NO_LIMIT, of_name.limit_needed[results.biomarker], results.kind, results.operator, results.value)
    table.check(rules.CENSORED_SCORE, of_name.score[results.biomarker], results.operator)
    if results.said is not None:
        table.check(
            rules.NO_WORD, not_words(results.said, results.value, results.operator) & (results.kind != BLANK), biomarker=results.said
        )
    for column, rule in rules.NO_KIND.items():
        if (code := getattr(results, column)) is not None:
            table.check(rule, code, biomarker=of_each)
    if results.specimen is not None:
        table.check(rules.WRONG_SPECIMEN, results.specimen, biomarker=of_each)
    check_answers(table, item_of(results.biomarker), results.kind, results.operator, results.value, of_each)
    table.check(rules.NO_NUMBER, results.kind)
    table.check(rules.NOT_FINITE, results.value)
    table.check(rules.UNKNOWN_UNIT, results.divisor, biomarker=of_each)
    value = quotient(results.value, results.divisor)
    limits = of_name.lower[results.biomarker], of_name.upper[results.biomarker]
    wrong = table.keep & rules.OUT_OF_RANGE.wrong(value, *limits)
    if wrong.any():
        table.check(rules.OUT_OF_RANGE, value, *limits, biomarker=_in_units(results, wrong))
    for place, divisor, least in _least_received(catalogue().version):
        in_unit = (results.biomarker == place) & (results.divisor == divisor)
        table.check(rules.BELOW_LEAST, results.value, np.where(in_unit, least, -np.inf), biomarker=of_each)
    return value


def _in_units(results: Results, wrong: Mask) -> tuple[list[str], NDArray[np.int64]]:
    """Return the biomarkers of some rows with their units, and for each row the place of its own among them."""
    rows = np.flatnonzero(wrong & ~np.isnan(results.divisor))
    pairs = np.column_stack([results.biomarker[rows].astype(float), results.divisor[rows]])
    distinct, of_row = np.unique(pairs, axis=0, return_inverse=True)
    place = np.zeros(len(wrong), np.int64)
    place[rows] = of_row.reshape(-1)
    return [rules.in_unit(results.names[int(name)], float(divisor)) for name, divisor in distinct], place


def divisor_of(biomarker: str, unit: str) -> float:
    """Return what a value is divided by to be in the canonical unit, NaN where the unit, or the biomarker, is not known."""
    divisor = known_divisor(biomarker, unit)
    return nan if divisor is None else divisor


def names_with(texts: Iterable[str]) -> tuple[list[str], NDArray[np.int32]]:
    """Return the names of biomarkers, of answers, and those of `texts` that are neither; and the place of each text in them."""
    place = _places(catalogue().version).copy()
    codes = np.array([place.setdefault(text, len(place)) for text in texts], dtype=np.int32)
    return list(place), codes


@lru_cache(maxsize=4)
def _places(version: str) -> dict[str, int]:
    return {name: number for number, name in enumerate(measurable())}


class _OfName(NamedTuple):
    """Of each name: its rank, its limits, whether that nothing was found needs a limit, and whether it is a score."""

    rank: NDArray[np.int64]
    lower: NDArray[np.float64]
    upper: NDArray[np.float64]
    limit_needed: Mask
    score: Mask


@lru_cache(maxsize=4)
def _by_name(names: tuple[str, ...], version: str) -> _OfName:
    """Return what that version of the catalogue says of each name."""
    entries = [catalogue().biomarkers.get(name) for name in names]

    def each(name: str, none: float | bool) -> NDArray[Any]:
        return np.array([getattr(entry, name, none) for entry in entries])

    score = np.array([entry is not None and entry.unit == "{score}" for entry in entries])
    return _OfName(rank_of(names), each("lower", -np.inf), each("upper", np.inf), each("limit_needed", False), score)


@lru_cache(maxsize=4)
def _least_received(version: str) -> tuple[tuple[int, float, float], ...]:
    """Return place of the biomarker, divisor of the unit, and least value as received, for each unit that has one."""
    entries = catalogue().biomarkers.values()
    return tuple((k, entry.units[unit], least) for k, entry in enumerate(entries) for unit, (least, _) in entry.least_in.items())


@lru_cache(maxsize=4)
def _never_settled(version: str) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the places of the biomarkers that are measured clone by clone, and of those that find something or nothing."""
    entries = catalogue().biomarkers.values()
    clones, findings = [entry.clonal for entry in entries], [bool(entry.words) or entry.limit_needed for entry in entries]
    return np.flatnonzero(clones), np.flatnonzero(findings)


def rank_of(texts: Sequence[str]) -> NDArray[np.int64]:
    """Return the place of each text in their order.

    Examples
    --------
    >>> rank_of(["b", "a", "c"])
    array([1, 0, 2])
    """
    rank = np.empty(len(texts), dtype=np.int64)
    rank[sorted(range(len(texts)), key=texts.__getitem__)] = np.arange(len(texts))
    return rank


def _resolve(table: Refusals, results: Results, series: tuple[NDArray[Any], ...], value: NDArray[np.float64]) -> NDArray[np.intp]:
    """Refuse repeated results and return the places of the rows kept, in order."""
    kept = np.flatnonzero(table.keep)
    order = kept[order_of([column[kept] for column in (*series, results.time)])]
    several = np.sort(of_several(series, order))
    if not len(several):
        return order
    of_day = [column[several] for column in series]
    of_clones, of_findings = (np.isin(results.biomarker[several], places) for places in _never_settled(catalogue().version))
    columns = (value[several], results.operator[several], results.time[several], results.row[several])
    same, other, unclear = duplicates(of_day, *columns, of_clones | of_findings)
    found = (same, other, unclear & of_clones, unclear & of_findings)
    named = (rules.SAME_RESULT, rules.OTHER_RESULT, rules.PERHAPS_CLONES, rules.FINDINGS_CONFLICT)
    for rule, wrong in zip(named, found, strict=True):
        rows = np.zeros(len(table.problem), dtype=bool)
        rows[several[wrong]] = True
        table.check(rule, rows)
    return order[table.keep[order]]
