"""The inputs of the published scores at each landmark, from the same point-in-time columns as everything else."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import numpy as np
import pandas as pd
from numba import njit
from numpy.typing import NDArray

from features.cohort.schema import HEAVY_CHAINS, LIGHT_CHAINS, Cohort
from features.history.arrays import Histories, People
from features.history.columns import FeatureSpec
from features.history.layout import Days, Flags, Rows, Whole
from features.history.rows import View, by_findings, look, positions, static_column
from features.table.limits import Leaves, in_order_of_harm, limits_of
from features.table.marrow import Marrow, marrow_by_method
from features.table.reported import reported_egfr
from features.table.unsettled import CHAINS, UNSETTLED_COLUMNS, unsettled_of
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR, NEVER
from myeloma.criteria import CRITERIA_INPUTS, LABORATORY_LIMITS, OLDEST, statuses
from myeloma.fish import DRIVERS, has_any, has_driver
from myeloma.immunoparesis import IMMUNOGLOBULINS, immunoparesis, involved_of
from myeloma.scores import RISK_MODELS, SCORES
from myeloma.scores.evolving import (
    PANGEA_RULES,
    falling_line,
    ravi_hemoglobin_met,
    ravi_immunoglobulin_met,
    ravi_immunoglobulin_possible,
    ravi_m_protein_met,
)
from myeloma.three_valued import any_of

PREFIX = "score_"
_ASKED_FOR = {"egfr", *CRITERIA_INPUTS, *(name for score in (*SCORES.values(), *RISK_MODELS.values()) for name in score.inputs)}
LEVELS = tuple(name for name in catalogue().biomarkers if name in _ASKED_FOR)  # scores, their cautions and criteria take their latest
_FINDINGS = {
    "del17p": {"del(17p)"},
    "t_4_14": {"t(4;14)"},
    "gain_1q": {"gain(1q)", "amp(1q)"},
    "r_iss_high_risk": {"del(17p)", "t(4;14)", "t(14;16)"},
    "t_14_16": {"t(14;16)"},
    "igh_high_risk": {"t(4;14)", "t(14;16)", "t(14;20)"},
}
# A word of FISH says nothing of the share of cells or the copies lost: it is none of either, or unknown.
_AMOUNTS = {"del17p_percent": {"del(17p)"}, "del_1p32_copies": {"del(1p)"}}
_OF_FISH = (*_FINDINGS, *DRIVERS, *_AMOUNTS)
# What no source of ours holds: the laboratory's own limits (LDH, albumin, criteria), flow cytometry, TP53, performance status. Unknown, not
# normal.
_NO_SOURCE = ("ldh_high", "albumin_abnormal", "aberrant_plasma_cells", "circulating_tumor_cells", "tp53_mutation", "performance_status")
NEVER_KNOWN = (*_NO_SOURCE, *LABORATORY_LIMITS)
_LINE = tuple(f"hemoglobin__{name}__ever" for name in ("slope", "slope_se", "count"))
INVOLVED = np.array([involved_of(name) for name in (*HEAVY_CHAINS, "")])  # the last: unknown
# The columns that the inputs are made of; whoever looks at people for the scores asks for these beside its own.
_CRITERIA = tuple(name for name in LEVELS if name in CRITERIA_INPUTS)
CRITERIA_COLUMNS = (*(f"{name}__last__ever" for name in _CRITERIA), "creatinine__age_days__ever", *UNSETTLED_COLUMNS)
SCORE_COLUMNS = (
    *(f"{name}__{statistic}__ever" for name in LEVELS for statistic in ("last", "age_days")),
    *(f"{rule.biomarker}__evolving__ever" for rule in PANGEA_RULES.values()),
    *_LINE,
    *(f"{name}__last__ever" for name in IMMUNOGLOBULINS),
    *UNSETTLED_COLUMNS,
)
LIMITED = tuple(dict.fromkeys((*LEVELS, *CHAINS)))  # whose limits matter to criteria and scores
_LIMITED = tuple(dict.fromkeys((*_CRITERIA, "kappa_lambda_ratio", *CHAINS)))
_LAMBDA = np.array([float(name == "lambda") for name in LIGHT_CHAINS] + [np.nan])  # the last: unknown
_ISOTYPES = np.array([{"IgG": 0.0, "light_chain": np.nan}.get(name, 1.0) for name in HEAVY_CHAINS] + [np.nan])  # the last: unknown
Array = NDArray[np.float64]


def score_inputs(view: View) -> dict[str, Array]:
    """Return every input of every published score, one element a landmark; unknown = NaN.

    The latest value of a biomarker counts however old it is (`<biomarker>__age_days` says how old).

    Parameters
    ----------
    view : View
        Holds `SCORE_COLUMNS`.
    """
    people, patient = view.people, view.patient
    columns = {name: view[f"{name}__last__ever"] for name in LEVELS}
    columns |= {f"{name}__age_days": view[f"{name}__age_days__ever"] for name in LEVELS}
    columns |= _age_and_sex(view) | reported_egfr(view)
    columns["fish_high_risk"] = static_column("fish_high_risk", people, patient, view.landmark)
    columns |= {flag: view[f"{rule.biomarker}__evolving__ever"] for flag, rule in PANGEA_RULES.items()}
    columns["hemoglobin_falling"] = falling_line(*(view[name] for name in _LINE))
    columns["ravi_hemoglobin"] = _evolved(view, "hemoglobin", ravi_hemoglobin_met)[0]
    columns["ravi_m_protein"] = _ravi_m_protein(view)
    levels = {name: view[f"{name}__last__ever"] for name in IMMUNOGLOBULINS}
    columns["immunoparesis"] = immunoparesis(levels, INVOLVED[people.heavy_chain[patient]])
    columns |= {name: value[patient] for name, value in _from_people(people).items()}
    return columns | dict.fromkeys(NEVER_KNOWN, np.full(len(patient), np.nan))


def criteria_met(view: View) -> NDArray[np.bool_]:
    """Return where the latest values, at the age of the landmark, meet a criterion; the view holds `CRITERIA_COLUMNS`."""
    met: NDArray[np.bool_] = any_of(list(criteria_at(view)[1].values())) == 1.0
    return met


def criteria_at(view: View) -> tuple[dict[str, Array], dict[str, Array], Marrow | None]:
    """Return the latest values, each criterion by them, and the marrow that stands against a later one of another method."""
    values = {name: view[f"{name}__last__ever"] for name in _CRITERIA} | _age_and_sex(view) | reported_egfr(view)
    values |= {"creatinine__age_days": view["creatinine__age_days__ever"], "kappa_lambda_ratio": view["kappa_lambda_ratio__last__ever"]}
    limits, marrow = limits_of(view, _LIMITED), marrow_by_method(view)
    return values, criteria_of(values, unsettled_of(view, limits).with_limits(limits, values), marrow), marrow


def criteria_of(values: dict[str, Array], leaves: Mapping[str, Leaves], marrow: Marrow | None = None) -> dict[str, Array]:
    """Return each myeloma-defining criterion (`myeloma.criteria.statuses`); of what is left open what all of it says, else unknown.

    Parameters
    ----------
    leaves : mapping
        What is left of values that are limits, or that others contradict, by biomarker.
    marrow : Marrow, optional
        Marrow that stands against a later one of another method.
    """
    deciding = {name: left for name, left in leaves.items() if name in _CRITERIA}
    if deciding:
        least, most = (statuses(one) for one in in_order_of_harm(values, deciding))
        found = {key: np.where(least[key] == 1.0, 1.0, np.where(most[key] == 0.0, 0.0, np.nan)) for key in least}
    else:
        found = statuses(values)
    return found if marrow is None else found | {"marrow": np.where(np.isnan(marrow.value), found["marrow"], 1.0)}


def score_inputs_of(cohort: Cohort, landmarks: pd.DataFrame) -> pd.DataFrame:
    """Return the inputs at the landmarks of a cohort (patient_id, landmark), row by row, as a table (see `score_inputs`)."""
    view = look(Histories.of(cohort), *positions(cohort, landmarks), FeatureSpec((), (), (), ()), SCORE_COLUMNS)
    return pd.DataFrame(score_inputs(view))


def _age_and_sex(view: View) -> dict[str, Array]:
    age, female = (static_column(name, view.people, view.patient, view.landmark) for name in ("age", "female"))
    return {"age": np.where(age > OLDEST, np.nan, age), "female": female}  # a landmark of an older age lies beyond any life


def _from_people(people: People) -> dict[str, Array]:
    # The 2005 score was not made for light-chain disease.
    of_fish = zip(_OF_FISH, by_findings(people.fish, _told_by).T, strict=True)
    return {"non_igg": _ISOTYPES[people.heavy_chain], **dict(of_fish), "lambda_chain": _LAMBDA[people.light_chain]}


@lru_cache(maxsize=1024)
def _told_by(text: str) -> tuple[float, ...]:
    """Return what findings of FISH say of each of `_OF_FISH`."""
    return (
        *(has_any(text, wanted) for wanted in _FINDINGS.values()),
        *(has_driver(text, name) for name in DRIVERS),
        *(_none_of(text, wanted) for wanted in _AMOUNTS.values()),
    )


def _none_of(text: str, wanted: set[str]) -> float:
    """Return 0 where findings of FISH do not name what is wanted, NaN where they do or nothing is known."""
    return 0.0 if has_any(text, wanted) == 0.0 else np.nan


def _ravi_m_protein(view: View) -> Array:
    """Return Ravi's evolving M-protein: that of M-protein or of the involved immunoglobulin; not met only where both are not."""
    (protein,), immunoglobulin = _evolved(view, "m_protein", ravi_m_protein_met), np.full(len(view.patient), np.nan)
    which = INVOLVED[view.people.heavy_chain[view.patient]]
    for k, biomarker in enumerate(IMMUNOGLOBULINS):
        involved = which == k
        if involved.any():
            met, possible = _evolved(view, biomarker, ravi_immunoglobulin_met, ravi_immunoglobulin_possible)
            known = np.where(met == 1, 1.0, np.where(possible == 0, 0.0, np.nan))
            immunoglobulin = np.where(involved, known, immunoglobulin)
    neither = (protein == 0) & (immunoglobulin == 0)
    return np.where((protein == 1) | (immunoglobulin == 1), 1.0, np.where(neither, 0.0, np.nan))


