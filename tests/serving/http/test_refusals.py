"""What a request may hold is bounded, every failure has one form, and nothing that was sent about a person is in it."""

import json
import logging

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from features.sources.fhir.twice import twice_in
from serving.http import body as bodies
from serving.http.request import MOST_EVENTS, MOST_MEASUREMENTS
from serving.http.response import MOST_LISTED, Refusal

JSON = {"content-type": "application/json"}
SENTINEL = "Meier-7731"
REFUSAL = TypeAdapter(Refusal)


def refusal(response):
    """Return the problems of a failure, which has the documented form whatever it is."""
    assert response.headers["content-type"] == "application/json"
    return REFUSAL.validate_python(response.json(), extra="forbid")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/v1/risk", 405, "method_not_allowed"),
        ("PUT", "/health/live", 405, "method_not_allowed"),
        ("GET", f"/patients/{SENTINEL}", 404, "not_found"),
    ],
)
def test_what_there_is_not_is_refused_in_the_same_form(client, method, path, status, code):
    response = client.request(method, path)
    assert (response.status_code, refusal(response).errors[0].code) == (status, code)
    assert SENTINEL not in response.text


@pytest.mark.parametrize("kind", ["text/plain", "", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_that_is_no_json_by_its_own_account_is_a_415(client, history, kind):
    response = client.post("/v1/risk", content=json.dumps(history), headers={"content-type": kind})
    assert (response.status_code, refusal(response).errors[0].code) == (415, "unsupported_media_type")


@pytest.mark.parametrize("kind", ["application/json", "Application/JSON; charset=utf-8", "application/fhir+json"])
def test_json_is_read_under_each_of_its_names(client, history, kind):
    assert client.post("/v1/risk", content=json.dumps(history), headers={"content-type": kind}).status_code == 200


@pytest.mark.parametrize("in_pieces", [False, True])
def test_a_body_that_is_too_large_is_a_413_whether_or_not_it_says_so(client, in_pieces):
    sent = b" " * (bodies.MOST_BYTES + 1)
    pieces = (sent[k : k + 2**16] for k in range(0, len(sent), 2**16))
    response = client.post("/v1/risk", content=pieces if in_pieces else sent, headers=JSON)
    assert (response.status_code, refusal(response).errors[0].code) == (413, "body_too_large")


def test_the_largest_body_that_is_let_in_is_looked_at(client):
    assert client.post("/v1/risk", content=b" " * bodies.MOST_BYTES, headers=JSON).status_code == 422


@pytest.mark.parametrize(("table", "most"), [("measurements", MOST_MEASUREMENTS), ("events", MOST_EVENTS)])
def test_more_rows_than_are_accepted_are_refused(client, history, table, most):
    row = {"occurred_at": "2022-02-01", "kind": "last_contact"} if table == "events" else history["measurements"][0]
    response = client.post("/v1/risk", json={**history, table: [row] * (most + 1)})
    assert (response.status_code, refusal(response).errors[0].code) == (422, "too_long")


def test_a_text_that_is_no_cell_is_refused_by_its_length(client, history):
    history["measurements"][0]["unit"] = "g/L" * 1000
    (problem,) = refusal(client.post("/v1/risk", json=history)).errors
    assert (problem.code, problem.where) == ("string_too_long", "measurements[0].unit")


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [
        ('"value": 18', '"value": 2.3, "value": 0.1', "measurements[0].value"),
        ('"value": 18', '"value": 18, "value": 18', "measurements[0].value"),
        ('"value": 18', '"value": 18, "v\\u0061lue": 18', "measurements[0].value"),
        ('"unit": "g/L"', '"unit": "g/L", "unit": "\\u003a"', "measurements[0].unit"),  # a colon that makes up for the lost one
        ('{"patient"', f'{{"{SENTINEL}": 1, "{SENTINEL}": 2, "patient"', "(unknown)"),
    ],
)
@pytest.mark.parametrize("route", ["/v1/risk", "/v1/risk/batch", "/v1/course", "/v1/read"])
def test_a_name_that_stands_twice_is_refused_and_none_of_its_values_is_taken(client, history, route, old, new, where):
    body = json.dumps(history).replace(old, new, 1)
    text = {"/v1/risk/batch": f'{{"histories": [{body}]}}', "/v1/read": json.dumps({"text": body})}.get(route, body)
    response = client.post(route, content=text, headers=JSON)
    (problem,) = response.json()["errors"]
    place = f"histories[0].{where}" if route.endswith("batch") else where
    assert (response.status_code, problem["code"], problem["where"]) == (422, "repeated_name", place)
    assert SENTINEL not in response.text


@pytest.mark.parametrize(
    "text", ['{"a": {"a": 1}, "b": [{"a": 2}, {"a": ":"}]}', '{"a": "\\u003a"}', '{"a": NaN}', "{", "[" * 5000, "\ud800", "1"]
)
def test_a_name_that_stands_once_in_each_object_is_none_of_them(text):
    assert twice_in(text) == []


def test_a_value_of_no_accepted_kind_is_told_once_with_what_is_accepted(client, history):
    for value, code in ((None, "missing_value"), ([1], "float_type"), ("x" * 300, "string_too_long")):
        history["measurements"][0]["value"] = value
        (problem,) = refusal(client.post("/v1/risk", json=history)).errors
        assert (problem.code, problem.where) == (code, "measurements[0].value")
        assert code == "string_too_long" or problem.message == 'needed: a number, or text such as "<0.1"'


def test_of_many_problems_the_first_are_listed_and_the_others_counted(client, history):
    history["measurements"] = [{**history["measurements"][0], "unit": "furlong"}] * 500
    found = refusal(client.post("/v1/risk", json=history))
    assert (len(found.errors), found.more) == (MOST_LISTED, 500 - MOST_LISTED)
    assert [problem.where for problem in found.errors[:2]] == ["measurements[0].unit", "measurements[1].unit"]


@pytest.mark.parametrize(
    "content",
    ["[" * 100_000, '{"task": "\\ud800"}', '{"patient": 1' + "0" * 5000 + "}", b"\xff\xfe{}", '{"a":' * 300, "", "null", '"text"', "NaN"],
    ids=["nested", "half a character", "a long number", "no UTF-8", "cut off", "nothing", "null", "a text", "no number"],
)
def test_what_no_parser_likes_is_a_422(client, content):
    response = client.post("/v1/risk", content=content, headers=JSON)
    assert response.status_code == 422
    assert refusal(response).errors[0].code


@pytest.mark.parametrize(
    ("table", "field", "value"),
    [
        ("measurements", "value", 10**400),
        ("measurements", "value", "9" * 150),
        ("measurements", "value", 1e308),
        ("measurements", "collected_at", "9999-12-31"),
        ("measurements", "collected_at", "0001-01-01"),
        ("measurements", "collected_at", "1700-01-01"),
        ("measurements", "available_at", "2262-04-12"),
        ("events", "line", 10**400),
        ("events", "occurred_at", "2262-04-12"),
        ("patient", "index_date", "2300-01-01"),
        ("patient", "birth_date", "1700-01-01"),
        ("patient", "age_at_index", 1e300),
        ("", "landmark", "2262-04-12"),
        ("", "landmark", "1677-09-21"),
    ],
)
def test_days_and_numbers_beyond_all_bounds_are_a_422(client, history, table, field, value):
    history["events"] = [{"occurred_at": "2022-02-01", "kind": "treatment_start"}]
    if field == "age_at_index":
        del history["patient"]["birth_date"]
    row = history[table] if table in ("patient",) else history[table][0] if table else history
    row[field] = value
    response = client.post("/v1/risk", content=json.dumps(history), headers=JSON)
    assert response.status_code == 422
    assert refusal(response).errors[0].where.endswith(field)


@pytest.mark.parametrize("field", ["unit", "biomarker", "value", "collected_at", "available_at"])
def test_a_name_in_a_cell_of_a_result_is_not_sent_back(client, history, field):
    history["measurements"][0][field] = SENTINEL
    response = client.post("/v1/risk", json=history)
    assert (response.status_code, SENTINEL in response.text) == (422, False)
    assert refusal(response).errors[0].where == f"measurements[0].{field}"


@pytest.mark.parametrize("where", ["", "patient", "measurements", "events"])
def test_a_name_in_the_name_of_a_field_is_not_sent_back_but_the_nearest_field_is(client, history, where):
    history["events"] = [{"occurred_at": "2022-02-01", "kind": "last_contact"}]
    row = history if not where else history[where] if where == "patient" else history[where][0]
    row[SENTINEL] = row[SENTINEL.replace("-", "\x1b[31m")] = "x"
    response = client.post("/v1/risk", json=history)
    assert response.status_code == 422
    assert "Meier" not in response.text
    assert refusal(response).errors[0].where.endswith("(unknown)")
    assert "Accepted: " in refusal(response).errors[0].message


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("unit", "mg", ""),
        ("unit", "mg/L", "mg/L"),
        ("value", "180", "180"),
        ("value", "<900 g/L", "<900 g/L"),
        ("value", "01711234567", ""),
        ("biomarker", "m_protien", ""),
        ("collected_at", "10/01/2022", "10/01/2022"),
        ("collected_at", "0171 1234567", ""),
    ],
)
def test_what_cannot_name_anybody_is_shown_as_it_was_received(client, history, field, value, shown):
    history["measurements"][0] |= {"biomarker": "m_protein", field: value}
    assert refusal(client.post("/v1/risk", json=history)).errors[0].received == shown


