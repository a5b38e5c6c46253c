"""Intervals come from drawing patients; what cannot be computed is counted, and what says nothing is refused with a reason."""

import numpy as np
import pandas as pd
import pytest

from tests.training.rows.censoring_twin import ipcw_weights
from training.metrics import Draws, Sample, all_measures, horizon_metrics, judged_at, main_measures, named
from training.metrics.figures import figures, interval, refusal
from training.metrics.sample import yearly_share
from training.rows.censoring import FollowUp


def evaluate_risks(rows, risks, horizons, draws, seed):
    drawn = Draws.of(rows["patient_id"], draws, seed)
    return named(figures(rows, {"": risks}, horizons, drawn, lambda sample, risk: all_measures(sample, risk, (0.10, 0.40, 0.50))))


@pytest.fixture
def rows():
    rng = np.random.default_rng(3)
    n = 800
    return pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{i}" for i in range(n // 2)], 2),
            "event": rng.choice(["none", "event", "competing"], n),
            "time_to_event": rng.integers(30, 2000, n).astype(float),
        }
    )


def test_with_a_patient_come_all_of_their_rows(rows):
    drawn = Draws.of(rows["patient_id"], draws=5, seed=1).rows(rows["patient_id"])
    assert (drawn[0] == 1).all()
    assert (drawn[:, 0::2] == drawn[:, 1::2]).all()
    assert (drawn.sum(axis=1) == len(rows)).all()


def test_a_part_of_the_rows_gets_the_same_draws_as_the_whole(rows):
    draws = Draws.of(rows["patient_id"], draws=5, seed=1)
    part = rows.iloc[100:150]
    assert (draws.rows(part["patient_id"]) == draws.rows(rows["patient_id"])[:, 100:150]).all()


def test_the_figures_of_a_draw_are_those_of_the_people_drawn(rows):
    draws = Draws.of(rows["patient_id"], draws=4, seed=1)
    risk, follow_up = np.random.default_rng(0).random(len(rows)).round(2), FollowUp.of(rows)
    counts = draws.rows(rows["patient_id"])
    found = main_measures(Sample.of(follow_up, 700.0, counts), risk)
    for draw in range(5):
        repeated = np.repeat(np.arange(len(rows)), counts[draw].astype(int))
        alone = horizon_metrics(FollowUp.of(rows.iloc[repeated]), risk[repeated], 700.0)
        assert {name: values[draw] for (name, _), values in found.items()} == pytest.approx(alone)
        assert Sample.of(follow_up, 700.0, counts).known[draw] == pytest.approx(counts[draw] * ipcw_weights(follow_up, 700.0, counts[draw]))


def test_every_measure_has_its_interval_around_it(rows):
    risks = np.random.default_rng(0).random((len(rows), 2))
    metrics = evaluate_risks(rows, risks, (12, 24), draws=40, seed=1)
    for name in ("auc_12m", "brier_24m", "oe_ratio_24m", "c_index_24m", "calibration_slope_24m", "net_benefit_24m_at_0.10"):
        assert metrics[f"{name}_lo"] <= metrics[name] <= metrics[f"{name}_hi"]
        assert metrics[f"{name}_lo"] < metrics[f"{name}_hi"]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("n", [300, 1500])
def test_the_bound_of_a_perfect_models_distance_begins_at_0_and_holds_the_estimate(n, seed):
    rng = np.random.default_rng(seed)
    risk = 1 / (1 + np.exp(-rng.normal(-1.5, 1, n)))
    event = rng.random(n) < risk
    rows = pd.DataFrame({"patient_id": np.arange(n).astype(str), "event": np.where(event, "event", "none")})
    rows["time_to_event"] = np.where(event, 300.0, 2000.0)
    metrics = evaluate_risks(rows, risk[:, None], (24,), draws=50, seed=1)
    assert metrics["ici_24m_lo"] == 0.0 < metrics["ici_24m"] < metrics["ici_24m_hi"]


def test_the_same_seed_gives_the_same_figures(rows):
    risks = np.random.default_rng(0).random((len(rows), 1))
    assert evaluate_risks(rows, risks, (24,), 20, seed=5) == evaluate_risks(rows, risks, (24,), 20, seed=5)


