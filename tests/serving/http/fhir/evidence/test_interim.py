"""An answer is preliminary while a result, or a report that lists it, is of any status but a final one."""

import pytest

from tests.serving.http.fhir.bundles import bundle, observation, person, post


def listing(status, *names, ident="r", **more):
    about = {
        "resourceType": "DiagnosticReport",
        "id": ident,
        "status": status,
        "subject": {"reference": "Patient/p1"},
        "code": {"text": "x"},
    }
    return {**about, "result": [{"reference": f"Observation/{name}"} for name in names or ("o3",)], **more}


def status_of(client, *more, **asked):
    response = post(client, bundle(*person(), *more), **asked)
    assert response.status_code == 200, response.text
    return response.json()["status"]


@pytest.mark.parametrize("status", ["partial", "preliminary", "registered", "unknown", "entered-in-error", "cancelled", "bogus", "FINAL"])
def test_a_report_that_is_not_final_makes_the_results_that_it_lists_preliminary(client, status):
    assert status_of(client, listing(status)) == "preliminary"
    assert status_of(client, listing(status), landmark="2022-03-01") == "final"  # o3 is of July


@pytest.mark.parametrize("status", ["final", "amended", "corrected", "appended"])
def test_a_final_report_leaves_them_final(client, status):
    assert status_of(client, listing(status)) == "final"
    assert status_of(client, listing("cancelled"), listing(status, ident="r2")) == "final"


def test_so_does_a_report_that_lists_them_by_way_of_a_group(client):
    group = observation("g", "55231-5", "2022-07-10", 1, "1", valueQuantity=None, hasMember=[{"reference": "Observation/o3"}])
    assert status_of(client, group, listing("partial", "g")) == "preliminary"


@pytest.mark.parametrize("status", ["entered-in-error", "cancelled"])
def test_a_note_says_that_a_withdrawn_report_lists_results(client, status):
    response = post(client, bundle(*person(), listing(status)))
    assert any("1 reports are entered in error or cancelled" in note["text"] for note in response.json()["note"])


@pytest.mark.parametrize("status", ["bogus", "FINAL", "partial"])
def test_a_result_of_a_status_that_fhir_does_not_have_is_preliminary(client, status):
    resources = person()
    resources[6]["status"] = status
    assert post(client, bundle(*resources)).json()["status"] == "preliminary"