def _evolved(view: View, biomarker: str, *definitions: Callable[[Array, Array, Array], NDArray[np.bool_]]) -> list[Array]:
    """Return for each definition by Ravi 1 where it is met, 0 where it is not and the year has passed, NaN before that.

    It is judged by the values that count at the landmark; that at diagnosis is the earliest of them from the index date on.
    """
    series, index_day, patient, landmark = view.series, view.people.index_day, view.patient, view.landmark
    which = series.biomarkers.index(biomarker)
    starts, stops = (np.ascontiguousarray(table[:, which]) for table in (series.starts, series.stops))
    rows = (series.collected, series.available, series.value)
    who, days, values = np.empty(0, np.int32), np.empty((3, 0), np.int32), np.empty((2, 0))
    if most := _against_the_first(rows, starts, stops, index_day, (who, days, values)):
        who, days, values = np.empty(most, np.int32), np.empty((3, most), np.int32), np.empty((2, most))
        _against_the_first(rows, starts, stops, index_day, (who, days, values))
    begins = np.searchsorted(who, np.arange(len(index_day) + 1))
    every = []
    for met in definitions:
        found, hit = np.empty(len(patient)), met(values[0], days[2].astype(np.float64), values[1])
        _met_by(days, hit, begins, (patient, landmark, index_day), found)
        every.append(found)
    return every


