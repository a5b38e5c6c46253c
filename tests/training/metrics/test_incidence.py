"""Cumulative incidence against R's `survival` on mgus2 (its vignette, and survfit on the same coding)."""

import numpy as np
import pytest

from myeloma.calendar import horizon_days
from training.metrics import aalen_johansen
from training.rows.censoring import COMPETING, EVENT, NONE, FollowUp

YEARS = (5, 10, 20)


@pytest.fixture
def mgus_follow_up(mgus_table):
    return FollowUp.of(mgus_table.rows)


def days(years):
    return [float(horizon_days(12 * year)) for year in years]


def test_people_of_mgus2_by_first_event(mgus_follow_up):
    assert np.bincount(mgus_follow_up.event).tolist() == [409, 115, 860]


def test_progression_of_mgus2_agrees_with_r(mgus_follow_up):
    # R survival 3.5-3, survfit(Surv(time, factor(event)) ~ 1): 3.41, 6.37, 9.98 %
    assert 100 * aalen_johansen(mgus_follow_up, days(YEARS)) == pytest.approx([3.41, 6.37, 9.98], abs=0.005)


def test_death_first_of_mgus2_agrees_with_r(mgus_follow_up):
    assert 100 * aalen_johansen(mgus_follow_up, days(YEARS), cause="competing") == pytest.approx([32.0, 53.2, 72.4], abs=0.05)


def test_calling_the_dead_censored_doubles_the_risk(mgus_follow_up):
    # 1 - Kaplan-Meier with deaths censored: 21.0 % at 20 years, the wrong answer for an absolute risk.
    event = np.where(mgus_follow_up.event == COMPETING, NONE, mgus_follow_up.event)
    wrong = FollowUp.from_arrays(mgus_follow_up.time, event)
    assert 100 * aalen_johansen(wrong, days([20]))[0] == pytest.approx(21.0, abs=0.05)


def test_three_people_by_hand():
    # At 1 one of three progresses (1/3); at 2 one of two dies (survival 1/3); at 3 the last progresses (1/3 more).
    three = FollowUp.from_arrays(np.array([1.0, 2.0, 3.0]), np.array([EVENT, COMPETING, EVENT]))
    assert aalen_johansen(three, [0.5, 1.0, 2.5, 3.0]) == pytest.approx([0, 1 / 3, 1 / 3, 2 / 3])


def test_before_the_first_event_there_is_no_risk_and_after_the_last_it_stays():
    one = FollowUp.from_arrays(np.array([10.0]), np.array([EVENT]))
    assert aalen_johansen(one, [9.0, 1000.0]).tolist() == [0.0, 1.0]


@pytest.mark.parametrize("ratio", [0.49, 1.0, 1.5])
@pytest.mark.parametrize("tied", [True, False])
def test_where_all_progress_a_treatment_leaves_a_probability(ratio, tied):
    time = np.full(12, 5.0) if tied else np.arange(1.0, 13.0)
    follow_up = FollowUp.from_arrays(time, np.ones(12, dtype=np.int64))
    assert aalen_johansen(follow_up, [20.0], hazard_ratio=ratio)[0] == pytest.approx(1.0)


def test_a_hazard_ratio_is_the_power_of_survival_where_nobody_dies():
    rng = np.random.default_rng(1)
    follow_up = FollowUp.from_arrays(rng.exponential(10, 200), (rng.random(200) < 0.7).astype(np.int64))
    without, treated = (aalen_johansen(follow_up, [3.0, 9.0], hazard_ratio=ratio) for ratio in (1.0, 0.49))
    np.testing.assert_allclose(treated, 1 - (1 - without) ** 0.49, rtol=1e-12)
