"""How long 19 of 20 such people are free of the event at least: in words, over HTTP and in batch; not where the model keeps no bound."""

from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from features import read_cohort
from features.table.landmarks import last_landmarks
from serving.answer.event_free import event_free_time
from serving.answer.record import AsOf
from serving.artifact import load_artifact, save_artifact
from serving.batch import score_landmarks
from serving.http.api import make_app
from serving.models.event_free import EventFree

NOW = AsOf("2024-05-01", "2024-05-01", "2024-05-01", "2024-05-02", False)
BOUND = EventFree(0.05, 60.0, ((0.25,) * 4,) * 3)


@pytest.fixture(scope="module")
def artifact(trained, tmp_path_factory):
    folder = tmp_path_factory.mktemp("kept")
    save_artifact(replace(load_artifact(trained.folder / "fit" / "boosting" / "artifact"), event_free=BOUND), folder)
    return load_artifact(folder)


@pytest.mark.parametrize(
    ("months", "last", "text"),
    [
        (14.3, False, "19 of 20 such people have no progression to active myeloma for at least 14.3 months"),
        (60.0, True, "19 of 20 such people or more have no progression to active myeloma for at least 60 months"),
    ],
)
def test_it_is_said_in_words(artifact, months, last, text):
    event = artifact.words.event
    found = event_free_time(artifact, months, NOW)
    assert (found.months, found.to_last_horizon) == (months, last)
    assert found.text == text.replace("progression to active myeloma", event)


def test_of_results_that_are_old_it_is_said_in_the_past_tense_with_its_day(artifact):
    found = event_free_time(artifact, 14.3, replace(NOW, is_past=True))
    assert found.text == f"19 of 20 such people had no {artifact.words.event} for at least 14.3 months from 2024-05-01 on"


def test_an_answer_holds_it_once_from_its_own_risks(artifact, history):
    answer = TestClient(make_app({"smm": artifact})).post("/v1/risk", json=history).json()
    risks = np.array([[risk["risk"] for risk in answer["risks"]]])
    assert answer["event_free"]["months"] == BOUND.months(risks, artifact.horizons).item()


def test_a_batch_holds_it_in_months_and_nothing_of_whom_no_risk_is_shown(artifact, trained):
    cohort = read_cohort(trained.cohort)
    scores = score_landmarks(artifact, cohort, last_landmarks(cohort))
    shown = scores["status"] == "scored"
    risks = scores.loc[shown, [f"risk_{months}m" for months in artifact.horizons]].to_numpy()
    np.testing.assert_array_equal(scores.loc[shown, "event_free_months"], BOUND.months(risks, artifact.horizons))
    assert scores.loc[~shown, "event_free_months"].isna().all()
    assert scores.loc[shown, "event_free_months"].nunique() > 20


def test_where_no_risk_is_shown_no_time_is_said(artifact, history):
    met = [*history["measurements"], {"collected_at": "2022-07-10", "biomarker": "bmpc", "value": 70, "unit": "%"}]
    answer = TestClient(make_app({"smm": artifact})).post("/v1/risk", json=history | {"measurements": met}).json()
    assert answer["risks"] == [] and answer["event_free"] is None


def test_a_model_that_keeps_no_bound_says_so_in_words(artifact, history):
    answer = TestClient(make_app({"smm": replace(artifact, event_free=None)})).post("/v1/risk", json=history).json()
    assert answer["event_free"]["months"] is None
    assert "cannot be said: the model keeps no such bound" in answer["event_free"]["text"]
