"""The people held out: one loader for all who judge, in the order of the folds or of the table, and refused where they are others."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureTable
from features.table.table import KEYS, OUTCOMES
from myeloma import StateError
from training.fitting.held_out import HeldOut, read_judged, risk_columns
from training.places import PREDICTIONS


@pytest.fixture
def task(smm_task):
    return replace(smm_task, horizons=(24,))


@pytest.fixture
def table(task):
    rows = pd.DataFrame({"patient_id": list("abcd"), "landmark": pd.Timestamp("2020-01-01"), "site": "north", "age": [50.0, 60, 70, 80]})
    outcomes = {"event": "none", "time_to_event": 900.0, "follow_up": 900.0, "censored_by": "last_contact"}
    return FeatureTable(rows.assign(**outcomes), task.features, {})


@pytest.fixture
def fitted(table, tmp_path):
    """Two candidates judged in two folds, the later rows of the table first; a risk in percent is the age."""
    judged = table.rows.iloc[[2, 3, 0, 1]].drop(columns="age").assign(censoring_stratum=0, study_reach=np.inf, fold=[0, 0, 1, 1])
    for name, share in (("cox", 0.01), ("boosting", 0.005)):
        (tmp_path / name).mkdir()
        judged.assign(risk_24m=share * table.rows["age"]).to_parquet(tmp_path / name / PREDICTIONS, index=False)
    return tmp_path


def test_the_rows_judged_come_with_what_the_table_knows_and_each_candidates_risks(fitted, table, task):
    held = HeldOut.of(fitted, ["cox", "boosting"], table, task)
    assert held.rows["patient_id"].tolist() == ["c", "d", "a", "b"], "as they were judged, so that draws of people are the same"
    assert held.rows["age"].tolist() == [70, 80, 50, 60]
    assert held.risks["cox"][:, 0].tolist() == pytest.approx([0.7, 0.8, 0.5, 0.6])
    assert held.risks["boosting"].shape == (4, 1)
    assert held.cohort is None


def test_in_the_order_of_the_table_each_row_keeps_its_risk(fitted, table, task):
    held = HeldOut.of(fitted, ["cox"], table, task).in_order_of(table, None)
    assert held.rows["patient_id"].tolist() == list("abcd")
    assert np.allclose(held.risks["cox"][:, 0], held.rows["age"] / 100)
    assert held.rows.index.tolist() == [0, 1, 2, 3]


def test_candidates_judged_on_different_people_do_not_compare(fitted, table, task):
    path = fitted / "boosting" / PREDICTIONS
    pd.read_parquet(path).head(3).to_parquet(path, index=False)
    with pytest.raises(StateError, match="boosting and cox were judged on different people"):
        HeldOut.of(fitted, ["cox", "boosting"], table, task)


def test_a_table_without_the_people_judged_is_refused(fitted, table, task):
    with pytest.raises(StateError, match="cox was fitted on another table than this one"):
        HeldOut.of(fitted, ["cox"], replace(table, rows=table.rows.head(3)), task)


@pytest.mark.parametrize("column", ["censored_by", "censoring_stratum", "study_reach", "risk_24m"])
def test_predictions_that_another_version_wrote_are_refused_in_words(smm_task, tmp_path, column):
    written = [*KEYS, *OUTCOMES, "censoring_stratum", "study_reach", *risk_columns(smm_task)]
    pd.DataFrame(columns=[name for name in written if name != column]).to_parquet(tmp_path / "predictions.parquet")
    with pytest.raises(
        StateError, match=f"predictions.parquet has no column {column}: it was written for other horizons, or by another version"
    ) as refusal:
        read_judged(tmp_path, smm_task)
    assert "features build" in refusal.value.hint


def test_risks_with_a_biomarker_hidden_stay_with_their_rows_and_a_candidate_without_any_has_none(fitted, table, task):
    path = fitted / "cox" / PREDICTIONS
    judged = pd.read_parquet(path)
    judged.assign(risk_24m_without_bmpc=judged["risk_24m"] / 2).to_parquet(path, index=False)
    held = HeldOut.of(fitted, ["cox", "boosting"], table, task)
    assert held.without["boosting"] == {} and held.without["cox"].keys() == {"bmpc"}
    in_order = held.in_order_of(table, None)
    assert in_order.without["cox"]["bmpc"][:, 0].tolist() == pytest.approx([0.25, 0.3, 0.35, 0.4])
