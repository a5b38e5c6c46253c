"""What is answered to the body of a request: an answer, or why there is none, in the one form. It runs in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

from starlette.responses import Response

from features.history.arrays import Histories
from features.intake.one_person import OnePerson, suspicions_by
from myeloma import UserError
from serving.answer.course import course_of
from serving.answer.person import answer_history
from serving.answer.record import Answer, Course
from serving.artifact import Artifact
from serving.http.body import RefusedError, histories_of, history_within, read
from serving.http.request import History, HistoryError, checked, day_of, landmark_of, left_out, lesion_in
from serving.http.response import Problem, as_json, refusal_of

_LOG = logging.getLogger("serving")


def answer(artifacts: Mapping[str, Artifact], body: bytes, answer_id: str = "") -> Response:
    """Return the answer to one history, or why there is none."""
    status, content = answered(artifacts, body, answer_id)
    return as_json(content, status)


def answered(artifacts: Mapping[str, Artifact], body: bytes | str, answer_id: str = "") -> tuple[int, Any]:
    """Return status and content of the answer to one history: 200 and the answer, or another and why there is none."""
    return told(lambda: _named(_risk(artifacts, read(body, History)), answer_id))


def answer_many(artifacts: Mapping[str, Artifact], body: bytes, answer_id: str = "") -> Response:
    """Return, for each of several histories, its answer or why there is none, in their order, with counts; a faulty one stops no other."""

    def one(content: Any, place: int) -> dict[str, Any]:
        status, said = told(lambda: _named(_risk(artifacts, history_within(content, place)), answer_id))
        return {"answer": said} if status == 200 else {"refusal": {**said, "status": status}}

    def each() -> dict[str, Any]:
        results = [one(content, place) for place, content in enumerate(histories_of(body))]
        answered = sum("answer" in result for result in results)
        return {"answered": answered, "refused": len(results) - answered, "results": results}

    status, content = told(each)
    return as_json(content, status)


def answer_course(body: bytes) -> Response:
    """Return the course of a treated person, or why there is none."""

    def course() -> Course:
        history = read(body, History)
        person, _ = checked(history)
        day = day_of(history, person)
        return course_of(person, day, day if history.landmark else int(person.happened.last[0]))

    status, content = told(course)
    return as_json(content, status)


def _risk(artifacts: Mapping[str, Artifact], history: History) -> Answer:
    return answer_to(chosen(artifacts, history.task), history)


def _named(made: Answer, answer_id: str) -> Answer:
    return replace(made, answer_id=answer_id) if answer_id else made


def answer_to(artifact: Artifact, history: History, until: int | None = None, today: int | None = None) -> Answer:
    """Return the answer to a history.

    Parameters
    ----------
    until, today : days since 1970, optional
        The last day that a result may be of, and that on which the answer is given; the day of the call where left out.

    Raises
    ------
    HistoryError
        Part of the history is refused, or the risk is not meant for the person.
    """
    person, kept = checked(history, until)
    landmark = landmark_of(history, person, artifact)
    return answer_of(artifact, person, kept, landmark, today, lesion_in(history, landmark))


def answer_of(artifact: Artifact, person: Histories, kept: OnePerson, landmark: int, today: int | None = None, lesion: str = "") -> Answer:
    """Return the answer to a checked history at a landmark, with what was left out of it and what is suspected of its results.

    Parameters
    ----------
    lesion : as `serving.answer.person.answer_history` has it
    """
    return answer_history(artifact, person, landmark, (*left_out(kept), *suspicions_by(kept, landmark)), today, lesion)


def told(make: Callable[[], Any]) -> tuple[int, Any]:
    """Return a status and its content: what was made, or why it could not be."""
    try:
        return 200, make()
    except Exception as error:
        status, problems, more = refused_for(error)
        return status, asdict(refusal_of(problems, more))


def refused_for(error: Exception) -> tuple[int, Sequence[Problem], int]:
    """Return status, problems, and how many more there are, for what kept an answer from being made; every form of refusal takes them."""
    if isinstance(error, RefusedError):
        return error.status, error.problems, error.more
    if isinstance(error, HistoryError):
        return 422, error.problems, error.more
    if isinstance(error, UserError):
        return 422, [Problem(error.code, "request", error.hint)], 0  # `what` may repeat what was sent
    _LOG.error("a request failed: %s", type(error).__name__)  # what it says could hold what was sent
    return 500, [Problem("internal_error", "server", "a fault of this program; nothing of the request is kept")], 0


def chosen(artifacts: Mapping[str, Artifact], task: str | None) -> Artifact:
    """Return the model for a task, which may be left out where there is one.

    Raises
    ------
    HistoryError
        There is none for it.
    """
    if task is None and len(artifacts) == 1:
        return next(iter(artifacts.values()))
    if task is None or task not in artifacts:
        loaded = ", ".join(sorted(artifacts)) or "none"
        raise HistoryError([Problem("unknown_task", "task", f"models loaded: {loaded}")])
    return artifacts[task]
