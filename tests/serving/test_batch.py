"""Batch scoring: one row per patient and landmark, nobody dropped, nobody scored who is not at risk."""

import numpy as np
import pandas as pd
import pytest

from features import cohort_of_frames, read_cohort
from features.cohort.files import write_by_ending
from features.table.landmarks import fixed_landmarks, last_landmarks, visit_landmarks
from myeloma import ConfigError
from serving.artifact import load_artifact
from serving.batch import score_landmarks


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact")


@pytest.fixture(scope="module")
def cohort(trained):
    return read_cohort(trained.cohort)


def test_the_last_visit_gives_one_row_per_patient(artifact, cohort):
    scores = score_landmarks(artifact, cohort, last_landmarks(cohort))
    assert scores["patient_id"].tolist() == cohort.patients["patient_id"].tolist()
    risks = [f"risk_{months}m{bound}" for months in (12, 24, 60) for bound in ("", "_lo", "_hi")]
    assert scores.columns[:12].tolist() == ["patient_id", "landmark", "status", *risks]


def test_base_and_biomarker_contributions_add_up_to_the_log_odds(artifact, cohort):
    scores = score_landmarks(artifact, cohort, last_landmarks(cohort)).query("status == 'scored'")
    for horizon in ("12m", "24m", "60m"):
        parts = scores[[c for c in scores if c.endswith(f"__contribution__{horizon}")]].sum(axis=1)
        risk = scores[f"risk_{horizon}"].to_numpy()
        assert (scores[f"base_{horizon}"] + parts).to_numpy() == pytest.approx(np.log(risk / (1 - risk)), abs=1e-5)


def test_every_visit_gives_a_row_per_visit_and_the_last_is_the_same_row(artifact, cohort):
    every = score_landmarks(artifact, cohort, visit_landmarks(cohort))
    last = score_landmarks(artifact, cohort, last_landmarks(cohort))
    pd.testing.assert_frame_equal(every.groupby("patient_id").tail(1).reset_index(drop=True), last)


def test_people_who_are_not_at_risk_are_named_and_not_scored(artifact, cohort):
    scores = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "2015-06-30"))
    assert len(scores) == len(cohort.patients)
    assert {"scored", "before_index", "progressed", "dead"} <= set(scores["status"])
    assert scores.loc[scores["status"] != "scored", "risk_24m"].isna().all()
    assert scores.loc[scores["status"] == "scored", "risk_24m"].between(0, 1).all()


def test_a_cohort_in_which_nobody_is_at_risk_still_answers(artifact, cohort):
    scores = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "1990-01-01"))
    assert set(scores["status"]) == {"before_index"}
    assert scores["risk_24m"].isna().all()


def test_chunks_do_not_show(artifact, cohort, monkeypatch):
    whole = score_landmarks(artifact, cohort, last_landmarks(cohort))
    monkeypatch.setattr("serving.batch._CHUNK", 7)
    pd.testing.assert_frame_equal(score_landmarks(artifact, cohort, last_landmarks(cohort)), whole)


def test_csv_keeps_every_bit_of_the_parquet_file(artifact, cohort, tmp_path):
    scores = score_landmarks(artifact, cohort, last_landmarks(cohort))
    for name in ("risks.csv", "risks.parquet"):
        write_by_ending(scores, tmp_path / name)
    from_csv = pd.read_csv(tmp_path / "risks.csv", float_precision="round_trip")
    from_parquet = pd.read_parquet(tmp_path / "risks.parquet")
    assert from_csv["risk_24m"].to_numpy().tobytes() == from_parquet["risk_24m"].to_numpy().tobytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["risks.csv", "risks.parquet"]


def test_another_ending_is_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"neither in \.parquet nor in \.csv"):
        write_by_ending(pd.DataFrame(), tmp_path / "risks.xlsx")


def test_a_row_says_what_its_risk_rests_on(artifact):
    patients = pd.DataFrame({"patient_id": ["a", "b"], "index_date": "2020-01-01", "age_at_index": [60, 70], "stage": ["smm", "mgus"]})
    results = pd.DataFrame(
        [
            ("a", "2020-01-01", "m_protein", "18", "g/L"),
            ("a", "2020-06-01", "m_protein", "<1", "g/L"),
            ("a", "2020-06-01", "bmpc", ">30", "%"),
            ("a", "2020-03-01", "hemoglobin", "13", "g/dL"),
            ("a", "2021-01-01", "hemoglobin", "<10", "g/dL"),
            ("b", "2020-06-01", "m_protein", "18", "g/L"),
        ],
        columns=["patient_id", "collected_at", "biomarker", "value", "unit"],
    )
    cohort, _ = cohort_of_frames(patients, results, strict=True)
    scores = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "2020-06-11"))
    rests_on = ("__value", "__reported", "__collected_on", "__age_days")
    row, other = ({name: value for name, value in row.items() if name.endswith(rests_on)} for row in scores.to_dict("records"))
    day = pd.Timestamp("2020-06-01")
    assert {name: row[f"m_protein{name}"] for name in rests_on} == dict(zip(rests_on, (0.1, "<", day, 10.0), strict=True))
    assert {name: row[f"bmpc{name}"] for name in rests_on} == dict(zip(rests_on, (30.0, ">", day, 10.0), strict=True))
    found = [row[f"hemoglobin{name}"] for name in rests_on]  # what was collected after the landmark is not in it
    assert found == [13.0, "", pd.Timestamp("2020-03-01"), 102.0]
    assert row["age__value"] == pytest.approx(60.4, abs=0.1)
    assert pd.isna([row["creatinine__value"], row["creatinine__collected_on"], row["creatinine__age_days"]]).all()
    assert pd.isna(list(other.values())).all()
