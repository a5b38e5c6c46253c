"""The HTTP API. A user's mistake is a 422 with a reason code and a place; it never echoes who the person is."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi_offline import FastAPIOffline

from features.intake.one_person import suspicions_by
from myeloma import UserError
from serving.answer.columns import NOTICE, identity
from serving.answer.person import answer_history
from serving.answer.record import Answer
from serving.artifact import Artifact
from serving.http.request import History, HistoryError, checked, landmark_of, shown_day
from serving.http.response import Refusal


def make_app(artifacts: dict[str, Artifact]) -> FastAPI:
    """Return the application for the models given, by task.

    Parameters
    ----------
    artifacts : dict
        Live models by task; with none the server is alive but not ready.
    """
    app = FastAPIOffline(redoc_url=None, title="Progression risk of myeloma precursors", version="1", description=NOTICE)

    @app.exception_handler(RequestValidationError)
    def refuse_shape(request: Request, error: RequestValidationError) -> JSONResponse:
        return _refused([_shape_problem(e) for e in error.errors()])

    @app.exception_handler(HistoryError)
    def refuse_history(request: Request, error: HistoryError) -> JSONResponse:
        return _refused(error.problems)

    @app.exception_handler(UserError)
    def refuse(request: Request, error: UserError) -> JSONResponse:
        return _refused([{"code": error.code, "where": "request", "message": f"{error.what} {error.hint}".strip()}])

    @app.get("/health/live")
    def live() -> dict[str, str]:
        """Say that the process runs."""
        return {"status": "alive"}

    @app.get("/health/ready")
    def ready() -> JSONResponse:
        """Say whether a model is loaded: 200 if so, else 503."""
        return JSONResponse({"status": "ready" if artifacts else "no model", "tasks": sorted(artifacts)}, 200 if artifacts else 503)

    @app.get("/v1/model")
    def model() -> dict[str, Any]:
        """Describe the models loaded: version, run, horizons, features, what they were trained on."""
        return {"models": [describe(artifact) for artifact in artifacts.values()]}

    @app.post("/v1/risk", responses={200: {"model": Answer}, 422: {"model": Refusal}})
    def risk(history: History) -> dict[str, Any]:
        """Return the risk of progression within each horizon, with its reasons and the published scores."""
        artifact = _choose(artifacts, history.task)
        person, kept = checked(history)
        landmark = landmark_of(history, person, artifact)
        return answer_history(artifact, person, landmark, tuple(suspicions_by(kept, landmark))).to_dict()

    return app


def describe(artifact: Artifact) -> dict[str, Any]:
    """Return what a model is, without its coefficients."""
    known = {key: artifact.about.get(key) for key in ("task", "title", "treatment", "trained_on", "cohort_hash", "source")}
    known |= {"event": artifact.words.event, "competing_event": artifact.words.competing}
    return {**known, **identity(artifact), "kind": artifact.kind, "horizons_months": list(artifact.horizons), "features": artifact.columns}


def _choose(artifacts: dict[str, Artifact], task: str | None) -> Artifact:
    if task is None and len(artifacts) == 1:
        return next(iter(artifacts.values()))
    if task not in artifacts:
        loaded = ", ".join(sorted(artifacts)) or "none"
        raise HistoryError([{"code": "unknown_task", "where": "task", "message": f"models loaded: {loaded}"}])
    return artifacts[task]


def _refused(problems: list[dict[str, str]]) -> JSONResponse:
    return JSONResponse({"errors": problems}, status_code=422)


def _shape_problem(error: dict[str, Any]) -> dict[str, str]:
    """Return a pydantic error without the input, which could identify a person; only a day is shown."""
    if error["type"] == "json_invalid":
        return {"code": "json_invalid", "where": "body", "message": f"{error['msg']} at character {error['loc'][-1]}"}
    steps = [f"[{part}]" if isinstance(part, int) else f".{part}" for part in error["loc"] if part != "body"]
    where = "".join(steps).removeprefix(".") or "body"
    received = shown_day(where.rpartition(".")[2], error.get("input"))
    return {"code": str(error["type"]), "where": where, "received": received, "message": str(error["msg"])}
