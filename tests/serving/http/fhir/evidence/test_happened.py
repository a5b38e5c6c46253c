"""Treatment and death that no order and no Patient tells keep a risk of untreated disease from being shown."""

import pytest

from features.sources.fhir.bundles import Found
from serving.http.fhir.evidence.happened import happened, is_transplantation
from serving.http.fhir.mapping import mappings_in
from tests.serving.http.fhir.bundles import ICD, SCT, bundle, coded, person, post, reasons

TRANSPLANTED = {"coding": [{"system": SCT, "code": "709115004", "display": "Transplantation of autologous hematopoietic stem cell"}]}
DISCHARGE = "http://terminology.hl7.org/CodeSystem/discharge-disposition"


def procedure(concept, **more):
    about = {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/p1"}}
    return {**about, "code": concept, "performedDateTime": "2022-08-01", **more}


def stay(disposition="exp", **more):
    about = {"resourceType": "Encounter", "id": "x", "status": "finished", "subject": {"reference": "Patient/p1"}}
    period = {"start": "2022-07-20", "end": "2022-08-01"}
    return {**about, "period": period, "hospitalization": {"dischargeDisposition": coded(DISCHARGE, disposition)}, **more}


def condition(concept, **more):
    return {"resourceType": "Condition", "id": "x", "subject": {"reference": "Patient/p1"}, "code": concept, **more}


def vaccine(text):
    about = {"resourceType": "Immunization", "id": "x", "status": "completed", "patient": {"reference": "Patient/p1"}}
    return {**about, "vaccineCode": {"text": text}, "occurrenceDateTime": "2022-08-01"}


def told(resource, stage="smm", until=""):
    return [one.code for one in happened([Found("", 1, resource)], ["here"], mappings_in()[stage], until)]


AGAINST = {
    "a transplantation": (procedure(TRANSPLANTED), "treated"),
    "a transplantation in words": (procedure({"text": "Stammzelltransplantation, autolog"}), "treated"),
    "a procedure that names a drug": (procedure({"text": "Infusion von Daratumumab"}), "treated"),
    "a procedure that names a regimen": (procedure({"text": "VRd cycle 1"}), "treated"),
    "a state after it": (condition(coded(ICD, "Z94.84")), "treated"),
    "a state after it, in words": (condition({"text": "Z. n. autologer Stammzelltransplantation"}), "treated"),
    "cells": (vaccine("cilta-cel"), "treated"),
    "a discharge of somebody who died": (stay(), "dead"),
}


@pytest.mark.parametrize(("resource", "why"), AGAINST.values(), ids=AGAINST)
def test_what_happened_is_told_by_its_reason(resource, why):
    assert told(resource) == [why]
    assert told(resource, "mgus") == [why]


def test_people_with_myeloma_may_have_been_treated_and_may_have_died():
    assert [told(resource, "mm") for resource, _ in AGAINST.values()] == [[]] * 7 + [["dead"]]


NOT_AGAINST = {
    "a transplantation that was not done": procedure(TRANSPLANTED, status="not-done"),
    "a transplantation that is prepared": procedure(TRANSPLANTED, status="preparation"),
    "stem cells that were collected": procedure({"text": "Stem cell apheresis for transplantation"}),
    "another organ": procedure({"text": "Kidney transplantation"}),
    "a biopsy": procedure({"text": "Bone marrow biopsy"}),
    "another organ's state": condition(coded(ICD, "Z94.0")),
    "a transplantation that is refuted": condition(coded(ICD, "Z94.84"), verificationStatus=coded("x", "refuted")),
    "that of a relative": condition({"text": "Family history of stem cell transplantation"}),
    "another vaccine": vaccine("Influenza"),
    "a discharge home": stay("home"),
    "a stay that was entered in error": stay(status="entered-in-error"),
    "a stay without a discharge": stay(hospitalization=None),
}


@pytest.mark.parametrize("resource", NOT_AGAINST.values(), ids=NOT_AGAINST)
def test_what_did_not_happen_or_is_something_else_is_not(resource):
    assert told(resource) == []


def test_what_happens_after_the_day_that_is_asked_for_does_not_count_and_what_has_no_day_does():
    for resource in (procedure(TRANSPLANTED), stay()):
        assert (len(told(resource, until="2022-07-31")), len(told(resource, until="2022-08-01"))) == (0, 1)
    for day in (None, "2022", "2022-99-99", "2202-03-01", "\uff12\uff10\uff12\uff13", "soon"):
        assert told(condition(coded(ICD, "Z94.84"), onsetDateTime=day), until="2022-01-10") == ["treated"]


@pytest.mark.parametrize(
    "words",
    [
        "Autologous hematopoietic stem cell transplant without purging",  # ICD-9-CM 41.04
        "Transfusion of Autologous Hematopoietic Stem Cells into Peripheral Vein, Percutaneous Approach",  # ICD-10-PCS
        "Infusion of autologous peripheral blood stem cells",
        "Stammzellinfusion",
        "Evaluation after stem cell transplantation",
        "Autologous stem cell transplantation, cells collected in 2020",
        "ASCT, no complications",
    ],
)
def test_a_transplantation_is_one_whatever_else_its_name_denies_or_tells(words):
    assert is_transplantation(words)


@pytest.mark.parametrize(
    "words",
    [
        "Keine Stammzelltransplantation",
        "Sin trasplante de células madre",
        "No history of autologous hematopoietic stem cell transplant",
        "Evaluation for stem cell transplant",
        "Bone marrow transplant evaluation",
        "Stammzellentnahme zur Transplantation",
        "Collection of stem cells for infusion",
        "Red cell transfusion due to bone marrow failure",
        "Transfusion dependent bone marrow failure",
    ],
)
def test_one_that_was_not_done_or_is_prepared_is_none(words):
    assert not is_transplantation(words)


@pytest.mark.parametrize("words", ["HSCT", "Auto-SCT", "Greffe de moelle osseuse", "Trasplante de células madre", "Bone marrow transplant"])
def test_a_transplantation_is_known_in_several_languages(words):
    assert is_transplantation(words)


def test_no_risk_is_shown_of_a_person_who_was_transplanted_or_has_died(client):
    for resource, why in (AGAINST["a transplantation"], AGAINST["a discharge of somebody who died"]):
        assert reasons(post(client, bundle(*person(), resource))) == [why]
        assert post(client, bundle(*person(), resource), landmark="2022-07-10").status_code == 200
