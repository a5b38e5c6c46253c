"""CDS Hooks 2.0.1, patient-view: a card on prefetch alone, once; information, never an order; nothing empty in any response."""

import json
import logging
import re
from uuid import UUID

import pytest
from fastapi.testclient import TestClient

from serving.answer.shown import percent_text
from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.audited import Kept
from serving.http.cds_hooks.discovery import BESIDE_ORDERS
from serving.http.watched import watched
from tests.serving.http.cds_hooks.calls import SERVICE, TOKEN, call, empty_places
from tests.serving.http.fhir.bundles import bundle, condition, observation, order, patient, person

ADDRESS = "https://risk.example/"


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact", {"model_name": "smm-progression", "model_version": "3"})


@pytest.fixture
def client(artifact):
    """A server that has told nobody anything yet."""
    return TestClient(watched(make_app({"smm": artifact}, kept=Kept(address=ADDRESS))), raise_server_exceptions=False)


def cards(client, sent, status=200):
    """Return the cards of a response in which nothing is empty but, perhaps, the list of them."""
    response = client.post(SERVICE, json=sent)
    assert response.status_code == status, response.text
    assert list(empty_places(response.json())) == []
    return response.json().get("cards")


def codes(client, sent, status):
    response = client.post(SERVICE, json=sent)
    assert response.status_code == status, response.text
    assert list(empty_places(response.json())) == []
    return {problem["code"] for problem in response.json()["errors"]}


def test_discovery_names_a_service_for_each_model_and_all_that_it_wants_to_be_sent(client):
    found = client.get("/cds-services").json()
    assert list(empty_places(found)) == []
    (service,) = found["services"]
    assert (service["hook"], service["id"]) == ("patient-view", "smm-risk")
    assert {"description", "title", "usageRequirements", "prefetch"} <= set(service)
    assert "Prefetch alone" in service["usageRequirements"] and "Research only" in service["usageRequirements"]
    assert service["prefetch"]["patient"] == "Patient/{{context.patientId}}"
    needed = {"patient", "conditions", "labs", "drugs"}
    assert set(service["prefetch"]) == needed | set(BESIDE_ORDERS)
    assert service["prefetch"]["statements"] == "MedicationStatement?patient={{context.patientId}}&_count=1000"
    assert all("_include" not in template for template in service["prefetch"].values())
    assert "http://loinc.org|33358-3" in service["prefetch"]["labs"] and "_count=1&" not in service["prefetch"]["labs"]


def test_a_server_without_a_model_has_no_service():
    assert TestClient(make_app({})).get("/cds-services").json() == {"services": []}


def test_a_model_whose_stage_has_no_mapping_is_no_service(artifact):
    client = TestClient(make_app({"smm": artifact}, kept=Kept(mappings={})))
    assert client.get("/cds-services").json() == {"services": []}
    assert client.post(SERVICE, json=call()).status_code == 404


def test_a_card_informs_and_suggests_nothing(client):
    (card,) = cards(client, call())
    assert set(card) == {"uuid", "summary", "detail", "indicator", "source", "links", "overrideReasons"}
    assert (card["indicator"], UUID(card["uuid"]).version) == ("info", 4)
    assert card["source"]["label"].endswith("smm-progression version 3")
    assert all({"code", "system", "display"} == set(reason) for reason in card["overrideReasons"])


def test_the_summary_is_short_and_says_in_the_numbers_line_of_whom_the_model_is(client, history):
    (card,) = cards(client, call())
    stated = history | {"patient": history["patient"] | {"stage": "smm"}}
    risk = client.post("/v1/risk", json=stated).json()["risks"][1]
    assert len(card["summary"]) < 140
    assert card["summary"].startswith("Research, simulated people: progression was ")
    assert percent_text(risk["risk"]) in card["summary"] and risk["shown"]["text"] in card["summary"]


def test_what_is_missing_stands_before_the_number_and_its_limits_behind_it(client):
    detail = cards(client, call())[0]["detail"]
    missing, number, limit = (detail.index(text) for text in ("missing: Hemoglobin", " within 2 years", "Imaging is not considered"))
    assert missing < number < limit
    assert "Model fitted to simulated people" in detail


def preliminary(*results):
    return bundle(*(result | {"status": "preliminary"} for result in results), kind="searchset")


def test_a_card_that_rests_on_preliminary_results_says_so_in_its_line_and_first_behind_it(client):
    (card,) = cards(client, call(labs=preliminary(*LABS)))
    assert card["summary"].startswith("Research, simulated people, preliminary results: progression was ")
    assert len(card["summary"]) < 140
    assert card["detail"].startswith(
        "- preliminary: results that this rests on are preliminary, or of unknown status, and may still change"
    )


