"""The charts: what a month adds, when they alarm, and that they alarm as often as they say while nothing is wrong."""

import time

import numpy as np
import pytest

from training.monitor.cusum import LEAST_EXPECTED, chart, limits_of, steps, sums

GROWING = np.linspace(0.05, 6.0, 60)  # events expected a month at a site that begins with few people


def counted(expected, rate=1.0, streams=4000, seed=99):
    return np.random.default_rng(seed).poisson(rate * expected[:, None], (len(expected), streams)).astype(float)


def first_alarm(alarms):
    return np.where(alarms.any(axis=0), alarms.argmax(axis=0) + 1.0, np.inf)


def test_a_month_adds_the_log_likelihood_ratio_of_its_count():
    from scipy.stats import poisson

    added = steps(np.array([3.0]), np.array([2.0]), 1.5)
    assert added == pytest.approx(poisson.logpmf(3, 1.5 * 2.0) - poisson.logpmf(3, 2.0))


def test_the_sum_never_falls_below_nothing_alarms_at_the_limit_of_its_month_and_begins_again():
    values, alarms = sums(np.array([-1.0, 0.75, 0.5, 0.75, 0.5]), np.array([1.0, 1.0, 1.25, 1.0, 1.25]))
    assert values.tolist() == [0.0, 0.75, 1.25, 0.75, 1.25]
    assert alarms.tolist() == [False, False, True, False, True]


@pytest.mark.parametrize("factor", [1.5, 1 / 1.5])
@pytest.mark.parametrize("expected", [np.full(60, 0.6), GROWING, GROWING[::-1], np.full(60, 12.0)])
def test_right_risks_alarm_in_each_year_as_seldom_as_is_promised_on_other_random_numbers(expected, factor):
    limits, said = limits_of(expected, factor, 0.1)
    by_year = sums(steps(counted(expected), expected[:, None], factor), limits)[1].reshape(5, 12, -1).sum(axis=1).mean(axis=1)
    kept = by_year[1:] if expected[:12].sum() < 2 * LEAST_EXPECTED else by_year  # until then nothing, or what was kept for it
    assert by_year.mean() == pytest.approx(said, abs=0.006) and said <= 0.1
    assert (kept < 0.1 + 0.02).all() and (kept > 0.1 - 0.03).all()  # 400 alarms a year; few events leave a part of a year


def test_what_no_alarm_took_is_kept_for_a_year_and_no_longer():
    expected = np.full(120, 0.05)  # five events after a hundred months
    limits, said = limits_of(expected, 1.5, 0.1)
    alarms = sums(steps(counted(expected), expected[:, None], 1.5), limits)[1].mean(axis=1)
    assert np.isinf(limits[:98]).all() and np.isfinite(limits[100:]).all()
    assert alarms.sum() < 0.1 + 20 * 0.1 / 12 + 0.01 and said < 0.04


def test_a_growing_site_finds_a_wrong_rate_sooner_than_with_one_limit_for_all_months():
    limits, said = limits_of(GROWING, 1.5, 0.1)
    right, wrong = (steps(counted(GROWING, rate), GROWING[:, None], 1.5) for rate in (1.0, 1.5))
    of_all = next(one for one in np.arange(1.0, 6.0, 0.05) if sums(right, np.full(60, one))[1].mean() * 12 <= said)
    ours, other = (np.median(first_alarm(sums(wrong, each)[1])) for each in (limits, np.full(60, of_all)))
    assert ours <= other - 2


def test_there_is_no_alarm_before_five_events_are_expected_nor_before_as_many_are_observed_as_are_asked_for():
    expected, observed = np.full(12, 1.0), np.full(12, 3.0)
    free, held = chart(observed, expected, 1.5, 0.1), chart(observed, expected, 1.5, 0.1, least=30)
    assert free.alarms.argmax() + 1 == LEAST_EXPECTED
    assert held.alarms.argmax() + 1 == 10
    assert (free.limits[4:9] >= held.limits[4:9]).all()  # false alarms that it could not give are left to later months


def test_a_true_wrong_rate_is_found_in_about_the_months_that_the_chart_says():
    expected = np.full(60, 2.0)
    said = chart(expected, expected, 1.5, 0.1)
    alarms = sums(steps(counted(expected, 1.5), expected[:, None], 1.5), said.limits)[1]
    assert np.median(first_alarm(alarms)) == pytest.approx(said.months_to_find, abs=1)
    assert said.months_to_find < chart(expected / 4, expected / 4, 1.5, 0.1).months_to_find  # fewer people, later


def test_more_false_alarms_accepted_find_sooner():
    expected = np.full(36, 1.0)
    rare, often = (chart(expected, expected, 1.5, a_year) for a_year in (0.05, 0.5))
    assert (rare.limits[4:] > often.limits[4:]).all() and rare.months_to_find > often.months_to_find


def test_the_same_counts_give_the_same_chart_in_well_under_two_seconds():
    expected = np.full(36, 1.3)
    began = time.process_time()
    one = chart(np.ones(36), expected, 1.5, 0.1)
    assert time.process_time() - began < 2.0
    assert (one.limits == chart(np.ones(36), expected, 1.5, 0.1).limits).all()
