"""A failure in the form of the way in: whoever sends FHIR is told in FHIR, everybody else in the one form of JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from starlette.responses import Response

from serving.http.cds_hooks.answering import cds_refusal
from serving.http.cds_hooks.routes import SERVICES
from serving.http.fhir.outcome import fhir_refusal
from serving.http.fhir.routes import FHIR_RISK
from serving.http.response import Problem, refusal

RETRY_AFTER = 1  # seconds, as a refused client is told


def refusal_at(path: str, status: int, problems: Sequence[Problem], headers: Mapping[str, str] | None = None) -> Response:
    """Return the answer to a request that is refused."""
    refused = fhir_refusal if path == FHIR_RISK else cds_refusal if path.startswith(SERVICES) else refusal
    return refused(status, problems, headers=headers)


def overloaded(path: str) -> Response:
    """Return the answer to somebody who has to come again."""
    told = Problem("overloaded", "server", f"more ask than can be answered in time; ask again in {RETRY_AFTER} s")
    return refusal_at(path, 503, [told], {"Retry-After": str(RETRY_AFTER)})
