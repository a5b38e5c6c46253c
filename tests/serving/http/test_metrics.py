"""What a monitor reads: requests are counted by what we name them, and nothing that was sent is a label."""

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.watched import watched


@pytest.fixture
def client(trained):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact", {"model_name": "smm-progression", "model_version": "3"})
    return TestClient(watched(make_app({"smm": artifact})), raise_server_exceptions=False)


def counted(client):
    response = client.get("/metrics")
    assert response.headers["content-type"].startswith("text/plain")
    return {
        (s.name, *sorted(s.labels.items())): s.value for family in text_string_to_metric_families(response.text) for s in family.samples
    }


def requests(found, path, method, status):
    return found.get(("myeloma_requests_total", ("method", method), ("path", path), ("status", status)), 0)


def test_requests_are_counted_by_way_in_method_and_status(client, history):
    for _ in range(3):
        client.post("/v1/risk", json=history)
    client.post("/v1/risk", json={})
    found = counted(client)
    assert requests(found, "/v1/risk", "POST", "200") == 3
    assert requests(found, "/v1/risk", "POST", "422") == 1
    assert found[("myeloma_request_seconds_count", ("path", "/v1/risk"))] == 4
    assert found[("myeloma_requests_inside",)] == 0


def test_the_models_that_are_served_are_named_with_whom_they_were_fitted_to(client):
    assert counted(client)[("myeloma_model", ("fitted_to", "simulated"), ("task", "smm"), ("version", "3"))] == 1


def test_no_label_holds_what_was_sent(client, history):
    client.get("/v1/risk/sentinel-7")
    client.request("SENTINEL", "/v1/risk")
    client.post("/v1/risk?who=sentinel-8", json=history | {"task": "sentinel-9"})
    assert "sentinel" not in client.get("/metrics").text.casefold()
    assert requests(counted(client), "another path", "GET", "404") == 1
