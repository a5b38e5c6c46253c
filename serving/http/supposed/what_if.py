"""What another visit would change: the risk of a history, and that of the same history with results of a later day.

The past is never changed, no therapy and no residual disease can be supposed, and what comes back says that it is the model's
sensitivity: how the model reacts, not what would happen to the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field
from starlette.responses import Response

from features.table.landmarks import parse_day
from myeloma import DataError, catalogue
from myeloma.calendar import EPOCH, date_of, today
from serving.answer.record import Answer
from serving.artifact import Artifact
from serving.http.answering import answer_of, answer_to, chosen, told
from serving.http.body import read
from serving.http.request import Day, History, HistoryError, LabResult, Measurement, Strict, checked, landmark_of, lesion_in, shown_day
from serving.http.response import Problem, as_json

MOST_AHEAD_DAYS = 731  # of a supposed visit after the last result: further ahead a model says ever less; a convention
MOST_RESULTS = 20
MEANING = (
    "How the model reacts to results of a later day. It is no forecast of them, it does not say what a treatment would do, and it is not "
    "a risk of this person."
)
_NOT_SUPPOSED = ("mrd",)


class Supposed(LabResult):
    """One result that is supposed, in the unit it would be reported in."""


class Visit(Strict):
    """A visit that is supposed: its day, after all that the history holds, and its results."""

    collected_at: Day
    measurements: Annotated[list[Supposed], Field(min_length=1, max_length=MOST_RESULTS)]


class Question(Strict):
    """A history as `POST /v1/risk` takes it, and the visit that is supposed."""

    history: History
    visit: Visit


@dataclass(frozen=True)
class WhatIf:
    """The answer to the history as it is, and to the history with the supposed visit; `meaning` says what the difference is not."""

    now: Answer
    then: Answer
    meaning: str


def answer_what_if(artifacts: Mapping[str, Artifact], body: bytes) -> Response:
    """Return what a supposed visit would change, or why that cannot be said."""
    status, content = told(lambda: _what_if(artifacts, read(body, Question)))
    return as_json(content, status)


def _what_if(artifacts: Mapping[str, Artifact], asked: Question) -> WhatIf:
    artifact, history = chosen(artifacts, asked.history.task), asked.history
    try:
        person, kept = checked(history)
        landmark = landmark_of(history, person, artifact)
    except HistoryError as error:
        raise HistoryError([replace(one, where=f"history.{one.where}") for one in error.problems], error.more) from None
    last = max(landmark, int(kept.collected.max()), int(kept.available.max()), int(person.happened.last[0]))
    day = _day_of_visit(asked.visit, last)
    return WhatIf(answer_of(artifact, person, kept, landmark, lesion=lesion_in(history, landmark)), _then(artifact, asked, day), MEANING)


def _then(artifact: Artifact, asked: Question, day: int) -> Answer:
    supposed = [Measurement(collected_at=asked.visit.collected_at, **vars(one)) for one in asked.visit.measurements]
    history = asked.history.model_copy(update={"measurements": [*asked.history.measurements, *supposed], "landmark": None})
    for place, one in enumerate(supposed):
        if catalogue().key_of(one.biomarker) in _NOT_SUPPOSED:
            where = f"visit.measurements[{place}].biomarker"
            raise HistoryError(
                [Problem("not_supposed", where, "residual disease is not supposed; a result that there is belongs in the history")]
            )
    try:
        return answer_to(artifact, history, max(day, today()), day)
    except HistoryError as error:
        raise HistoryError([_of_visit(one, len(asked.history.measurements)) for one in error.problems], error.more) from None


def _day_of_visit(visit: Visit, last: int) -> int:
    """Return the day of a visit, which lies after the last day of the history."""
    try:
        day = parse_day(visit.collected_at).toordinal() - EPOCH
    except DataError as error:
        raise HistoryError([_day_problem(visit, error.code, error.hint)]) from None
    if not last < day <= last + MOST_AHEAD_DAYS:
        accepted = f"a day after everything in the history ({date_of(last)}), by at most {MOST_AHEAD_DAYS} days"
        raise HistoryError([_day_problem(visit, "visit_not_later" if day <= last else "visit_too_late", accepted)])
    return day


def _day_problem(visit: Visit, code: str, accepted: str) -> Problem:
    return Problem(code, "visit.collected_at", accepted, shown_day("collected_at", visit.collected_at))


def _of_visit(problem: Problem, before: int) -> Problem:
    """Return a problem with its place in the visit: the supposed results were checked behind those of the history."""
    row, found, rest = problem.where.removeprefix("measurements[").partition("]")
    return replace(problem, where=f"visit.measurements[{int(row) - before}]{rest}" if found else "visit")