def test_one_preliminary_result_is_enough_and_final_ones_are_not_called_so(client):
    (card,) = cards(client, call(labs=bundle(*LABS[:-1], LABS[-1] | {"status": "preliminary"}, kind="searchset")))
    assert "preliminary results" in card["summary"]
    (card,) = cards(client, call(labs=bundle(*LABS[:-1], LABS[-1] | {"status": "corrected"}, kind="searchset")))
    assert "preliminary" not in card["summary"] + card["detail"]


def test_what_was_told_as_preliminary_is_told_again_once_it_is_final(client):
    assert len(cards(client, call(labs=preliminary(*LABS)))) == 1
    assert len(cards(client, call())) == 1
    assert cards(client, call()) == []


def test_a_criterion_that_preliminary_results_meet_is_told_as_such(client):
    (card,) = cards(client, call(labs=preliminary(*LABS, observation("x", "2160-0", "2022-07-10", 2.6, "mg/dL"))))
    assert card["summary"].startswith("Research, simulated people, preliminary results: criteria for active myeloma may be met")
    assert card["summary"].endswith("no risk of progression is shown") and len(card["summary"]) < 140


def test_links_and_cards_name_nobody(client):
    (card,) = cards(client, call())
    assert card["links"] == [{"label": "Explore a history (no data of this person is sent)", "url": ADDRESS, "type": "absolute"}]
    assert not re.search(r"p1\b|e1\b|Practitioner|1960", str({**card, "uuid": ""}))


def test_without_an_address_there_is_no_link_and_no_empty_list_of_them(artifact):
    client = TestClient(make_app({"smm": artifact}))
    assert "links" not in cards(client, call())[0]


def test_what_was_told_is_not_told_again_on_one_day_but_what_has_changed_is(client):
    assert len(cards(client, call())) == 1
    assert cards(client, call() | {"hookInstance": "00000000-0000-4000-8000-000000000000"}) == []
    changed = call(labs=bundle(*person()[2:6], observation("o5", "flc_lambda", "2022-07-10", 11, "mg/L"), kind="searchset"))
    assert len(cards(client, changed)) == 1
    assert cards(client, changed) == cards(client, call()) == []
    assert len(cards(client, call(user="Practitioner/another"))) == 1


DONE = {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/p1"}}
BESIDE = {
    "a lesion, which withholds the risk": (
        {"conditions": bundle(condition(), condition(id="c2") | {"code": {"text": "Lytic lesion"}})},
        "no risk",
    ),
    "what may be a treatment": ({"procedures": bundle(DONE | {"code": {"text": "Chemotherapy"}})}, "look it up"),
    "what was looked at": ({"statements": bundle(kind="searchset")}, "MedicationAdministration, MedicationDispense, Procedure"),
}


@pytest.mark.parametrize(("changed", "said"), BESIDE.values(), ids=BESIDE)
def test_what_is_said_beside_the_same_results_is_told_once_it_has_changed(client, changed, said):
    assert len(cards(client, call())) == 1
    (card,) = cards(client, call(**changed))
    assert said in card["summary"] + card["detail"]
    assert cards(client, call(**changed)) == cards(client, call()) == []


def test_the_next_day_it_is_told_again(client, monkeypatch):
    assert len(cards(client, call())) == 1
    monkeypatch.setattr("serving.http.cds_hooks.answering.calendar.today", lambda: 21_000)
    assert len(cards(client, call())) == 1


@pytest.mark.parametrize("key", ["patient", "conditions", "labs", "drugs"])
@pytest.mark.parametrize(
    "sent",
    [None, "", [], 5, {"resourceType": "OperationOutcome", "issue": [{"severity": "warning", "code": "not-found"}]}],
    ids=["left out", "a text", "a list", "a number", "an outcome"],
)
def test_what_was_not_prefetched_is_a_412_and_no_empty_list_of_cards(client, key, sent):
    assert "missing_prefetch" in codes(client, call(**{key: sent}), 412)


def given(kind):
    return bundle(order({"text": "Lenalidomide"}, kind=kind, day="2022-08-01"), kind="searchset")


TRANSPLANTED = {"resourceType": "Procedure", "id": "x", "status": "completed", "subject": {"reference": "Patient/p1"}}
TREATED = {
    "administrations": given("MedicationAdministration"),
    "statements": given("MedicationStatement"),
    "dispenses": given("MedicationDispense"),
    "procedures": bundle(TRANSPLANTED | {"code": {"text": "Stem cell transplantation"}}, kind="searchset"),
}


@pytest.mark.parametrize("key", BESIDE_ORDERS)
def test_a_treatment_that_was_not_ordered_is_seen_where_it_is_sent(client, key):
    assert cards(client, call(**{key: TREATED[key]})) == []
    (card,) = cards(client, call(**{key: bundle(kind="searchset")}))
    assert BESIDE_ORDERS[key] not in card["detail"]


@pytest.mark.parametrize(
    "sent", [None, "", {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "not-supported"}]}]
)
def test_a_record_that_cannot_send_it_gets_a_card_that_says_what_was_not_looked_at(client, sent):
    (card,) = cards(client, call(statements=sent, procedures=bundle(kind="searchset")))
    assert "not sent, so not looked at: MedicationAdministration, MedicationStatement, MedicationDispense" in card["detail"]


