"""What the page draws of a history: results in canonical units, with those computed from others, and the days to answer for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from features.history.arrays import REPORTED, Histories
from features.history.derived import with_derived
from features.history.rows import static_column
from features.table.landmarks import last_visits
from myeloma import catalogue
from myeloma.calendar import date_of
from serving.answer.record import BiomarkerScale
from serving.answer.scales import scales_of
from serving.http.request import History, day_of


@dataclass(frozen=True)
class Result:
    """A result in its canonical unit: the day it was collected, the day it was known, `<` or `>`, whether it was computed from others."""

    biomarker: str
    collected_at: str
    available_at: str
    value: float
    operator: str
    computed: bool


@dataclass(frozen=True)
class Read:
    """A history that was read: as `POST /v1/risk` takes it, and what is drawn of it; `told` says what was taken for granted."""

    history: dict[str, Any]
    age: float | None
    visits: tuple[str, ...]
    results: tuple[Result, ...]
    biomarkers: tuple[BiomarkerScale, ...]
    told: tuple[str, ...]


def drawn(history: History, person: Histories, told: list[str]) -> Read:
    """Return what the page draws of a history of one person; the age is that of the last visit."""
    results = with_derived(person)
    asked = day_of(history, person)
    known = np.unique(person.results.available)
    visits = known if history.landmark is None else np.append(known[known < asked], asked)
    age = float(static_column("age", person.people, np.zeros(1, np.int32), last_visits(person)[:1])[0])
    operator = np.zeros(len(results), np.int8) if results.operator is None else results.operator
    keys = catalogue().keys()
    order = np.lexsort((results.available, results.collected, results.biomarker))
    rows = tuple(
        Result(
            keys[results.biomarker[k]],
            date_of(results.collected[k]),
            date_of(results.available[k]),
            float(results.value[k]),
            REPORTED[max(int(operator[k]), 0)],
            bool(operator[k] < 0),
        )
        for k in order.tolist()
        if not catalogue()[keys[results.biomarker[k]]].words  # a finding is no amount
    )
    return Read(
        history=history.model_dump(mode="json", exclude_none=True),
        age=age if np.isfinite(age) else None,
        visits=tuple(date_of(day) for day in visits.tolist()),
        results=rows,
        biomarkers=scales_of(tuple(dict.fromkeys(one.biomarker for one in rows))),
        told=tuple(told),
    )
