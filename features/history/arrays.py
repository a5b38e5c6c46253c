"""People and their results as arrays: what the kernel, the scores and the outcomes are made from. A person is a position.

Days count from 1970. A text that names one of a few things is its position in the list of them, -1 where unknown; a biomarker is
its position in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import cached_property, lru_cache

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.lines import START, STOP, Lines, Therapy, named_drugs, recorded_lines
from features.cohort.schema import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, OPERATORS, STAGES, Cohort
from features.cohort.times import UNTIMED
from features.history.layout import Chosen, Days
from features.history.of_day import counted, instants_of
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR, NEVER, NO_DAY, years_since

FEMALE = {"female": 1.0, "male": 0.0}
CODED = {"stage": STAGES, "heavy_chain": HEAVY_CHAINS, "light_chain": LIGHT_CHAINS}
REPORTED, COMPUTED = ("", *OPERATORS), -1
PROGRESSION, TRANSPLANT = "progression", "transplant"
TREATED_BY = (START, TRANSPLANT, STOP)  # events that say that somebody is, or was, treated


@dataclass(frozen=True)
class People:
    """What is known of people once and for all, one element a person.

    Attributes
    ----------
    index_day : days
    birth_day : days, `NO_DAY` where unknown
    age_at_index : years, NaN where unknown
    female : 1.0, 0.0, NaN where unknown
    stage, heavy_chain, light_chain : positions in `STAGES`, `HEAVY_CHAINS`, `LIGHT_CHAINS`
    fish : texts, findings joined by a bar, empty where not tested
    """

    index_day: Days
    birth_day: Days
    age_at_index: NDArray[np.float64]
    female: NDArray[np.float64]
    stage: NDArray[np.int8]
    heavy_chain: NDArray[np.int8]
    light_chain: NDArray[np.int8]
    fish: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.index_day)

    def at(self, rows: Chosen) -> People:
        """Return some of them, given as positions, which may repeat, or as a mask."""
        return People(*(getattr(self, column.name)[rows] for column in fields(self)))

    def age(self, patient: NDArray[np.int32], day: Days) -> NDArray[np.float64]:
        """Return ages in years on days, from the birth date where there is one, else from the age at the index date; NaN where unknown."""
        known = years_since(self.birth_day[patient], day)
        if not np.isnan(known).any():
            return known
        written = self.age_at_index[patient] + (day.astype(np.float64) - self.index_day[patient]) / DAYS_PER_YEAR
        return np.where(np.isnan(known), written, known)


@dataclass(frozen=True)
class Results:
    """Results of people, one element a result: whose, of what, when collected, when known, and the value in the canonical unit.

    `operator` says how it was reported, as a position in `REPORTED`: as a number, below or above the value; `COMPUTED` where it was not
    reported but computed from others, or where nobody knows; less than that, where it was computed from limits (`features.history.sides`).
    It is None where nobody asks, which spares memory and time.
    `method` says how it was measured, as a place in the catalogue's `methods` counted from 1, 0 where unknown; None where no source says.
    """

    patient: NDArray[np.int32]
    biomarker: NDArray[np.int16]
    collected: Days
    available: Days
    value: NDArray[np.float64]
    operator: NDArray[np.int8] | None = None
    method: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.value)

    def columns(self) -> tuple[NDArray[np.int32], NDArray[np.int16], Days, Days, NDArray[np.float64]]:
        """Return the arrays in the order of the attributes, the operator apart."""
        return self.patient, self.biomarker, self.collected, self.available, self.value

    def at(self, rows: Chosen) -> Results:
        """Return some of the rows, given as positions or as a mask."""
        operator, method = (None if column is None else column[rows] for column in (self.operator, self.method))
        columns = (self.patient[rows], self.biomarker[rows], self.collected[rows], self.available[rows], self.value[rows])
        return Results(*columns, operator, method)

    def one_a_day(self, instant: NDArray[np.int32]) -> Results:
        """Return the results without those that one of a later time of day supersedes; `instant` is that of each within its day."""
        if (instant == UNTIMED).all():
            return self
        kind = self.biomarker if self.method is None else self.biomarker + (self.method.astype(np.int32) << 16)  # no two supersede
        return self.at(counted(self.patient, kind, self.collected, self.available, instant))

    def followed_by(self, *others: Results) -> Results:
        """Return these rows and those of others after them."""
        every = (self, *others)
        operator = _joined([one.operator for one in every], list(map(len, every)), COMPUTED)
        method = _joined([one.method for one in every], list(map(len, every)), 0)
        patient, biomarker, collected, available, value = (
            np.concatenate(parts) for parts in zip(*(e.columns() for e in every), strict=True)
        )
        return Results(patient, biomarker, collected, available, value, operator, method)


def _joined(columns: list[NDArray[np.int8] | None], sizes: list[int], otherwise: int) -> NDArray[np.int8] | None:
    if all(column is None for column in columns):
        return None
    return np.concatenate([np.full(n, otherwise, np.int8) if c is None else c for c, n in zip(columns, sizes, strict=True)])


@dataclass(frozen=True)
class Happened:
    """What happened to people.

    Attributes
    ----------
    first : by kind of event the first day of each person, `NEVER` where there is none
    last : the last day of any event of each person
    starts, stops : of treatment; a drug is its place in `drugs`, 0 where none is named
    drugs : what each is called, as first received; the first is empty
    progressions : person and day of each
    """

    first: dict[str, Days]
    last: Days
    starts: Therapy
    stops: Therapy
    drugs: tuple[str, ...]
    progressions: tuple[NDArray[np.int32], Days]

    def first_of(self, rows: Chosen) -> Happened:
        """Return the first and last days of some people, given as positions, which may repeat; what each event says is left out."""
        first, nothing = {kind: day[rows] for kind, day in self.first.items()}, np.zeros(0, np.int64)
        therapy, (person, day) = self.starts.at(nothing), self.progressions
        return Happened(first, self.last[rows], therapy, therapy, self.drugs, (person[nothing], day[nothing]))

    @cached_property
    def treated(self) -> Days:
        """Return the first day by which each person is known to be treated; `NEVER` where nobody says so.

        A transplant is treatment, and what was stopped had begun, also where no start was recorded.
        """
        found: Days = np.minimum.reduce([self.first[kind] for kind in TREATED_BY])
        return found


@dataclass(frozen=True)
class Histories:
    """Some people, their results in any order, and what happened to them."""

    people: People
    results: Results
    happened: Happened

    @classmethod
    def of(cls, cohort: Cohort, operators: bool = False) -> Histories:
        """Return the histories of a cohort; person p is row p of its patients.

        Parameters
        ----------
        operators : bool
            Whether the results say how they were reported (`FeatureSpec.asks_operators`).
        """
        ids = pd.Index(cohort.patients["patient_id"])
        results = _results_of(cohort.measurements, ids)
        if operators:
            results = replace(results, operator=_operators_of(cohort.measurements))
        if "collected_time" in cohort.measurements:
            results = results.one_a_day(instants_of(cohort.measurements["collected_time"]))
        return cls(people_of(cohort.patients), results, happened_of(cohort.events, ids))

    @cached_property
    def lines(self) -> Lines:
        """Return the lines of therapy."""
        return Lines.of(self.happened.starts)

    def known_by(self, day: int) -> Histories:
        """Return the same people with the results that were available by a day."""
        return replace(self, results=self.results.at(self.results.available <= day))


def newest_by(results: Results, patient: NDArray[np.int32], day: Days) -> NDArray[np.int64]:
    """Return, for each person and day, the place of the person's newest result that was available by then; -1 where there is none.

    Examples
    --------
    >>> who, when = np.array([1, 0, 0], np.int32), np.array([50, 20, 10], np.int32)
    >>> results = Results(who, np.zeros(3, np.int16), when, when, np.ones(3))
    >>> newest_by(results, np.array([0, 0, 0, 1], np.int32), np.array([9, 10, 99, 99], np.int32)).tolist()
    [-1, 2, 1, 0]
    """
    if not len(results.patient):
        return np.full(len(patient), -1, np.int64)
    order = np.lexsort((results.available, results.patient))
    known, asked = (
        (of.astype(np.int64) << 32) + (at.astype(np.int64) - NO_DAY)
        for of, at in ((results.patient[order], results.available[order]), (patient, day))
    )
    before = np.searchsorted(known, asked, side="right") - 1
    found = order[np.maximum(before, 0)]
    return np.where((before >= 0) & (results.patient[found] == patient), found, -1)


def places(biomarkers: tuple[str, ...] | list[str]) -> NDArray[np.int16]:
    """Return the positions of biomarkers in the catalogue, -1 for others."""
    return _places(tuple(biomarkers))


@lru_cache(maxsize=512)
def _places(biomarkers: tuple[str, ...]) -> NDArray[np.int16]:
    place = {name: k for k, name in enumerate(catalogue())}
    found = np.array([place.get(name, -1) for name in biomarkers], dtype=np.int16)
    found.flags.writeable = False
    return found


def is_among(biomarker: NDArray[np.int16], places: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Return where a biomarker is one of some, all given as positions in the catalogue; -1 is none of them.

    Examples
    --------
    >>> is_among(np.array([3, -1, 5], np.int16), np.array([5, 9], np.int16)).tolist()
    [False, False, True]
    """
    among = np.zeros(len(catalogue().biomarkers) + 1, dtype=bool)  # the last is that of what the catalogue lacks
    among[places] = True
    among[-1] = False
    found: NDArray[np.bool_] = among[biomarker]
    return found