def test_part_of_it_is_a_412_like_part_of_anything(client):
    page = bundle(kind="searchset", link=[{"relation": "next", "url": "x"}])
    assert codes(client, call(statements=page), 412) == {"partial_history"}


def test_a_call_without_prefetch_is_a_412(client):
    assert codes(client, {key: part for key, part in call().items() if key != "prefetch"}, 412) == {"missing_prefetch"}
    assert codes(client, call() | {"prefetch": None}, 412) == {"missing_prefetch"}


LABS = person()[2:]
PAGES = {
    "a next page": bundle(*LABS, kind="searchset", link=[{"relation": "next", "url": "x"}]),
    "fewer than there are": bundle(*LABS, kind="searchset", total=9),
    "as many as were asked for": bundle(*LABS, *[observation("x", "8302-2", "2022-01-01", 1, "m")] * 1000, kind="searchset"),
    "a failure inside": bundle(*LABS, {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "timeout"}]}),
}


@pytest.mark.parametrize("labs", PAGES.values(), ids=PAGES)
def test_part_of_the_results_is_a_412(client, labs):
    assert codes(client, call(labs=labs), 412) == {"partial_history"}


def test_a_drug_that_leads_to_no_medication_and_has_no_name_is_a_412(client):
    lost = order({})
    del lost["medicationCodeableConcept"]
    assert codes(client, call(lost | {"medicationReference": {"reference": "Medication/m"}}), 412) == {"missing_medication"}
    named = {"reference": "Medication/m", "display": "lisinopril 10 mg tablet"}
    assert len(cards(client, call(lost | {"medicationReference": named}))) == 1


NOTHING = {
    "no diagnosis": call(conditions=bundle(kind="searchset", total=0)),
    "MGUS": call(conditions=bundle(condition("277577000"))),
    "myeloma": call(conditions=bundle(condition(), condition("109989006", id="c2", day="2022-05-01"))),
    "treated": call(order({"text": "lenalidomide"})),
    "treated, its drug known by the name of a reference alone": call(
        order({}) | {"medicationCodeableConcept": None, "medicationReference": {"reference": "Medication/m", "display": "Revlimid 10 mg"}}
    ),
    "treated, without any result": call(order({"text": "lenalidomide"}), labs=bundle(kind="searchset", total=0)),
    "under age": call(patient=patient(birthDate="2010-01-01")),
    "dead": call(patient=patient(deceasedDateTime="2022-07-10")),
    "myeloma since the last result": call(conditions=bundle(condition(), condition("109989006", id="c2", day="2022-08-15"))),
    "treated since the last result": call(order({"text": "lenalidomide"}, day="2022-08-01")),
    "dead since the last result": call(patient=patient(deceasedDateTime="2022-09-01")),
    "dead, nobody knows when": call(patient=patient(deceasedBoolean=True)),
}


@pytest.mark.parametrize("sent", NOTHING.values(), ids=NOTHING)
def test_of_whom_the_model_is_not_for_there_is_nothing_to_say(client, sent):
    assert cards(client, sent) == []


