"""What outlives the models of a server, and how each answer is written down before it is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable
from collections.abc import Mapping as ByStage
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from features.sources.mapping import Mapping
from serving.artifact import Artifact
from serving.audit.log import AuditError, AuditLog
from serving.http.failures import refusal_at
from serving.http.metrics import Metrics
from serving.http.response import Problem

_LOG = logging.getLogger("serving")
_TYPES = ("application/json", "application/fhir+json")


@dataclass
class Kept:
    """What stays while models change: the audit log, the counts, and how following the registry stands.

    `mappings` say which codes of FHIR mean what, by stage; those of the package where left out. `address` is where people reach the
    server, as cards of CDS Hooks link to it; without it they hold no link. `replays` is set where answers are made again that are in
    a log already: they get their ids and are not written.
    """

    audit: AuditLog | None = None
    metrics: Metrics | None = None
    standing: Callable[[], dict[str, Any]] = dict
    mappings: ByStage[str, Mapping] | None = None
    address: str | None = None
    replays: bool = False

    def id_of(self, request: Request) -> str:
        """Return under what id the answer to a request is written down; nothing where it is not."""
        return str(request.state.request_id) if self.audit or self.replays else ""


def audited(log: AuditLog | None, request: Request, body: bytes, answer: Response, artifacts: ByStage[str, Artifact]) -> Response:
    """Return the answer once it is written down; where it cannot be, a refusal: nothing is told that the log does not know of."""
    if log is None:
        return answer
    said = {
        "id": request.state.request_id,
        "path": request.scope["route"].path,  # as we name it: what stands in its place could be free text
        "type": next((kind for kind in _TYPES if request.headers.get("content-type", "").lower().startswith(kind)), _TYPES[0]),
        "by": getattr(request.state, "holder", "this machine"),
    }
    try:
        log.answered(said, body, answer.status_code, bytes(answer.body), artifacts)
    except AuditError as error:
        _LOG.error("%s", error.what)
        told = Problem("audit_unavailable", "server", "the audit log cannot be written; nothing is answered without it")
        return refusal_at(said["path"], 503, [told], {"Retry-After": "10"})
    return answer
