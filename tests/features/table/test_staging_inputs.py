"""Scores of active myeloma take results of before treatment; what came since is left aside, and said to be."""

import numpy as np
import pandas as pd
import pytest

from features import cohort_of_frames
from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.rows import look, positions
from features.table.limits import limits_of
from features.table.score_inputs import LEVELS, SCORE_COLUMNS, score_inputs
from features.table.staging_inputs import STAGED_BY, staging_inputs
from myeloma.scores.cautions import since_treatment

START = "2022-01-10"
WHO = {"index_date": "2021-12-01", "birth_date": "1960-01-10", "sex": "female", "stage": "mm"}


def staged(*results, landmark="2023-01-10", start=START):
    """Return inputs and limits of one person: results are a day, a value of beta-2 microglobulin and the day it became known."""
    rows = [
        {"patient_id": "P", "collected_at": day, "available_at": known or day, "biomarker": "b2m", "value": value, "unit": "mg/L"}
        for day, value, *rest in results
        for known in [rest[0] if rest else ""]
    ]
    events = [pd.DataFrame([{"patient_id": "P", "occurred_at": start, "kind": "treatment_start", "detail": "VRd"}])] if start else []
    cohort, _ = cohort_of_frames(pd.DataFrame([WHO | {"patient_id": "P"}]), pd.DataFrame(rows), *events, strict=True)
    landmarks = pd.DataFrame({"patient_id": ["P"], "landmark": [pd.Timestamp(landmark)]})
    view = look(Histories.of(cohort, operators=True), *positions(cohort, landmarks), FeatureSpec((), (), (), ()), SCORE_COLUMNS)
    return staging_inputs(view, score_inputs(view), limits_of(view, LEVELS))


def test_what_stages_is_what_the_scores_of_active_myeloma_ask_for():
    assert {"b2m", "albumin", "bmpc"} <= set(STAGED_BY)


@pytest.mark.parametrize(
    ("results", "b2m", "left_aside"),
    [
        ([("2022-01-01", 6.0), ("2022-06-01", 2.0)], 6.0, 1.0),
        ([(START, 6.0), ("2022-06-01", 2.0)], 6.0, 1.0),  # of the day of the first dose
        ([("2022-01-11", 6.0)], np.nan, 1.0),
        ([("2022-01-01", 6.0, "2022-02-01")], 6.0, 0.0),  # reported later, drawn before
        ([("2022-01-01", 6.0, "2023-02-01")], np.nan, 0.0),  # not known yet
        ([("2022-01-01", 6.0)], 6.0, 0.0),
    ],
)
def test_results_collected_after_the_start_of_treatment_are_left_aside(results, b2m, left_aside):
    inputs, _ = staged(*results)
    assert inputs["b2m"].tolist() == pytest.approx([b2m], nan_ok=True)
    assert inputs[since_treatment("b2m")].tolist() == [left_aside]


def test_without_a_recorded_treatment_or_before_it_the_latest_result_counts():
    assert staged(("2022-01-01", 6.0), ("2022-06-01", 2.0), start=None)[0]["b2m"].tolist() == [2.0]
    inputs, _ = staged(("2022-01-01", 6.0), ("2022-01-05", 5.0), landmark="2022-01-06")
    assert inputs["b2m"].tolist() == [5.0]


def test_the_age_is_that_of_the_start_of_treatment():
    (inputs, _), (before, _) = staged(("2022-01-01", 6.0)), staged(("2022-01-01", 6.0), landmark="2022-01-05")
    assert inputs["age"][0] == 62.0  # 10 January 1960 to 10 January 2022
    assert before["age"][0] < inputs["age"][0]


def test_a_limit_is_that_of_the_result_that_counts():
    assert staged(("2022-01-01", "<6"), ("2022-06-01", 2.0))[1]["b2m"].below.tolist() == [True]
    assert "b2m" not in staged(("2022-01-01", 6.0), ("2022-06-01", "<2"))[1]
