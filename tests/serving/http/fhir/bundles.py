"""Bundles as tests write them: the person of `tests.serving.conftest.HISTORY` in FHIR."""

import json

SCT, LOINC, UCUM = "http://snomed.info/sct", "http://loinc.org", "http://unitsofmeasure.org"
ICD, ATC, RXNORM = "http://hl7.org/fhir/sid/icd-10-cm", "http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm"
CODES = {"m_protein": "33358-3", "bmpc": "11118-7", "flc_kappa": "36916-5", "flc_lambda": "33944-0"}
FHIR = {"content-type": "application/fhir+json"}


def coded(system, code, **more):
    return {"coding": [{"system": system, "code": code}], **more}


def patient(name="p1", **more):
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1960-05-02", **more}


def condition(code="413587002", system=SCT, day="2022-01-10", name="p1", **more):
    subject = {"reference": f"Patient/{name}"}
    return {"resourceType": "Condition", "id": "c1", "subject": subject, "code": coded(system, code), "onsetDateTime": day, **more}


def observation(ident, biomarker, day, value, unit, name="p1", **more):
    resource = {
        "resourceType": "Observation",
        "id": ident,
        "status": "final",
        "code": coded(LOINC, CODES.get(biomarker, biomarker)),
        "subject": {"reference": f"Patient/{name}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit, "system": UCUM, "code": unit},
        **more,
    }
    return {key: content for key, content in resource.items() if content is not None}


def order(concept, day="2022-02-01", kind="MedicationRequest", **more):
    when = {"MedicationRequest": "authoredOn", "MedicationDispense": "whenHandedOver"}.get(kind, "effectiveDateTime")
    about = {"resourceType": kind, "id": "d1", "status": "active", "subject": {"reference": "Patient/p1"}, when: day}
    said = {"medicationCodeableConcept": concept} if concept is not None else {}
    return {**about, **({"intent": "order"} if kind == "MedicationRequest" else {}), **said, **more}


def person():
    """Return the resources of one person, whose history is that of `tests.serving.conftest.HISTORY`."""
    return [
        patient(),
        condition(),
        observation("o1", "m_protein", "2022-01-10", 18, "g/L"),
        observation("o2", "bmpc", "2022-01-10", 22, "%"),
        observation("o3", "m_protein", "2022-07-10", 2.3, "g/dL"),
        observation("o4", "flc_kappa", "2022-07-10", 250, "mg/L"),
        observation("o5", "flc_lambda", "2022-07-10", 10, "mg/L"),
    ]


def bundle(*resources, kind="collection", **more):
    return {"resourceType": "Bundle", "type": kind, "entry": [{"resource": one} for one in resources], **more}


def post(client, content, **parameters):
    body = content if isinstance(content, str | bytes) else json.dumps(content)
    return client.post("/v1/risk/fhir", content=body, headers=FHIR, params=parameters)


def reasons(response):
    """Return the reason codes of an OperationOutcome, in their order."""
    outcome = response.json()
    assert outcome["resourceType"] == "OperationOutcome", outcome
    return [issue["details"]["coding"][0]["code"] for issue in outcome["issue"] if "details" in issue]
