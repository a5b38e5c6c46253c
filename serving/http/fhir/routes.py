"""The way in for FHIR, and how the interface describes it."""

from __future__ import annotations

import re
from collections.abc import Mapping as ByName
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import Response

from features.sources.mapping import Mapping
from serving.artifact import Artifact
from serving.http.body import RefusedError, is_of_another_release
from serving.http.fhir.answering import PARAMETERS, answer_fhir
from serving.http.fhir.outcome import FHIR_JSON
from serving.http.response import Answered, Problem, Statuses

FHIR_RISK = "/v1/risk/fhir"
_TAKEN = ("*/*", "application/*", "application/json", FHIR_JSON, "application/json+fhir", "text/json")
_NEVER = re.compile(r";\s*q\s*=\s*0(?:\.0*)?\s*(?:;|$)")
_RESOURCE = {"type": "object", "properties": {"resourceType": {"type": "string"}}, "required": ["resourceType"]}
_STATUSES: Statuses = {
    200: {"description": "A RiskAssessment of FHIR R4", "content": {FHIR_JSON: {"schema": _RESOURCE}}},
    **{
        status: {"description": "An OperationOutcome of FHIR R4", "content": {FHIR_JSON: {"schema": _RESOURCE}}}
        for status in (400, 406, 408, 413, 415, 422, 500, 503)
    },
}
_TAKES: dict[str, Any] = {
    "requestBody": {"required": True, "content": {FHIR_JSON: {"schema": _RESOURCE}}},
    "parameters": [{"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in PARAMETERS],
}


def takes_fhir_json(accept: str) -> bool:
    """Return whether a client takes FHIR R4 as JSON, by its header Accept.

    Examples
    --------
    >>> taken = ("", "*/*", "application/fhir+xml, application/json;q=0.5", "application/fhir+json;fhirVersion=4.0")
    >>> [takes_fhir_json(accept) for accept in taken]
    [True, True, True, True]
    >>> [takes_fhir_json(accept) for accept in ("application/fhir+xml", "application/json;q=0", "application/fhir+json; fhirVersion=5.0")]
    [False, False, False]
    """
    offers = [offer.strip().lower() for offer in accept.split(",") if offer.strip()]
    return not offers or any(
        offer.partition(";")[0].strip() in _TAKEN and not _NEVER.search(offer) and not is_of_another_release(offer) for offer in offers
    )


def add_fhir(app: FastAPI, artifacts: ByName[str, Artifact], mappings: ByName[str, Mapping], answered: Answered) -> None:
    """Let an application answer Bundles."""

    @app.post(FHIR_RISK, responses=_STATUSES, openapi_extra=_TAKES, response_class=Response)
    async def risk_of_bundle(request: Request) -> Response:
        """Return the risks of the person in a FHIR R4 Bundle as a RiskAssessment, probabilities in percent."""
        if not takes_fhir_json(request.headers.get("accept", "")):
            message = f"FHIR R4 is answered as {FHIR_JSON} alone; accept that, application/json or */*"
            raise RefusedError(406, [Problem("not_acceptable", "header.accept", message)])
        return await answered(request, lambda body: answer_fhir(artifacts, mappings, body, request.query_params))