RECORDED = {key: content for key, content in condition(recordedDate="2022-08-01").items() if key != "onsetDateTime"}
LOCAL = observation("x", "1", "2022-07-10", 2.3, "g/dL") | {"code": {"coding": [{"system": "http://lab.example", "code": "77"}]}}
CANNOT_BE_USED = {
    "amyloidosis": (
        call(conditions=bundle(condition(), condition(id="c2") | {"code": {"text": "AL amyloidosis"}})),
        "diagnosis_not_mapped",
    ),
    "the disease once with its code and once in words": (
        call(conditions=bundle(condition(), condition(id="c2") | {"code": {"text": "Smoldering multiple myeloma"}})),
        "diagnosis_not_mapped",
    ),
    "the disease in words alone": (call(conditions=bundle(condition() | {"code": {"text": "Smoldering myeloma"}})), "diagnosis_not_mapped"),
    "no results": (call(labs=bundle(kind="searchset", total=0)), "no_visit"),
    "results with a laboratory's own codes alone": (call(labs=bundle(LOCAL, kind="searchset", total=1)), "no_visit"),
    "a diagnosis that was recorded after all results": (call(conditions=bundle(RECORDED)), "no_visit"),
}


@pytest.mark.parametrize(("sent", "code"), CANNOT_BE_USED.values(), ids=CANNOT_BE_USED)
def test_of_whom_the_model_may_be_for_a_history_that_cannot_be_used_is_refused(client, sent, code):
    assert codes(client, sent, 422) == {code}


def test_where_a_criterion_is_met_the_card_says_so_and_gives_no_risk(client):
    met = bundle(*LABS, observation("x", "2160-0", "2022-07-10", 2.6, "mg/dL"), kind="searchset")
    (card,) = cards(client, call(labs=met))
    assert len(card["summary"]) < 140 and "clinician review" in card["summary"] and card["indicator"] == "info"
    assert "within" not in card["summary"] and "2.6 mg/dL of 2022-07-10" in card["detail"]


def test_a_history_that_cannot_be_used_is_refused_and_not_passed_over(client):
    wrong = bundle(*LABS, observation("x", "718-7", "2022-07-10", 12, "stones"), kind="searchset")
    assert codes(client, call(labs=wrong), 422) == {"unknown_unit"}
    over = bundle(condition(clinicalStatus={"coding": [{"code": "resolved"}]}))
    assert codes(client, call(conditions=over), 422) == {"diagnosis_not_active"}


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"hook": "order-sign"}, "literal_error"),
        ({"hookInstance": "1"}, "uuid_parsing"),
        ({"context": {"userId": "Practitioner/d1"}}, "missing"),
        ({"context": {"userId": "Practitioner/d1", "patientId": "p2"}}, "other_subject"),
        ({"context": {"userId": "Practitioner/d1", "patientId": 1}}, "string_type"),
        ({"fhirServer": None}, "value_error"),
        ({"prefetch": []}, "dict_type"),
    ],
)
def test_a_call_of_another_shape_or_of_somebody_else_is_a_422(client, changed, code):
    assert codes(client, call() | changed, 422) == {code}


def test_what_is_no_bundle_where_a_search_was_asked_for_is_named(client):
    response = client.post(SERVICE, json=call(drugs={"resourceType": "Patient", "id": "p1"}))
    (error,) = response.json()["errors"]
    assert (response.status_code, error["code"], error["where"]) == (422, "broken_resource", "prefetch.drugs")


def test_an_element_of_a_call_that_stands_twice_is_refused(client):
    sent = json.dumps(call()).replace('"status": "final"', '"status": "entered-in-error", "status": "final"', 1)
    response = client.post(SERVICE, content=sent, headers={"content-type": "application/json"})
    assert (response.status_code, response.json()["errors"][0]["code"]) == (422, "repeated_name")


def test_what_the_standard_or_a_record_adds_is_left_aside(client):
    assert len(cards(client, call() | {"extension": {"org.example": 1}, "version": "2"})) == 1


def test_there_is_no_service_of_another_name(client):
    for path in ("/cds-services/relapse-risk", "/cds-services/smm", "/cds-services/x/feedback"):
        response = client.post(path, json=call())
        assert (response.status_code, list(empty_places(response.json()))) == (404, [])


def test_neither_token_nor_person_is_logged_or_sent_back(client, caplog):
    caplog.set_level(logging.DEBUG)
    for sent in (call(), call() | {"hook": TOKEN}, call() | {"context": TOKEN}, call(labs=TOKEN), call(patient=patient(TOKEN))):
        assert TOKEN not in client.post(SERVICE, json=sent).text
    client.post(f"/cds-services/{TOKEN}", json=call())
    logged = [record.getMessage() for record in caplog.records if not record.name.startswith("httpx")]  # the client's own log
    assert len(logged) >= 6
    assert not any(TOKEN in line or "p1" in line for line in logged)
    assert TOKEN not in client.get("/metrics").text
