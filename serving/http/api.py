"""The HTTP API. Every failure has one form, with a reason code and a place; it never echoes who the person is."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import asdict
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response
from fastapi_offline import FastAPIOffline
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException

from serving.answer.basis import basis_of
from serving.answer.columns import NOTICE, identity
from serving.answer.record import Answer, Course
from serving.artifact import Artifact
from serving.http.answering import answer, answer_course, answer_many
from serving.http.audited import Kept, audited
from serving.http.body import MOST_HISTORIES, RefusedError, body_of
from serving.http.cds_hooks.routes import add_cds_hooks
from serving.http.failures import overloaded, refusal_at
from serving.http.fhir.mapping import mappings_in
from serving.http.fhir.routes import add_fhir
from serving.http.metrics import CONTENT_TYPE, Metrics
from serving.http.page.pasted import Pasted
from serving.http.page.routes import add_page
from serving.http.request import History
from serving.http.response import Batch, Problem, Refusal, Statuses, as_json
from serving.http.supposed.routes import add_supposed
from serving.http.supposed.what_if import Question
from serving.http.waiting import BusyError, Desk
from serving.http.warm import warm_up

RISK = "/v1/risk"
_LOG = logging.getLogger("serving")
_FAILURES: Statuses = {status: {"model": Refusal} for status in (400, 408, 413, 415, 422, 500, 503)}
_SCHEMAS = "#/components/schemas/{model}"
SHORT = 16_000  # bytes, some 150 results of one person: answered in about five milliseconds


def make_app(artifacts: dict[str, Artifact], desk: Desk | None = None, kept: Kept | None = None, with_docs: bool = True) -> FastAPI:
    """Return the application for the models given, by task; what it computes with is compiled by then.

    Every request that it takes is answered by these models, whatever becomes champion meanwhile.

    Parameters
    ----------
    artifacts : dict
        Live models by task; with none the server is alive but not ready.
    desk : Desk, optional
        How many are answered at a time.
    kept : Kept, optional
        What outlives this application, where another with other models may take its place.
    with_docs : bool
        Whether the interface describes itself at `/docs` and `/openapi.json`.
    """
    warm_up(artifacts)
    desk, kept = desk or Desk(), kept or Kept()
    app = FastAPIOffline(redoc_url=None) if with_docs else FastAPI(openapi_url=None)
    app.title, app.version, app.description = "Progression risk of myeloma precursors", "1", NOTICE
    _tell_failures(app)

    @app.get("/health/live")
    async def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "alive"}

    @app.get("/health/ready")
    async def ready() -> Response:
        """Say whether a risk would be answered: 200, or 503 without a model or its audit log; and whether a newer model was refused."""
        trouble = await run_in_threadpool(kept.trouble) if artifacts else ""  # it may have to write
        status = "no model" if not artifacts else "audit log cannot be written" if trouble else "ready"
        said = {"status": status, "tasks": sorted(artifacts), **({"audit": trouble} if trouble else {}), **kept.standing()}
        return as_json(said, 200 if status == "ready" else 503)

    @app.get("/v1/model")
    async def model() -> dict[str, Any]:
        """Describe the models loaded: version, run, horizons, features, what they were trained on."""
        return {"models": [describe(artifact) for artifact in artifacts.values()]}

    app.state.desk, app.state.metrics = desk, kept.metrics or Metrics(artifacts, desk)
    kept.metrics = app.state.metrics

    async def answered(request: Request, make: Callable[[bytes], Response], short: int = 0) -> Response:
        """Answer a request; one of at most so many bytes is short, unless a log has to be written."""
        with desk.place():
            body = await body_of(request)
            is_short = len(body) <= short and kept.audit is None
            return await desk.answer(lambda: audited(kept, request, body, make(body), artifacts), is_short)

    @app.get("/metrics", response_class=Response)
    async def metrics() -> Response:
        """Return counts of requests for a monitor, in the form of Prometheus."""
        return Response(app.state.metrics.text(), media_type=CONTENT_TYPE)

    @app.post(RISK, responses={200: {"model": Answer}, **_FAILURES}, openapi_extra=_takes("History"), response_class=Response)
    async def risk(request: Request) -> Response:
        """Return the risk of progression within each horizon, with its reasons and the published scores."""
        return await answered(request, lambda body: answer(artifacts, body, kept.id_of(request)), SHORT)

    @app.post(f"{RISK}/batch", responses={200: {"model": Batch}, **_FAILURES}, openapi_extra=_takes("Histories"), response_class=Response)
    async def risks(request: Request) -> Response:
        """Return, for each of up to 100 histories, its answer or its refusal, in their order, with counts."""
        return await answered(request, lambda body: answer_many(artifacts, body, kept.id_of(request)))

    @app.post("/v1/course", responses={200: {"model": Course}, **_FAILURES}, openapi_extra=_takes("History"), response_class=Response)
    async def course(request: Request) -> Response:
        """Return response, residual disease, quality of life and the spectrum at each visit since the start of therapy: rules, no model."""
        return await answered(request, answer_course)

    add_supposed(app, artifacts, answered, _FAILURES, _takes)
    meant = mappings_in() if kept.mappings is None else kept.mappings
    add_fhir(app, artifacts, meant, answered)
    add_page(app, answered, _FAILURES, _takes("Pasted"), meant)
    add_cds_hooks(app, artifacts, meant, answered, kept.address, kept.id_of)
    return _with_schemas(app)


def describe(artifact: Artifact) -> dict[str, Any]:
    """Return what a model is, without its coefficients."""
    known = {key: artifact.about.get(key) for key in ("task", "title", "treatment", "trained_on", "cohort_hash", "source")}
    known |= {"event": artifact.words.event, "competing_event": artifact.words.competing}
    known |= {"kind": artifact.kind, "horizons_months": list(artifact.horizons), "features": artifact.columns}
    return {**known, **identity(artifact), "basis": asdict(basis_of(artifact))}


def _tell_failures(app: FastAPI) -> None:
    """Give every failure the one form."""

    @app.exception_handler(RefusedError)
    async def refused(request: Request, error: RefusedError) -> Response:
        return refusal_at(request.url.path, error.status, error.problems)

    @app.exception_handler(BusyError)
    async def busy(request: Request, error: BusyError) -> Response:
        return overloaded(request.url.path)

    @app.exception_handler(HTTPException)
    async def other(request: Request, error: HTTPException) -> Response:
        name = HTTPStatus(error.status_code).phrase
        told = [Problem(name.lower().replace(" ", "_"), "request", name)]
        return refusal_at(request.url.path, error.status_code, told, error.headers)


def _takes(schema: str) -> dict[str, Any]:
    """Return, for the description of the interface, what the body of a request holds."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": _SCHEMAS.format(model=schema)}}}}}


def _with_schemas(app: FastAPI) -> FastAPI:
    """Let the description of the interface say what a history is: the body is read here, not by the framework."""
    plain = app.openapi

    def described() -> dict[str, Any]:
        content = plain()
        schema = History.model_json_schema(ref_template=_SCHEMAS)
        several = {"type": "array", "minItems": 1, "maxItems": MOST_HISTORIES, "items": {"$ref": _SCHEMAS.format(model="History")}}
        histories = {"type": "object", "properties": {"histories": several}, "required": ["histories"], "additionalProperties": False}
        question = Question.model_json_schema(ref_template=_SCHEMAS)
        content["components"]["schemas"] |= {**question.pop("$defs"), **schema.pop("$defs"), "Question": question}
        content["components"]["schemas"] |= {"History": schema, "Histories": histories, "Pasted": Pasted.model_json_schema()}
        return content

    app.openapi = described  # type: ignore[method-assign]
    return app
