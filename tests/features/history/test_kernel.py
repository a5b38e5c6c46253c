"""The kernel against a slow twin written from the definitions, then its boundaries by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import FeatureSpec, build_features
from features.history.windows import window_days
from tests.features.history.twin import EVERY, agree, twin

BIOMARKERS = ("m_protein", "bmpc", "creatinine")
SPEC = FeatureSpec(BIOMARKERS, ("365d", "30d", "ever"), EVERY, ())
INDEX_DATE = pd.Timestamp("2015-01-01")
DAYS = st.integers(0, 12) | st.integers(0, 900)  # few days make ties, many make long series
RESULT = st.tuples(
    st.sampled_from(["P1", "P2"]), st.sampled_from(BIOMARKERS), DAYS, st.integers(0, 60), st.integers(1, 80).map(lambda v: v / 8)
)


def rows_of(results):
    """Return rows of patient, biomarker, day collected, day available, value."""
    return [(who, what, day, day + delay, value) for who, what, day, delay, value in results]


def expected_of(rows, landmarks, spec=SPEC):
    """Return what the twin makes of rows of patient, biomarker, day collected, day available, value."""
    table = []
    for who, day in landmarks:
        parts = {}
        for b in spec.biomarkers:
            results = [(c, a, v) for p, name, c, a, v in rows if (p, name) == (who, b)]
            for w in spec.look_backs:
                found = twin(results, b, day, window_days(w))
                parts |= {f"{b}__{name}__{w}": found[name] for name in spec.statistics}
        table.append(parts)
    return pd.DataFrame(table, columns=spec.columns(), dtype=float)


def features(cohort, landmarks, spec=SPEC):
    """Return the features of (patient, day) pairs."""
    who, days = zip(*landmarks, strict=True)
    frame = pd.DataFrame({"patient_id": who, "landmark": INDEX_DATE + pd.to_timedelta(pd.Series(days), unit="D")})
    return build_features(cohort, frame, spec)


@settings(max_examples=60)
@given(results=st.lists(RESULT, max_size=30), landmarks=st.lists(st.tuples(st.sampled_from(["P1", "P2"]), DAYS), min_size=1, max_size=5))
def test_every_statistic_is_that_of_the_slow_twin(cohort_of_days, results, landmarks):
    rows = rows_of(results)
    agree(features(cohort_of_days(rows), landmarks), expected_of(rows, landmarks))


def summary(cohort_of_days, *results, landmark=100, window="30d"):
    """Return the statistics of M-protein results (day collected, day available, value), one patient, one landmark."""
    cohort = cohort_of_days([("P1", "m_protein", *result) for result in results])
    row = features(cohort, [("P1", landmark)], FeatureSpec(("m_protein",), (window,), EVERY, ())).iloc[0]
    return {name: row[f"m_protein__{name}__{window}"] for name in EVERY}


@pytest.mark.parametrize(
    ("collected", "available", "seen"),
    [
        (100, 100, 1),  # at the landmark is history
        (100, 101, 0),  # collected in time, known too late
        (101, 101, 0),
        (71, 71, 1),
        (70, 70, 0),  # exactly a window ago is out
        (60, 71, 1),  # it is the availability that counts
    ],
)
def test_a_window_is_open_at_its_start_and_closed_at_the_landmark_by_availability(cohort_of_days, collected, available, seen):
    got = summary(cohort_of_days, (collected, available, 1.5))
    assert got["count"] == seen
    assert np.isnan(got["last"]) == (not seen)


def test_the_age_of_a_value_counts_from_its_collection(cohort_of_days):
    assert summary(cohort_of_days, (60, 75, 1.5))["age_days"] == 40


def test_nothing_seen_is_a_count_of_zero_and_unknown_else(cohort_of_days):
    got = summary(cohort_of_days)
    assert got.pop("count") == 0
    assert np.isnan(list(got.values())).all()


def test_one_value_has_a_level_and_no_change(cohort_of_days):
    got = summary(cohort_of_days, (90, 90, 1.5))
    known = {name: value for name, value in got.items() if not np.isnan(value)}
    level = {"last": 1.5, "mean": 1.5, "min": 1.5, "max": 1.5, "count": 1, "age_days": 10, "days_since_min": 10, "days_since_max": 10}
    assert known == level | {"days_above_2": 0, "days_above_5.5": 0, "evolving": 0}  # alone, PANGEA's flag is 0, as published


@pytest.mark.parametrize(("landmark", "last"), [(89, np.nan), (90, 1.0), (94, 1.0), (95, 3.0), (97, 2.0)])
def test_a_correction_takes_the_place_of_the_earlier_value_from_the_day_it_is_known(cohort_of_days, landmark, last):
    got = summary(cohort_of_days, (90, 90, 1.0), (90, 95, 3.0), (90, 97, 2.0), landmark=landmark)
    assert got["last"] == pytest.approx(last, nan_ok=True)
    assert got["count"] == (landmark >= 90)
    assert np.isnan(got["slope"]), "one day has no slope"


def test_a_corrected_value_is_gone_from_every_statistic(cohort_of_days):
    got = summary(cohort_of_days, (80, 80, 9.0), (80, 92, 1.0), (90, 90, 2.0))
    assert (got["max"], got["min"], got["count"], got["delta_first"], got["days_above_5.5"]) == (2.0, 1.0, 2, 1.0, 0)


def test_a_window_that_holds_the_correction_only_does_not_bring_the_earlier_value_back(cohort_of_days):
    assert summary(cohort_of_days, (60, 60, 9.0), (60, 90, 1.0))["max"] == 1.0


def test_of_values_of_one_day_known_at_once_the_largest_counts(cohort_of_days):
    assert summary(cohort_of_days, (90, 90, 1.0), (90, 90, 3.0), (90, 90, 2.0))["last"] == 3.0


def test_a_straight_line_has_its_slope_per_year(cohort_of_days):
    got = summary(cohort_of_days, (0, 0, 1.0), (100, 100, 2.0), (200, 200, 3.0), landmark=300, window="ever")
    assert got["slope"] == pytest.approx(3.6525)
    assert (got["delta_first"], got["delta_previous"], got["sd"]) == (2.0, 1.0, pytest.approx(1.0))


def test_a_trend_is_trusted_the_more_the_longer_the_values_span(cohort_of_days):
    year, month = ((0, 0, 1.9), (365, 365, 2.1)), ((0, 0, 1.9), (30, 30, 2.1))
    slow, fast = (summary(cohort_of_days, *two, landmark=400, window="ever") for two in (year, month))
    assert slow["trend_pct"] == pytest.approx(100 * 0.2 / 3 / 2, rel=2e-3)  # half a year to either side: 1/2 of 3/2; the mean is 2
    assert 0 < fast["trend_pct"] < 1, "the slope is 2.4 a year, and says next to nothing"
    assert np.isnan(summary(cohort_of_days, (0, 0, 1.9), landmark=400, window="ever")["trend_pct"])
    assert np.isnan(summary(cohort_of_days, (0, 0, 0.0), (365, 365, 0.0), landmark=400, window="ever")["trend_pct"])


def test_the_error_of_a_slope_needs_three_values(cohort_of_days):
    three = [(0, 0, 1.0), (100, 100, 2.0), (200, 200, 2.0)]
    assert np.isnan(summary(cohort_of_days, *three[:2], landmark=300, window="ever")["slope_se"])
    got = summary(cohort_of_days, *three, landmark=300, window="ever")
    assert got["slope"] == pytest.approx(1.82625)
    assert got["slope_se"] == pytest.approx(1.054386)  # sqrt(1/6 / 2e4) a day, in years


def test_a_result_that_arrives_late_is_not_the_latest(cohort_of_days):
    got = summary(cohort_of_days, (80, 99, 1.0), (90, 91, 2.0))
    assert (got["last"], got["delta_first"]) == (2.0, 1.0)


def test_the_value_months_ago_is_the_latest_collected_by_then(cohort_of_days):
    series = [(0, 0, 1.0), (35, 35, 2.0), (70, 70, 5.0), (399, 399, 4.0)]
    got = summary(cohort_of_days, *series, landmark=400, window="ever")
    assert (got["delta_12m"], got["pct_12m"]) == (2.0, 100.0)  # 400 - 365 = day 35
    assert summary(cohort_of_days, *series, landmark=399, window="ever")["delta_12m"] == 3.0
    assert np.isnan(summary(cohort_of_days, *series, landmark=400)["delta_12m"]), "the window does not reach so far"
    assert np.isnan(summary(cohort_of_days, *series, landmark=800, window="ever")["delta_12m"]), "no newer value to compare with"


def test_days_above_carry_each_value_on_and_leave_out_what_lies_before_the_window(cohort_of_days):
    series = [(50, 75, 3.0), (80, 80, 2.0), (90, 90, 2.5), (95, 99, 1.0)]
    got = summary(cohort_of_days, *series)
    assert got["days_above_2"] == (80 - 70) + (95 - 90)  # from the start of the window; 2 itself is not above 2
    assert summary(cohort_of_days, *series, landmark=98)["days_above_2"] == (80 - 68) + (98 - 90)


def test_of_equal_extremes_the_later_tells_the_time(cohort_of_days):
    got = summary(cohort_of_days, (75, 75, 1.0), (80, 80, 3.0), (85, 85, 1.0), (90, 90, 3.0), (95, 95, 2.0))
    assert (got["days_since_min"], got["days_since_max"]) == (15, 10)


@pytest.mark.parametrize(
    ("values", "previous", "least"),
    [((1.0, 1.25), 0, 0), ((1.0, 1.26), 1, 1), ((1.0, 0.81), 0, 0), ((1.0, 0.79), 1, 0), ((1.0, 1.15, 1.3), 0, 1)],
)
def test_a_change_beyond_the_reference_change_value_is_flagged(cohort_of_days, values, previous, least):
    got = summary(cohort_of_days, *((75 + 5 * k, 75 + 5 * k, value) for k, value in enumerate(values)))
    assert (got["exceeds_previous"], got["exceeds_min"]) == (previous, least)  # +25.1 or -20.1 % for M-protein


def test_a_change_from_zero_has_no_percentage_and_no_flag(cohort_of_days):
    got = summary(cohort_of_days, (80, 80, 0.0), (90, 90, 1.0))
    assert got["delta_previous"] == 1.0
    assert np.isnan([got[name] for name in ("pct_previous", "pct_min", "exceeds_previous", "exceeds_min")]).all()


def test_flags_without_a_sourced_variation_or_rule_are_unknown(cohort_of_days):
    cohort = cohort_of_days([("P1", "bmpc", day, day, float(day)) for day in (10, 50)])
    got = features(cohort, [("P1", 100)], FeatureSpec(("bmpc",), ("ever",), ("exceeds_previous", "exceeds_min", "evolving", "last"), ()))
    assert got.iloc[0].isna().tolist() == [True, True, True, False]


def test_a_rise_of_exactly_the_published_limit_is_evolving(cohort_of_days):
    assert summary(cohort_of_days, (80, 80, 1.8), (90, 90, 2.0))["evolving"] == 1
    assert summary(cohort_of_days, (60, 60, 1.8), (90, 90, 2.0))["evolving"] == 0, "the look-back does not reach so far"
    rose = [(0, 0, 1.0), (600, 600, 2.0)]
    assert summary(cohort_of_days, *rose, landmark=600, window="ever")["evolving"] == 0, "PANGEA looks back a year and a half"
