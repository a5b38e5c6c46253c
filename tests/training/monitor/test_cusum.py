"""The charts: what a month adds, when they alarm, and that they alarm as often as they say while nothing is wrong."""

import time

import numpy as np
import pytest

from training.monitor.cusum import chart, limit_of, steps, sums


def test_a_month_adds_the_log_likelihood_ratio_of_its_count():
    from scipy.stats import poisson

    added = steps(np.array([3.0]), np.array([2.0]), 1.5)
    assert added == pytest.approx(poisson.logpmf(3, 1.5 * 2.0) - poisson.logpmf(3, 2.0))


def test_the_sum_never_falls_below_nothing_alarms_at_the_limit_and_begins_again():
    values, alarms = sums(np.array([-1.0, 0.75, 0.5, 0.75, 0.5]), limit=1.25)
    assert values.tolist() == [0.0, 0.75, 1.25, 0.75, 1.25]
    assert alarms.tolist() == [False, False, True, False, True]


@pytest.mark.parametrize("factor", [1.5, 1 / 1.5])
@pytest.mark.parametrize("expected", [np.full(36, 0.6), np.linspace(0.5, 6.0, 36)])
def test_right_risks_alarm_as_seldom_as_the_limit_promises_on_other_random_numbers(expected, factor):
    limit, said = limit_of(expected, factor, 0.1)
    months = np.resize(expected, 360)[:, None]
    counts = np.random.default_rng(99).poisson(months, (360, 1000)).astype(float)
    false_alarms = sums(steps(counts, months, factor), limit)[1].mean() * 12
    assert 0.08 <= said <= 0.1
    assert false_alarms == pytest.approx(said, rel=0.06)  # 3,000 alarms


def test_a_true_wrong_rate_is_found_in_about_the_months_that_the_chart_says():
    expected = np.full(60, 2.0)
    said = chart(expected, expected, 1.5, 0.1)
    counts = np.random.default_rng(98).poisson(1.5 * expected[:, None], (60, 500)).astype(float)
    alarms = sums(steps(counts, expected[:, None], 1.5), said.limit)[1]
    assert np.median(alarms.argmax(axis=0) + 1) == pytest.approx(said.months_to_find, abs=1)
    assert said.months_to_find < chart(expected / 4, expected / 4, 1.5, 0.1).months_to_find  # fewer people, later


def test_more_false_alarms_accepted_find_sooner():
    expected = np.full(36, 1.0)
    rare, often = (chart(expected, expected, 1.5, a_year) for a_year in (0.05, 0.5))
    assert (rare.limit > often.limit, rare.months_to_find > often.months_to_find) == (True, True)


def test_the_same_counts_give_the_same_chart_in_well_under_two_seconds():
    expected = np.full(36, 1.3)
    began = time.process_time()
    one = chart(np.ones(36), expected, 1.5, 0.1)
    assert time.process_time() - began < 2.0
    assert one.limit == chart(np.ones(36), expected, 1.5, 0.1).limit
