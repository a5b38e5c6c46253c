"""The ways in to what is supposed of a person."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import Response

from serving.artifact import Artifact
from serving.http.response import Answered, Statuses
from serving.http.supposed.value_of_test import ValuesOfTests, answer_test_value
from serving.http.supposed.what_if import WhatIf, answer_what_if


def add_supposed(
    app: FastAPI, artifacts: Mapping[str, Artifact], answered: Answered, failures: Statuses, takes: Callable[[str], dict[str, Any]]
) -> None:
    """Let an application say what another visit would change, and what a test is worth."""

    @app.post("/v1/what-if", responses={200: {"model": WhatIf}, **failures}, openapi_extra=takes("Question"), response_class=Response)
    async def what_if(request: Request) -> Response:
        """Return how the model reacts to a later visit that is supposed: the answer now, and the answer then."""
        return await answered(request, lambda body: answer_what_if(artifacts, body))

    @app.post(
        "/v1/test-value", responses={200: {"model": ValuesOfTests}, **failures}, openapi_extra=takes("History"), response_class=Response
    )
    async def test_value(request: Request) -> Response:
        """Return what a missing or an old test is worth: how far its result would move the risk, and how often it would cross a limit."""
        return await answered(request, lambda body: answer_test_value(artifacts, body))
