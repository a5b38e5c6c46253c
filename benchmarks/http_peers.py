"""What `benchmarks.http` is measured against: a handler that reads JSON and does nothing, and one booster as two servers want it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import xgboost as xgb
from fastapi import FastAPI, Request
from fastapi.responses import Response

from serving.http.response import as_json
from serving.http.running.serve import serve, server_of, take_port

NO_OP = "/nothing"


def no_op() -> FastAPI:
    """Return an application that reads the body as JSON and answers with nothing in it."""
    app = FastAPI()

    @app.post(NO_OP, response_class=Response)
    async def nothing(request: Request) -> Response:
        json.loads(await request.body())
        return as_json({})

    return app


def save_for_mlflow(booster: xgb.Booster, columns: list[str], folder: Path) -> None:
    """Save a booster by MLflow's own flavour."""
    import mlflow.xgboost

    named = booster.copy()
    named.feature_names = columns
    mlflow.xgboost.save_model(named, folder)


def save_for_mlserver(booster: xgb.Booster, folder: Path, ports: tuple[int, int, int]) -> None:
    """Save a booster as MLServer reads it, with the server's settings: one process, no logs of requests."""
    folder.mkdir()
    booster.save_model(folder / "booster.json")
    http, grpc, metrics = ports
    _write(folder / "settings.json", {"http_port": http, "grpc_port": grpc, "metrics_port": metrics, "parallel_workers": 0, "debug": False})
    model = {"name": "booster", "implementation": "mlserver_xgboost.XGBoostModel", "parameters": {"uri": "./booster.json"}}
    _write(folder / "model-settings.json", model)


def _write(file: Path, content: dict[str, Any]) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    with take_port(int(sys.argv[1])) as taken:
        serve(server_of(no_op()), taken)
