"""The share of what anybody could attain: the attainable risk closes all of that gap, the reference none of it."""

import json
from dataclasses import replace

import numpy as np
import pytest
from typer.testing import CliRunner

from features import read_table
from features.simulation.smm import simulate_truth
from training.__main__ import app
from training.truth.against_truth import judged_with_truth
from training.truth.attainable import attainable_gap

pytestmark = pytest.mark.slow


@pytest.fixture
def truth_path(tmp_path):
    path = tmp_path / "truth.parquet"
    simulate_truth(300, 7).to_parquet(path)  # the people of the trained store
    return path


@pytest.fixture
def judged(trained, small_smm_plan, truth_path):
    return judged_with_truth(read_table(trained.folder / "table.parquet"), small_smm_plan, trained.folder / "fit", truth_path)


def found_of(judged, plan, risks):
    names = [f"risk_{months}m" for months in plan.task.horizons]
    attainable = judged.rows[["patient_id", "landmark"]].assign(**dict(zip(names, risks.T, strict=True)), effective=100.0)
    return attainable_gap(judged, attainable, plan)


def test_where_the_truth_can_be_attained_the_gap_is_that_to_the_truth(judged, small_smm_plan):
    for each in found_of(judged, small_smm_plan, judged.true):
        assert each.of_truth == pytest.approx((1.0, 1.0, 1.0))
        assert (each.ratio, each.slope, each.furthest) == pytest.approx((1.0, 1.0, 1.0))
        assert set(each.closed) == {"boosting", "logistic", "cox", "ensemble"}, "the reference is the start"
        assert all(lo <= share <= hi < 1.0 for share, lo, hi in each.closed.values())


def test_a_candidate_that_attains_it_closes_all_of_it_however_far_the_truth_is(judged, small_smm_plan):
    attainable = judged.true * np.random.default_rng(1).lognormal(0.0, 0.3, judged.true.shape)
    known = replace(judged, risks=judged.risks | {"logistic": attainable})
    for each in found_of(known, small_smm_plan, attainable):
        assert each.closed["logistic"] == pytest.approx((1.0, 1.0, 1.0))
        assert each.of_truth[0] < 1.0


def test_risks_that_are_wrong_do_not_pass_for_attainable_ones(judged, small_smm_plan):
    for each in found_of(judged, small_smm_plan, judged.true / 2):
        assert (each.ratio, each.slope, each.furthest) == pytest.approx((2.0, 2.0, 2.0))


def command(trained, truth_path, root, *more):
    paths = ("--truth", truth_path, "--table", trained.folder / "table.parquet", "--fitted", trained.folder / "fit")
    params = ("--params", root / "params.yaml")
    return CliRunner().invoke(app, [str(word) for word in ("truth", "--task", "smm", *paths, *params, *more)])


def test_the_command_computes_it_where_the_world_is_named(trained, truth_path, root, monkeypatch):
    monkeypatch.setattr("features.simulation.smm.attainable.attainable_risks.__defaults__", (50, 1))
    ran = command(trained, truth_path, root, "--attainable", "default", "--cohort", trained.cohort, "--json")
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.output)["attainable"]
    assert [each["horizon"] for each in found] == [12, 24, 60]
    for each in found:
        assert 0.5 < each["auc"][0] < 1
        assert 0.7 < each["ratio"] < 1.4
        assert 0.1 < each["of_truth"][0] < 0.9


def test_without_the_option_nothing_is_computed(trained, truth_path, root):
    ran = command(trained, truth_path, root, "--json")
    assert json.loads(ran.output)["attainable"] == []


def test_a_treated_world_is_refused(trained, truth_path, root):
    ran = command(trained, truth_path, root, "--attainable", "treated")
    assert ran.exception is not None
    assert 'cannot be computed for a world "treated"' in str(ran.exception)
