"""How a trained model must behave, whatever its figures: units, order, other people and the future do not matter."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import read_cohort
from features.intake.quality import clean
from features.sources.received import received
from features.table.landmarks import fixed_landmarks, last_landmarks
from serving.answer.since import SINCE
from serving.artifact import load_artifact
from serving.batch import score_landmarks

DAY = "2016-01-31"


@pytest.fixture(scope="module")
def cohort(trained):
    return read_cohort(trained.cohort)


@pytest.fixture(scope="module", params=["boosting", "logistic", "cox"])
def artifact(request, trained):
    return load_artifact(trained.folder / "fit" / request.param / "artifact")


def score(artifact, cohort, landmarks=None):
    return score_landmarks(artifact, cohort, last_landmarks(cohort) if landmarks is None else landmarks)


def test_the_unit_a_value_came_in_does_not_matter(artifact, cohort):
    rows = cohort.measurements
    in_grams_per_litre = rows["biomarker"].isin(["m_protein", "hemoglobin"])
    measurements = rows.assign(
        value=np.where(in_grams_per_litre, rows["value"] * 10, rows["value"]), unit=np.where(in_grams_per_litre, "g/L", rows["unit"])
    )
    tables = {"patients": cohort.patients.assign(source_row=0), "measurements": measurements, "events": cohort.events.assign(source_row=0)}
    converted = clean(received("test", tables, dict.fromkeys(tables, "test")))[0]
    assert len(converted.measurements) == len(rows)
    assert score(artifact, converted)["risk_24m"].to_numpy() == pytest.approx(
        score(artifact, cohort)["risk_24m"].to_numpy(), abs=1e-6, nan_ok=True
    )


def test_row_order_does_not_matter(artifact, cohort):
    shuffled = replace(
        cohort, measurements=cohort.measurements.sample(frac=1, random_state=1), events=cohort.events.sample(frac=1, random_state=1)
    )
    pd.testing.assert_frame_equal(score(artifact, shuffled), score(artifact, cohort), check_exact=True)


def test_other_people_do_not_matter(artifact, cohort):
    one = cohort.patients["patient_id"].iloc[17]
    alone = replace(cohort, **{name: frame[frame["patient_id"] == one].reset_index(drop=True) for name, frame in cohort.tables().items()})
    together = score(artifact, cohort).query("patient_id == @one").reset_index(drop=True)
    pd.testing.assert_frame_equal(score(artifact, alone), together, check_exact=True)


def test_the_future_does_not_matter(artifact, cohort):
    landmarks = fixed_landmarks(cohort, DAY)
    past = replace(
        cohort,
        measurements=cohort.measurements.query("available_at <= @DAY").reset_index(drop=True),
        events=cohort.events.query("occurred_at <= @DAY").reset_index(drop=True),
    )
    then, now = (score(artifact, known, landmarks) for known in (past, cohort))
    assert now[[*SINCE]].notna().any(axis=None)  # what happened since is said beside the risk, and is no part of it
    pd.testing.assert_frame_equal(then.drop(columns=[*SINCE]), now.drop(columns=[*SINCE]), check_exact=True)


def test_a_larger_burden_goes_with_a_larger_risk(artifact, cohort):
    def with_levels(factor):
        rows = cohort.measurements
        most = rows["biomarker"].map({"m_protein": 9.0, "bmpc": 55.0})  # inside the hard range, and below the criterion
        return replace(cohort, measurements=rows.assign(value=rows["value"].where(most.isna(), np.minimum(rows["value"] * factor, most))))

    low, high = (score(artifact, with_levels(factor))["risk_24m"].mean() for factor in (0.6, 1.6))
    assert high > 1.2 * low


def test_unknown_is_not_normal_a_person_of_whom_nothing_is_known_gets_no_extreme_risk(artifact, cohort):
    known = score(artifact, cohort)["risk_24m"]
    bare = replace(cohort, measurements=cohort.measurements.query("biomarker == 'creatinine'").reset_index(drop=True))
    risk = score(artifact, bare, last_landmarks(cohort))["risk_24m"]
    assert risk.mean() > known.quantile(0.25)
