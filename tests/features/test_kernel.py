"""The kernel against a slow twin in pandas, then its boundaries by hand."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import FeatureSpec, build_features
from features.columns import STATISTICS, window_days
from features.kernel import ORDER

BIOMARKERS = ("m_protein", "bmpc", "creatinine")
SPEC = FeatureSpec(BIOMARKERS, ("30d", "365d", "ever"), tuple(STATISTICS), ())
INDEX_DATE = pd.Timestamp("2015-01-01")
DAYS = st.integers(0, 12) | st.integers(0, 900)  # few days make ties, many make long series
RESULT = st.tuples(
    st.sampled_from(["P1", "P2"]), st.sampled_from(BIOMARKERS), DAYS, st.integers(0, 60), st.integers(1, 80).map(lambda v: v / 8)
)


def rows_of(results):
    """Return rows of patient, biomarker, day collected, day available, value."""
    return [(who, what, day, day + delay, value) for who, what, day, delay, value in results]


def twin(rows, who, biomarker, landmark, window):
    """Return the statistics of one series from one landmark, written from the definitions."""
    seen = sorted((c, a, v) for p, b, c, a, v in rows if (p, b) == (who, biomarker) and landmark - window < a <= landmark)
    values = pd.Series([v for _, _, v in seen], dtype=float)
    years = pd.Series([c for c, _, _ in seen], dtype=float) / 365.25
    out = dict.fromkeys(STATISTICS, np.nan) | {"count": float(len(seen))}
    if len(seen) >= 1:
        out |= {
            "last": values.iloc[-1],
            "age_days": landmark - seen[-1][0],
            "mean": values.mean(),
            "min": values.min(),
            "max": values.max(),
        }
    if len(seen) >= 2:
        out |= {"sd": values.std(), "delta_first": values.iloc[-1] - values.iloc[0], "delta_previous": values.iloc[-1] - values.iloc[-2]}
    if years.nunique() >= 2:
        x = years - years.mean()
        out["slope"], level = np.polyfit(x, values, 1)
        if len(seen) >= 3:  # the textbook standard error, from the residuals
            residuals = values - level - out["slope"] * x
            out["slope_se"] = np.sqrt((residuals**2).sum() / (len(seen) - 2) / (x**2).sum())
    return [out[name] for name in STATISTICS]


def features(cohort, landmarks, spec=SPEC):
    """Return the features of (patient, day) pairs."""
    who, days = zip(*landmarks, strict=True)
    frame = pd.DataFrame({"patient_id": who, "landmark": INDEX_DATE + pd.to_timedelta(pd.Series(days), unit="D")})
    return build_features(cohort, frame, spec)


def test_the_kernel_writes_the_statistics_of_the_grammar():
    assert set(ORDER) == set(STATISTICS)


@settings(max_examples=50, deadline=None)
@given(results=st.lists(RESULT, max_size=30), landmarks=st.lists(st.tuples(st.sampled_from(["P1", "P2"]), DAYS), min_size=1, max_size=5))
def test_every_statistic_is_that_of_the_slow_twin(cohort_of_days, results, landmarks):
    rows = rows_of(results)
    got = features(cohort_of_days(rows), landmarks)
    expected = [[x for b in BIOMARKERS for w in SPEC.look_backs for x in twin(rows, who, b, day, window_days(w))] for who, day in landmarks]
    expected = pd.DataFrame(expected, columns=got.columns, dtype=float)
    errors = got.columns.str.contains("__slope_se__")  # on a perfect line it is the root of what rounding leaves
    np.testing.assert_allclose(got.loc[:, ~errors], expected.loc[:, ~errors], rtol=1e-7, atol=1e-7)
    np.testing.assert_allclose(got.loc[:, errors], expected.loc[:, errors], rtol=1e-5, atol=2e-3)


def summary(cohort_of_days, *results, landmark=100, window="30d"):
    """Return the statistics of M-protein results (day collected, day available, value), one patient, one landmark."""
    cohort = cohort_of_days([("P1", "m_protein", *result) for result in results])
    row = features(cohort, [("P1", landmark)], FeatureSpec(("m_protein",), (window,), tuple(STATISTICS), ())).iloc[0]
    return {name: row[f"m_protein__{name}__{window}"] for name in STATISTICS}


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
    assert {name for name, value in got.items() if not np.isnan(value)} == {"last", "mean", "min", "max", "count", "age_days"}
    assert (got["last"], got["mean"], got["min"], got["max"], got["count"], got["age_days"]) == (1.5, 1.5, 1.5, 1.5, 1, 10)


def test_values_of_one_day_have_no_slope(cohort_of_days):
    got = summary(cohort_of_days, (90, 90, 1.0), (90, 90, 3.0), (90, 92, 2.0))
    assert np.isnan(got["slope"])
    assert got["last"] == 2.0, "of one day's values the one known latest is the last"
    assert got["sd"] == pytest.approx(1.0)


def test_a_straight_line_has_its_slope_per_year(cohort_of_days):
    got = summary(cohort_of_days, (0, 0, 1.0), (100, 100, 2.0), (200, 200, 3.0), landmark=300, window="ever")
    assert got["slope"] == pytest.approx(3.6525)
    assert (got["delta_first"], got["delta_previous"], got["sd"]) == (2.0, 1.0, pytest.approx(1.0))


def test_the_error_of_a_slope_needs_three_values(cohort_of_days):
    three = [(0, 0, 1.0), (100, 100, 2.0), (200, 200, 2.0)]
    assert np.isnan(summary(cohort_of_days, *three[:2], landmark=300, window="ever")["slope_se"])
    got = summary(cohort_of_days, *three, landmark=300, window="ever")
    assert got["slope"] == pytest.approx(1.82625)
    assert got["slope_se"] == pytest.approx(1.054386)  # sqrt(1/6 / 2e4) a day, in years


def test_a_result_that_arrives_late_is_not_the_latest(cohort_of_days):
    got = summary(cohort_of_days, (80, 99, 1.0), (90, 91, 2.0))
    assert (got["last"], got["delta_first"]) == (2.0, 1.0)
