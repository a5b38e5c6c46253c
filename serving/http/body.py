"""The body of a request: read up to a size and within a time, and made a history, whatever it holds."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Annotated, Any, TypeVar, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import ClientDisconnect, Request

from features.sources.fhir import elements
from features.sources.fhir.twice import twice_in
from myeloma.errors import nearest
from serving.http.request import MOST_EVENTS, MOST_MEASUREMENTS, Event, History, Lesion, Measurement, Patient, shown_day
from serving.http.response import MOST_LISTED, Problem

MOST_BYTES = 4 * 2**20
MOST_HISTORIES = 100  # of one request: what takes longer keeps others waiting
MOST_SECONDS = 4.0  # in which the whole body has to come
FHIR_VERSION = "4.0"
_RELEASE = re.compile(r";\s*fhirVersion\s*=\s*([^;,\s]*)", re.IGNORECASE)
_JSON = re.compile(r"application/(?:json|[\w.+-]+\+json)\s*(?:;.*)?", re.IGNORECASE)
_OF: dict[str, type[BaseModel]] = {"patient": Patient, "measurements": Measurement, "events": Event, "lesions": Lesion}
_FIELDS = frozenset(
    ("histories", "history", "visit", "text", *History.model_fields, *(name for model in _OF.values() for name in model.model_fields))
)
# Elements of FHIR R4 and CDS Hooks whose names may be told: those that are read, and those that they stand in.
_MODELS = [one for one in vars(elements).values() if isinstance(one, type) and issubclass(one, BaseModel)]
_ELEMENTS = frozenset(
    ("entry", "resource", "resourceType", "fullUrl", "prefetch", "patient", "conditions", "labs", "drugs", "clinicalStatus", "context")
) | {name for one in _MODELS for name in one.model_fields}
# Fields that may hold several kinds of content, and what they may hold.
_ONE_OF = {"value": 'a number, or text such as "<0.1"', "line": "a whole number from 1 to 99, of a start or stop of treatment"}
_KINDS = frozenset(("float", "int", "str"))  # of a value, as pydantic names them


Asked = TypeVar("Asked", bound=BaseModel)


class Several(BaseModel):
    """A request for several people, or for several days of one: each history as `POST /v1/risk` takes it."""

    model_config = ConfigDict(extra="forbid")
    histories: Annotated[list[Any], Field(min_length=1, max_length=MOST_HISTORIES)]


class RefusedError(Exception):
    """A request that gets no answer: the status, what is wrong, and how much more there is."""

    def __init__(self, status: int, problems: Sequence[Problem], more: int = 0) -> None:
        super().__init__(status)
        self.status = status
        self.problems = problems
        self.more = more


async def body_of(request: Request) -> bytes:
    """Return the body of a request.

    Raises
    ------
    RefusedError
        It is no JSON by its own account (415), too large (413), or does not come in time (408).
    """
    kind = request.headers.get("content-type", "")
    if not _JSON.fullmatch(kind):
        raise _refused(415, "unsupported_media_type", "header.content-type", "send JSON, with content-type: application/json")
    if is_of_another_release(kind):
        hint = f"FHIR R4 alone is read; send it as application/fhir+json; fhirVersion={FHIR_VERSION}, or leave fhirVersion out"
        raise _refused(415, "unsupported_media_type", "header.content-type", hint)
    stated = request.headers.get("content-length", "")
    if stated.isdecimal() and int(stated[:12]) > MOST_BYTES:
        raise _too_large()
    try:
        async with asyncio.timeout(MOST_SECONDS):
            return await _read(request)
    except TimeoutError:
        raise _refused(408, "request_timeout", "body", f"the whole body has to come within {MOST_SECONDS:g} seconds") from None
    except ClientDisconnect:
        raise _refused(400, "incomplete_request", "body", "the connection ended before the body did") from None


def is_of_another_release(kind: str) -> bool:
    """Return whether a media type names another release of FHIR than R4 (FHIR R4, http.html, parameter fhirVersion).

    Examples
    --------
    >>> [is_of_another_release(f"application/fhir+json{more}") for more in ("", ';fhirversion="4.0"', "; fhirVersion=5.0")]
    [False, False, True]
    """
    return any(version.strip('"') != FHIR_VERSION for version in _RELEASE.findall(kind))


async def _read(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_BYTES:
            raise _too_large()
    return bytes(body)


def read(body: bytes | str, model: type[Asked]) -> Asked:
    """Return what a body asks, by the model of the way in.

    Raises
    ------
    RefusedError
        It is no JSON, or has another shape; what was sent is not in the message, since it could identify a person.
    """
    refuse_twice(body)
    return _read_once(body, model)


def _read_once(body: bytes | str, model: type[Asked]) -> Asked:
    """Return what a body asks in which each name stands once."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        raise _of_shape(error, model) from None


