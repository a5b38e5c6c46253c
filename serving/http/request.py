"""One person's history as it comes over HTTP, through the same checks and the same features as every cohort."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import BaseModel, ConfigDict, Field, StrictFloat, StrictInt, StrictStr

from features import Cohort
from features.cohort.schema import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, SEXES, STAGES
from features.history.arrays import Histories, days_of
from features.intake.plausibility import describe, suspicions
from features.intake.quality import inspect
from features.sources.received import OPTIONAL, REQUIRED, received
from features.table.landmarks import landmark_day, last_visits
from myeloma import DataError
from serving.artifact import Artifact, at_risk

_PERSON = "person"
_DAYS = ("collected_at", "available_at", "occurred_at", "index_date", "landmark")  # a birth date says too much of who it is
_NO_WORD = re.compile(r"[\d/.,:+TZ -]{1,40}")
Day = Annotated[str, Field(examples=["2024-03-01"], description="YYYY-MM-DD")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Patient(_Strict):
    """The person. Leave out what is not known; no name or number is needed."""

    index_date: Day
    birth_date: Day | None = None
    age_at_index: Annotated[float | None, Field(description="Years; used where there is no birth_date")] = None
    sex: Literal[SEXES] | None = None  # type: ignore[valid-type]
    stage: Literal[STAGES] | None = None  # type: ignore[valid-type]
    heavy_chain: Literal[HEAVY_CHAINS] | None = None  # type: ignore[valid-type]
    light_chain: Literal[LIGHT_CHAINS] | None = None  # type: ignore[valid-type]
    fish: Annotated[str | None, Field(description="Findings joined by |", examples=["t(4;14)|gain(1q)"])] = None


class Measurement(_Strict):
    """One result, in the unit it was reported in."""

    collected_at: Day
    available_at: Day | None = None
    biomarker: Annotated[str, Field(examples=["m_protein"])]
    value: Annotated[StrictFloat | StrictInt | StrictStr, Field(description='A number, or text such as "<0.1"', examples=[18.0])]
    unit: Annotated[str, Field(examples=["g/L"])] = ""


class Event(_Strict):
    """Something that happened, such as a start of treatment."""

    occurred_at: Day
    kind: Literal[EVENT_KINDS]  # type: ignore[valid-type]
    detail: str = ""


class History(_Strict):
    """A request: who, what was measured, what happened, and when the prediction is made."""

    task: Annotated[str | None, Field(description="Needed only where the server holds several models", examples=["smm"])] = None
    patient: Patient
    measurements: Annotated[list[Measurement], Field(min_length=1, max_length=20_000)]
    events: list[Event] = []
    landmark: Annotated[Day | None, Field(description="Time of prediction; the last visit where left out")] = None


class HistoryError(DataError):
    """Parts of a history were refused; `problems` says which, each with code, place and what is accepted."""

    def __init__(self, problems: list[dict[str, str]]) -> None:
        super().__init__("The history cannot be used as it is.", code="history_refused")
        self.problems = problems


def cohort_of(history: History) -> Cohort:
    """Return the history as a cohort of one.

    Raises
    ------
    HistoryError
        Any row is refused: one person's answer is given on the whole history or not at all.
    """
    content: dict[str, list[dict[str, Any]]] = {
        "patients": [history.patient.model_dump()],
        "measurements": [m.model_dump() for m in history.measurements],
        "events": [e.model_dump() for e in history.events],
    }
    tables = {}
    for name, rows in content.items():
        frame = pd.DataFrame(rows, columns=[c for c in (*REQUIRED[name], *OPTIONAL[name]) if c not in ("patient_id", "site")])
        tables[name] = frame.astype(object).where(frame.notna(), "").astype(str).assign(patient_id=_PERSON, source_row=range(len(frame)))
    source = received("api", tables, {name: name for name in tables})
    cohort, quarantine = inspect(source)
    if len(quarantine):
        rows = quarantine.to_dict("records")
        own = [row for row in rows if row["reason"] not in ("patient_not_in_cohort", "event_refused")]  # not what merely follows
        raise HistoryError([_problem(row) for row in own or rows])
    return cohort


def landmark_of(history: History, people: Histories, artifact: Artifact) -> int:
    """Return the landmark in days since 1970: the day asked for, or the last visit.

    Raises
    ------
    HistoryError
        The person is not at risk then: before the index date, progressed, treated, or dead.
    """
    day = last_visits(people)[:1]
    if history.landmark is not None:
        try:
            day = days_of(pd.Series([landmark_day(history.landmark)]))
        except DataError as error:
            raise HistoryError([_landmark_problem(history, error.code, error.hint)]) from None
    reason = at_risk(artifact, people, np.zeros(1, np.int32), day).not_at_risk[0]
    if reason not in ("", "after_follow_up"):
        needed = f"stage {artifact.about['population']} and a day from the index date on, before progression, treatment or death"
        raise HistoryError([_landmark_problem(history, str(reason), f"needed: {needed}")])
    return int(day[0])


def suspicions_by(cohort: Cohort, landmark: int) -> tuple[str, ...]:
    """Return what is suspected of the rows that were kept and known by a landmark."""
    by = cohort.measurements["available_at"] <= pd.Timestamp(landmark, unit="D")
    return tuple(describe(suspicions(replace(cohort, measurements=cohort.measurements[by]))))


def shown_day(column: str, received: Any) -> str:
    """Return a day as it was received, so that its mistake is seen; nothing where it holds words, which could name somebody.

    Examples
    --------
    >>> shown_day("collected_at", "10/01/2022"), shown_day("birth_date", "10/01/1960"), shown_day("index_date", "J. Doe")
    ('10/01/2022', '', '')
    """
    return str(received) if column in _DAYS and _NO_WORD.fullmatch(str(received)) else ""


def _landmark_problem(history: History, code: str, message: str) -> dict[str, str]:
    return {"code": code, "where": "landmark", "received": shown_day("landmark", history.landmark), "message": message}


def _problem(row: dict[str, Any]) -> dict[str, str]:
    where = f"{row['table']}[{row['row']}].{row['column']}" if row["table"] != "patients" else f"patient.{row['column']}"
    received = row["received"] or shown_day(row["column"], json.loads(row["record"]).get(row["column"], ""))
    return {"code": row["reason"], "where": where, "received": received, "message": row["accepted"]}
