"""The outside: who is let in, what every answer carries, what a fault says."""

import asyncio
import base64
import logging
import time

import pytest
from fastapi.testclient import TestClient

from serving.access.gate import OPEN, SOONEST, Gate
from serving.access.keys import make_key, read_keys
from serving.http.api import make_app
from serving.http.guarded import guarded, outermost
from serving.http.watched import watched

SENTINEL = "SENTINEL-4711"


@pytest.fixture
def key(tmp_path):
    return make_key("ward-3", tmp_path / "keys")


@pytest.fixture
def closed(tmp_path, key):
    """A server without a model behind a gate of one key."""
    return TestClient(outermost(guarded(watched(make_app({})), Gate(read_keys(tmp_path / "keys")))), raise_server_exceptions=False)


def basic(key, name="x"):
    return f"Basic {base64.b64encode(f'{name}:{key}'.encode()).decode()}"


@pytest.mark.parametrize(
    "path", ["/v1/model", "/v1/risk", "/metrics", "/", "/docs", "/nothing", "/health", "/health/live/", "//health/live"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_without_a_key_nothing_but_health_is_told(closed, path, method):
    response = closed.request(method, path)
    assert response.status_code == 401
    assert response.json() == {
        "errors": [{"code": "unauthorized", "where": "request", "message": "not accepted", "received": ""}],
        "more": 0,
    }
    assert response.headers["www-authenticate"].startswith("Basic ")


def test_whoever_sends_fhir_is_told_in_fhir_that_it_may_not(closed):
    response = closed.post("/v1/risk/fhir", json={"resourceType": "Bundle"})
    assert response.status_code == 401
    assert response.headers["content-type"] == "application/fhir+json"
    (issue,) = response.json()["issue"]
    assert (issue["severity"], issue["code"]) == ("error", "login")
    assert (issue["details"]["coding"][0]["code"], issue["details"]["text"]) == ("unauthorized", "not accepted")


@pytest.mark.parametrize("path", OPEN)
def test_health_is_told_to_everybody(closed, path):
    assert closed.get(path).status_code in (200, 503)


def test_a_key_lets_in_as_a_header_or_as_the_password_of_a_browser(closed, key):
    for headers in ({"X-API-Key": key}, {"Authorization": basic(key)}, {"authorization": basic(key, "Ä:")[:0] + basic(key, "")}):
        assert closed.get("/v1/model", headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-API-Key": "wrong"},
        {"X-API-Key": ""},
        {"Authorization": "Basic"},
        {"Authorization": "Basic !!!"},
        {"Authorization": "Basic /////w=="},
        {"Authorization": basic("wrong")},
        {"Authorization": "Bearer x.y.z"},
        {"Authorization": "Digest x"},
        {"Cookie": "key"},
    ],
)
def test_all_else_is_turned_away_in_the_same_words(closed, headers):
    answers = [closed.get("/v1/model", headers=each) for each in (headers, {})]
    assert {response.status_code for response in answers} == {401}
    assert answers[0].content == answers[1].content


def test_a_key_in_the_address_or_twice_is_none(closed, key):
    assert closed.get(f"/v1/model?key={key}").status_code == 401
    assert closed.get("/v1/model", headers=[("X-API-Key", key), ("X-API-Key", key)]).status_code == 401
    assert closed.get("/v1/model", headers={"X-API-Key": key, "Authorization": basic(key)}).status_code == 401
    assert closed.get("/v1/model", headers={"Authorization": f"Bearer {key}"}).status_code == 401


def test_whoever_is_turned_away_waits_as_long_whatever_was_wrong(closed):
    times = []
    for headers in ({}, {"X-API-Key": "wrong"}, {"Authorization": "Bearer a.b.c"}, {"Authorization": basic("wrong")}):
        began = time.perf_counter()
        closed.get("/v1/model", headers=headers)
        times.append(time.perf_counter() - began)
    assert min(times) >= SOONEST


@pytest.mark.parametrize("path", ["/health/live", "/v1/model", "/nothing", "/metrics"])
def test_every_answer_has_strict_headers_and_a_name_of_its_own(path):
    client = TestClient(outermost(watched(make_app({}))))
    first, second = (client.get(path, headers={"X-Request-Id": SENTINEL}).headers for _ in range(2))
    assert first["x-content-type-options"] == "nosniff"
    assert first["cache-control"] == "no-store"
    assert first["referrer-policy"] == "no-referrer"
    assert first["content-security-policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert len(first["x-request-id"]) == 32
    assert first["x-request-id"] != second["x-request-id"]
    assert SENTINEL not in str(first)


def test_who_is_turned_away_gets_the_same_headers(closed):
    headers = closed.get("/v1/model").headers
    assert headers["cache-control"] == "no-store"
    assert headers["x-request-id"]


def test_the_page_of_the_interface_may_run_its_own_scripts_and_no_others():
    policy = TestClient(outermost(make_app({}))).get("/docs").headers["content-security-policy"]
    assert "script-src 'self'" in policy
    assert "http" not in policy


def test_a_part_that_sets_a_header_of_its_own_keeps_it():
    app = make_app({})

    @app.get("/page")
    async def page():
        from starlette.responses import HTMLResponse

        return HTMLResponse("x", headers={"Content-Security-Policy": "default-src 'self'"})

    assert TestClient(outermost(app)).get("/page").headers["content-security-policy"] == "default-src 'self'"


def test_a_fault_outside_the_answers_says_and_logs_only_its_kind(caplog):
    async def breaks(scope, receive, send):
        raise RuntimeError(SENTINEL)

    response = TestClient(outermost(breaks)).get("/v1/model")
    assert (response.status_code, response.json()["errors"][0]["code"]) == (500, "internal_error")
    assert SENTINEL not in response.text + caplog.text
    assert ("serving", logging.ERROR, "a request failed: RuntimeError") in caplog.record_tuples


def test_there_is_no_way_round_the_gate_by_another_protocol(tmp_path, key):
    sent = []

    async def send(message):
        sent.append(message)

    async def inside(scope, receive, send):
        pytest.fail("let in")

    app = outermost(guarded(inside, Gate(read_keys(tmp_path / "keys"))))
    asyncio.run(app({"type": "websocket", "path": "/v1/risk", "headers": []}, None, send))
    assert sent == [{"type": "websocket.close", "code": 1008}]


def test_the_log_names_neither_key_nor_token(closed, key, caplog):
    caplog.set_level(logging.INFO, logger="serving")
    closed.get("/v1/model", headers={"X-API-Key": key})
    closed.get("/v1/model", headers={"Authorization": f"Bearer {SENTINEL}.a.b"})
    assert key not in caplog.text
    assert SENTINEL not in caplog.text
