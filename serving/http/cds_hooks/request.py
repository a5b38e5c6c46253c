"""What an electronic record sends to a service, and its feedback: looked at for its shape, and for nothing that a service may not see."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal, TypeVar
from uuid import UUID

import orjson
from pydantic import BaseModel, ConfigDict, Field, StrictStr, ValidationError, model_validator

from serving.http.body import RefusedError, refuse_twice
from serving.http.cds_hooks.discovery import BESIDE_ORDERS, HOOK, MOST_RESULTS
from serving.http.fhir.whole import PARTIAL, lacks
from serving.http.response import MOST_LISTED, Problem

_Text = Annotated[StrictStr, Field(min_length=1, max_length=1000)]
Shape = TypeVar("Shape", bound=BaseModel)


class _Sent(BaseModel):
    model_config = ConfigDict(extra="ignore")  # the standard lets records add elements of their own


class Context(_Sent):
    """Whose chart is opened by whom."""

    userId: _Text  # noqa: N815 - the standard's own name
    patientId: _Text  # noqa: N815


class Called(_Sent):
    """A call of a service. The token of `fhirAuthorization` is not read: nothing is fetched."""

    hook: Literal["patient-view"]
    hookInstance: UUID  # noqa: N815
    context: Context
    prefetch: dict[str, Any] | None = None
    fhirServer: _Text | None = None  # noqa: N815
    fhirAuthorization: Any = None  # noqa: N815

    @model_validator(mode="after")
    def _names_the_server(self) -> Called:
        if self.fhirAuthorization is not None and self.fhirServer is None:
            raise ValueError("fhirServer is needed where fhirAuthorization is sent")
        return self


class Feedback(_Sent):
    """What became of one card. A comment is free text, and is not read."""

    card: UUID
    outcome: Literal["accepted", "overridden"]
    outcomeTimestamp: _Text  # noqa: N815


class Feedbacks(_Sent):
    """What became of cards."""

    feedback: Annotated[list[Feedback], Field(min_length=1, max_length=100)]


_FIELDS = frozenset(name for model in (Called, Context, Feedbacks, Feedback) for name in model.model_fields)


@dataclass(frozen=True)
class Opened:
    """A chart that was opened: whose, by whom, what was prefetched, each document with its place, and which types were not."""

    patient: str
    user: str
    documents: list[tuple[str, Any]]
    unseen: tuple[str, ...] = ()


def opened(body: bytes, wanted: Mapping[str, str]) -> Opened:
    """Return the chart that a call is about.

    Parameters
    ----------
    wanted : the keys that are to be prefetched; those of `BESIDE_ORDERS` may be, and are left out where the server failed

    Raises
    ------
    RefusedError
        The call has another shape (422), or something of what is prefetched is missing, failed or not whole (412).
    """
    called = _read(body, Called)
    prefetched = called.prefetch or {}
    if missing := [key for key in wanted if not isinstance(prefetched.get(key), dict)]:
        told = "was not sent; it is needed, and nothing is fetched from a server"
        raise RefusedError(412, [Problem("missing_prefetch", f"prefetch.{key}", f"{key} {told}") for key in missing])
    beside = [key for key in BESIDE_ORDERS if _is_there(prefetched.get(key))]
    documents = [(f"prefetch.{key}", prefetched[key]) for key in (*wanted, *beside)]
    lacking = [problem for where, document in documents for problem in (*_failed(where, document), *lacks(document, where))]
    if lacking:
        status = 412 if any(problem.code in (PARTIAL, "missing_prefetch") for problem in lacking) else 422
        raise RefusedError(status, lacking[:MOST_LISTED], max(0, len(lacking) - MOST_LISTED))
    patient = prefetched["patient"]
    if patient.get("resourceType") != "Patient" or patient.get("id") != called.context.patientId:
        raise RefusedError(422, [Problem("other_subject", "prefetch.patient", "needed: the Patient whom context.patientId names")])
    unseen = tuple(kind for key, kind in BESIDE_ORDERS.items() if key not in beside)
    return Opened(called.context.patientId, called.context.userId, documents, unseen)


def feedback_in(body: bytes) -> list[Feedback]:
    """Return what became of cards.

    Raises
    ------
    RefusedError
        The body has another shape.
    """
    return _read(body, Feedbacks).feedback


def _is_there(document: object) -> bool:
    """Return whether a server sent what need not be sent."""
    return isinstance(document, dict) and document.get("resourceType") != "OperationOutcome"


def _failed(where: str, document: dict[str, Any]) -> list[Problem]:
    """Return why what was prefetched is not what was asked for: a failure, or as many results as were asked for at the most."""
    if document.get("resourceType") == "OperationOutcome":
        return [Problem("missing_prefetch", where, "the FHIR server gave an OperationOutcome in its place")]
    if where != "prefetch.patient" and document.get("resourceType", "Bundle") != "Bundle":
        return [Problem("broken_resource", where, "needed: the Bundle that the search gave, of whatever number of resources")]
    entries = document.get("entry")
    if isinstance(entries, list) and len(entries) >= MOST_RESULTS and document.get("total") != len(entries):
        message = f"it holds the {MOST_RESULTS} resources that were asked for at the most, and there may be more"
        return [Problem(PARTIAL, where, message)]
    return []


def _read(body: bytes, shape: type[Shape]) -> Shape:
    refuse_twice(body, "body")
    try:
        content = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusedError(422, [Problem("json_invalid", "body", "the body is no JSON, or nested deeper than any call")]) from None
    try:
        return shape.model_validate(content)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False, include_context=False)
        problems = [Problem(str(one["type"]), _where(one["loc"]), _message(one)) for one in found]
        raise RefusedError(422, problems[:MOST_LISTED], max(0, len(problems) - MOST_LISTED)) from None


def _where(loc: tuple[int | str, ...]) -> str:
    steps = [f"[{part}]" if isinstance(part, int) else f".{part if part in _FIELDS else '(unknown)'}" for part in loc]
    return "".join(steps).removeprefix(".") or "body"


def _message(error: Any) -> str:
    kind = str(error["type"])
    if kind.startswith("uuid"):
        return "needed: a UUID"  # the library's words repeat a part of what was sent
    return f"the hook is {HOOK}" if error["loc"] == ("hook",) else str(error["msg"])
