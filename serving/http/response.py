"""What is sent back where a request is refused: one form for every failure. What is answered otherwise is `serving.answer.record`."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response

from serving.answer.record import Answer

Answered = Callable[[Request, Callable[[bytes], Response]], Awaitable[Response]]  # takes a request's body to what answers it
Statuses = dict[int | str, dict[str, Any]]  # what a way in is described by
_ATOMS = frozenset((str, int, bool, type(None)))
MOST_LISTED = 100  # problems of one request


@dataclass(frozen=True)
class Problem:
    """One thing that was refused: a stable code, where it stands, what is wrong or what is accepted, and what was received.

    `received` is empty where the content could say who the person is.
    """

    code: str
    where: str
    message: str
    received: str = ""


@dataclass(frozen=True)
class Refusal:
    """The body of every failure: its problems, and how many more there are than are listed."""

    errors: list[Problem]
    more: int = 0


@dataclass(frozen=True)
class BatchRefusal(Refusal):
    """Why one history of several has no answer; `status` is what it would have had alone."""

    status: int = 422


@dataclass(frozen=True)
class BatchResult:
    """An answer or a refusal: the other is left out."""

    answer: Answer | None = None
    refusal: BatchRefusal | None = None


@dataclass(frozen=True)
class Batch:
    """The answers to several histories, in their order."""

    answered: int
    refused: int
    results: list[BatchResult]


def refusal_of(problems: Sequence[Problem], more: int = 0) -> Refusal:
    """Return why something is refused; of many problems the first are listed, and `more` counts what was left out before."""
    left_out = max(0, len(problems) - MOST_LISTED)
    return Refusal(list(problems[:MOST_LISTED]), left_out + more)


def refusal(status: int, problems: Sequence[Problem], more: int = 0, headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that is refused."""
    return as_json(asdict(refusal_of(problems, more)), status, headers)


def as_json(content: Any, status: int = 200, headers: Mapping[str, str] | None = None, kind: str = "application/json") -> Response:
    """Return content, records among it, as JSON.

    Raises
    ------
    ValueError
        It holds a number that JSON cannot hold, which would be written as null, as if it were unknown: a fault of the program.
    """
    _require_finite(content)
    return Response(orjson.dumps(content), status, headers, kind)


def _require_finite(content: Any) -> None:
    waiting = [content]
    for one in waiting:  # it grows as it goes: a call for each record would take twice as long
        of = type(one)
        for part in one if of is tuple or of is list else one.values() if of is dict else vars(one).values():
            kind = type(part)
            if kind is float:
                if part - part != 0.0:  # infinite, or none
                    raise ValueError("a number that is not finite")
            elif kind not in _ATOMS:
                waiting.append(part)
