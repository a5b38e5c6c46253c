"""What has an element that may turn its meaning round is refused where it is read, wherever in it the element stands."""

import json

import pytest

from tests.features.sources.fhir.resources import BASE, ICD, RXNORM, coded, condition, observation, patient, read, refusals

ROUND = {"modifierExtension": [{"url": "https://example.org/not", "valueBoolean": True}]}
RULES = {"implicitRules": "https://example.org/rules"}
PART = {"code": coded("http://loinc.org", "2160-0"), "valueQuantity": {"value": 1, "unit": "mg/dL"}, **ROUND}
LATER = observation(day="2016-01-01")


def report(**more):
    about = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": {"reference": "Patient/a"}, "contained": [LATER]}
    return {**about, **more}


def reasons(source):
    return [reason for _, reason, *_ in refusals(source)]


@pytest.mark.parametrize(
    ("result", "why"),
    [
        ({**LATER, **ROUND}, "modifier_extension"),
        ({**LATER, **RULES}, "implicit_rules"),
        ({**LATER, "component": [PART]}, "modifier_extension"),
        (report(**ROUND), "modifier_extension"),
        (report(contained=[{**LATER, **ROUND}]), "modifier_extension"),
        (report(media=[ROUND]), "modifier_extension"),
        ({**LATER, "specimen": {"reference": "#s"}, "contained": [{"resourceType": "Specimen", "id": "s", **ROUND}]}, "modifier_extension"),
    ],
    ids=["a result", "rules", "a component", "a report", "a result in a report", "a part of a report", "its specimen"],
)
def test_a_result_that_may_mean_the_opposite_is_refused_alone(bulk, result, why):
    assert reasons(read(bulk(*BASE, result))) == [why]


@pytest.mark.parametrize(
    "resource",
    [
        {**observation(day="2016-01-01", code="1-1"), **ROUND},
        {**LATER, "modifierExtension": []},
        {**LATER, "contained": [{"resourceType": "Organization", **ROUND}]},
        {**LATER, "status": "entered-in-error", **ROUND},
        {"resourceType": "Encounter", "subject": {"reference": "Patient/a"}, **ROUND},
    ],
    ids=["not mapped", "an empty list", "of a laboratory", "withdrawn", "a visit"],
)
def test_what_is_not_read_may_have_any(bulk, resource):
    assert reasons(read(bulk(*BASE, resource))) == []


@pytest.mark.parametrize(
    "resource",
    [
        condition(code="C90.00", system=ICD, day="2017-01-01", **ROUND),
        {
            "resourceType": "MedicationAdministration",
            "status": "completed",
            "subject": {"reference": "Patient/a"},
            "effectiveDateTime": "2016-01-01",
            "medicationCodeableConcept": coded(RXNORM, "1"),
            **ROUND,
        },
    ],
    ids=["progression", "treatment"],
)
def test_a_diagnosis_or_drug_that_may_mean_the_opposite_sets_the_person_aside(bulk, resource):
    assert {"modifier_extension", "event_refused"} <= set(reasons(read(bulk(*BASE, resource))))


def test_a_person_is_refused_too(bulk):
    assert "modifier_extension" in reasons(read(bulk(*BASE, patient("b", **ROUND), condition("b"))))


@pytest.mark.parametrize(
    ("bundle", "entry", "why"), [(RULES, {}, "implicit_rules"), ({}, ROUND, "modifier_extension")], ids=["rules", "entry"]
)
def test_rules_of_a_bundle_and_a_modifier_of_an_entry_are_those_of_what_they_hold(bulk, tmp_path, bundle, entry, why):
    bulk(*BASE)
    inner = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": LATER}]}
    whole = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": inner, **entry}], **bundle}
    (tmp_path / "more.json").write_text(json.dumps(whole))
    assert reasons(read(tmp_path)) == [why]
