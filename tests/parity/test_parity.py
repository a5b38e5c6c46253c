"""One history, three ways in: batch, HTTP and MLflow's pyfunc give the same numbers."""

import json

import mlflow
import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from mlflow.pyfunc import scoring_server

from features import build_features, parse_column, read_cohort
from features.table.landmarks import last_landmarks
from serving.batch import score_landmarks
from serving.http.api import make_app
from serving.store.champion import connect, load_champion

PEOPLE = 12


def as_json(cohort, patient_id, landmark=None):
    """Return what a caller would send for one person of the cohort; of a day that is named, later events change nothing."""
    person = cohort.patients.set_index("patient_id").loc[patient_id]
    results = cohort.measurements.query("patient_id == @patient_id")
    events = cohort.events.query("patient_id == @patient_id")
    return {
        "patient": {
            "index_date": f"{person['index_date']:%Y-%m-%d}",
            "birth_date": f"{person['birth_date']:%Y-%m-%d}",
            "sex": person["sex"],
            "stage": person["stage"],
            "light_chain": person["light_chain"],
        },
        "measurements": [
            {
                "collected_at": f"{r.collected_at:%Y-%m-%d}",
                "available_at": f"{r.available_at:%Y-%m-%d}",
                "biomarker": r.biomarker,
                "value": float(r.original_value),
                "unit": r.original_unit,
            }
            for r in results.itertuples()
        ],
        "events": [{"occurred_at": f"{e.occurred_at:%Y-%m-%d}", "kind": e.kind, "detail": e.detail} for e in events.itertuples()],
        "landmark": None if landmark is None else f"{landmark:%Y-%m-%d}",
    }


@pytest.fixture(scope="module")
def people(trained):
    """The last visits of a few people, scored in batch by the champion of the store."""
    cohort, champion = read_cohort(trained.cohort), load_champion("smm")
    scores = score_landmarks(champion, cohort, last_landmarks(cohort))
    return cohort, champion, scores.query("status == 'scored'").head(PEOPLE).reset_index(drop=True)


@pytest.mark.slow
def test_the_api_gives_the_numbers_of_the_batch_to_the_last_bit(people):
    cohort, champion, scores = people
    client = TestClient(make_app({"smm": champion}))
    for row in scores.to_dict("records"):
        answer = client.post("/v1/risk", json=as_json(cohort, row["patient_id"], row["landmark"])).json()
        assert answer["landmark"] == f"{row['landmark']:%Y-%m-%d}"
        for risk in answer["risks"]:
            horizon = f"{risk['horizon_months']}m"
            assert risk["risk"] == row[f"risk_{horizon}"]
            assert risk["base"] == row[f"base_{horizon}"]
            assert {c["biomarker"]: c["contribution"] for c in risk["contributions"]} == {
                name.split("__")[0]: value for name, value in row.items() if name.endswith(f"__contribution__{horizon}")
            }
        assert answer["model"]["run_id"] == row["run_id"]


@pytest.mark.slow
def test_the_pyfunc_gives_the_numbers_of_the_batch_to_the_last_bit(people):
    cohort, champion, scores = people
    connect()
    model = mlflow.pyfunc.load_model("models:/smm-progression@champion")
    features = build_features(cohort, scores[["patient_id", "landmark"]], champion.spec)
    answers = model.predict(features)
    assert answers[["status", "answer"]].drop_duplicates().to_numpy().tolist() == [["scored", ""]]
    numbers = answers.drop(columns=["status", "answer"])
    expected = scores[numbers.columns]
    reasons = {parse_column(name).biomarker for name in features}
    assert len(numbers.columns) == 3 * (5 + len(reasons)) + 1  # and how long they are free of the event
    pd.testing.assert_frame_equal(numbers, expected, check_exact=True)


@pytest.mark.slow
def test_the_pyfunc_gives_of_a_history_the_answer_of_the_api_and_the_numbers_of_the_batch_to_the_last_bit(people):
    cohort, champion, scores = people
    connect()
    model = mlflow.pyfunc.load_model("models:/smm-progression@champion")
    histories = [as_json(cohort, *who) for who in zip(scores["patient_id"], scores["landmark"], strict=True)]
    answers = model.predict(pd.DataFrame({"history": list(map(json.dumps, histories))}))
    numbers = answers.drop(columns=["status", "answer"])
    pd.testing.assert_frame_equal(numbers, scores[numbers.columns], check_exact=True)
    client = TestClient(make_app({"smm": champion}))
    for history, status, text in zip(histories, answers["status"], answers["answer"], strict=True):
        theirs, ours = client.post("/v1/risk", json=history).json(), json.loads(text)
        assert status == "scored"
        assert ours["model"]["run_id"] == ""
        for one in (ours, theirs):
            del one["model"], one["basis"]["validation"]  # what only the store knows
        assert ours == theirs


@pytest.mark.slow
def test_the_pyfunc_takes_its_own_input_example_and_missing_columns(people):
    connect()
    model = mlflow.pyfunc.load_model("models:/smm-progression@champion")
    example = model.input_example
    assert model.metadata.signature.inputs.input_names() == [*example.columns, "history"]
    nothing_known = model.predict(example * np.nan)
    assert nothing_known["risk_24m"].between(0, 1).all()


@pytest.mark.slow
def test_the_model_server_of_mlflow_takes_histories_and_feature_rows(people):
    cohort, _, scores = people
    connect()
    model = mlflow.pyfunc.load_model("models:/smm-progression@champion")
    client = TestClient(scoring_server.init(model))

    def served(records):
        return client.post("/invocations", json={"dataframe_records": records}).json()["predictions"]

    first = scores.iloc[0]
    answered, refused = served([{"history": json.dumps(as_json(cohort, first["patient_id"], first["landmark"]))}, {"history": "{"}])
    assert (answered["status"], answered["risk_24m"]) == ("scored", first["risk_24m"])
    assert json.loads(answered["answer"])["risks"][1]["risk"] == first["risk_24m"]
    assert refused["status"] == "json_invalid"
    assert np.isnan(refused["risk_24m"]), "MLflow's server writes NaN"
    [row] = served(model.input_example.dropna(axis=1).to_dict("records"))
    assert (row["status"], row["answer"]) == ("scored", "")
    assert 0 < row["risk_24m"] < 1