@njit(cache=True, nogil=True)
def _met_by(pairs: NDArray[np.int32], hit: Flags, begins: Whole, rows: tuple[NDArray[np.int32], Days, Days], found: Array) -> None:
    """Write 1 where a pair that counts at the landmark is a hit, 0 where one counts, none is a hit, and the year is over."""
    patient, landmark, index_day = rows
    for r in range(len(patient)):
        p, day = patient[r], landmark[r]
        found[r] = np.nan
        for k in range(begins[p], begins[p + 1]):
            if pairs[0, k] <= day < pairs[1, k]:
                if hit[k]:
                    found[r] = 1.0
                    break
                if day > index_day[p] + DAYS_PER_YEAR:
                    found[r] = 0.0


@njit(cache=True, nogil=True)
def _against_the_first(
    rows: Rows, starts: Whole, stops: Whole, index_day: Days, out: tuple[NDArray[np.int32], NDArray[np.int32], Array]
) -> int:
    """Return how many pairs there are of a value of the first year and the first before it; `out` takes those for which it has room.

    Of each pair it takes the person; the day from which both count, that from which they no longer do, and the days since the index date
    of the later one; and the values.
    """
    collected, available, value = rows
    whose, days, values = out
    n = 0
    for p in range(len(starts)):
        start, stop = starts[p], stops[p]
        while start < stop and collected[start] < index_day[p]:
            start += 1
        while stop > start and collected[stop - 1] - index_day[p] > DAYS_PER_YEAR:
            stop -= 1
        until, first_until = _counting(collected, available, start, stop)
        for f in range(start, stop):
            for v in range(f + 1, stop if available[f] < first_until[f - start] else f):
                since, end = max(available[f], available[v]), min(first_until[f - start], until[v - start])
                if collected[v] > collected[f] and since < end:
                    if n < len(whose):
                        whose[n], values[0, n], values[1, n] = p, value[f], value[v]
                        days[0, n], days[1, n], days[2, n] = since, end, collected[v] - index_day[p]
                    n += 1
    return n


@njit(cache=True, nogil=True)
def _counting(collected: Days, available: Days, start: int, stop: int) -> tuple[Days, Days]:
    """Return of each value of a run the day on which it is superseded, and that on which it is so, or no longer the first one known.

    Of one day that counts which became available last, of equal ones the largest: a run lies in order of day, availability, and value.
    """
    until, first_until = np.full(stop - start, NEVER, np.int32), np.full(stop - start, NEVER, np.int32)
    earlier = of_day = NEVER  # from which day on a value of an earlier day is known, and one of this
    for k in range(start, stop):
        if k == start or collected[k] > collected[k - 1]:
            earlier, of_day = min(earlier, of_day), available[k]
        if k + 1 < stop and collected[k + 1] == collected[k]:
            until[k - start] = available[k + 1]
        first_until[k - start] = min(until[k - start], earlier)
    return until, first_until
