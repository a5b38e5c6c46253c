"""The HTTP API: an answer in one piece, and a 422 with code and place for every mistake."""

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from serving.answer.record import Answer
from serving.http.api import make_app
from serving.http.response import Refusal


def test_the_answer_holds_risks_reasons_scores_and_the_model(client, history):
    response = client.post("/v1/risk", json=history)
    assert response.status_code == 200
    answer = response.json()
    assert TypeAdapter(Answer).validate_python(answer, extra="forbid").landmark == "2022-07-10"
    assert [r["horizon_months"] for r in answer["risks"]] == [12, 24, 60]
    assert answer["model"]["model_version"] == "3"
    assert "not a diagnosis" in answer["notice"]
    marrow = next(c for c in answer["criteria"] if c["criterion"] == "marrow")
    assert (marrow["status"], marrow["value"], marrow["collected_on"]) == ("not met", 22, "2022-01-10")
    assert answer["scores"]["mayo_2018"]["category"] == "high"  # 22 %, 2.3 g/dL, ratio 25
    assert answer["scores"]["mayo_2018"]["risks"]["24m"] == 0.442


def test_base_and_contributions_add_up_and_come_with_what_was_measured(client, history):
    for risk in client.post("/v1/risk", json=history).json()["risks"]:
        parts = sum(c["contribution"] for c in risk["contributions"])
        assert risk["base"] + parts == pytest.approx(math.log(risk["risk"] / (1 - risk["risk"])), abs=1e-5)
    by_name = {c["biomarker"]: c for c in risk["contributions"]}
    assert (by_name["m_protein"]["value"], by_name["m_protein"]["unit"], by_name["m_protein"]["age_days"]) == (2.3, "g/dL", 0)
    assert (by_name["bmpc"]["value"], by_name["bmpc"]["age_days"]) == (22, 181)
    assert by_name["hemoglobin"]["value"] is None  # unknown stays unknown
    assert (by_name["m_protein"]["collected_on"], by_name["bmpc"]["collected_on"]) == ("2022-07-10", "2022-01-10")
    assert by_name["m_protein"]["change"] == pytest.approx(0.5)
    assert by_name["m_protein"]["exceeds_noise"] is True  # 1.8 to 2.3 is 28 %, the reference change 25 %


def test_a_published_flag_stands_beside_the_trend_that_knows_noise(client, history):
    def m_protein(later):
        history["measurements"][2]["value"] = later
        return next(e for e in client.post("/v1/risk", json=history).json()["evolving"] if e["rule"] == "mspike_traj")

    small, large = m_protein("2.0"), m_protein("3.6")
    assert (small["flag"], small["exceeds_noise"]) == (True, False)  # +0.2 g/dL is met, and well inside noise
    assert (large["flag"], large["exceeds_noise"]) == (True, True)
    assert 0 < small["slope_per_year"] < large["slope_per_year"]


def test_what_is_missing_stale_or_unlike_the_training_data_is_said(client, history):
    history["measurements"].append({"collected_at": "2021-01-10", "biomarker": "creatinine", "value": 9.0, "unit": "mg/dL"})
    warnings = client.post("/v1/risk", json=history).json()["warnings"]
    assert "missing: Hemoglobin" in warnings
    assert "stale: Creatinine is 546 days old" in warnings
    assert any(w.startswith("out of training range: Creatinine 9 mg/dL, trained on ") for w in warnings)


def test_an_earlier_landmark_does_not_see_what_came_later(client, history):
    early = client.post("/v1/risk", json={**history, "landmark": "2022-03-01"}).json()
    history["measurements"] = history["measurements"][:2]
    assert client.post("/v1/risk", json={**history, "landmark": "2022-03-01"}).json()["risks"] == early["risks"]
    assert early["scores"]["mayo_2018"]["missing"] == ["flc_ratio"]
    assert early["scores"]["mayo_2018"]["possible"] == ["intermediate", "high"]


