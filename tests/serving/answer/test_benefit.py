"""Early treatment of one person: from published risks, from a model of real people, and from no other."""

from dataclasses import replace

import numpy as np
import pytest
from fastapi.testclient import TestClient

from serving.artifact import load_artifact
from serving.http.api import make_app


@pytest.fixture(scope="module")
def answered(trained):
    """Return a function that answers a history by a model whose cohort came from a source."""
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact", {"model_name": "smm-progression", "model_version": "3"})

    def of(history, source="simulated"):
        made_of = replace(artifact, about=artifact.about | {"source": source})
        response = TestClient(make_app({"smm": made_of})).post("/v1/risk", json=history)
        assert response.status_code == 200, response.text
        return response.json()

    return of


def known(history, **levels):
    for name, (value, unit) in levels.items():
        history["measurements"].append({"collected_at": "2022-07-10", "biomarker": name, "value": value, "unit": unit})
    return history


def estimates(answer):
    return {(one["risk_of"], one["horizon_months"]): one for one in answer["early_treatment"]["estimates"]}


def test_a_high_risk_by_a_published_score_is_that_of_the_evidence(answered, history):
    found = estimates(answered(known(history, creatinine=(0.9, "mg/dL"))))["mayo_2018", 24]
    assert found["untreated"] == 0.442
    assert [round(found["treated"][part], 4) for part in ("value", "lower", "upper")] == [0.2486, 0.1894, 0.3235]
    assert [round(found["reduction"][part], 4) for part in ("value", "lower", "upper")] == [0.1934, 0.1185, 0.2526]
    assert [round(found["number_needed_to_treat"][part], 1) for part in ("value", "lower", "upper")] == [5.2, 4.0, 8.4]
    assert found["words"].startswith("Of 100 people like this, 44 progress to myeloma within 24 months without daratumumab, and 25 with it")
    assert found["reduction_in_group"] > found["reduction"]["value"], "of 20/2/20 high the effect was larger"
    assert found["reduction_if_it_wanes"] == found["reduction"]["value"], "24 months lie within treatment"


def test_the_models_own_risk_counts_only_where_its_people_are_real(answered, history):
    simulated, unknown, real = (answered(history, source) for source in ("simulated", "", "tabular"))
    for answer, why in ((simulated, "the model was fitted to simulated people"), (unknown, 'a risk whose source is "unknown"')):
        assert not any(risk_of == "model" for risk_of, _ in estimates(answer))
        assert why in answer["early_treatment"]["not_computed"][0]
    own = {months: one for (risk_of, months), one in estimates(real).items() if risk_of == "model"}
    assert sorted(own) == sorted(risk["horizon_months"] for risk in real["risks"])
    for risk in real["risks"]:
        assert own[risk["horizon_months"]]["untreated"] == risk["risk"]
        assert own[risk["horizon_months"]]["treated"]["value"] == pytest.approx(1 - (1 - risk["risk"]) ** 0.49)
    assert real["early_treatment"]["not_computed"] == []


def test_harms_limits_and_eligibility_stand_beside(answered, history):
    found = answered(history)["early_treatment"]
    assert (
        found["harms"][1] == "Of 100 people in the trial, 16 had an infection of grade 3 or more with daratumumab and 5 without: 11 more."
    )
    assert "Other exclusions of the trial are not checked." in found["limits"]
    status = {one["criterion"]: one["status"] for one in found["eligibility"]}
    assert (status["marrow"], status["measurable"], status["risk:flc_ratio"]) == ("met", "met", "met")
    assert (status["performance_status"], status["risk:immunoparesis"]) == ("unknown", "unknown")
    assert status["no_defining_event"] == "unknown", "the request does not say that the disease is smoldering"
    assert found["high_risk_by"]
    said = str(found).lower()
    assert not any(word in said for word in ("prolong", "live longer", "on label", "off label", "should be treated"))


def test_no_score_no_estimate_and_the_reason(answered, history):
    history["patient"]["stage"] = "smm"
    history["measurements"] = [one for one in history["measurements"] if one["biomarker"] == "m_protein"]
    found = answered(history)["early_treatment"]
    assert found["estimates"] == []
    assert found["not_computed"][-1] == "No published score with a risk within 60 months can be computed."


def test_whose_criteria_are_met_is_told_nothing_of_early_treatment(answered, history):
    answer = answered(known(history, bmpc=(70, "%")))
    assert (answer["risks"], answer["early_treatment"]) == ([], None)


def test_another_task_says_nothing_of_it(trained, history):
    history["patient"]["stage"] = "mgus"
    history["measurements"] = [one for one in history["measurements"] if one["biomarker"] == "m_protein"]  # marrow shows another stage
    artifact = load_artifact(trained.folder / "fit" / "boosting" / "artifact", {})
    about = artifact.about | {"population": "mgus"}
    response = TestClient(make_app({"mgus": replace(artifact, about=about)})).post("/v1/risk", json=history)
    assert response.json()["early_treatment"] is None


def test_nothing_in_the_answer_is_not_a_number(answered, history):
    assert not any(np.isnan(value) for one in estimates(answered(history)).values() for value in one["reduction"].values())


@pytest.mark.parametrize(
    ("source", "people", "warned"),
    [("simulated", "simulated", "says nothing about a patient"), ("mgus2", "real", None), ("", "unknown", "nobody recorded")],
)
def test_every_risk_says_of_whom_its_model_was_made(answered, history, source, people, warned):
    answer = answered(history, source)
    assert {risk["fitted_to"] for risk in answer["risks"]} == {answer["model"]["fitted_to"]} == {people}
    assert warned is None or warned in answer["warnings"][0]
    assert warned is not None or not any("fitted to" in line for line in answer["warnings"])