def test_rows_without_a_risk_are_left_out_and_their_share_is_said(rows):
    risks = np.full((len(rows), 1), 0.3)
    risks[:200] = np.nan
    metrics = evaluate_risks(rows, risks, (24,), 5, seed=1)
    assert metrics["share_computable_24m"] == 0.75
    assert metrics["rows_24m"] == 600


def test_a_horizon_without_any_risk_has_no_figures(rows):
    metrics = evaluate_risks(rows, np.full((len(rows), 1), np.nan), (12,), 5, seed=1)
    assert metrics == {"share_computable_12m": 0.0}


def test_few_events_one_class_and_a_horizon_beyond_follow_up_are_refused_with_the_reason_and_what_to_do(rows):
    assert refusal(rows, 24) == ""
    assert "fewer than 10 people here progress within 24 months, at least 20 are needed" in refusal(rows.iloc[:40], 24)
    nobody = rows.assign(event="none")
    assert "only 0 people here progress" in refusal(nobody, 24)
    everybody = rows.assign(event="event", time_to_event=30.0)
    assert "only 0 people here are known to be free of progression" in refusal(everybody, 24)
    assert "nobody here is followed for 120 months" in refusal(rows, 120)
    assert "no row has its inputs" in refusal(rows.iloc[:0], 24)


@pytest.mark.parametrize("event", ["none", "competing"])
def test_without_a_progression_there_are_counts_and_no_measures(rows, event):
    metrics = evaluate_risks(rows.assign(event=event), np.full((len(rows), 1), 0.2), (24,), 5, seed=1)
    assert metrics["events_24m"] == 0
    assert "auc_24m" not in metrics
    assert "oe_ratio_24m" not in metrics


def test_a_visit_counts_for_the_time_since_the_one_before_at_most_a_year_whatever_comes_later():
    days = ["2020-01-01", "2020-06-01", "2020-12-31", "2024-01-02", "2020-06-01"]
    visits = pd.DataFrame({"patient_id": ["a", "a", "a", "a", "b"], "landmark": pd.to_datetime(days)}, index=[3, 1, 4, 1, 5])
    expected = [1, 152 / 365.25, 213 / 365.25, 1, 1]
    assert yearly_share(visits) == pytest.approx(expected)
    assert yearly_share(visits.iloc[::-1]) == pytest.approx(expected[::-1])
    assert yearly_share(visits.iloc[:2]) == pytest.approx(expected[:2])


def test_true_risks_stay_right_in_the_large_when_each_person_counts_once_a_year():
    rng = np.random.default_rng(1)
    rate = 0.25  # a year; everybody comes twice a year until they progress, at most ten years
    until = rng.exponential(1 / rate, 4000)
    visits = np.minimum(until / 0.5, 20).astype(int) + 1
    person, visit = np.repeat(np.arange(4000), visits), np.concatenate([np.arange(n) for n in visits])
    rows = pd.DataFrame(
        {
            "patient_id": person.astype(str),
            "landmark": pd.Timestamp("2000-01-01") + pd.to_timedelta(np.round(visit * 182.625), unit="D"),
            "event": "event",
            "time_to_event": np.maximum((until[person] - visit / 2) * 365.25, 0.5),
        }
    )
    judged = judged_at(rows, 24, Draws.of(rows["patient_id"], 1, 1), yearly_share(rows))
    found = main_measures(judged.sample, np.full(len(rows), 1 - np.exp(-2 * rate)))
    assert found[("oe_ratio", None)][0] == pytest.approx(1.0, abs=0.04)


@pytest.mark.parametrize(
    ("values", "measure", "found"),
    [
        ([1.3, 1.2, 1.4], "", (1.3, 1.205, 1.395)),
        ([1.3, 1.2], "", (1.3, np.nan, np.nan)),
        ([1.3, 1.2, np.nan], "", (1.3, np.nan, np.nan)),
        ([1.393, 1.31, 1.32], "", (1.393, np.nan, np.nan)),
        ([0.05, 0.04, 0.06], "ici", (0.05, 0.0, 0.0595)),
        ([0.05, 0.04, 0.045], "ici", (0.05, np.nan, np.nan)),
    ],
)
def test_an_interval_comes_of_two_draws_or_more_and_holds_its_estimate_or_is_none(values, measure, found):
    assert interval(np.array(values), measure) == pytest.approx(found, nan_ok=True)
