"""Calls of a service as tests write them: the chart of the person of `tests.serving.http.fhir.bundles`."""

import copy

from tests.serving.http.fhir.bundles import bundle, person

SERVICE = "/cds-services/smm-risk"
TOKEN = "SENTINEL-token-2207"


def call(*more, user="Practitioner/d1", **changed):
    """Return a call; `more` are further orders of drugs, `changed` other contents of the prefetch (None leaves a key out)."""
    who, diagnosis, *results = person()
    prefetched = {
        "patient": who,
        "conditions": bundle(diagnosis, kind="searchset"),
        "labs": bundle(*results, kind="searchset", total=len(results)),
        "drugs": bundle(*more, kind="searchset"),
    }
    return {
        "hook": "patient-view",
        "hookInstance": "d1577c69-dfbe-44ad-ba6d-3e05e953b2ea",
        "fhirServer": "https://hospital.example/fhir",
        "fhirAuthorization": {"access_token": TOKEN, "token_type": "Bearer", "expires_in": 300, "scope": "patient/*.read", "subject": "x"},
        "context": {"userId": user, "patientId": "p1", "encounterId": "e1"},
        "prefetch": copy.deepcopy({key: content for key, content in (prefetched | changed).items() if content is not None}),
    }


def empty_places(content, where=""):
    """Yield the places of what the standard wants left out: null, an empty text, list or object; no card at all is `cards: []`."""
    if isinstance(content, dict | list):
        inner = content.items() if isinstance(content, dict) else enumerate(content)
        for key, value in inner:
            if value in (None, "", [], {}) and f"{where}.{key}" != ".cards":
                yield f"{where}.{key}"
            yield from empty_places(value, f"{where}.{key}")
