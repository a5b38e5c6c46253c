"""A result under a biomarker's code of LOINC is never left out in silence for want of its system."""

import pytest

from tests.serving.http.fhir.bundles import LOINC, bundle, coded, observation, person, post, reasons


def hemoglobin(concept, **more):
    return observation("x", "", "2022-07-10", 8, "g/dL", code=concept, **more)


@pytest.mark.parametrize("system", ["urn:lab", "http://loinc.org.example", ""])
def test_a_biomarkers_code_of_loinc_under_a_system_that_is_not_known_is_refused_by_name(client, system):
    response = post(client, bundle(*person(), hemoglobin(coded(system, "718-7"))))
    assert reasons(response) == ["system_not_known"]
    assert "hemoglobin in LOINC" in response.text and "718-7" in response.text


def test_so_is_that_of_a_component(client):
    part = {"code": coded("urn:lab", "718-7"), "valueQuantity": {"value": 8, "unit": "g/dL"}}
    sent = observation("x", "", "2022-07-10", None, "", code={"text": "blood count"}, valueQuantity=None, component=[part])
    assert reasons(post(client, bundle(*person(), sent))) == ["system_not_known"]


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (hemoglobin(coded("urn:lab", "HB")), 200),
        (hemoglobin(coded("urn:lab", "718-7"), status="entered-in-error"), 200),
        (hemoglobin(coded("http://snomed.info/sct", "718-7")), 200),
        (hemoglobin({"coding": [{"system": "urn:lab", "code": "718-7"}, {"system": LOINC, "code": "718-7"}]}), 422),  # criteria_met
    ],
    ids=["a code of a laboratory's own", "withdrawn", "a system that is known", "beside the code of LOINC"],
)
def test_other_codes_and_what_is_read_anyway_are_not(client, sent, status):
    response = post(client, bundle(*person(), sent))
    assert response.status_code == status
    assert "system_not_known" not in response.text
