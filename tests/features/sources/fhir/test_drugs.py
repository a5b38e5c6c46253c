"""Drugs by code, by name, or by nothing; a diagnosis in two systems; results that a report contains."""

import json

import pytest

from features.sources.mapping import parse_mapping
from myeloma import ConfigError
from tests.features.sources.fhir.resources import (
    BASE,
    ICD,
    LOINC,
    RXNORM,
    SCT,
    coded,
    condition,
    events,
    observation,
    read,
    refusals,
    values,
)

NAMES = {"revlimid": "lenalidomide", "lenalidomid": "lenalidomide"}


def drug(kind="MedicationRequest", **more):
    about = {"resourceType": kind, "id": "d", "status": "active", "subject": {"reference": "Patient/a"}, "authoredOn": "2016-01-01"}
    return {**about, **more}


def starts(source):
    return [(day, detail) for _, kind, day, detail in events(source) if kind == "treatment_start"]


@pytest.mark.parametrize(
    "said",
    [
        {"medicationCodeableConcept": {"text": "Lenalidomide 25 MG Oral Capsule"}},
        {"medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "9", "display": "REVLIMID"}]}},
        {"medicationReference": {"reference": "Medication/elsewhere", "display": "Revlimid 10 mg"}},
        {
            "medicationReference": {"reference": "#m"},
            "contained": [{"resourceType": "Medication", "id": "m", "code": {"text": "Revlimid"}}],
        },
    ],
    ids=["text", "display of a code", "display of a reference", "a Medication that is contained"],
)
def test_a_drug_whose_code_is_not_mapped_is_known_by_its_name(bulk, said):
    assert starts(read(bulk(*BASE, drug(**said)), treatment_names=NAMES)) == [("2016-01-01", "lenalidomide")]


def test_a_code_that_is_mapped_says_more_than_a_name(bulk):
    said = {"medicationCodeableConcept": coded(RXNORM, "1") | {"text": "Revlimid"}}
    assert starts(read(bulk(*BASE, drug(**said)), treatment_names=NAMES)) == [("2016-01-01", "daratumumab")]


def test_without_names_in_the_mapping_a_name_means_nothing(bulk):
    source = read(bulk(*BASE, drug(medicationCodeableConcept={"text": "Revlimid"})))
    assert (starts(source), refusals(source)) == ([], [])


def test_a_drug_of_another_name_sets_nobody_aside_and_one_without_any_does(bulk):
    other = drug(medicationReference={"reference": "Medication/elsewhere", "display": "aspirin"})
    nameless = drug(medicationCodeableConcept=coded(RXNORM, "9"))
    assert refusals(read(bulk(*BASE, other), treatment_names=NAMES)) == []
    assert ("events", "unnamed_drug", "MedicationRequest.ndjson", 1) in refusals(read(bulk(*BASE, nameless), treatment_names=NAMES))
    assert refusals(read(bulk(*BASE, nameless | {"status": "cancelled"}), treatment_names=NAMES)) == []


def test_a_drug_counts_from_the_day_it_was_handed_over(bulk):
    given = drug("MedicationDispense", status="completed", medicationCodeableConcept=coded(RXNORM, "1"), whenHandedOver="2016-02-02")
    del given["authoredOn"]
    assert starts(read(bulk(*BASE, given))) == [("2016-02-02", "daratumumab")]


@pytest.mark.parametrize(
    ("status", "handed_over", "treated"),
    [
        ("completed", None, True),
        ("in-progress", None, True),
        ("on-hold", None, True),
        ("declined", None, False),
        ("preparation", None, False),
        ("preparation", "2016-02-02", True),
    ],
)
def test_a_dispense_that_was_declined_or_has_not_begun_is_no_treatment(bulk, status, handed_over, treated):
    said = {"status": status, "whenPrepared": "2016-02-01", "medicationCodeableConcept": coded(RXNORM, "1")}
    given = drug("MedicationDispense", **said) | ({"whenHandedOver": handed_over} if handed_over else {})
    assert len(starts(read(bulk(*BASE, given)))) == treated


@pytest.mark.parametrize("turned", [False, True])
def test_of_a_diagnosis_in_two_systems_that_of_snomed_counts(bulk, turned):
    """ICD files smoldering myeloma under myeloma."""
    both = condition()
    both["code"]["coding"].append({"system": ICD, "code": "C90.00"})
    both["code"]["coding"] = both["code"]["coding"][:: -1 if turned else 1]
    assert [kind for _, kind, *_ in events(read(bulk(BASE[0], both, BASE[2])))] == ["last_contact"]


def test_a_code_of_icd_alone_or_beside_one_of_snomed_that_means_nothing_counts(bulk):
    progressed = condition(day="2017-01-01", code="C90.00", system=ICD)
    progressed["code"]["coding"].append({"system": SCT, "code": "another"})
    assert ("a", "progression", "2017-01-01", "") in events(read(bulk(*BASE, progressed)))


def report(**more):
    inside = {"resourceType": "Observation", "id": "1", "status": "final", "code": coded(LOINC, "718-7")}
    inside["valueQuantity"] = {"value": 11.5, "unit": "g/dL"}
    about = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": {"reference": "Patient/a"}, "contained": [inside]}
    return about | {"effectiveDateTime": "2016-03-01", "issued": "2016-03-02"} | more


def test_results_that_a_report_contains_are_of_its_subject_and_time(bulk):
    assert values(read(bulk(*BASE, report())))[0] == ("hemoglobin", "11.5", "g/dL", "2016-03-01", "2016-03-02")


def test_reports_may_call_what_they_contain_alike(bulk):
    """A contained resource has no identity of its own: two of one `id` are no two versions of one."""
    later = report(id="r2", effectiveDateTime="2017-03-01", issued="2017-03-02")
    assert [row[3] for row in values(read(bulk(*BASE, report(), later)))] == ["2016-03-01", "2017-03-01", "2015-02-01"]


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_what_a_withdrawn_report_contains_is_withdrawn_with_it(bulk, status):
    assert len(values(read(bulk(*BASE, report(status=status))))) == 1


def test_of_versions_of_a_report_only_the_latest_is_opened(bulk):
    first, second = (report(meta={"versionId": n}) for n in "12")
    second["contained"][0]["valueQuantity"]["value"] = 12.5
    assert [row[1] for row in values(read(bulk(*BASE, first, second)))] == ["12.5", "13.7"]


def test_versions_of_equal_rank_may_be_nested_deeper_than_can_be_written(bulk):
    deep = json.loads("[" * 400 + "]" * 400)
    same = [{**observation(id="o", day="2016-01-01"), "meta": {"versionId": "1"}, "note": deep} for _ in range(2)]
    assert refusals(read(bulk(*BASE, *same))) == [("measurements", "duplicate_row", "Observation.ndjson", 3)]


def test_a_text_longer_than_any_code_unit_or_day_is_refused_as_broken(bulk):
    long = observation(valueQuantity=None, valueString="1" * 5000)
    assert refusals(read(bulk(*BASE, long))) == [("measurements", "broken_resource", "Observation.ndjson", 2)]


def test_names_of_drugs_are_texts():
    with pytest.raises(ConfigError, match="treatment_names"):
        parse_mapping({"index": ["X"], "treatment_names": ["revlimid"]}, "m.yaml")