def test_a_fault_of_the_program_has_the_same_form_and_says_and_logs_nothing_of_the_person(client, history, monkeypatch, caplog):
    def breaks(*given):
        raise RuntimeError(SENTINEL)

    monkeypatch.setattr("serving.http.answering.answer_history", breaks)
    response = client.post("/v1/risk", json=history)
    assert (response.status_code, refusal(response).errors[0].code) == (500, "internal_error")
    assert SENTINEL not in response.text + caplog.text
    assert ("serving", logging.ERROR, "a request failed: RuntimeError") in caplog.record_tuples


leaf = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) | st.sampled_from(["2022-07-10", "m_protein", "g/L"])
anything = st.recursive(
    leaf, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=6
)
FIELDS = [
    *((name,) for name in ("task", "patient", "measurements", "events", "landmark")),
    *(("patient", name) for name in ("index_date", "birth_date", "age_at_index", "sex", "stage", "light_chain", "fish")),
    *(("measurements", 0, name) for name in ("collected_at", "available_at", "biomarker", "value", "unit")),
]


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(field=st.sampled_from(FIELDS), value=anything)
def test_whatever_stands_in_a_field_there_is_an_answer_or_a_refusal(client, history, field, value):
    history = json.loads(json.dumps(history))
    place = history
    for step in field[:-1]:
        place = place[step]
    place[field[-1]] = value
    response = client.post("/v1/risk", content=json.dumps(history), headers=JSON)
    assert response.status_code in (200, 422)
    if response.status_code == 422:
        refusal(response)


def test_the_description_of_the_interface_says_what_a_request_holds_and_how_each_failure_looks(client):
    described = client.get("/openapi.json").json()
    risk = described["paths"]["/v1/risk"]["post"]
    schema = risk["requestBody"]["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    assert described["components"]["schemas"][schema]["required"] == ["patient", "measurements"]
    assert {"Patient", "Measurement", "Event", "Refusal"} <= described["components"]["schemas"].keys()
    failures = {status: answer for status, answer in risk["responses"].items() if status != "200"}
    assert set(failures) >= {"408", "413", "415", "422", "503"}
    assert {answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2] for answer in failures.values()} == {"Refusal"}
