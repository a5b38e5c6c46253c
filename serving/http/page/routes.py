"""The page at `/` and its files, from the process that answers. Nothing is kept by a browser, and nothing comes from elsewhere."""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

import serving.page
from serving.http.answering import told
from serving.http.guarded import STRICT
from serving.http.page.drawn import Read, drawn
from serving.http.page.pasted import Mappings, ReadRefusal, history_from
from serving.http.request import checked
from serving.http.response import Answered, Statuses, as_json

HEADERS = {
    **STRICT,
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
}
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_FOLDER = Path(serving.page.__file__).parent


def add_page(app: FastAPI, answered: Answered, failures: Statuses, takes: dict[str, Any], mappings: Mappings) -> None:
    """Let an application answer with the page, and read what is pasted into it.

    The files are read once: each has an address of its own, and there are no others.
    """
    for path in sorted(_FOLDER.rglob("*.*")):
        if path.suffix in _KINDS:
            _add(app, "/" if path.suffix == ".html" else f"/page/{path.name}", path)

    @app.post(
        "/v1/read", responses={200: {"model": Read}, **failures, 422: {"model": ReadRefusal}}, openapi_extra=takes, response_class=Response
    )
    async def read(request: Request) -> Response:
        """Return a history that was pasted (CSV, JSON or FHIR) as `POST /v1/risk` takes it, or the row and column of each problem."""
        return await answered(request, lambda body: _read(body, mappings))


def _read(body: bytes, mappings: Mappings) -> Response:
    def pasted() -> Read:
        history, said = history_from(body, mappings)
        return drawn(history, checked(history)[0], said)

    status, content = told(pasted)
    return as_json(content, status)


def _add(app: FastAPI, address: str, path: Path) -> None:
    content, kind = path.read_bytes(), _KINDS[path.suffix]
    packed = gzip.compress(content, mtime=0)

    async def sent(request: Request) -> Response:
        if "gzip" in request.headers.get("accept-encoding", ""):
            return Response(packed, headers={**HEADERS, "content-encoding": "gzip", "vary": "accept-encoding"}, media_type=kind)
        return Response(content, headers={**HEADERS, "vary": "accept-encoding"}, media_type=kind)

    app.add_api_route(address, sent, methods=["GET", "HEAD"], include_in_schema=False)