def refuse_twice(body: bytes | str, root: str = "") -> None:
    """Refuse a body in which a name stands twice in one object: a parser keeps the last, and nobody can tell which was meant.

    Parameters
    ----------
    root : what the body is called where a place in it is told

    Raises
    ------
    RefusedError
        One does. It is told where, but no name that the sender made up.
    """
    if not (steps := twice_in(body)):
        return
    known = _ELEMENTS if root else _FIELDS
    where = f"{root}{_place(steps, known)}".removeprefix(".")
    message = "the name stands twice in one object of the JSON, and a parser would keep the last alone; send each name once"
    raise _refused(422, "repeated_name", where, message)


def histories_of(body: bytes) -> list[Any]:
    """Return the histories of a body that holds several, as they came: each is looked at by itself.

    Raises
    ------
    RefusedError
        It is no JSON, has another shape, or holds none or too many; or together they are longer than one may be.
    """
    histories = read(body, Several).histories
    for name, most in (("measurements", MOST_MEASUREMENTS), ("events", MOST_EVENTS)):
        lists = (one.get(name) for one in histories if isinstance(one, dict))
        if sum(len(rows) for rows in lists if isinstance(rows, list)) > most:
            raise _refused(422, "too_long", "histories", f"at most {most} {name} in all are accepted; send fewer histories at a time")
    return histories


def history_within(content: Any, place: int) -> History:
    """Return one of several histories, read as it would be alone; where it is refused, its place stands before what is wrong in it.

    Raises
    ------
    RefusedError
        It has another shape.
    """
    try:
        return _read_once(json.dumps(content), History)
    except RefusedError as error:
        found = [replace(one, where=f"histories[{place}].{one.where}".removesuffix(".body")) for one in error.problems]
        raise RefusedError(error.status, found, error.more) from None


def _of_shape(error: ValidationError, root: type[BaseModel]) -> RefusedError:
    """Return why a body is refused; of very many mistakes the first are put into words."""
    found = _once_a_place(error.errors(include_url=False))
    return RefusedError(422, [_problem(one, root) for one in found[:MOST_LISTED]], max(0, len(found) - MOST_LISTED))


def _once_a_place(found: Sequence[Any]) -> list[Any]:
    """Return the errors, of each value that may be of several kinds one: that it is none of them."""
    kept: dict[Any, Any] = {}
    for number, error in enumerate(found):
        *steps, last = error["loc"] or ("",)
        accepted = _ONE_OF.get(str(steps[-1]) if steps else "")
        if accepted is None or "[" in str(last) or last in _FIELDS:
            kept[number] = error
        elif error["type"] == "string_too_long":
            kept[tuple(steps)] = {**error, "loc": tuple(steps)}
        else:
            empty = error.get("input") is None
            one = {**error, "loc": tuple(steps), "type": "missing_value" if empty else error["type"], "msg": f"needed: {accepted}"}
            kept.setdefault(tuple(steps), one)
    return list(kept.values())


def _too_large() -> RefusedError:
    return _refused(413, "body_too_large", "body", f"at most {MOST_BYTES} bytes are accepted")


def _refused(status: int, code: str, where: str, message: str) -> RefusedError:
    return RefusedError(status, [Problem(code, where, message)])


def _problem(error: Any, root: type[BaseModel]) -> Problem:
    """Return a pydantic error without the input, and without a name that the sender made up; only a day is shown."""
    kind, loc = str(error["type"]), error["loc"]
    if kind == "json_invalid":
        return Problem(kind, "body", str(error["msg"]))
    where = _place(loc, _FIELDS | _KINDS).removeprefix(".") or "body"
    message = str(error["msg"])
    if kind == "extra_forbidden":
        message = f"there is no such field; {nearest(str(loc[-1])[:80], _model(loc, root).model_fields)}"
    return Problem(kind, where, message, shown_day(where.rpartition(".")[2], error.get("input")))


def _place(steps: Sequence[int | str], known: frozenset[str]) -> str:
    """Return where something stands, without a name that the sender made up."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step if step in known else '(unknown)'}" for step in steps)


def _model(loc: tuple[int | str, ...], root: type[BaseModel]) -> type[BaseModel]:
    """Return the model whose field the last step would be: the innermost that the steps before it lead into."""
    model = root
    for step in map(str, loc[:-1]):
        field = model.model_fields.get(step)
        model = (_model_in(field.annotation) if field else None) or _OF.get(step, model)
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """Return the model that a field holds, or holds several of; None where it holds none."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for one in get_args(annotation) if (found := _model_in(one))), None)
