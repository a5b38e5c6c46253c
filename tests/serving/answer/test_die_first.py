"""The chance that death comes first, over HTTP and in batch: of age, sex and the risk; unknown where the model does not keep it."""

from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from features import read_cohort
from features.table.landmarks import last_landmarks
from serving.answer.shown import whole_percent
from serving.artifact import load_artifact, save_artifact
from serving.batch import score_landmarks
from serving.http.api import make_app
from serving.models.competing import CompetingRisk

DEATH = CompetingRisk(((-3.0, 0.7, -0.3, -0.1), (-2.5, 0.7, -0.3, -0.1), (-2.0, 0.7, -0.3, -0.1)), 68.0, 0.5)


@pytest.fixture(scope="module")
def artifact(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    save_artifact(replace(load_artifact(trained.folder / "fit" / "boosting" / "artifact"), competing=DEATH), folder)
    return load_artifact(folder)


def test_an_answer_says_it_with_each_risk_and_in_whole_percent(artifact, history):
    answer = TestClient(make_app({"smm": artifact})).post("/v1/risk", json=history).json()
    latest = {one["biomarker"]: one["value"] for one in answer["risks"][0]["contributions"]}
    risks = np.array([[risk["risk"] for risk in answer["risks"]]])
    expected = DEATH.risks(np.array([latest["age"]]), np.array([latest["female"]]), risks)[0]
    assert [risk["die_first"] for risk in answer["risks"]] == pytest.approx(expected.tolist())
    assert [risk["shown"]["die_first"] for risk in answer["risks"]] == [whole_percent(share) for share in expected]


def test_a_batch_holds_it_beside_each_risk_and_leaves_room_for_the_event(artifact, trained):
    cohort = read_cohort(trained.cohort)
    scores = score_landmarks(artifact, cohort, last_landmarks(cohort))
    scored = scores[scores["status"] == "scored"]
    for months in artifact.horizons:
        assert (scored[f"die_first_{months}m"] + scored[f"risk_{months}m"] <= 1).all()
    assert scores.loc[scores["status"] != "scored", "die_first_24m"].isna().all()


def test_a_model_that_does_not_keep_it_says_that_it_is_unknown(artifact, history):
    answer = TestClient(make_app({"smm": replace(artifact, competing=None)})).post("/v1/risk", json=history).json()
    assert [(risk["die_first"], risk["shown"]["die_first"]) for risk in answer["risks"]] == [(None, None)] * 3
