"""What the log says of requests: which way in, the status and the time; never what was asked, nor an address that names somebody."""

from __future__ import annotations

import logging
import time

from fastapi import FastAPI
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from serving.http.failures import overloaded
from serving.http.metrics import Metrics
from serving.http.running.live import Live
from serving.http.waiting import Desk

_LOG = logging.getLogger("serving")
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def watched(app: FastAPI | Live, through: ASGIApp | None = None) -> ASGIApp:
    """Return the application with a line in the log for every request, counted for `/metrics`; an unknown path or method is not written.

    `through` is what stands before the application, such as a gate: whom it turns away is counted too. Who asks for a risk while no
    place is left is told so here, at once: refusing must not take the time of those who are answered.
    """
    ways_in = {getattr(route, "path", "") for route in app.routes}
    desk: Desk | None = getattr(app.state, "desk", None)
    metrics: Metrics | None = getattr(app.state, "metrics", None)
    inside = through or app

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await inside(scope, receive, send)
            return
        began, status = time.perf_counter(), "failed"

        async def watch(message: Message) -> None:
            nonlocal status
            status = str(message.get("status", status))
            await send(message)

        try:
            turned_away = desk is not None and desk.is_full and scope["method"] == "POST"
            await (overloaded(scope["path"]) if turned_away else inside)(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "another method"
            template = getattr(scope.get("route"), "path", "another path")  # a part of the path may be what was sent
            path = scope["path"] if scope["path"] in ways_in else template
            seconds = time.perf_counter() - began
            name = scope.get("state", {}).get("request_id", "no id")
            _LOG.info("%s %s: %s in %.0f ms (%s)", method, path, status, 1000 * seconds, name)
            if metrics is not None:
                metrics.observe(path, method, status, seconds)

    return answer
