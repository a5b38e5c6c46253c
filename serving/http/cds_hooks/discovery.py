"""Which services there are, and what each asks to be sent."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from typing import Any

from features.sources.fhir.codes import key_of
from features.sources.mapping import Mapping
from serving.answer.basis import PEOPLE
from serving.artifact import Artifact

HOOK, VERSION = "patient-view", "2.0.1"
MOST_RESULTS = 1000  # asked for in one page; as many back may be part of more
# What else may tell of a treatment. A record that cannot serve a key leaves it out, and the card says what was not looked at.
BESIDE_ORDERS = {
    "administrations": "MedicationAdministration",
    "statements": "MedicationStatement",
    "dispenses": "MedicationDispense",
    "procedures": "Procedure",
}
_SUFFIX = "-risk"
_PATIENT = "patient={{context.patientId}}"


def service_id(task: str) -> str:
    """Return the name of the service of a task.

    Examples
    --------
    >>> service_id("smm")
    'smm-risk'
    """
    return f"{task}{_SUFFIX}"


def served(artifacts: ByName[str, Artifact], mappings: ByName[str, Mapping]) -> dict[str, str]:
    """Return the task of each service: there is one for each model whose stage has a mapping."""
    return {service_id(task): task for task, artifact in artifacts.items() if str(artifact.rules.population) in mappings}


def services(artifacts: ByName[str, Artifact], mappings: ByName[str, Mapping]) -> dict[str, Any]:
    """Return the discovery of all services."""
    return {"services": [_service(task, artifacts[task], mappings) for task in served(artifacts, mappings).values()]}


def prefetch_of(artifact: Artifact, mappings: ByName[str, Mapping]) -> dict[str, str]:
    """Return what a service needs to be sent, as templates of FHIR searches: without a part no risk is told."""
    count = f"&_count={MOST_RESULTS}"
    return {
        "patient": "Patient/{{context.patientId}}",
        "conditions": f"Condition?{_PATIENT}{count}",
        "labs": f"Observation?{_PATIENT}&code={','.join(_codes(artifact, mappings))}&_sort=-date{count}",
        "drugs": f"MedicationRequest?{_PATIENT}{count}",
    }


def asked_beside() -> dict[str, str]:
    """Return what a service asks for beside what it needs, as templates of FHIR searches."""
    return {key: f"{kind}?{_PATIENT}&_count={MOST_RESULTS}" for key, kind in BESIDE_ORDERS.items()}


def _service(task: str, artifact: Artifact, mappings: ByName[str, Mapping]) -> dict[str, Any]:
    who = PEOPLE.get(str(artifact.rules.population), "the people of the model")
    simulated = " The model was fitted to simulated people." if artifact.provenance.people != "real" else ""
    return {
        "hook": HOOK,
        "id": service_id(task),
        "title": f"Research: probability of {artifact.words.event}",
        "description": f"Tells the probability of {artifact.words.event} of people with {who}, with its interval and reasons.{simulated}",
        "usageRequirements": f"Research only, for {who}; no advice on treatment. Prefetch alone is read: "
        "nothing is fetched from the FHIR server, so fhirAuthorization need not be sent. "
        f"{', '.join(prefetch_of(artifact, mappings))} are needed; without one of {', '.join(BESIDE_ORDERS)} the card says so.",
        "prefetch": prefetch_of(artifact, mappings) | asked_beside(),
    }


def _codes(artifact: Artifact, mappings: ByName[str, Mapping]) -> list[str]:
    """Return the codes of all results that are read, as a search names them."""
    return [key_of(code) for code in mappings[str(artifact.rules.population)].measured()]
