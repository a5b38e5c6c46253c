"""One person's history as it comes over HTTP, through the same checks and the same features as every cohort."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from operator import attrgetter
from typing import Annotated, Any, Protocol

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import AllowInfNan, BaseModel, ConfigDict, FailFast, Field, FiniteFloat, StrictFloat, StrictInt, StrictStr

from features.cohort.lines import START, STOP, Therapy, named_drugs
from features.cohort.schema import EVENT_KINDS, STAGES, HeavyChain, Kind, LightChain, Sex, Stage
from features.history.arrays import (
    CODED,
    FEMALE,
    PROGRESSION,
    TREATED_BY,
    Happened,
    Histories,
    People,
    Results,
    days_of,
    of_first_specimen,
)
from features.intake.one_person import OnePerson, check_person
from features.intake.one_person import Problem as RefusedRow
from features.intake.quarantine import SHOWN_COLUMNS
from features.intake.rules import SCALE_INCOMPLETE
from features.sources.births import with_age
from features.sources.parsing import first_day_of
from features.table.landmarks import landmark_day, last_visits
from myeloma import DataError, calendar
from myeloma.calendar import BAD_DAY, FIRST_DATE, LAST_DATE, NEVER, NO_DAY, date_of
from myeloma.echo import echo, echo_day
from serving.answer.population import outside_population, who_is_needed
from serving.answer.since import outside_since
from serving.artifact import Artifact
from serving.http.response import MOST_LISTED, Problem

_TOO_FEW = SCALE_INCOMPLETE.reason
_FOLLOWS = ("patient_not_in_cohort", "event_refused")  # what merely follows from another problem
_DAYS = ("collected_at", "available_at", "occurred_at", "index_date", "landmark", "since")  # a birth date says too much of who it is
_CELLS = attrgetter("collected_at", "available_at", "biomarker", "value", "unit", "method", "specimen")
_CELLS_OF_EVENT = attrgetter("occurred_at", "kind", "detail", "line")
MOST_MEASUREMENTS, MOST_EVENTS, MOST_TEXT = 20_000, 2_000, 200
Day = Annotated[str, Field(max_length=40, examples=["2024-03-01"], description="YYYY-MM-DD")]
Number = Annotated[StrictFloat, AllowInfNan(False)]  # what is none must not pass for unknown
Text = Annotated[StrictStr, Field(max_length=MOST_TEXT)]


class Strict(BaseModel):
    """What is sent, in which no field is made up."""

    model_config = ConfigDict(extra="forbid")


class Patient(Strict):
    """The person. Leave out what is not known; no name or number is needed."""

    index_date: Day
    birth_date: Annotated[Day | None, Field(description="YYYY-MM-DD; of a year or YYYY-MM an age is counted from its middle")] = None
    age_at_index: Annotated[FiniteFloat | None, Field(description="Years; used where there is no birth_date")] = None
    sex: Sex | None = None
    stage: Stage | None = None
    heavy_chain: HeavyChain | None = None
    light_chain: LightChain | None = None
    fish: Annotated[Text | None, Field(description="Findings joined by |", examples=["t(4;14)|gain(1q)"])] = None


class LabResult(Strict):
    """What a test showed, in the unit it was reported in."""

    biomarker: Annotated[Text, Field(examples=["m_protein"])]
    value: Annotated[StrictFloat | StrictInt | Text, Field(description='A number, or text such as "<0.1"', examples=[18.0])]
    unit: Annotated[Text, Field(examples=["g/L"])] = ""
    method: Annotated[Text | None, Field(description="How plasma cells or residual disease were measured", examples=["biopsy"])] = None
    specimen: Annotated[
        Text | None, Field(description="What it was measured in; another specimen than the biomarker's is refused", examples=["serum"])
    ] = None


class Measurement(LabResult):
    """One result, with the days it was collected and known."""

    collected_at: Day
    available_at: Day | None = None


class Event(Strict):
    """Something that happened, such as a start of treatment."""

    occurred_at: Day
    kind: Kind
    detail: Text = ""
    line: Annotated[
        StrictInt | Number | None,
        Field(description="Line of therapy, 1 to 99, of a start or stop of treatment"),
    ] = None


class Lesion(Strict):
    """An osteolytic lesion that a Condition of the record names: it defines myeloma, so that no risk of a precursor is shown."""

    since: Annotated[
        Annotated[StrictStr, Field(pattern=r"^\d{4}(-\d\d(-\d\d)?)?$")] | None,
        Field(description="YYYY-MM-DD, YYYY-MM or YYYY; left out where no day is known: it counts on every day then"),
    ] = None


class History(Strict):
    """A request: who, what was measured, what happened, and when the prediction is made."""

    task: Annotated[Text | None, Field(description="Needed only where the server holds several models", examples=["smm"])] = None
    patient: Patient
    measurements: Annotated[list[Measurement], Field(min_length=1, max_length=MOST_MEASUREMENTS), FailFast()]
    events: Annotated[list[Event], Field(max_length=MOST_EVENTS), FailFast()] = []
    landmark: Annotated[Day | None, Field(description="Time of prediction; the last visit where left out")] = None
    lesions: Annotated[list[Lesion], Field(max_length=MOST_EVENTS)] | None = None


class Asked(Protocol):
    """What says for which day a risk is asked: a history, or whatever brings one."""

    @property
    def landmark(self) -> str | None: ...


class HistoryError(DataError):
    """Parts of a history were refused; `problems` says which, each with code, place and what is accepted; `more` counts the others."""

    def __init__(self, problems: list[Problem], more: int = 0) -> None:
        super().__init__("The history cannot be used as it is.", code="history_refused")
        self.problems = problems
        self.more = more


def checked(history: History, until: int | None = None) -> tuple[Histories, OnePerson]:
    """Return the history of a request, checked as every cohort is: the arrays of one person, and what was kept of which row.

    Parameters
    ----------
    until : int, optional
        Days since 1970; days after it are refused. The day of the call where left out.

    Raises
    ------
    HistoryError
        Any row is refused: one person's answer is given on the whole history or not at all.
    """
    if wrong := list(_wrong_lesions(history, calendar.today() if until is None else until)):
        raise HistoryError(wrong[:MOST_LISTED], max(0, len(wrong) - MOST_LISTED))
    measurements, events = list(map(_CELLS, history.measurements)), list(map(_CELLS_OF_EVENT, history.events))
    kept = check_person(with_age(vars(history.patient)), measurements, events, until)
    if own := problems_of(kept):
        raise HistoryError([_problem(history, problem) for problem in own[:MOST_LISTED]], max(0, len(own) - MOST_LISTED))
    return person_of(kept), kept


def _wrong_lesions(history: History, until: int) -> Iterator[Problem]:
    """Yield the lesions whose day is none, or lies in the future: by a slip of the year the risk that a lesion withholds would be shown."""
    for place, since in enumerate(one.since for one in history.lesions or ()):
        day = NO_DAY if since is None else first_day_of(since)
        if since is not None and (day <= BAD_DAY or day > until):
            accepted = f"write it YYYY-MM-DD, YYYY-MM or YYYY, from {FIRST_DATE} to {LAST_DATE}; leave it out where no day is known"
            code, message = ("bad_date", accepted) if day <= BAD_DAY else ("future_date", "the day lies in the future")
            yield Problem(code, f"lesions[{place}].since", message, shown_day("since", since))


def problems_of(kept: OnePerson) -> Sequence[RefusedRow]:
    """Return the rows of one person that were refused, without those that merely follow from another.

    Too few answers to a scale are no mistake: by the EORTC's rule the scale is missing, and the rest of the history stands. Where
    nothing else is kept, or another row is refused, they are among the problems.
    """
    if len(kept.value) and all(problem.reason == _TOO_FEW for problem in kept.problems):
        return []
    return [problem for problem in kept.problems if problem.reason not in _FOLLOWS] or kept.problems


def left_out(kept: OnePerson) -> list[str]:
    """Return in words what was left out of a history that was not refused."""
    if not (count := len(kept.problems)):
        return []
    what = f"{count} answer{'s' if count > 1 else ''} to questionnaires"
    return [f"not used: {what}, since fewer than half of the items of their scales are answered on that day: these scales count as missing"]


def person_of(kept: OnePerson) -> Histories:
    """Return the arrays of one person of whom nothing was refused."""
    person = kept.patient or {}
    people = People(
        np.array([person["index_date"]], np.int32),
        np.array([NO_DAY if person["birth_date"] is None else person["birth_date"]], np.int32),
        np.array([person["age_at_index"]], np.float64),
        np.array([FEMALE.get(person["sex"], np.nan)]),
        _coded(person, "stage"),
        _coded(person, "heavy_chain"),
        _coded(person, "light_chain"),
        np.array([person["fish"]], dtype=object),
    )
    columns = (kept.collected, kept.available, kept.value, kept.operator, kept.method)
    results = Results(np.zeros(len(kept.value), np.int32), of_first_specimen(kept.biomarker, kept.specimen), *columns)
    return Histories(people, results.one_a_day(kept.instant), _happened(kept))


def _coded(person: dict[str, Any], name: str) -> NDArray[np.int8]:
    return np.array([CODED[name].index(person[name]) if person[name] in CODED[name] else -1], np.int8)


@cache
def _nothing_happened() -> Happened:
    nobody = Therapy(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.int16), np.empty(0, np.int32))
    never = np.full(1, NEVER, np.int32)
    never.flags.writeable = False  # every person of whom no event is known shares it
    return Happened(dict.fromkeys(EVENT_KINDS, never), np.full(1, NO_DAY, np.int32), nobody, nobody, ("",), (nobody.person, nobody.day))


def _happened(kept: OnePerson) -> Happened:
    if not len(kept.event):
        return _nothing_happened()
    first = {name: np.full(1, NEVER, np.int32) for name in EVENT_KINDS}
    for kind, day in zip(kept.event.tolist(), kept.occurred.tolist(), strict=True):
        if kind:
            name = EVENT_KINDS[kind - 1]
            first[name] = np.minimum(first[name], np.int32(day))
    starts, stops, progressed = (np.flatnonzero(kept.event == EVENT_KINDS.index(kind) + 1) for kind in (START, STOP, PROGRESSION))
    nobody = np.zeros(len(kept.occurred), np.int32)
    of_therapy = {*starts.tolist(), *stops.tolist()}
    drug, drugs = named_drugs(text if row in of_therapy else "" for row, text in enumerate(kept.detail))
    every = Therapy(nobody, kept.occurred, kept.line, drug)
    last = np.full(1, kept.occurred.max(initial=NO_DAY), np.int32)
    progressions = (nobody[progressed], kept.occurred[progressed])
    return Happened(first, last, every.at(starts), every.at(stops), drugs, progressions)


def landmark_of(history: Asked, people: Histories, artifact: Artifact) -> int:
    """Return the landmark in days since 1970: the day asked for, or the last visit.

    Who names no day asks for the present: who has progressed, died or been treated since the last visit has no risk now.

    Raises
    ------
    HistoryError
        The risk is not meant for the person then (see `serving.answer.population`).
    """
    day = day_of(history, people)
    if reason := str(outside_population(artifact, people, np.zeros(1, np.int32), np.array([day], np.int32))[0]):
        raise HistoryError([_landmark_problem(history, reason, who_is_needed(artifact, reason, people, day), _known_of(people, reason))])
    if history.landmark is None and (since := outside_since(artifact, people, day)):
        visit = f"the last visit is of {date_of(day)}, before that: `landmark` asks for the risk as it was then"
        needed = f"{who_is_needed(artifact, since.reason, people, day)}; {visit}"
        raise HistoryError([_landmark_problem(history, since.reason, needed, _known_of(people, since.reason))])
    return day


def day_of(history: Asked, people: Histories) -> int:
    """Return the day asked for, or that of the last visit, in days since 1970.

    Raises
    ------
    HistoryError
        The day asked for is none.
    """
    if history.landmark is None:
        return int(last_visits(people)[0])
    try:
        return int(days_of(pd.Series([landmark_day(history.landmark)]))[0])
    except DataError as error:
        raise HistoryError([_landmark_problem(history, error.code, error.hint)]) from None


def lesion_known(since: Iterable[str], asked: str | None, landmark: int) -> str:
    """Return what tells of the first osteolytic lesion known by the day that is asked for, with its day; empty where nothing does.

    Parameters
    ----------
    since : the day of each lesion, or its month or year; empty where it is not known, which counts on every day
    asked : the day that was asked for; None asks for the present, in which lesions found since the last visit are known too
    landmark : what day that is, in days since 1970

    Examples
    --------
    >>> lesion_known(["2022-03-01", "2021"], "2022-03-01", 19052), lesion_known(["", "2021"], "2020-01-01", 18262)
    ('told by a Condition of 2021', 'told by a Condition')
    >>> lesion_known(["2022"], "2021-01-01", 18628), lesion_known(["2022"], None, 18628)
    ('', 'told by a Condition of 2022')
    """
    told = [first for first in sorted(since, key=first_day_of) if asked is None or first_day_of(first) <= landmark]
    return f"told by a Condition{' of ' + told[0] if told[0] else ''}" if told else ""


def lesion_in(history: History, landmark: int) -> str:
    """Return what tells of an osteolytic lesion of a history by a landmark (days since 1970), in words; of any where none was named."""
    return lesion_known((one.since or "" for one in history.lesions or ()), history.landmark, landmark)


def shown_day(column: str, received: Any) -> str:
    """Return a day as it was received, so that its mistake is seen; nothing where it holds words, which could name somebody.

    Examples
    --------
    >>> shown_day("collected_at", "10/01/2022"), shown_day("birth_date", "10/01/1960"), shown_day("index_date", "J. Doe")
    ('10/01/2022', '', '')
    """
    return echo_day(str(received)) if column in _DAYS and isinstance(received, str | int) and len(str(received)) <= MOST_TEXT else ""


def _landmark_problem(history: Asked, code: str, message: str, known: str = "") -> Problem:
    return Problem(code, "landmark", message, shown_day("landmark", history.landmark) or known)


_ENDED_BY = {"dead": ("death",), "progressed": ("progression",), "treated": TREATED_BY}


def _known_of(people: Histories, reason: str) -> str:
    """Return what puts a person outside a population: the stage, or the event and its day; nothing for other reasons."""
    if reason in ("other_stage", "stage_contradicted"):
        return f"stage {STAGES[people.people.stage.item(0)]}"
    if reason not in _ENDED_BY:
        return ""
    day, kind = min((int(people.happened.first[kind][0]), kind) for kind in _ENDED_BY[reason])
    return f"{kind} on {date_of(day)}" if day < NEVER else ""


def _problem(history: History, problem: RefusedRow) -> Problem:
    """Return a refused row as HTTP says it; a cell is shown only where what it holds cannot say who the person is."""
    of_patient = problem.table == "patients"
    row = history.patient if of_patient else getattr(history, problem.table)[problem.row]
    counted = problem.column == "age_at_index" and history.patient.age_at_index is None  # from the birth, which is what was sent
    column = "birth_date" if counted else problem.column
    where = f"patient.{column}" if of_patient else f"{problem.table}[{problem.row}].{column}"
    cell = getattr(row, column, None)
    text = "" if cell is None else str(cell)
    received = echo(text) if column in SHOWN_COLUMNS else ""
    return Problem(problem.reason, where, problem.accepted, received or shown_day(column, text))
