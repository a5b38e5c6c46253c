"""A risk so late after diagnosis that nobody of training could be followed to its horizon says so."""

from dataclasses import replace

import pytest
from fastapi.testclient import TestClient

from serving.answer.warnings.followed import FOLLOWED_FROM
from serving.artifact import load_artifact
from serving.http.api import make_app

FAR = 10**6  # months


@pytest.fixture
def warned(trained, history):
    """Return what an answer says to be beyond what was followed, by a model that remembers these months."""
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact")

    def of(followed, *more):
        about = {name: value for name, value in artifact.about.items() if name != FOLLOWED_FROM} | followed
        answer = (
            TestClient(make_app({"smm": replace(artifact, about=about)}))
            .post("/v1/risk", json=history | {"measurements": [*history["measurements"], *more]})
            .json()
        )
        return [warning for warning in answer["warnings"] if warning.startswith("beyond what was followed")]

    return of


def test_within_what_was_followed_nothing_is_said(warned):
    assert warned({FOLLOWED_FROM: {"12": FAR, "24": FAR, "60": FAR}}) == []


def test_each_horizon_that_nobody_was_followed_to_is_named(warned):
    (said,) = warned({FOLLOWED_FROM: {"12": FAR, "24": FAR, "60": -FAR}})
    assert said.startswith("beyond what was followed: the risk at 60 months, ")
    assert f"only from visits up to {-FAR} months after it" in said


def test_a_horizon_that_too_few_were_followed_to_from_any_visit_is_named(warned):
    assert warned({FOLLOWED_FROM: {"12": FAR, "24": FAR}}) == [
        "beyond what was followed: the risk at 60 months; hardly anybody of training could be followed so long"
    ]


def test_where_no_risk_is_shown_nothing_is_said_of_one(warned, history):
    day = max(each["collected_at"] for each in history["measurements"])
    marrow = {"collected_at": day, "biomarker": "bmpc", "value": 70, "unit": "%"}
    assert warned({FOLLOWED_FROM: {"12": FAR, "24": FAR, "60": -FAR}}, marrow) == []


def test_of_a_model_that_does_not_remember_nothing_can_be_said(warned):
    assert warned({}) == []


def test_a_fit_remembers_it_for_each_horizon(trained):
    remembered = load_artifact(trained.folder / "fit" / "logistic" / "artifact").about[FOLLOWED_FROM]
    assert remembered["12"] >= remembered["24"] > 0
