"""A result with a focus on somebody or something else than its subject is refused; one on what belongs to the subject is the subject's."""

import json

import pytest

from tests.features.sources.fhir.resources import BASE, bundle, observation, patient, read, refusals

TUMOUR = {"resourceType": "BodyStructure", "id": "t"}
CODE = "http://hl7.org/fhir/StructureDefinition/observation-focusCode"


def refused(source):
    return [reason for _, reason, *_ in refusals(source)]


@pytest.mark.parametrize(
    "focus",
    [
        {"reference": "Condition/c"},
        {"reference": "https://h.example/fhir/BodyStructure/b/_history/1"},
        {"reference": "Procedure/p"},
        {"reference": "#t"},
        {"reference": "Patient/a"},
        {"reference": "urn:uuid:9", "type": "Condition"},
        {"identifier": {"value": "1"}, "type": "Condition"},
    ],
    ids=str,
)
def test_what_belongs_to_the_subject_leaves_a_result_the_subjects(bulk, focus):
    assert refused(read(bulk(*BASE, observation(day="2016-01-01", focus=[focus], contained=[TUMOUR])))) == []


@pytest.mark.parametrize(
    "focus",
    [
        {"reference": "RelatedPerson/donor"},
        {"reference": "Patient/b"},
        {"reference": "Patient/nobody"},
        {"reference": "Group/family"},
        {"reference": "Device/analyser"},
        {"reference": "#nothing"},
        {"reference": "urn:uuid:9"},
        {"reference": "urn:uuid:9", "type": "RelatedPerson"},
        {"display": "fetus"},
    ],
    ids=str,
)
def test_a_result_about_anybody_or_anything_else_is_refused_alone(bulk, focus):
    result = observation(day="2016-01-01", focus=[{"reference": "Condition/c"}, focus])
    assert refusals(read(bulk(*BASE, patient("b"), result))) == [("measurements", "other_focus", "Observation.ndjson", 2)]


def test_a_focus_that_is_only_coded_is_one_on_somebody_else(bulk):
    said = {"extension": [{"url": CODE, "valueCodeableConcept": {"text": "donor"}}]}
    assert refused(read(bulk(*BASE, observation(day="2016-01-01", **said)))) == ["other_focus"]
    assert refused(read(bulk(*BASE, observation(day="2016-01-01", extension=[{"url": "https://example.org/other"}])))) == []


@pytest.mark.parametrize(("kind", "why"), [("Condition", []), ("RelatedPerson", ["other_focus"])])
def test_what_a_full_url_means_is_looked_up(tmp_path, kind, why):
    about = {"resourceType": kind, "id": "9", "subject": {"reference": "Patient/a"}}
    place = bundle(tmp_path / "one.json", *BASE, about, observation(day="2016-01-01", focus=[{"reference": "urn:uuid:9"}]))
    assert refused(read(place)) == why


def test_what_a_report_contains_may_be_about_what_the_report_contains(bulk):
    inside = [TUMOUR, {**observation(day="2016-01-01"), "focus": [{"reference": "#t"}]}]
    report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": {"reference": "Patient/a"}, "contained": inside}
    assert refused(read(bulk(*BASE, report))) == []


@pytest.mark.parametrize("focus", ["x", [5], [{"reference": 5}]], ids=json.dumps)
def test_a_focus_that_has_not_the_shape_of_one_is_broken(bulk, focus):
    assert refused(read(bulk(*BASE, observation(day="2016-01-01", focus=focus)))) == ["broken_resource"]
