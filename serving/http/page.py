"""The page at `/` and its files, from the process that answers. Nothing is kept by a browser, and nothing comes from elsewhere."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.responses import Response

import serving.page

HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_KINDS = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".json": "application/json"}
_FOLDER = Path(serving.page.__file__).parent


def add_page(app: FastAPI) -> None:
    """Let an application answer with the page, read once: every file has an address of its own, and there are no others."""
    for path in sorted(_FOLDER.rglob("*.*")):
        if path.suffix in _KINDS:
            _add(app, "/" if path.suffix == ".html" else f"/page/{path.name}", path)


def _add(app: FastAPI, address: str, path: Path) -> None:
    content, kind = path.read_bytes(), _KINDS[path.suffix]

    async def sent() -> Response:
        return Response(content, headers=HEADERS, media_type=kind)

    app.add_api_route(address, sent, methods=["GET"], include_in_schema=False)
