"""Treated disease goes the same way as the precursors: table, fits, judgement, one person's answer; its comparators on the same rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient

from features import build_table
from features.intake.quality import clean
from features.simulation.treated import simulate
from myeloma.calendar import DAYS_PER_MONTH, horizon_days
from serving.http.api import make_app
from serving.predict import predict_risk
from training.estimators import fit_candidate
from training.gate.parity import largest_difference
from training.metrics import horizon_metrics
from training.plan import load_plan
from training.rows.censoring import FollowUp
from training.rows.split import patient_folds

PEOPLE, SEED = 700, 11
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def plan(root):
    whole = load_plan("relapse", root / "params.yaml")
    boosting = {**whole.models["boosting"], "rounds": 30, "eta": 0.1}
    return replace(whole, models={**whole.models, "boosting": boosting}, interval_fits=0)


@pytest.fixture(scope="module")
def cohort():
    return clean(simulate(PEOPLE, seed=SEED))[0]


@pytest.fixture(scope="module")
def table(cohort, plan):
    return build_table(cohort, plan.task)


@pytest.fixture(scope="module")
def judged(table, plan):
    """The fits to half of the people, and the rows of the others."""
    half = patient_folds(table.rows, 2, 1)[0]
    rows = table.rows.iloc[half.fit].reset_index(drop=True)
    words = {"event": plan.task.said.event, "competing": plan.task.said.competing}
    about = {"task": "relapse", **plan.task.rules.as_json(), "words": words}
    fitted = {name: fit_candidate(rows, table.spec, plan, name, about).artifact for name in ("boosting", "mrd_alone", "response_alone")}
    return fitted, table.rows.iloc[half.judge].reset_index(drop=True)


def test_everybody_is_treated_and_nobody_is_judged_before_the_ninetieth_day(table):
    months = table.rows["months_since_line"]
    assert months.min() >= 90 / DAYS_PER_MONTH - 1e-9
    assert ((table.rows["landmark"] - table.rows["index_date"]).dt.days / DAYS_PER_MONTH).to_numpy() == pytest.approx(months.to_numpy())
    assert set(table.rows["event"]) == {"none", "event", "competing"}


def test_sustained_negativity_is_never_known_before_its_second_test(table):
    negative = table.rows[table.rows["mrd_negative"] == 1]
    assert (negative["months_mrd_negative"] <= negative["months_since_line"] + 1).all()
    first = negative.groupby("patient_id")["months_mrd_negative"].first()
    assert first.min() == 0


def test_the_model_ranks_better_than_residual_disease_or_response_alone(judged):
    fitted, rows = judged
    x, follow_up = rows[fitted["boosting"].columns].to_numpy(dtype=float), FollowUp.of(rows)
    risk = {name: predict_risk(artifact, x)[:, 1] for name, artifact in fitted.items()}
    auc = {name: horizon_metrics(follow_up, risk[name], float(horizon_days(24)))["auc"] for name in fitted}
    assert auc["boosting"] > auc["mrd_alone"] + 0.03 > auc["response_alone"] + 0.03


def test_a_comparator_knows_nothing_but_what_it_is_named_after(judged):
    fitted, _ = judged
    assert (fitted["mrd_alone"].kind, fitted["response_alone"].kind) == ("cox", "cox")
    assert fitted["response_alone"].model.design.features == ("response",)


def test_batch_and_http_give_one_answer(judged, cohort):
    fitted, rows = judged
    difference, told = largest_difference(fitted["boosting"], cohort, rows["patient_id"].unique())
    assert difference == 0, told


def test_a_person_before_the_ninetieth_day_of_the_line_is_refused_in_the_words_of_the_task(judged):
    client = TestClient(make_app({"relapse": judged[0]["boosting"]}))
    history = {
        "patient": {"index_date": "2022-01-10", "age_at_index": 60, "sex": "female", "stage": "mm"},
        "measurements": [{"collected_at": "2022-02-10", "biomarker": "m_protein", "value": 18, "unit": "g/L"}],
        "events": [{"occurred_at": "2022-01-12", "kind": "treatment_start", "detail": "D-VRd"}],
    }
    (problem,) = client.post("/v1/risk", json=history).json()["errors"]
    assert problem["code"] == "before_line"
    assert problem["message"] == "needed: stage mm and a day at least 90 days after the start of line 1, before relapse or death"


def test_results_after_the_landmark_change_no_row(cohort, plan, table):
    day = pd.Timestamp("2020-06-30")
    measured, happened = cohort.measurements, cohort.events
    past = replace(
        cohort,
        measurements=measured[measured["available_at"] <= day].reset_index(drop=True),
        events=happened[happened["occurred_at"] <= day].reset_index(drop=True),
    )
    columns = ["patient_id", "landmark", *table.spec.columns()]
    then = build_table(past, plan.task).rows[columns]
    now = table.rows.loc[table.rows["landmark"] <= day, columns]
    both = then.merge(now, on=["patient_id", "landmark"], suffixes=("_then", "_now"))
    assert len(both) > 500
    for name in table.spec.columns():
        np.testing.assert_array_equal(both[f"{name}_then"], both[f"{name}_now"], err_msg=name)
