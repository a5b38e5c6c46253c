"""What outlives the models of a server, and how each answer is written down before it is sent."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from collections.abc import Mapping as ByStage
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from features.sources.mapping import Mapping
from features.sources.parsing import day_of
from myeloma.calendar import BAD_DAY
from serving.artifact import Artifact
from serving.audit.log import AuditError, AuditLog, Sent
from serving.http.cds_hooks.routes import SERVICES
from serving.http.failures import refusal_at
from serving.http.fhir.mapping import mappings_in
from serving.http.fhir.routes import FHIR_RISK
from serving.http.metrics import Metrics
from serving.http.response import Problem

_LOG = logging.getLogger("serving")
OK = 200
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

    @cached_property
    def mapping(self) -> str:
        """Return what tells the mappings of FHIR codes apart: found once, since they stay as they are."""
        return digest_of(mappings_in() if self.mappings is None else self.mappings)

    def id_of(self, request: Request) -> str:
        """Return under what id the answer to a request is written down; nothing where it is not."""
        return str(request.state.request_id) if self.audit or self.replays else ""

    def trouble(self) -> str:
        """Return why nothing may be answered now, since it could not be written down; empty where it can, or nobody wants it."""
        return self.audit.trouble() if self.audit else ""

    def asked(self, request: Request, status: int, tasks: Collection[str]) -> dict[str, str]:
        """Return what the address of a request asked for, as far as it can name nobody, and what else it was made with.

        A day is told of an answer alone: what is no day of a history is refused, and might be that of a birth.
        """
        path, said = request.scope["route"].path, dict[str, str]()
        if path == FHIR_RISK:
            task, landmark = (request.query_params.get(name, "") for name in ("task", "landmark"))
            said |= {"task": task} if task in tasks else {}
            is_day = status == OK and len(landmark) == len("2022-07-10") and day_of(landmark).day > BAD_DAY
            said |= {"landmark": landmark} if is_day else {}
        if path.startswith(SERVICES):
            said |= {"service": request.path_params["service"], **({"address": self.address} if self.address else {})}
        if path == FHIR_RISK or path.startswith((SERVICES, "/v1/read")):
            said["mapping"] = self.mapping
        return said


def digest_of(mappings: ByStage[str, Mapping]) -> str:
    """Return what tells mappings apart."""
    return sha256(repr(dict(mappings)).encode()).hexdigest()


def audited(kept: Kept, request: Request, body: bytes, answer: Response, artifacts: ByStage[str, Artifact]) -> Response:
    """Return the answer once it is written down; where it cannot be, a refusal: nothing is told that the log does not know of."""
    if kept.audit is None:
        return answer
    said = {
        "id": request.state.request_id,
        "path": request.scope["route"].path,  # as we name it: what stands in its place could be free text
        "type": next((kind for kind in _TYPES if request.headers.get("content-type", "").lower().startswith(kind)), _TYPES[0]),
        "by": getattr(request.state, "holder", "this machine"),
        "asked": kept.asked(request, answer.status_code, artifacts),
    }
    query = request.scope["query_string"] if said["path"] == FHIR_RISK else b""  # of no other is it read
    try:
        kept.audit.answered(said, Sent(body, query), answer.status_code, bytes(answer.body), artifacts)
    except AuditError as error:
        _LOG.error("%s", error.what)
        told = Problem("audit_unavailable", "server", "the audit log cannot be written; nothing is answered without it")
        return refusal_at(said["path"], 503, [told], {"Retry-After": "10"})
    return answer
