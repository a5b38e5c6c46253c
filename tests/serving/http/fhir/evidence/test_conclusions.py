"""A report that concludes another diagnosis of plasma cells than the one that the history starts with is no risk."""

import pytest

from tests.serving.http.fhir.bundles import ICD, SCT, bundle, coded, person, post, reasons


def report(*concepts, **more):
    about = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": {"reference": "Patient/p1"}}
    return {**about, "code": {"text": "Bone marrow biopsy"}, "conclusionCode": list(concepts), **more}


@pytest.mark.parametrize(
    "concept",
    [
        *(coded(SCT, "109989006"), coded(SCT, "23132008"), coded(ICD, "C90.00")),
        *({"text": "Multiples Myelom"}, {"text": "Plasmozytom"}, {"text": "No remission of multiple myeloma"}),
        {"text": "Multiple myeloma not having achieved remission"},  # ICD-10-CM C90.00
    ],
)
def test_a_conclusion_of_myeloma_is_refused(client, concept):
    assert reasons(post(client, bundle(*person(), report({"text": "marrow"}, concept)))) == ["diagnosis_not_mapped"]


@pytest.mark.parametrize(
    "sent",
    [
        report(coded(SCT, "413587002")),
        report(coded(SCT, "277577000")),  # MGUS, from which smoldering myeloma comes
        report(coded(SCT, "109989006"), status="entered-in-error"),
        report({"text": "No evidence of myeloma"}),
        report({"text": "Plasma cell infiltration of 15 %"}),
        report({"text": "normal"}),
        report(conclusionCode=None),
    ],
    ids=["the disease", "an earlier stage", "withdrawn", "none", "a finding", "another word", "nothing"],
)
def test_other_conclusions_leave_the_risk(client, sent):
    assert post(client, bundle(*person(), sent)).status_code == 200