@pytest.mark.parametrize(
    ("change", "code", "where"),
    [
        ({"unit": "mg"}, "unknown_unit", "measurements[0].unit"),
        ({"biomarker": "m_protien"}, "unknown_biomarker", "measurements[0].biomarker"),
        ({"value": "high"}, "not_a_number", "measurements[0].value"),
        ({"specimen": "urine"}, "wrong_specimen", "measurements[0].specimen"),
        ({"specimen": "tube 3"}, "unknown_category", "measurements[0].specimen"),
        ({"value": 180}, "out_of_range", "measurements[0].value"),
        ({"collected_at": "10/01/2022"}, "bad_date", "measurements[0].collected_at"),
        ({"collected_at": "1950-01-01"}, "before_birth", "measurements[0].collected_at"),
        ({"available_at": "2021-01-01"}, "available_before_collected", "measurements[0].available_at"),
    ],
)
def test_a_bad_result_is_a_422_with_code_and_place(client, history, change, code, where):
    history["measurements"][0].update(change)
    response = client.post("/v1/risk", json=history)
    assert response.status_code == 422
    problem = response.json()["errors"][0]
    assert (problem["code"], problem["where"]) == (code, where)
    assert TypeAdapter(Refusal).validate_python(response.json()).errors[0].message


def test_the_specimen_of_a_result_changes_nothing_where_it_is_the_right_one(client, history):
    plain = client.post("/v1/risk", json=history).json()
    history["measurements"][0]["specimen"] = "Serum"
    assert client.post("/v1/risk", json=history).json()["risks"] == plain["risks"]


@pytest.mark.parametrize(
    ("where", "received"),
    [
        ("measurements[0].collected_at", "10/01/2022"),
        ("measurements[0].available_at", "2021-01-01"),
        ("events[0].occurred_at", "2022-13-01"),
        ("patient.index_date", "2999-01-01"),
        ("landmark", "20220301"),
        ("landmark", "2000-03-01"),
        ("landmark", 20220301),
        ("measurements[0].collected_at", 20220110),
    ],
)
def test_a_refused_day_is_shown_as_it_was_received(client, history, where, received):
    history["events"] = [{"occurred_at": "2022-08-01", "kind": "last_contact"}]
    table, _, column = where.rpartition(".")
    {"": history, "patient": history["patient"], "measurements[0]": history["measurements"][0], "events[0]": history["events"][0]}[table][
        column
    ] = received
    problems = TypeAdapter(Refusal).validate_python(client.post("/v1/risk", json=history).json()).errors
    assert (where, str(received)) in {(problem.where, problem.received) for problem in problems}


def test_a_refused_birth_date_is_not_shown(client, history):
    history["patient"]["birth_date"] = "05/02/1960"
    response = client.post("/v1/risk", json=history)
    assert (response.status_code, "1960" in response.text) == (422, False)


@pytest.mark.parametrize(("birth", "day"), [("1960", "1960-07-01"), ("1960-05", "1960-05-15")])
def test_of_a_year_or_month_of_birth_an_age_is_counted_from_its_middle(client, history, birth, day):
    def asked(patient):
        answer = client.post("/v1/risk", json={**history, "patient": {**history["patient"], "birth_date": None, **patient}}).json()
        return answer["risks"]

    years = round((date.fromisoformat(history["patient"]["index_date"]) - date.fromisoformat(day)).days / 365.25, 2)
    assert asked({"birth_date": birth}) == asked({"age_at_index": years})
    assert asked({"birth_date": birth, "age_at_index": 44.0}) == asked({"age_at_index": 44.0})  # what is written counts first


@pytest.mark.parametrize("birth", ["1760", "1880", "1880-05-01", "2960", "2030", "1960-13", "60"])
def test_a_year_of_birth_that_cannot_be_is_refused(client, history, birth):
    history["patient"]["birth_date"] = birth
    response = client.post("/v1/risk", json=history)
    assert (response.status_code, birth in response.text) == (422, False)
    assert response.json()["errors"][0]["where"] == "patient.birth_date"


