"""The ways in of CDS Hooks, and how the interface describes them."""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Mapping as ByName
from typing import Any

from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import Response

from features.sources.mapping import Mapping
from serving.artifact import Artifact
from serving.http.cds_hooks.answering import Charts
from serving.http.cds_hooks.discovery import served, services
from serving.http.response import Answered, Statuses, as_json

SERVICES = "/cds-services"
_OBJECT = {"application/json": {"schema": {"type": "object"}}}
_STATUSES: Statuses = {
    status: {"description": "Refused: errors, each with code, where and message", "content": _OBJECT}
    for status in (400, 404, 408, 412, 413, 415, 422, 500, 503)
}
_TAKES: dict[str, Any] = {"requestBody": {"required": True, "content": _OBJECT}}


def add_cds_hooks(
    app: FastAPI,
    artifacts: ByName[str, Artifact],
    mappings: ByName[str, Mapping],
    answered: Answered,
    address: str | None,
    id_of: Callable[[Request], str],
) -> None:
    """Let an application answer records that speak CDS Hooks 2.0.1.

    Parameters
    ----------
    id_of : the id under which the answer to a request is written down; empty where it is not
    """
    charts, tasks = Charts(artifacts, mappings, app.state.metrics, address), served(artifacts, mappings)

    def task_at(service: str) -> str:
        if service not in tasks:
            raise HTTPException(404)
        return tasks[service]

    @app.get(SERVICES)
    async def cds_services() -> Response:
        """Return the services that there are, with what each asks to be prefetched."""
        return as_json(services(artifacts, mappings))

    @app.post(f"{SERVICES}/{{service}}", responses=_STATUSES, openapi_extra=_TAKES, response_class=Response)
    async def cds_service(service: str, request: Request) -> Response:
        """Return the cards for a chart that was opened (patient-view), made from its prefetch alone."""
        task = task_at(service)
        return await answered(request, lambda body: charts.open_chart(task, body, id_of(request)))

    @app.post(f"{SERVICES}/{{service}}/feedback", responses=_STATUSES, openapi_extra=_TAKES, response_class=Response)
    async def cds_feedback(service: str, request: Request) -> Response:
        """Count what became of cards; what was written beside is not kept."""
        task = task_at(service)
        return await answered(request, lambda body: charts.take_feedback(task, body))