def people_of(patients: pd.DataFrame) -> People:
    """Return people from the rows of the table `patients`."""
    return People(
        days_of(patients["index_date"]),
        days_of(patients["birth_date"]),
        patients["age_at_index"].to_numpy(dtype=np.float64),
        np.asarray(patients["sex"].map(FEMALE), dtype=np.float64),
        coded(patients, "stage"),
        coded(patients, "heavy_chain"),
        coded(patients, "light_chain"),
        patients["fish"].to_numpy(dtype=object),
    )


def coded(patients: pd.DataFrame, name: str) -> NDArray[np.int8]:
    """Return a column of the table `patients` as positions in the list of its words, -1 where unknown."""
    return pd.Index(CODED[name]).get_indexer(pd.Index(patients[name])).astype(np.int8)


def of_first_specimen(biomarker: NDArray[np.int16], specimen: NDArray[np.int8]) -> NDArray[np.int16]:
    """Return biomarkers with -1 for what was measured in another specimen than that of which features are made, as disease in blood.

    Parameters
    ----------
    biomarker : positions in the catalogue, -1 for others
    specimen : places in the catalogue's `specimens` counted from 1, 0 where unknown
    """
    return np.where(_of_another_specimen()[biomarker, specimen], np.int16(-1), biomarker)


