"""What may speak against a risk stands first in the notes, in our words."""

import pytest

from features.sources.fhir.bundles import Found
from serving.http.fhir.evidence.named import named_in
from tests.serving.http.fhir.bundles import ICD, bundle, coded, person, post


def of(kind, concept, **more):
    element = "vaccineCode" if kind == "Immunization" else "code"
    return {"resourceType": kind, "id": "x", "subject": {"reference": "Patient/p1"}, element: concept, **more}


def told(resource, stage="smm"):
    return [note.rpartition(": ")[2] for note in named_in([Found("", 1, resource)], stage)]


@pytest.mark.parametrize(
    ("resource", "words"),
    [
        (of("Procedure", {"text": "Chemotherapie VCD, Frau Meier"}), "chemotherapy (Procedure), VCd (Procedure)"),
        (of("Immunization", {"text": "CAR-T"}), "CAR T cells (Immunization)"),
        (of("Condition", {"text": "POEMS"}), "POEMS syndrome (Condition)"),
        (of("Condition", coded("http://hl7.org/fhir/sid/icd-10", "D47.7")), "ICD-10 D47.7 (Condition)"),
        (of("Condition", coded(ICD, "Z85.79")), "ICD-10 Z85.79 (Condition)"),
        (of("Condition", {"text": "Light chain deposition disease"}), "light chain deposition disease (Condition)"),
        (of("Condition", {"text": "POEMS syndrome, family informed"}), "POEMS syndrome (Condition)"),
        (of("Condition", {"text": "MGRS"}), "monoclonal gammopathy of renal significance (Condition)"),
    ],
)
def test_it_is_named_in_our_words(resource, words):
    assert told(resource) == [words]


@pytest.mark.parametrize(
    "resource",
    [
        of("Procedure", {"text": "Chemotherapy"}, status="not-done"),
        of("Condition", {"text": "POEMS"}, verificationStatus=coded("x", "refuted")),
        of("Condition", {"text": "Family history of POEMS syndrome"}),
        of("Condition", coded(ICD, "I10")),
        of("Condition", coded("urn:lab", "D47.7")),
        of("Goal", {"text": "Chemotherapy"}),
    ],
)
def test_other_resources_are_not(resource):
    assert told(resource) == []


def test_a_treatment_speaks_against_no_risk_of_treated_myeloma():
    assert told(of("Procedure", {"text": "Chemotherapy"}), "mm") == []
    assert told(of("Condition", {"text": "POEMS"}), "mm") != []


def test_the_note_comes_before_those_of_what_is_not_read_and_repeats_no_name(client):
    response = post(client, bundle(*person(), of("Procedure", {"text": "Chemotherapie, Frau Meier"})))
    notes = [note["text"] for note in response.json()["note"]]
    place = next(n for n, note in enumerate(notes) if note.endswith(": chemotherapy (Procedure)"))
    assert place < next(n for n, note in enumerate(notes) if "resources of other types are not read" in note)
    assert "Meier" not in response.text
