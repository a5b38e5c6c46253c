"""What is answered to a Bundle: a RiskAssessment, or why there is none as an OperationOutcome. It runs in a thread of its own."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.responses import Response

from features.sources.mapping import Mapping
from serving.answer.person import CRITERIA_WARNING
from serving.answer.record import Answer
from serving.artifact import Artifact
from serving.http.answering import answer_of, chosen, refused_for
from serving.http.body import RefusedError, refuse_twice
from serving.http.fhir.assessment import assessment_of
from serving.http.fhir.landmarks import Asked, landmark_in
from serving.http.fhir.lesions import lesion_by
from serving.http.fhir.outcome import as_fhir, fhir_refusal
from serving.http.fhir.person import Sent, person_in
from serving.http.request import HistoryError
from serving.http.response import Problem

PARAMETERS = ("task", "landmark")
UNCONFIRMED = "preliminary: results that this rests on are preliminary, or of unknown status, and may still change"
_LONGEST = 200


@dataclass(frozen=True)
class Told:
    """An answer, the day it is of, and what it was made from."""

    answer: Answer
    landmark: int
    sent: Sent

    @cached_property
    def unconfirmed(self) -> str:
        """Return that results which this rests on may still change, in words; nothing where all are final."""
        return UNCONFIRMED if self.sent.is_unconfirmed(self.landmark) else ""


def answer_fhir(artifacts: ByName[str, Artifact], mappings: ByName[str, Mapping], body: bytes, asked: QueryParams) -> Response:
    """Return the RiskAssessment of the person in a Bundle, or why there is none."""
    try:
        asked_for = asked_in(asked)
        artifact = chosen(artifacts, asked_for.task)
        told = told_of(artifact, mappings, [("Bundle", bundle_in(body))], asked_for)
        if not told.answer.risks:
            return fhir_refusal(422, withheld(told.answer, told.unconfirmed))
        return as_fhir(assessment_of(told.answer, told.sent, told.landmark))
    except Exception as error:
        return fhir_refusal(*refused_for(error))


def told_of(artifact: Artifact, mappings: ByName[str, Mapping], documents: Sequence[tuple[str, Any]], asked: Asked) -> Told:
    """Return the answer to what documents hold, each a Bundle or a resource with its place.

    Raises
    ------
    RefusedError, HistoryError
        There is no risk for the person, or the documents cannot be used.
    """
    mapping = mappings.get(str(artifact.rules.population))
    if mapping is None:
        message = f"no mapping says which diagnoses the task is for; there are mappings for {', '.join(mappings)}"
        raise HistoryError([Problem("no_mapping", "task", message)])
    sent = person_in(documents, mapping, list(mappings.values()), asked.landmark or "")
    landmark = landmark_in(asked, sent, artifact)
    lesion = lesion_by(sent.resources, asked.landmark, landmark)
    return Told(answer_of(artifact, sent.person, sent.kept, landmark, lesion=lesion), landmark, sent)


def asked_in(parameters: QueryParams) -> Asked:
    """Return what the query of an address asks for.

    Raises
    ------
    RefusedError
        There is another parameter, or one twice; a slip would otherwise give the answer to another question.
    """
    if set(parameters) - set(PARAMETERS):
        raise RefusedError(422, [Problem("extra_forbidden", "query", f"accepted parameters: {', '.join(PARAMETERS)}")])
    for name in parameters:
        if len(parameters.getlist(name)) > 1 or len(parameters[name]) > _LONGEST:
            raise RefusedError(422, [Problem("too_long", name, "give the parameter once, in few letters")])
    return Asked(parameters.get("task"), parameters.get("landmark"))


def bundle_in(body: bytes) -> Any:
    """Return the Bundle that a body holds.

    Raises
    ------
    RefusedError
        It is no JSON, or no Bundle.
    """
    refuse_twice(body, "Bundle")
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError:
        raise RefusedError(422, [Problem("json_invalid", "Bundle", "the body is no JSON, or nested deeper than any resource")]) from None
    return a_bundle(document)


def a_bundle(document: Any) -> Any:
    """Return a document that is a Bundle.

    Raises
    ------
    RefusedError
        It is something else.
    """
    if not isinstance(document, dict) or document.get("resourceType") != "Bundle":
        raise RefusedError(422, [Problem("broken_resource", "Bundle", "needed: a Bundle with a Patient and what is known of the person")])
    return document


def withheld(answer: Answer, unconfirmed: str = "") -> list[Problem]:
    """Return why an answer shows no risk: the criteria that are met, each with its value and day, and whether results may still change."""
    met = [one for one in answer.criteria if one.status == "met"]
    found = [f"{one.label}: {one.value:g} {one.unit or ''} of {one.collected_on}" for one in met if one.value is not None]
    found += [f"{one.label}: {one.note}" for one in met if one.value is None]
    said = f"{CRITERIA_WARNING} ({'; '.join(found)}). {answer.criteria_condition}"
    return [Problem("criteria_met", "landmark", f"{said} ({unconfirmed})" if unconfirmed else said)]
