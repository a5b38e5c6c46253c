"""Where no result can bear a risk, a sender is told why in FHIR's words: which day was taken for that of diagnosis, or what is mapped."""

import pytest

from tests.serving.http.fhir.bundles import bundle, coded, condition, observation, order, patient, person, post, reasons

RECORDED = {key: content for key, content in condition(recordedDate="2022-08-01").items() if key != "onsetDateTime"}
PERIOD = {key: content for key, content in condition(onsetPeriod={"start": "2022-08-01"}).items() if key != "onsetDateTime"}


def told(client, *resources, **asked):
    """Return reason, place and message of the one thing that is refused."""
    response = post(client, bundle(*resources), **asked)
    assert response.status_code == 422, response.text
    (issue,) = response.json()["issue"]
    return reasons(response)[0], issue.get("expression", ["landmark"])[0], issue["details"]["text"]


def test_that_the_day_of_the_record_was_taken_for_that_of_diagnosis_is_told(client):
    code, place, message = told(client, patient(), RECORDED, *person()[2:])
    assert (code, place) == ("no_visit", "Bundle.entry[1].resource.recordedDate")
    assert "all results were known before 2022-08-01, the recordedDate" in message
    assert "taken as the day of diagnosis" in message and "send the onset" in message


@pytest.mark.parametrize(("diagnosis", "element"), [(condition(day="2022-08-01"), "onsetDateTime"), (PERIOD, "onsetPeriod")])
def test_an_onset_is_the_day_of_diagnosis_and_nothing_was_taken_for_it(client, diagnosis, element):
    code, place, message = told(client, patient(), diagnosis | {"recordedDate": "2022-09-01"}, *person()[2:])
    assert (code, place) == ("no_visit", f"Bundle.entry[1].resource.{element}")
    assert f"2022-08-01, the {element}" in message and "taken" not in message


def test_a_result_of_the_day_of_the_record_is_one(client):
    sent = [patient(), RECORDED, *person()[2:], observation("x", "m_protein", "2022-08-01", 2.4, "g/dL")]
    response = post(client, bundle(*sent))
    assert (response.status_code, response.json()["occurrenceDateTime"]) == (200, "2022-08-01")


def test_a_day_asked_for_before_the_diagnosis_names_it(client):
    later = observation("x", "m_protein", "2022-09-01", 2.4, "g/dL")
    code, _, message = told(client, patient(), RECORDED, *person()[2:], later, landmark="2022-07-15")
    assert code == "before_index" and "before 2022-08-01, the recordedDate" in message and "index date on" in message


LOCAL = observation("x", "1", "2022-07-10", 2.3, "g/dL") | {"code": coded("http://lab.example", "77")}
REPORT = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": {"reference": "Patient/p1"}, "contained": [LOCAL]}


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        ([], "there is no Observation"),
        ([LOCAL, LOCAL | {"id": "y"}], "none of the 2 Observations"),
        ([REPORT], "none of the 1 Observations"),
    ],
)
@pytest.mark.parametrize("asked", [{}, {"landmark": "2022-08-01"}])
def test_where_nothing_is_mapped_it_is_told_what_was_sent_and_what_is_mapped(client, sent, said, asked):
    code, place, message = told(client, *person()[:2], *sent, **asked)
    assert (code, place) == ("no_visit", "Bundle")
    assert said in message and "LOINC codes of biomarkers" in message


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ([order({"text": "lenalidomide"})], "treated"),
        ([condition("109989006", id="c2", day="2022-05-01")], "progressed"),
        ([], "no_visit"),
    ],
)
def test_of_whom_no_result_counts_it_is_told_first_whether_the_risk_is_meant_for_them_today(client, more, code):
    assert told(client, *person()[:2], *more)[0] == code


def test_the_dead_of_whom_no_result_counts_are_dead(client):
    assert told(client, patient(deceasedDateTime="2022-07-10"), condition())[0] == "dead"