@lru_cache(maxsize=1)
def _of_another_specimen() -> NDArray[np.bool_]:
    """Return of each biomarker (the last: none), and each specimen, whether it is not the one that features are made of."""
    first = [entry.specimens[0] if entry.specimens else "" for entry in catalogue().biomarkers.values()]
    return np.array([[False] + [bool(own) and own != word for word in catalogue().specimens] for own in [*first, ""]])


def _codes_in(measured: pd.DataFrame, column: str, words: tuple[str, ...]) -> NDArray[np.int8]:
    kinds = measured[column].astype("category")
    codes = pd.Index(["", *words]).get_indexer(kinds.cat.categories).clip(0)
    return np.append(codes, 0).astype(np.int8)[kinds.cat.codes.to_numpy()]


def _results_of(measured: pd.DataFrame, ids: pd.Index) -> Results:
    kinds = measured["biomarker"].astype("category")
    biomarker = places(list(kinds.cat.categories))[kinds.cat.codes.to_numpy()]
    if "specimen" in measured:
        biomarker = of_first_specimen(biomarker, _codes_in(measured, "specimen", catalogue().specimens))
    return Results(
        ids.get_indexer(pd.Index(measured["patient_id"])).astype(np.int32),
        biomarker,
        days_of(measured["collected_at"]),
        days_of(measured["available_at"]),
        measured["value"].to_numpy(dtype=np.float64),
        method=_codes_in(measured, "method", catalogue().methods) if "method" in measured else None,
    )


def _operators_of(measured: pd.DataFrame) -> NDArray[np.int8]:
    if "operator" not in measured:
        return np.full(len(measured), COMPUTED, np.int8)
    kinds = measured["operator"].astype("category")
    codes = pd.Index(REPORTED).get_indexer(kinds.cat.categories).astype(np.int8)
    operators: NDArray[np.int8] = np.append(codes, np.int8(COMPUTED))[kinds.cat.codes.to_numpy()]
    return operators


def happened_of(events: pd.DataFrame, ids: pd.Index) -> Happened:
    """Return the events of people, whose rows of the table `events` name them as `ids` does."""
    who, day, kind = ids.get_indexer(pd.Index(events["patient_id"])), days_of(events["occurred_at"]), events["kind"].to_numpy(dtype=object)
    last = np.full(len(ids), NO_DAY, np.int32)
    np.maximum.at(last, who, day)
    first = {}
    lines = recorded_lines(events)
    for name in EVENT_KINDS:
        first[name] = np.full(len(ids), NEVER, np.int32)
        here = kind == name
        np.minimum.at(first[name], who[here], day[here])
    every = Therapy(who.astype(np.int32), day, lines, np.zeros(len(day), np.int32))
    therapy = np.isin(kind, (START, STOP))
    every.drug[therapy], drugs = named_drugs(events["detail"].to_numpy(dtype=object)[therapy])
    progressed = every.at(kind == PROGRESSION)
    starts, stops = every.at(kind == START), every.at(kind == STOP)
    return Happened(first, last, starts, stops, drugs, (progressed.person, progressed.day))


def days_of(dates: pd.Series) -> Days:
    """Return dates as whole days since 1970, `NO_DAY` where there is none."""
    stamps = dates.to_numpy().astype("datetime64[D]")
    days = stamps.astype(np.int64)
    days[np.isnat(stamps)] = NO_DAY
    return days.astype(np.int32)


def dates_of(days: Days) -> NDArray[np.datetime64]:
    """Return whole days since 1970 as time stamps."""
    return days.astype("datetime64[D]").astype("datetime64[ns]")
