"""What a reference means where the patients say no server: a reference that names one, and references that name two."""

import json

import pytest

from tests.features.sources.fhir.resources import condition, observation, patient, read, refusals

A, B = ({"reference": f"https://{server}.example/fhir/Patient/a"} for server in ("north", "south"))
HERE = {"reference": "Patient/a"}


def written(folder, *resources):
    (folder / "x.ndjson").write_text("\n".join(map(json.dumps, resources)))
    return folder


def of(subject, day):
    return observation(day=f"2015-02-0{day}", subject=subject)


def said(source):
    return [note for note in source.notes if note.startswith(("references to patients", "some references"))]


def test_of_two_servers_neither_is_taken_for_that_of_a_patient_who_says_none(tmp_path):
    source = read(written(tmp_path, patient(), condition(), of(A, 1), of(B, 2), of(HERE, 3)))
    assert refusals(source) == [("measurements", "missing_reference", "x.ndjson", row) for row in (3, 4)]
    (note,) = said(source)
    assert note.startswith("references to patients name 2 servers") and "missing_reference" in note


def test_two_servers_are_two_whoever_they_are_named_of(tmp_path):
    of_another = {"reference": "https://south.example/fhir/Patient/b"}
    resources = patient(), patient("b"), condition(), condition("b"), of(A, 1), of(of_another, 2), of(HERE, 3)
    assert [row for *_, row in refusals(read(written(tmp_path, *resources)))] == [5, 6]


@pytest.mark.parametrize("other", ["http://north.example/fhir/Patient/a", "https://NORTH.example/fhir/Patient/a/_history/2"])
def test_one_server_is_one_however_it_is_written_and_is_noted_beside_references_that_name_none(tmp_path, other):
    resources = patient(), condition(subject=A), of(A, 1), of({"reference": other}, 2)
    whole = read(written(tmp_path, *resources))
    assert refusals(whole) == [] and said(whole) == []
    mixed = read(written(tmp_path, *resources, of(HERE, 3)))
    assert refusals(mixed) == []
    assert said(mixed) == [
        "some references to patients name a server and others none, as the patients do: that server is taken for the one of all"
    ]


def test_a_full_url_of_the_patient_tells_the_servers_apart(tmp_path):
    entries = [
        {"fullUrl": A["reference"], "resource": patient()},
        *({"resource": one} for one in (condition(subject=A), of(A, 1), of(B, 2))),
    ]
    (tmp_path / "x.json").write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
    source = read(tmp_path)
    assert refusals(source) == [("measurements", "missing_reference", "x.json", 4)] and said(source) == []


def test_a_drug_of_one_of_two_servers_is_not_taken_for_one_of_the_same_number(tmp_path):
    drug = {"resourceType": "Medication", "id": "m", "code": {"text": "daratumumab"}}
    orders = [
        {
            **{"resourceType": "MedicationRequest", "status": "active", "intent": "order", "authoredOn": "2016-01-01", "subject": HERE},
            "medicationReference": {"reference": f"https://{server}.example/fhir/Medication/m"},
        }
        for server in ("north", "south")
    ]
    one, both = ([patient(), condition(), of(HERE, 1), drug, *orders[:n]] for n in (1, 2))
    assert refusals(read(written(tmp_path, *one))) == []
    found = [reason for table, reason, *_ in refusals(read(written(tmp_path, *both))) if table == "events"]
    assert found.count("missing_medication") == 2
