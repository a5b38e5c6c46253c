"""Evolving biomarkers by dates: limits met in spite of binary arithmetic, windows with their far end, nothing invented."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import linregress

from myeloma.scores.evolving import PANGEA_RULES
from tests.myeloma.evolving_twin import hemoglobin_falling, pangea_flag, ravi_evolving_hemoglobin, ravi_evolving_m_protein

NAN = math.nan
MET = {"mspike_traj": (1.0, 2.0), "hgb_traj": (13.0, 10.0), "iuratio_traj": (10.0, 40.0), "creatinine_traj": (0.8, 1.6)}
each_flag = pytest.mark.parametrize("name", list(PANGEA_RULES))

# Limits and windows: Chabrun, Nature Medicine 2026 (authors' code); Ravi, Blood Cancer J 2016;6:e454.


@pytest.mark.parametrize("tenths", range(50))
def test_a_rise_of_0_2_is_met_from_every_one_decimal_value(tenths):
    earlier = tenths / 10
    assert pangea_flag("mspike_traj", [0, 180], [earlier, (tenths + 2) / 10]) == 1
    assert pangea_flag("mspike_traj", [0, 180], [earlier, (tenths + 1) / 10]) == 0
    assert pangea_flag("mspike_traj", [0, 180], [earlier, earlier + 0.199]) == 0


@pytest.mark.parametrize("tenths", range(70, 150))
def test_a_fall_of_1_5_is_met_from_every_one_decimal_value(tenths):
    assert pangea_flag("hgb_traj", [0, 180], [(tenths + 15) / 10, tenths / 10]) == 1
    assert pangea_flag("hgb_traj", [0, 180], [(tenths + 14) / 10, tenths / 10]) == 0


@pytest.mark.parametrize(
    ("name", "earlier", "current", "flag"),
    [
        ("iuratio_traj", 5.0, 25.0, 1),  # 20 units, not 20-fold
        ("iuratio_traj", 5.0, 24.9, 0),
        ("iuratio_traj", 0.5, 10.1, 0),  # more than 20-fold
        ("creatinine_traj", 0.8, 1.0, 1),  # a fraction of the earlier value
        ("creatinine_traj", 1.2, 1.5, 1),
        ("creatinine_traj", 0.4, 0.5, 1),
        ("creatinine_traj", 0.8, 0.99, 0),
        ("creatinine_traj", 2.0, 2.4, 0),
        ("hgb_traj", 10.0, 13.0, 0),  # a rise is no fall
        ("mspike_traj", 2.0, 1.0, 0),
    ],
)
def test_the_limit_of_each_flag(name, earlier, current, flag):
    assert pangea_flag(name, [0, 90], [earlier, current]) == flag


@pytest.mark.parametrize(("name", "days"), [("mspike_traj", 547), ("hgb_traj", 365), ("iuratio_traj", 730), ("creatinine_traj", 365)])
def test_the_far_end_of_the_window_counts_and_the_day_before_it_does_not(name, days):  # 18 / 12 / 24 / 12 months
    earlier, current = MET[name]
    assert pangea_flag(name, [0, days], [earlier, current]) == 1
    assert pangea_flag(name, [0, days + 1], [earlier, current]) == 0
    assert PANGEA_RULES[name].look_back_days == days + 1  # the same as (t - w, t] in whole days


@each_flag
def test_a_first_observation_is_0_and_an_unknown_current_value_is_unknown(name):
    earlier, current = MET[name]
    assert pangea_flag(name, [0], [current]) == 0
    assert pangea_flag(name, [0, 90], [NAN, current]) == 0
    assert math.isnan(pangea_flag(name, [0, 90], [earlier, NAN]))
    assert math.isnan(pangea_flag(name, [0], [NAN]))


@each_flag
def test_a_visit_without_the_value_is_skipped_but_its_time_passes(name):
    earlier, current = MET[name]
    window = PANGEA_RULES[name].look_back_days - 1
    assert pangea_flag(name, [0, 100, 200, window], [earlier, NAN, NAN, current]) == 1
    assert pangea_flag(name, [0, 100, 200, window + 1], [earlier, NAN, NAN, current]) == 0


@each_flag
def test_arrays_of_current_and_extreme_give_the_flags_one_by_one(name):
    earlier, current = MET[name]
    found = PANGEA_RULES[name].met([current, earlier, current, NAN, NAN], [earlier, earlier, NAN, earlier, NAN])
    np.testing.assert_array_equal(found, [1, 0, 0, NAN, NAN])


def test_a_flag_stays_while_the_value_falls_as_published():
    assert pangea_flag("mspike_traj", [0, 180, 360], [0.37, 1.93, 1.58]) == 1


def test_any_earlier_value_counts_not_only_the_latest():
    assert pangea_flag("hgb_traj", [0, 100, 200], [13.0, 11.6, 11.5]) == 1
    assert pangea_flag("hgb_traj", [0, 100, 200], [13.0, 11.6, 11.6]) == 0


@pytest.mark.parametrize(
    ("first", "day", "value", "evolved"),
    [
        (3.0, 182, 3.5, 1),  # early: within 6 months, from 3 g/dL, >= 10 %
        (3.0, 183, 3.5, 0),  # 16.7 % is too little later
        (2.9, 182, 3.5, 0),  # 20.7 %, but below 3 g/dL
        (5.0, 182, 5.5, 1),  # exactly 10 % and 0.5 g/dL
        (5.2, 182, 5.7, 0),  # 9.6 %
        (4.0, 182, 4.4, 0),  # 10 %, but less than 0.5 g/dL
        (2.0, 365, 2.5, 1),  # late: within 12 months, >= 25 %
        (2.1, 365, 2.6, 0),  # 23.8 %
        (2.4, 365, 3.0, 1),
        (1.0, 365, 1.4, 0),  # 40 %, but less than 0.5 g/dL
        (1.0, 365, 1.5, 1),
        (2.0, 366, 9.0, NAN),  # after the year: nothing is known
        (2.0, 0, 9.0, NAN),
        (2.0, 100, NAN, NAN),
        (NAN, 100, 2.0, NAN),
    ],
)
def test_ravi_evolving_m_protein(first, day, value, evolved):
    np.testing.assert_equal(ravi_evolving_m_protein(first, [day], [value]), float(evolved))


@pytest.mark.parametrize("tenths", range(80, 150))
def test_ravi_a_fall_of_hemoglobin_of_0_5_is_met_from_every_one_decimal_value(tenths):
    assert ravi_evolving_hemoglobin(tenths / 10, [365], [(tenths - 5) / 10]) == 1
    assert ravi_evolving_hemoglobin(tenths / 10, [365], [(tenths - 4) / 10]) == 0


@pytest.mark.parametrize(("first", "days", "values"), [(13.0, [366], [9.0]), (13.0, [], []), (NAN, [90], [9.0]), (13.0, [90], [NAN])])
def test_ravi_without_a_value_in_the_year_is_unknown(first, days, values):
    assert math.isnan(ravi_evolving_hemoglobin(first, days, values))


def test_ravi_any_value_of_the_year_decides():
    assert ravi_evolving_m_protein(2.0, [90, 180, 366], [2.5, 2.0, 2.0]) == 1
    assert ravi_evolving_m_protein(2.0, [90, 180, 366], [2.1, 2.0, 9.0]) == 0
    assert ravi_evolving_hemoglobin(13.0, [90, 180], [12.4, 13.5]) == 1


TENTHS = st.integers(60, 170).map(lambda tenths: tenths / 10)


@settings(max_examples=60)
@given(st.lists(st.tuples(st.integers(0, 4000), TENTHS), min_size=3, max_size=12, unique_by=lambda pair: pair[0]).map(sorted))
def test_hemoglobin_falling_is_a_line_that_falls_with_p_below_a_half(history):
    days, values = zip(*history, strict=True)
    line = linregress(days, values)
    assert hemoglobin_falling(days, values) == float(line.slope < 0 and line.pvalue < 0.5)


@pytest.mark.parametrize(
    ("days", "values", "falls"),
    [
        ([], [], 0),
        ([0, 90], [14.0, 9.0], 0),  # fewer than three values
        ([0, 90, 180], [14.0, NAN, 9.0], 0),
        ([0, 90, 180], [14.0, 12.0, 10.0], 1),  # a perfect line
        ([0, 90, 180], [10.0, 12.0, 14.0], 0),
        ([0, 90, 180], [13.1, 13.1, 13.1], 0),
        ([0, 90, 180, 270], [14.0, 13.0, NAN, 12.5], 1),
        ([90, 90, 90], [14.0, 13.0, 12.0], 0),  # one day: no line
    ],
)
def test_hemoglobin_falling_in_small_cases(days, values, falls):
    assert hemoglobin_falling(days, values) == falls
