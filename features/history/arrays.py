"""People and their results as arrays: what the kernel, the scores and the outcomes are made from. A person is a position.

Days count from 1970. A text that names one of a few things is its position in the list of them, -1 where unknown; a biomarker is
its position in the catalogue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, STAGES, Cohort
from features.history.layout import Chosen, Days
from myeloma import catalogue
from myeloma.calendar import NEVER, NO_DAY

FEMALE = {"female": 1.0, "male": 0.0}
CODED = {"stage": STAGES, "heavy_chain": HEAVY_CHAINS, "light_chain": LIGHT_CHAINS}


@dataclass(frozen=True)
class People:
    """What is known of people once and for all, one element a person.

    Attributes
    ----------
    index_day : days
    age_at_index : years, NaN where unknown
    female : 1.0, 0.0, NaN where unknown
    stage, heavy_chain, light_chain : positions in `STAGES`, `HEAVY_CHAINS`, `LIGHT_CHAINS`
    fish : texts, findings joined by a bar, empty where not tested
    """

    index_day: Days
    age_at_index: NDArray[np.float64]
    female: NDArray[np.float64]
    stage: NDArray[np.int8]
    heavy_chain: NDArray[np.int8]
    light_chain: NDArray[np.int8]
    fish: NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.index_day)


@dataclass(frozen=True)
class Results:
    """Results of people, one element a result: whose, of what, when collected, when known, and the value in the canonical unit."""

    patient: NDArray[np.int32]
    biomarker: NDArray[np.int16]
    collected: Days
    available: Days
    value: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.value)

    def columns(self) -> tuple[NDArray[np.int32], NDArray[np.int16], Days, Days, NDArray[np.float64]]:
        """Return the arrays in the order of the attributes."""
        return self.patient, self.biomarker, self.collected, self.available, self.value

    def at(self, rows: Chosen) -> Results:
        """Return some of the rows, given as positions or as a mask."""
        return Results(self.patient[rows], self.biomarker[rows], self.collected[rows], self.available[rows], self.value[rows])

    def followed_by(self, *others: Results) -> Results:
        """Return these rows and those of others after them."""
        return Results(*(np.concatenate(parts) for parts in zip(self.columns(), *(o.columns() for o in others), strict=True)))


@dataclass(frozen=True)
class Happened:
    """Events of people: by kind the first day of each person, `NEVER` where there is none; and the last day of any."""

    first: dict[str, Days]
    last: Days


@dataclass(frozen=True)
class Histories:
    """Some people, their results in any order, and what happened to them."""

    people: People
    results: Results
    happened: Happened

    @classmethod
    def of(cls, cohort: Cohort) -> Histories:
        """Return the histories of a cohort; person p is row p of its patients."""
        ids = pd.Index(cohort.patients["patient_id"])
        return cls(people_of(cohort.patients), _results_of(cohort.measurements, ids), happened_of(cohort.events, ids))

    def known_by(self, day: int) -> Histories:
        """Return the same people with the results that were available by a day."""
        return replace(self, results=self.results.at(self.results.available <= day))


def places(biomarkers: tuple[str, ...] | list[str]) -> NDArray[np.int16]:
    """Return the positions of biomarkers in the catalogue, -1 for others."""
    place = {name: k for k, name in enumerate(catalogue())}
    return np.array([place.get(name, -1) for name in biomarkers], dtype=np.int16)


def people_of(patients: pd.DataFrame) -> People:
    """Return people from the rows of the table `patients`."""
    return People(
        days_of(patients["index_date"]),
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


def _results_of(measured: pd.DataFrame, ids: pd.Index) -> Results:
    kinds = measured["biomarker"].astype("category")
    return Results(
        ids.get_indexer(pd.Index(measured["patient_id"])).astype(np.int32),
        places(list(kinds.cat.categories))[kinds.cat.codes.to_numpy()],
        days_of(measured["collected_at"]),
        days_of(measured["available_at"]),
        measured["value"].to_numpy(dtype=np.float64),
    )


def happened_of(events: pd.DataFrame, ids: pd.Index) -> Happened:
    """Return the events of people, whose rows of the table `events` name them as `ids` does."""
    who, day, kind = ids.get_indexer(pd.Index(events["patient_id"])), days_of(events["occurred_at"]), events["kind"].to_numpy(dtype=object)
    last = np.full(len(ids), NO_DAY, np.int32)
    np.maximum.at(last, who, day)
    first = {}
    for name in EVENT_KINDS:
        first[name] = np.full(len(ids), NEVER, np.int32)
        here = kind == name
        np.minimum.at(first[name], who[here], day[here])
    return Happened(first, last)


def days_of(dates: pd.Series) -> Days:
    """Return dates as whole days since 1970, `NO_DAY` where there is none."""
    stamps = dates.to_numpy().astype("datetime64[D]")
    days = stamps.astype(np.int64)
    days[np.isnat(stamps)] = NO_DAY
    return days.astype(np.int32)


def dates_of(days: Days) -> NDArray[np.datetime64]:
    """Return whole days since 1970 as time stamps."""
    return days.astype("datetime64[D]").astype("datetime64[ns]")
