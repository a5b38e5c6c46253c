"""A model with columns of the burden: batch and HTTP give the same numbers, and what is unknown of it is said once."""

import math
from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from features import build_features, build_table
from features.history.columns import BURDEN, STATE_SPACE
from features.table.landmarks import last_landmarks
from serving.answer.sentences import marrow_told
from serving.artifact import load_artifact, save_artifact
from serving.batch import score_landmarks
from serving.http.api import make_app
from serving.predict import explain
from tests.features.history.burden.twin import BURDEN as PARAMETERS
from tests.parity.test_parity import as_json
from training.estimators import fit_candidate

PEOPLE = 12


@pytest.fixture(scope="module")
def model(smm_cohort, smm_plan, tmp_path_factory):
    """A logistic regression on a few columns and those of the burden, as it was written and read again."""
    spec = replace(
        smm_plan.task.features, look_backs=("ever",), statistics=("last",), static=("age", "female", *STATE_SPACE), burden=PARAMETERS
    )
    plan = replace(smm_plan, task=replace(smm_plan.task, features=spec), models={"logistic": {"penalties": [0.001]}})
    table = build_table(smm_cohort, plan.task)
    about = {"task": "smm", "title": plan.task.title, **plan.task.rules.as_json(), "trained_on": {"patients": 300}}
    folder = tmp_path_factory.mktemp("model")
    save_artifact(fit_candidate(table.rows, spec, plan, "logistic", about).artifact, folder / "artifact")
    return load_artifact(folder / "artifact")


@pytest.fixture(scope="module")
def scores(model, smm_cohort):
    return score_landmarks(model, smm_cohort, last_landmarks(smm_cohort)).query("status == 'scored'").head(PEOPLE).reset_index(drop=True)


def test_the_api_gives_the_numbers_of_the_batch_to_the_last_bit(model, smm_cohort, scores):
    client = TestClient(make_app({"smm": model}))
    for row in scores.to_dict("records"):
        answer = client.post("/v1/risk", json=as_json(smm_cohort, row["patient_id"], row["landmark"])).json()
        for risk in answer["risks"]:
            assert risk["risk"] == row[f"risk_{risk['horizon_months']}m"]
            told = {one["biomarker"]: (one["value"], one["contribution"]) for one in risk["contributions"] if "burden" in one["biomarker"]}
            of_growth = row["burden_growth__value"], row[f"burden_growth__contribution__{risk['horizon_months']}m"]
            assert told == {"burden_growth": of_growth}, "its columns are one reason"


def test_a_row_of_the_table_is_what_serving_computes(model, smm_cohort, scores):
    assert model.spec.burden == PARAMETERS
    rows = build_features(smm_cohort, scores[["patient_id", "landmark"]], model.spec)
    assert (rows[list(STATE_SPACE)].to_numpy() == scores[[f"{name}__value" for name in STATE_SPACE]].to_numpy()).all()


def test_contributions_add_up_to_the_risk(model, smm_cohort, scores):
    x = build_features(smm_cohort, scores[["patient_id", "landmark"]], model.spec).to_numpy()
    for hidden in (x, np.where([name in (*STATE_SPACE, "m_protein__last__ever") for name in model.columns], np.nan, x)):
        found = explain(model, hidden)
        log_odds = np.log(found.risks / (1 - found.risks))
        assert found.base + found.contributions.sum(axis=2) == pytest.approx(log_odds, abs=1e-9)
        assert np.abs(explain(model, x).contributions[:, :, [model.columns.index(name) for name in BURDEN]]).max() > 0.01


def test_without_m_protein_one_warning_says_so(model, smm_cohort, scores):
    sent = as_json(smm_cohort, scores["patient_id"][0], scores["landmark"][0])
    sent["measurements"] = [one for one in sent["measurements"] if one["biomarker"] != "m_protein"]
    answer = TestClient(make_app({"smm": model})).post("/v1/risk", json=sent).json()
    assert [said for said in answer["warnings"] if said.startswith("missing")] == ["missing: Serum M-protein"]
    (growth,) = (one for one in answer["risks"][0]["contributions"] if one["biomarker"] == "burden_growth")
    assert (growth["value"], growth["contribution"]) == (None, 0.0), "it is M-protein's"


