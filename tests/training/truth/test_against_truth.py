"""Models beside the simulated truth: the truth closes the whole gap, the reference none of it, and the file must fit."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from features import read_table
from features.simulation.smm import simulate_truth
from myeloma import DataError, StateError
from training.__main__ import app
from training.truth.against_truth import beside_truth, expected_auc, judged_with_truth

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def truth_path(tmp_path_factory):
    path = tmp_path_factory.mktemp("truth") / "truth.parquet"
    simulate_truth(300, 7).to_parquet(path)  # the people of the trained store
    return path


@pytest.fixture
def beside(trained, small_smm_plan):
    """Return a function that compares the trained candidates, with other predictions where given, with a truth."""
    table = read_table(trained.folder / "table.parquet")

    def compare(path, fitted=trained.folder / "fit", plan=small_smm_plan):
        judged = judged_with_truth(table, plan, fitted, path)
        return {(each.model, each.horizon): each for each in beside_truth(judged, plan, fitted)}

    return compare


def test_the_reference_closes_none_of_the_gap_and_every_model_has_its_figures(beside, truth_path):
    found = beside(truth_path)
    assert {model for model, _ in found} == {"boosting", "logistic", "cox", "ensemble", "pangea_form"}
    for (model, _), each in found.items():
        assert each.truth_auc[1] <= each.truth_auc[0] <= each.truth_auc[2]
        assert 0.4 < each.auc[0] < 1.0
        assert -1 < each.correlation < 1
        assert 0 <= each.covered <= 1
        if model == "pangea_form":
            assert each.gap_closed == each.gap_expected == each.above_reference == (0.0, 0.0, 0.0)


def test_a_model_that_knows_the_truth_closes_the_whole_gap(beside, truth_path, trained, tmp_path):
    fitted = tmp_path / "fit"
    shutil.copytree(trained.folder / "fit", fitted)
    path = fitted / "boosting" / "predictions.parquet"
    judged = pd.read_parquet(path)
    true = judged[["patient_id", "landmark"]].merge(pd.read_parquet(truth_path))
    risks = ["risk_12m", "risk_24m", "risk_60m"]
    judged[risks] = true[risks].to_numpy()
    judged.to_parquet(path)
    found = beside(truth_path, fitted)
    for months in (12, 24, 60):
        assert found["boosting", months].gap_closed == found["boosting", months].gap_expected == pytest.approx((1.0, 1.0, 1.0))
        assert found["boosting", months].miscalibration == pytest.approx(0.0, abs=1e-12)
        assert found["boosting", months].correlation == pytest.approx(1.0)


def test_what_is_expected_depends_on_the_true_risks_and_not_on_who_progressed():
    true, one = np.array([0.2, 0.8]), np.ones((1, 2))
    assert expected_auc(one, true, true) == pytest.approx(0.8 * 0.8 + 0.5 * 2 * 0.8 * 0.2)  # a row tied with itself counts half
    assert expected_auc(one, -true, true) == pytest.approx(0.2 * 0.2 + 0.5 * 2 * 0.8 * 0.2)


def test_the_truth_of_another_cohort_is_refused(beside, tmp_path):
    path = tmp_path / "other.parquet"
    simulate_truth(50, 8).to_parquet(path)
    with pytest.raises(DataError, match="not of this cohort") as refusal:
        beside(path)
    assert "simulate COHORT --truth FILE" in refusal.value.hint


def test_visits_that_moved_since_the_simulation_are_told_from_another_cohort(beside, truth_path, tmp_path):
    truth = pd.read_parquet(truth_path)
    path = tmp_path / "moved.parquet"
    truth.assign(landmark=truth["landmark"] + pd.Timedelta(days=3)).to_parquet(path)
    with pytest.raises(DataError, match="it knows these people, but not these days") as refusal:
        beside(path)
    assert "delayed since the simulation" in refusal.value.what
    assert "landmarks: visits" in refusal.value.hint


def test_a_horizon_without_a_true_risk_is_named(beside, truth_path, tmp_path):
    path = tmp_path / "short.parquet"
    pd.read_parquet(truth_path).drop(columns="risk_60m").to_parquet(path)
    with pytest.raises(DataError, match="has no column risk_60m"):
        beside(path)


def test_without_a_file_or_a_reference_the_message_says_what_is_needed(beside, tmp_path, trained, truth_path, small_smm_plan):
    with pytest.raises(StateError, match="No true risks"):
        beside(tmp_path / "none.parquet")
    without = replace(small_smm_plan, models={k: v for k, v in small_smm_plan.models.items() if k != "pangea_form"})
    with pytest.raises(StateError, match="pangea_form is not fitted"):
        beside(truth_path, plan=without)
    with pytest.raises(StateError, match="smm has no model to measure from") as refused:
        beside(truth_path, plan=replace(small_smm_plan, reference=None))
    assert "training.smm.reference" in refused.value.hint


def test_the_command_gives_each_model_and_horizon_and_each_model_s_explanation(trained, truth_path, root):
    arguments = [
        "truth",
        "--task",
        "smm",
        "--truth",
        truth_path,
        "--table",
        trained.folder / "table.parquet",
        "--fitted",
        trained.folder / "fit",
    ]
    ran = CliRunner().invoke(app, [*map(str, arguments), "--params", str(root / "params.yaml"), "--json"])
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.output)
    assert len(found["risks"]) == 5 * 3
    assert [each["model"] for each in found["explanation"]["models"]] == ["boosting", "logistic", "cox", "ensemble", "pangea_form"]
    assert sum(found["explanation"]["carried"]["shares"].values()) == pytest.approx(1.0)
