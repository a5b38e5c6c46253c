"""The way in for FHIR, and how the interface describes it."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from features.sources.mapping import Mapping
from serving.artifact import Artifact
from serving.http.fhir.answering import PARAMETERS, answer_fhir
from serving.http.fhir.outcome import FHIR_JSON
from serving.http.response import Answered, Statuses

FHIR_RISK = "/v1/risk/fhir"
_RESOURCE = {"type": "object", "properties": {"resourceType": {"type": "string"}}, "required": ["resourceType"]}
_STATUSES: Statuses = {
    200: {"description": "A RiskAssessment of FHIR R4", "content": {FHIR_JSON: {"schema": _RESOURCE}}},
    **{
        status: {"description": "An OperationOutcome of FHIR R4", "content": {FHIR_JSON: {"schema": _RESOURCE}}}
        for status in (400, 408, 413, 415, 422, 500, 503)
    },
}
_TAKES: dict[str, Any] = {
    "requestBody": {"required": True, "content": {FHIR_JSON: {"schema": _RESOURCE}}},
    "parameters": [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in PARAMETERS],
}


def add_fhir(app: FastAPI, artifacts: ByName[str, Artifact], mappings: ByName[str, Mapping], answered: Answered) -> None:
    """Let an application answer Bundles."""

    @app.post(FHIR_RISK, responses=_STATUSES, openapi_extra=_TAKES, response_class=Response)
    async def risk_of_bundle(request: Request) -> Response:
        """Return the risks of the person in a FHIR R4 Bundle as a RiskAssessment, probabilities in percent."""
        return await answered(request, lambda body: answer_fhir(artifacts, mappings, body, request.query_params))
