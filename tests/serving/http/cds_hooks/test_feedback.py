"""What became of cards is counted by the version that spoke; how many cards a chart costs is a figure for a monitor."""

import json

import pytest
from fastapi.testclient import TestClient
from prometheus_client.parser import text_string_to_metric_families

from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.cds_hooks.told import Told
from serving.http.watched import watched
from tests.mutated import mutated
from tests.serving.http.cds_hooks.calls import SERVICE, call, empty_places
from tests.serving.http.fhir.bundles import order

ANOTHER = "00000000-0000-4000-8000-000000000000"
COMMENT = "SENTINEL: Mrs Meier is my aunt"


@pytest.fixture
def client(trained):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact", {"model_name": "smm-progression", "model_version": "3"})
    return TestClient(make_app({"smm": artifact}), raise_server_exceptions=False)


def figures(client, name):
    """Return the samples of a name by the values of their labels, in the order of the labels' names."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {tuple(value for _, value in sorted(s.labels.items())): s.value for family in families for s in family.samples if s.name == name}


def judged(client, card, outcome="overridden", **more):
    one = {"card": card, "outcome": outcome, "outcomeTimestamp": "2026-01-01T08:00:00Z", **more}
    return client.post(f"{SERVICE}/feedback", json={"feedback": [one]})


def test_feedback_is_counted_by_version_and_outcome_and_its_comment_is_nowhere(client, caplog):
    (card,) = client.post(SERVICE, json=call()).json()["cards"]
    why = {"reason": {"code": "known", "system": "x"}, "userComment": COMMENT}
    for _ in range(2):
        assert judged(client, card["uuid"], overrideReason=why).status_code == 200
    assert judged(client, card["uuid"], "accepted", acceptedSuggestions=[{"id": "1"}]).status_code == 200
    assert figures(client, "myeloma_cds_feedback_total") == {("overridden", "smm-risk", "3"): 2, ("accepted", "smm-risk", "3"): 1}
    assert COMMENT not in client.get("/metrics").text + caplog.text


def test_of_a_card_of_another_server_the_version_is_unknown(client):
    judged(client, ANOTHER)
    assert figures(client, "myeloma_cds_feedback_total") == {("overridden", "smm-risk", "unknown"): 1}


@pytest.mark.parametrize(
    "body", [{}, {"feedback": []}, {"feedback": [{"card": "x"}]}, [], {"feedback": [{"card": ANOTHER, "outcome": COMMENT}]}]
)
def test_feedback_of_another_shape_is_a_422_without_what_was_sent(client, body):
    response = client.post(f"{SERVICE}/feedback", json=body)
    assert (response.status_code, list(empty_places(response.json())), "SENTINEL" in response.text) == (422, [], False)


def test_the_alert_budget_is_the_cards_of_a_hundred_charts(client):
    for sent in (call(), call(), call(order({"text": "lenalidomide"})), call(user="Practitioner/another"), call(labs=None)):
        client.post(SERVICE, json=sent)
    assert figures(client, "myeloma_cds_openings_total") == {("smm-risk",): 4}  # the last could not be answered
    assert figures(client, "myeloma_cds_cards_total") == {("smm-risk",): 2}
    assert figures(client, "myeloma_cds_cards_per_100_openings") == {("smm-risk",): 50}


def test_a_risk_that_is_little_and_unchanged_is_told_once_whatever_the_day():
    told = Told()
    chart = ("smm-risk", "p1", "d1")
    assert told.is_new(chart, "visit 1", "", 1, (0, 1, 1))
    assert not told.is_new(chart, "visit 2", "", 2, (0, 1, 1))
    assert told.is_new(chart, "visit 2", "a warning", 2, (0, 1, 1))
    assert told.is_new(chart, "visit 3", "a warning", 3, (0, 1, 2))
    assert told.is_new(chart, "visit 3", "a warning", 4, (0, 1, 2))  # 2 % is no longer little: each day anew
    assert told.is_new(("smm-risk", "p2", "d1"), "visit 1", "", 1, (0, 1, 1))


def test_what_is_remembered_holds_nothing_of_anybody_and_has_an_end(monkeypatch):
    monkeypatch.setattr("serving.http.cds_hooks.told.MOST", 3)
    told = Told()
    for number in range(5):
        told.is_new(("smm-risk", "SENTINEL", f"{number}"), "SENTINEL", "SENTINEL", 1, ())
        told.issue(f"{number}", "3")
    assert [told.version_of(card) for card in ("0", "1", "2", "4")] == ["unknown", "unknown", "3", "3"]
    assert "SENTINEL" not in str(vars(told))
    assert {len(kept) for kept in vars(told).values() if isinstance(kept, dict)} == {3}


@pytest.mark.parametrize("share", [0.003, 0.02])
def test_whatever_is_sent_there_are_cards_or_a_refusal_and_nobody_is_named(client, share):
    statuses = set()
    for seed in range(40):
        sent = json.dumps(mutated(call(order({"text": "aspirin"})), seed, share))
        response = client.post(SERVICE, content=sent, headers={"content-type": "application/json"})
        statuses.add(response.status_code)
        assert response.status_code in (200, 412, 422), response.text
        assert list(empty_places(response.json())) == []
        assert "sentinel" not in response.text.casefold()
    assert {412, 422} & statuses and 200 in statuses


def test_the_log_of_requests_counts_a_service_under_the_name_of_its_way_in(trained):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    client = TestClient(watched(make_app({"smm": artifact})), raise_server_exceptions=False)
    for path in (SERVICE, f"{SERVICE}/feedback", "/cds-services/SENTINEL", "/cds-services/SENTINEL/x"):
        client.post(path, json={})
    found = figures(client, "myeloma_requests_total")
    assert found[("POST", "/cds-services/{service}", "422")] == found[("POST", "/cds-services/{service}/feedback", "422")] == 1
    assert found[("POST", "another path", "404")] == 1
    assert "SENTINEL" not in client.get("/metrics").text
