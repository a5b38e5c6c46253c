"""The outside of the server: a name for each request, strict headers on each answer, and a gate before all but its health."""

from __future__ import annotations

import asyncio
import logging
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.access.gate import OPEN, SOONEST, Gate
from serving.http.failures import refusal_at
from serving.http.response import Problem

_LOG = logging.getLogger("serving")
REQUEST_ID = "x-request-id"
_NOTHING = "default-src 'none'; frame-ancestors 'none'"
_DOCS = (
    "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'"
)
STRICT = {
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "content-security-policy": _NOTHING,
}


def guarded(app: ASGIApp, gate: Gate | None = None) -> ASGIApp:
    """Return the application with a gate before it, where there is one."""
    if gate is None:
        return app
    challenge = {"www-authenticate": gate.challenge}

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in OPEN:
            began = time.monotonic()
            holder = gate.holder(scope["headers"], scope["path"])
            if holder is None:
                await asyncio.sleep(max(0.0, began + SOONEST - time.monotonic()))
                told = refusal_at(scope["path"], 401, [Problem("unauthorized", "request", "not accepted")], challenge)
                await told(scope, receive, send)
                return
            scope.setdefault("state", {})["holder"] = holder
        await app(scope, receive, send)

    return answer


def outermost(app: ASGIApp) -> ASGIApp:
    """Return the application whose every answer has strict headers and the id of its request, and whose faults are told and logged by kind.

    The id is made here. What a client sends under that name is not used: it could say who the person is. A part that sets a header
    of its own, such as a page with scripts, keeps it.
    """

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            if scope["type"] == "lifespan":
                await app(scope, receive, send)
            elif scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return
        own, begun = uuid.uuid4().hex, False
        scope.setdefault("state", {})["request_id"] = own

        async def say(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                _complete(message, scope["path"], own)
            await send(message)

        try:
            await app(scope, receive, say)
        except Exception as error:
            _LOG.error("a request failed: %s", type(error).__name__)  # what it says could hold what was sent
            if not begun:
                fault = Problem("internal_error", "server", "a fault of this program; nothing of the request is kept")
                await refusal_at(scope["path"], 500, [fault])(scope, receive, say)

    return answer


def _complete(start: Message, path: str, own: str) -> None:
    """Add the headers that every answer has to the start of one."""
    headers = MutableHeaders(scope=start)
    if path == "/docs" and start["status"] == 200:
        headers.setdefault("content-security-policy", _DOCS)
    for name, value in STRICT.items():
        headers.setdefault(name, value)
    headers[REQUEST_ID] = own