def test_its_growth_is_said_in_percent_a_year(model, smm_cohort, scores):
    said = []
    client = TestClient(make_app({"smm": model}))
    for who, landmark in zip(scores["patient_id"], scores["landmark"], strict=True):
        answer = client.post("/v1/risk", json=as_json(smm_cohort, who, landmark)).json()
        said += [one["text"] for risk in answer["risks"] for one in risk["sentences"] if one["biomarker"] == "burden_growth"]
    assert said
    ways = ("As the results tell it, the disease burden ", "How fast the disease burden grows is hardly known yet; ")
    assert all(text.startswith(ways) for text in said)


def test_one_visit_hardly_tells_of_growth_and_the_sentence_says_so(model, smm_cohort, scores):
    client, said = TestClient(make_app({"smm": model})), []
    for person in scores["patient_id"]:  # of some it is a main reason
        sent = as_json(smm_cohort, person) | {"events": []}
        first = min(one["collected_at"] for one in sent["measurements"])
        sent["measurements"] = [one for one in sent["measurements"] if one["collected_at"] == first]
        answer = client.post("/v1/risk", json=sent).json()
        reasons = [sentence for risk in answer.get("risks", ()) for sentence in risk["sentences"]]
        said += [sentence["text"] for sentence in reasons if sentence["biomarker"] == "burden_growth"]
    assert said and all(text.startswith("How fast the disease burden grows is hardly known yet; for this model that ") for text in said)


@pytest.mark.parametrize("least", [0.0, 0.1])
def test_an_m_protein_that_was_never_measurable_is_as_none_with_a_warning_and_growth_is_no_reason(model, smm_cohort, scores, least):
    sent = as_json(smm_cohort, scores["patient_id"][0], scores["landmark"][0])
    for one in sent["measurements"]:
        one["value"] = least if one["biomarker"] == "m_protein" else one["value"]
    client = TestClient(make_app({"smm": model}))
    answer = client.post("/v1/risk", json=sent).json()
    (said,) = (text for text in answer["warnings"] if "M-protein" in text)
    assert said.startswith("not used: Serum M-protein, never above 0.1 g/dL since the diagnosis")
    others = [one for one in sent["measurements"] if one["biomarker"] != "m_protein"]
    without = client.post("/v1/risk", json=sent | {"measurements": others}).json()
    assert [risk["risk"] for risk in answer["risks"]] == [risk["risk"] for risk in without["risks"]]
    told = [sentence for risk in answer["risks"] for sentence in risk["sentences"] if sentence["biomarker"] == "m_protein"]
    assert all("counts as unknown: for this model that" in sentence["text"] and sentence["claim"]["value"] is None for sentence in told)
    for risk in answer["risks"]:
        (growth,) = (one for one in risk["contributions"] if one["biomarker"] == "burden_growth")
        assert (growth["value"], growth["contribution"]) == (None, 0.0)
        total = risk["base"] + sum(one["contribution"] for one in risk["contributions"])
        assert 1 / (1 + math.exp(-total)) == pytest.approx(risk["risk"], abs=1e-9)


def test_what_marrow_is_by_now_is_said_with_its_last_result_and_is_part_of_its_reason(model, smm_cohort, scores):
    client, said = TestClient(make_app({"smm": model})), []
    for row in scores.to_dict("records"):
        answer = client.post("/v1/risk", json=as_json(smm_cohort, row["patient_id"], row["landmark"])).json()
        assert not [one for one in answer["warnings"] if "by now" in one]
        for risk in answer["risks"]:
            assert "bmpc_now" not in {one["biomarker"] for one in risk["contributions"]}
            texts = [one["text"] for one in risk["sentences"] if one["biomarker"] == "bmpc" and one["claim"]["value"] is not None]
            said_now = marrow_told(row["bmpc_now__value"])
            assert all(f"{said_now}. With its history it " in text for text in texts)
            said += texts
    assert said
