"""What a missing or an old test is worth: the risks with its probable results, each the answer to the history with that result."""

import copy
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient
from pydantic import TypeAdapter

from features.history.columns import STATE_SPACE
from serving.artifact import load_artifact
from serving.http.api import make_app
from serving.http.supposed.value_of_test import ENDS, ValuesOfTests
from serving.models.expected import LEVELS, ExpectedResult, Regression


def regression(columns, coefficients):
    n = len(columns)
    spread = tuple(20 * (level - 0.5) for level in LEVELS)
    return Regression(columns, ("linear",) * n, (2.0,) * n, (0.0,) * n, (100.0,) * n, coefficients, 5.0, spread)


MARROW = ExpectedResult(
    "bmpc",
    "linear",
    regression(("m_protein__last__ever",), (6.0,)),
    regression(("m_protein__last__ever", "bmpc_before", "years"), (0.0, 1.0, 1.0)),
)


@pytest.fixture(scope="module")
def artifact(trained):
    return replace(load_artifact(trained.folder / "fit" / "boosting" / "artifact"), expected=(MARROW,))


@pytest.fixture(scope="module")
def client(artifact):
    return TestClient(make_app({"smm": artifact}), raise_server_exceptions=False)


def ask(client, history):
    response = client.post("/v1/test-value", json=history)
    assert response.status_code == 200
    TypeAdapter(ValuesOfTests).validate_python(response.json(), extra="forbid")
    return {one["biomarker"]: one for one in response.json()["tests"]}


def without_marrow(history):
    history["patient"]["stage"] = "smm"
    history["measurements"] = [row for row in history["measurements"] if row["biomarker"] != "bmpc"]
    return history


def test_a_fitted_model_keeps_what_its_tests_would_show(trained):
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")
    assert [one.biomarker for one in artifact.expected] == ["bmpc", "flc_ratio"]
    chains = artifact.expected[1]
    assert chains.first is not None and chains.repeated is not None
    assert set(chains.beside) == {*artifact.spec.static, *artifact.spec.biomarkers} - {"flc_ratio", *STATE_SPACE}


def test_of_what_is_known_and_new_nothing_is_asked(client, history):
    history["measurements"][1]["collected_at"] = "2022-07-10"
    assert ask(client, history) == {}


def test_a_missing_marrow_is_worth_the_risks_of_its_probable_results(client, history):
    history = without_marrow(history)
    marrow = ask(client, history)["bmpc"]
    assert (marrow["state"], marrow["age_days"], marrow["unit"]) == ("missing", None, "%")
    assert 0 < marrow["result_low"] < marrow["result_high"] < 100
    now = client.post("/v1/risk", json=history).json()
    for risk, found in zip(now["risks"], marrow["horizons"], strict=True):
        assert found["now"] == risk["risk"]
        assert found["low"] <= found["high"]
        assert 1 >= found["above"]["10"] >= found["above"]["20"] >= found["above"]["40"] >= 0


def test_low_and_high_are_answers_to_the_history_with_such_a_result(client, history, artifact):
    history = without_marrow(history)
    marrow = ask(client, history)["bmpc"]
    latest = {one["biomarker"]: one["value"] for one in client.post("/v1/risk", json=history).json()["risks"][0]["contributions"]}
    (expected,) = (one for one in artifact.expected if one.biomarker == "bmpc")
    x = np.array([np.nan if latest[name] is None else latest[name] for name in expected.beside])
    risks = []
    for value in expected.values(x, np.nan, np.nan).tolist():
        longer = copy.deepcopy(history)
        row = {"collected_at": "2022-07-10", "biomarker": "bmpc", "value": min(max(value, 0), 100), "unit": "%"}
        longer["measurements"].append(row)
        risks += [risk["risk"] for risk in client.post("/v1/risk", json=longer).json()["risks"][1:2]]
    assert [marrow["horizons"][1][end] for end in ("low", "high")] == pytest.approx(np.quantile(risks, ENDS).tolist())
    assert marrow["criterion_met"] == pytest.approx(1 - len(risks) / 19)


@pytest.mark.parametrize(("day", "state"), [("2021-07-09", "stale"), ("2021-07-10", None)])
def test_a_marrow_of_more_than_a_year_is_old(client, history, day, state):
    history["patient"] |= {"stage": "smm", "index_date": "2021-01-10"}
    history["measurements"][1]["collected_at"] = day
    marrow = ask(client, history).get("bmpc")
    assert (marrow and marrow["state"]) == state
    assert state is None or marrow["age_days"] == 366


def test_where_no_risk_is_shown_no_test_is_worth_anything(client, history):
    history["measurements"][1]["value"] = 70
    assert ask(client, history) == {}


def test_a_model_that_keeps_no_such_distribution_says_nothing(trained, history):
    artifact = load_artifact(trained.folder / "fit" / "logistic" / "artifact")
    client = TestClient(make_app({"smm": replace(artifact, expected=())}))
    assert ask(client, without_marrow(history)) == {}


def test_what_is_refused_of_a_history_is_refused_here(client, history):
    history["events"] = [{"occurred_at": "2022-02-01", "kind": "treatment_start", "detail": "VRd"}]
    assert client.post("/v1/test-value", json=history).json()["errors"][0]["code"] == "treated"
