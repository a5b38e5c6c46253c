"""FHIR resources as tests write them, and what was read of them in short form."""

import copy
import gzip
import json

from features.intake.quality import inspect
from features.sources.fhir.reader import read_fhir
from features.sources.mapping import parse_mapping

MAPPING = {
    "index": ["SNOMED:S1"],
    "progression": ["ICD10CM:C90.00"],
    "treatment": {"RXNORM:1": "daratumumab"},
    "biomarkers": {"MSPIKE": "m_protein"},
    "stage": "smm",
}
SCT, ICD, LOINC, RXNORM = (
    "http://snomed.info/sct",
    "http://hl7.org/fhir/sid/icd-10-cm",
    "http://loinc.org",
    "http://www.nlm.nih.gov/research/umls/rxnorm",
)


def coded(system, code):
    return {"coding": [{"system": system, "code": code}]}


def patient(name="a", **more):
    return {"resourceType": "Patient", "id": name, "gender": "female", "birthDate": "1950-01-02", **more}


def condition(name="a", day="2015-01-01", code="S1", system=SCT, **more):
    subject = {"reference": f"Patient/{name}"}
    return {"resourceType": "Condition", "subject": subject, "code": coded(system, code), "onsetDateTime": day, **more}


def observation(name="a", day="2015-02-01", code="718-7", value=13.7, unit="g/dL", **more):
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": coded(LOINC, code),
        "subject": {"reference": f"Patient/{name}"},
        "effectiveDateTime": day,
        "valueQuantity": {"value": value, "unit": unit, "system": "http://unitsofmeasure.org", "code": unit},
        **more,
    }
    return {key: value for key, value in resource.items() if value is not None}


def bundle(path, *resources, base="urn:uuid:"):
    """Write a Bundle in which every reference to Patient/x is a full URL."""
    entries = [{"fullUrl": f"{base}{r.get('id', i)}", "resource": copy.deepcopy(r)} for i, r in enumerate(resources)]
    text = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}).replace('"Patient/', f'"{base}')
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())
    return path


def read(place, today=None, **changed):
    return read_fhir(str(place), parse_mapping({**MAPPING, **changed}, "m.yaml"), today)


def values(source):
    measured = source.tables["measurements"]
    return list(
        zip(measured["biomarker"], measured["value"], measured["unit"], measured["collected_at"], measured["available_at"], strict=True)
    )


def events(source):
    table = source.tables["events"]
    return sorted(zip(table["patient_id"], table["kind"], table["occurred_at"], table["detail"], strict=True))


def refusals(source):
    """Return table, reason, file and row of everything that quality refuses."""
    cohort, quarantine = inspect(source)
    for name, counts in cohort.about["counts"].items():
        assert counts["read"] == counts["kept"] + counts["quarantined"] == len(source.tables[name])
    files = [json.loads(record)["source_file"] for record in quarantine["record"]]
    return sorted(zip(quarantine["table"], quarantine["reason"], files, quarantine["row"], strict=True))


BASE = (patient(), condition(), observation())