@pytest.mark.parametrize(
    ("events", "code"),
    [
        ([{"occurred_at": "2022-05-01", "kind": "progression"}], "progressed"),
        ([{"occurred_at": "2022-05-01", "kind": "treatment_start"}], "treated"),
        ([{"occurred_at": "2022-05-01", "kind": "transplant"}], "treated"),
        ([{"occurred_at": "2021-05-01", "kind": "progression"}], "event_before_index"),
    ],
)
def test_somebody_not_at_risk_gets_no_risk(client, history, events, code):
    response = client.post("/v1/risk", json={**history, "events": events})
    assert response.status_code == 422
    assert code in {problem["code"] for problem in response.json()["errors"]}


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("progression", "progressed", "progression"),
        ("death", "dead", "death"),
        ("treatment_start", "treated", "treatment"),
        ("transplant", "treated", "treatment"),
    ],
)
def test_what_happened_since_the_last_visit_is_no_risk_of_today_and_a_warning_of_an_earlier_day(client, history, kind, code, told):
    history["events"] = [{"occurred_at": "2022-08-01", "kind": kind}]  # the last result is of 2022-07-10
    (problem,) = client.post("/v1/risk", json=history).json()["errors"]
    assert (problem["code"], problem["where"], problem["received"]) == (code, "landmark", f"{kind} on 2022-08-01")
    assert problem["message"].endswith("the last visit is of 2022-07-10, before that: `landmark` asks for the risk as it was then")
    asked = {**history, "landmark": "2022-07-10"}
    then, before = (client.post("/v1/risk", json={**asked, "events": known}).json() for known in (history["events"], []))
    assert [one["risk"] for one in then["risks"]] == [one["risk"] for one in before["risks"]]
    since = f"since this visit: {told}, on 2022-08-01: the risk is what it was before, not today's"
    assert since in then["warnings"] and set(then["warnings"]) - {since} <= set(before["warnings"])
    assert then["as_of"]["is_past"] and then["risks"][0]["shown"]["text"].startswith("was ")


def test_a_contact_or_a_stop_of_nothing_since_the_last_visit_puts_nobody_outside(client, history):
    history["events"] = [{"occurred_at": "2022-09-01", "kind": "last_contact"}]
    answer = client.post("/v1/risk", json=history).json()
    assert answer["risks"] and not [one for one in answer["warnings"] if one.startswith("since this visit")]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"patient": {"index_date": "2022-01-10"}, "measurements": []},
        {"patient": {"index_date": "2022-01-10", "name": "x"}, "measurements": [{}]},
        {"patient": {"index_date": "soon"}, "measurements": [{"collected_at": "2022-01-10", "biomarker": "bmpc", "value": 1, "unit": "%"}]},
        {"patient": 5},
        [],
    ],
)
def test_a_body_of_another_shape_is_a_422(client, body):
    response = client.post("/v1/risk", json=body)
    assert response.status_code == 422
    assert all({"code", "where", "message"} <= problem.keys() for problem in response.json()["errors"])


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999"])
def test_a_number_that_is_none_is_a_422(client, number):
    result = f'{{"collected_at": "2022-01-10", "biomarker": "bmpc", "value": {number}, "unit": "%"}}'
    body = f'{{"patient": {{"index_date": "2022-01-10"}}, "measurements": [{result}]}}'
    assert client.post("/v1/risk", content=body, headers={"content-type": "application/json"}).status_code == 422


def test_broken_json_is_a_422(client):
    assert client.post("/v1/risk", content='{"patient":', headers={"content-type": "application/json"}).status_code == 422


def test_no_mistake_is_answered_with_what_was_sent_about_the_person(client, history):
    history["patient"]["birth_date"] = "SENTINEL-1955"
    history["patient"]["index_date"] = "SENTINEL-2022"
    response = client.post("/v1/risk", json=history)
    assert response.status_code == 422
    assert "SENTINEL" not in response.text


def test_an_unknown_task_names_those_that_are_loaded(client, history):
    response = client.post("/v1/risk", json={**history, "task": "relapse"})
    assert response.status_code == 422
    assert "smm" in response.json()["errors"][0]["message"]


def test_health_model_and_docs(client):
    assert client.get("/health/live").json() == {"status": "alive"}
    assert client.get("/health/ready").json()["tasks"] == ["smm"]
    (model,) = client.get("/v1/model").json()["models"]
    assert model["horizons_months"] == [12, 24, 60]
    assert model["feature_hash"]
    assert client.get("/docs").status_code == 200
    assert "//cdn" not in client.get("/docs").text  # a hospital's network may reach nothing outside
    assert "/v1/risk" in client.get("/openapi.json").json()["paths"]


def test_a_server_without_a_model_is_alive_but_not_ready(history):
    empty = TestClient(make_app({}))
    assert empty.get("/health/live").status_code == 200
    assert empty.get("/health/ready").status_code == 503
    assert empty.post("/v1/risk", json=history).status_code == 422


def test_requests_at_the_same_time_get_the_same_answer_as_alone(client, history):
    alone = client.post("/v1/risk", json=history).json()
    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(lambda _: client.post("/v1/risk", json=history).json(), range(24)))
    assert all(answer == alone for answer in together)
