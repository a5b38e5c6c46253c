"""The explanation beside the simulated truth: what carries the truth is found, and a model that rests on other things stands out."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from serving.artifact import Artifact, Calibration, save_artifact
from serving.models import logistic
from serving.models.linear import HorizonLogistic
from training.estimators.design import fit_design
from training.truth.against_truth import JudgedWithTruth
from training.truth.known_drivers import known_drivers, what_carries

SPEC = FeatureSpec(("m_protein", "bmpc", "hemoglobin"), ("ever",), ("last",), ("age",))


@pytest.fixture
def visits():
    rng = np.random.default_rng(2)
    x = 5 + rng.standard_normal((2000, 4))
    return pd.DataFrame(x, columns=SPEC.columns()).assign(patient_id=[f"p{i // 4}" for i in range(2000)], event="none")


def true(visits, **slopes):
    return sum(slope * visits[f"{name}__last__ever"] for name, slope in slopes.items()).to_numpy() - 8.0


def test_what_carries_the_truth_is_found_with_its_share_and_its_direction(visits):
    found = what_carries(visits, true(visits, m_protein=2, bmpc=1), SPEC)
    assert list(found.shares)[:2] == ["m_protein", "bmpc"]
    assert [found.shares[name] for name in SPEC.biomarkers] == pytest.approx([0.8, 0.2, 0.0], abs=0.04)
    assert found.r2 == pytest.approx(1.0, abs=0.01)
    assert found.harm["m_protein"] > 0.8
    assert what_carries(visits, true(visits, hemoglobin=2), SPEC).harm["hemoglobin"] < -0.8


def test_two_biomarkers_that_say_the_same_share_what_they_say(visits):
    same = visits.assign(bmpc__last__ever=visits["m_protein__last__ever"])
    shares = what_carries(same, true(same, m_protein=2), SPEC).shares
    assert [shares["m_protein"], shares["bmpc"]] == pytest.approx([0.5, 0.5], abs=0.01)


def test_orders_that_are_drawn_say_what_all_orders_say(visits, monkeypatch):
    truth = true(visits, m_protein=2, bmpc=1, hemoglobin=-0.3)
    exact = what_carries(visits, truth, SPEC)
    monkeypatch.setattr("training.truth.known_drivers._MOST_GROUPS", 3)
    drawn = what_carries(visits, truth, SPEC)
    assert drawn.shares == {name: pytest.approx(share, abs=0.01) for name, share in exact.shares.items()}
    assert (drawn.r2, drawn.harm) == (pytest.approx(exact.r2), exact.harm)


def test_what_the_columns_cannot_tell_is_no_biomarker_s_share(visits):
    noise = 2 * np.random.default_rng(5).standard_normal(len(visits))
    found = what_carries(visits, true(visits, m_protein=2) + noise, SPEC)
    assert found.r2 == pytest.approx(0.5, abs=0.1)
    assert found.shares["m_protein"] == pytest.approx(1.0, abs=0.03)


def test_a_model_that_rests_on_noise_ranks_against_the_truth_and_one_turned_round_points_against_the_harm(visits, smm_plan, tmp_path):
    plan = replace(smm_plan, task=replace(smm_plan.task, features=SPEC, horizons=(24,)))
    for name, slopes in (("right", [0.01, 2, 1, -0.1]), ("wrong", [2, -0.1, 0.2, 1])):
        design = fit_design(visits[SPEC.columns()].to_numpy(), SPEC.columns(), SPEC.columns(), indicate=False)
        model = HorizonLogistic(design, np.array(slopes, dtype=float), np.array([-2.0]), SPEC.columns())
        save_artifact(
            Artifact("logistic", model, SPEC, (24,), Calibration.identity((24,)), {"treatment": "censor"}), tmp_path / name / "artifact"
        )
    truth = true(visits, m_protein=2, bmpc=1, hemoglobin=-0.3)
    carried, (right, wrong) = known_drivers(
        JudgedWithTruth(["right", "wrong"], "right", visits, {}, logistic(truth)[:, None]), plan, tmp_path
    )
    assert list(right.shares) == list(wrong.shares) == list(carried.shares) == ["m_protein", "bmpc", "hemoglobin", "age"]
    assert sum(right.shares.values()) == pytest.approx(1.0)
    assert (right.rank_correlation, wrong.rank_correlation) == pytest.approx((1.0, -1.0))
    assert right.harm == {name: pytest.approx(1.0, abs=0.01) for name in SPEC.biomarkers}
    assert {name: value > 0 for name, value in wrong.harm.items()} == {"m_protein": False, "bmpc": True, "hemoglobin": False}
