"""AUC, Brier and calibration in the large: by hand, against scikit-learn without censoring, and their boundaries."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import brier_score_loss, roc_auc_score

from training.metrics import horizon_metrics, weighted_auc
from training.rows.censoring import COMPETING, EVENT, NONE, FollowUp


def test_without_censoring_the_measures_are_scikit_learns():
    rng = np.random.default_rng(0)
    time, event = rng.integers(1, 20, 300).astype(float), rng.choice([EVENT, COMPETING], 300)
    risk = np.round(rng.random(300), 2)  # with ties
    y = (event == EVENT) & (time <= 10)
    found = horizon_metrics(FollowUp.from_arrays(time, event), risk, 10.0)
    assert found["auc"] == pytest.approx(roc_auc_score(y, risk), abs=1e-12)
    assert found["brier"] == pytest.approx(brier_score_loss(y, risk), abs=1e-12)
    assert found["oe_ratio"] == pytest.approx(y.mean() / risk.mean(), abs=1e-12)


def test_someone_who_died_first_is_a_control():
    died = FollowUp.from_arrays(np.array([1.0, 2.0]), np.array([EVENT, COMPETING]))
    assert horizon_metrics(died, np.array([0.9, 0.1]), 5.0)["auc"] == 1.0


def test_someone_lost_is_neither_case_nor_control():
    lost = FollowUp.from_arrays(np.array([1.0, 2.0, 9.0]), np.array([EVENT, NONE, NONE]))
    high, low = (horizon_metrics(lost, np.array([0.5, risk, 0.1]), 5.0) for risk in (0.9, 0.0))
    assert high["auc"] == low["auc"] == 1.0
    assert high["brier"] == low["brier"]


def test_predicting_the_average_has_an_ipa_of_nothing():
    rng = np.random.default_rng(1)
    some = FollowUp.from_arrays(rng.integers(1, 20, 200).astype(float), rng.choice([NONE, EVENT, COMPETING], 200))
    observed = horizon_metrics(some, np.full(200, 0.5), 10.0)["observed"]
    found = horizon_metrics(some, np.full(200, observed), 10.0)
    assert found["ipa"] == pytest.approx(0.0, abs=1e-12)
    assert found["oe_ratio"] == pytest.approx(1.0)
    assert found["auc"] == 0.5


def test_auc_without_cases_is_not_a_number():
    assert np.isnan(weighted_auc(np.array([0.1, 0.2]), np.zeros(2), np.ones(2)))


@settings(max_examples=80)
@given(st.lists(st.tuples(st.integers(0, 5), st.booleans(), st.integers(1, 4)), min_size=2, max_size=25))
def test_auc_counts_every_pair(rows):
    risk, case, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    pairs = [
        (w_case * w_control, 1.0 if r > s else 0.5 if r == s else 0.0)
        for r, c, w_case in zip(risk, case, weight, strict=True)
        for s, d, w_control in zip(risk, case, weight, strict=True)
        if c and not d
    ]
    found = weighted_auc(risk, weight * case, weight * (1 - case))
    if not pairs:
        assert np.isnan(found)
    else:
        assert found == pytest.approx(sum(w * v for w, v in pairs) / sum(w for w, _ in pairs))
