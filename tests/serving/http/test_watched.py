"""The log of requests: a line for each, and nothing of what was asked."""

import logging

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient

from serving.http.watched import watched

SENTINEL = "SENTINEL-2207"


@pytest.fixture
def client():
    app = FastAPI()

    @app.post("/v1/risk")
    def risk(body: dict[str, str]):
        return body

    @app.get("/broken")
    def broken():
        raise RuntimeError(SENTINEL)

    return TestClient(watched(app), raise_server_exceptions=False)


def test_each_request_is_a_line_and_no_line_tells_what_was_asked(client, caplog):
    caplog.set_level(logging.INFO, logger="serving")
    client.post(f"/v1/risk?patient={SENTINEL}", json={"patient_id": SENTINEL}, headers={"X-Patient": SENTINEL})
    client.post("/v1/risk", json=[SENTINEL])
    client.get(f"/patients/{SENTINEL}")
    client.request(SENTINEL, "/v1/risk")
    client.get("/broken")
    lines = [record.getMessage().rpartition(" in ")[0] for record in caplog.records if record.name == "serving"]
    assert lines[:3] == ["POST /v1/risk: 200", "POST /v1/risk: 422", "GET another path: 404"]
    assert [line.partition(":")[0] for line in lines[3:]] == ["another method /v1/risk", "GET /broken"]
    assert SENTINEL not in "".join(lines)
