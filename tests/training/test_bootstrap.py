"""Intervals come from drawing patients, and a score that cannot be computed is counted, not guessed."""

import numpy as np
import pandas as pd
import pytest

from training.metrics import evaluate_risks
from training.metrics.bootstrap import patient_draws


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    n = 200
    return pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{i}" for i in range(n // 2)], 2),
            "event": rng.choice(["none", "progression", "death"], n),
            "time_to_event": rng.integers(30, 3000, n).astype(float),
        }
    )


def test_with_a_patient_come_all_of_their_rows(rows):
    for count in patient_draws(rows["patient_id"], draws=5, seed=1):
        assert (count[0::2] == count[1::2]).all()
        assert count.sum() == len(rows)


def test_every_measure_has_its_interval_around_it(rows):
    risks = np.random.default_rng(0).random((len(rows), 2))
    metrics = evaluate_risks(rows, risks, (12, 24), draws=40, seed=1)
    for name in ("auc_12m", "brier_24m", "oe_ratio_24m"):
        assert metrics[f"{name}_lo"] <= metrics[name] <= metrics[f"{name}_hi"]
        assert metrics[f"{name}_lo"] < metrics[f"{name}_hi"]


def test_the_same_seed_gives_the_same_figures(rows):
    risks = np.random.default_rng(0).random((len(rows), 1))
    assert evaluate_risks(rows, risks, (24,), 20, seed=5) == evaluate_risks(rows, risks, (24,), 20, seed=5)


def test_rows_without_a_risk_are_left_out_and_their_share_is_said(rows):
    risks = np.full((len(rows), 1), 0.3)
    risks[:50] = np.nan
    metrics = evaluate_risks(rows, risks, (24,), 5, seed=1)
    assert metrics["share_computable_24m"] == 0.75
    assert metrics["rows_24m"] == 150


def test_a_horizon_without_any_risk_has_no_figures(rows):
    metrics = evaluate_risks(rows, np.full((len(rows), 1), np.nan), (12,), 5, seed=1)
    assert metrics == {"share_computable_12m": 0.0}
