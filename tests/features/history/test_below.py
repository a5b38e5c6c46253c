"""What columns say of values below a limit of detection: nothing found down to 10 in a million is not nothing found down to one."""

import numpy as np
import pandas as pd
import pytest

from features import Cohort, FeatureSpec, build_features
from features.history.arrays import Histories
from features.history.rows import look
from myeloma import catalogue

INDEX_DATE = pd.Timestamp("2015-01-01")
ASKED = ("last", "reported_below", "limit", "below_0.001", "days_below_0.001")
SPEC = FeatureSpec(("bmpc",), ("ever",), ASKED, ())


def landmarks(day):
    return pd.DataFrame({"patient_id": ["P1"], "landmark": [INDEX_DATE + pd.Timedelta(days=day)]})


def seen(cohort_of_days, *results, landmark=100, spec=SPEC):
    """Return the columns of results (day collected and available, value, operator)."""
    cohort = cohort_of_days([("P1", spec.biomarkers[0], day, day, value, operator) for day, value, operator in results])
    row = build_features(cohort, landmarks(landmark), spec).iloc[0]
    return {name.split("__")[1]: value for name, value in row.items()}


@pytest.mark.parametrize(
    ("value", "operator", "below_limit", "limit", "below"),
    [
        (0.001, "<", 1, 0.001, 1),  # none found among 100,000: below 0.001 %
        (0.0001, "<", 1, 0.0001, 1),  # a deeper test knows more: the same, with another limit
        (0.01, "<", 1, 0.01, np.nan),  # a test that cannot see so far does not inform
        (0.0005, "", 0, np.nan, 1),  # found, but few
        (0.001, "", 0, np.nan, 0),
        (12.0, "", 0, np.nan, 0),
        (60.0, ">", 0, np.nan, 0),
        (0.0001, ">", 0, np.nan, np.nan),
        (10 / 1e6 * 100, "<", 1, pytest.approx(0.001), 1),  # ten per million are 0.001 %, whatever the last bit says
        (0.001 * (1 - 1e-12), "", 0, np.nan, 0),
    ],
)
def test_a_result_tells_what_it_knows_of_a_threshold(cohort_of_days, value, operator, below_limit, limit, below):
    got = seen(cohort_of_days, (90, value, operator))
    assert (got["last"], got["reported_below"]) == (value, below_limit)
    assert got["limit"] == pytest.approx(limit, nan_ok=True)
    assert got["below_0.001"] == pytest.approx(below, nan_ok=True)


def test_without_a_result_nothing_is_known(cohort_of_days):
    assert np.isnan(list(seen(cohort_of_days).values())).all()


def test_a_negative_that_was_lost_is_told_from_never_negative(cohort_of_days):
    lost = seen(cohort_of_days, (10, 0.001, "<"), (40, 0.001, "<"), (90, 0.02, ""))
    never = seen(cohort_of_days, (10, 0.02, ""), (40, 0.02, ""), (90, 0.02, ""))
    assert (lost["below_0.001"], lost["days_below_0.001"]) == (0, 80)
    assert (never["below_0.001"], never["days_below_0.001"]) == (0, 0)


def test_a_test_that_does_not_inform_adds_no_day(cohort_of_days):
    assert seen(cohort_of_days, (10, 0.001, "<"), (40, 0.01, "<"))["days_below_0.001"] == 30


def test_a_correction_takes_the_operator_with_it(cohort_of_days):
    cohort = cohort_of_days([("P1", "bmpc", 10, 10, 5.0, "<"), ("P1", "bmpc", 10, 20, 5.0, "")])
    got = [build_features(cohort, landmarks(day), SPEC)["bmpc__reported_below__ever"][0] for day in (19, 20)]
    assert got == [1, 0]


def test_rows_in_any_order_keep_their_operators(cohort_of_days):
    rows = [("P1", name, day, day, 5.0, "<" if day == 30 else "") for name in ("m_protein", "bmpc") for day in (10, 20, 30)]
    cohort = cohort_of_days(rows)
    shuffled = Cohort(cohort.patients, cohort.measurements.sample(frac=1.0, random_state=1), cohort.events)
    spec = FeatureSpec(("m_protein", "bmpc"), ("ever",), ASKED, ())
    for day in (25, 35):
        frames = [build_features(each, landmarks(day), spec) for each in (cohort, shuffled)]
        pd.testing.assert_frame_equal(*frames)
        assert frames[0]["bmpc__reported_below__ever"][0] == (day == 35)


def test_of_a_computed_value_nobody_reported_how_far_one_could_see(cohort_of_days):
    chains = [("P1", "flc_kappa", 10, 10, 5.0, "<"), ("P1", "flc_lambda", 10, 10, 10.0, "")]
    reported = [("P1", "kappa_lambda_ratio", 10, 10, 0.5, "<")]
    spec = FeatureSpec(("kappa_lambda_ratio",), ("ever",), ("last", "reported_below", "below_3"), ())
    computed = build_features(cohort_of_days(chains), landmarks(20), spec).iloc[0]
    assert computed.tolist() == pytest.approx([0.5, np.nan, np.nan], nan_ok=True)
    assert build_features(cohort_of_days(chains + reported), landmarks(20), spec).iloc[0].tolist() == [0.5, 1.0, 1.0]


def test_a_cohort_that_does_not_say_how_results_were_reported_leaves_it_unknown(cohort_of_days):
    cohort = cohort_of_days([("P1", "bmpc", 10, 10, 5.0)])
    plain = Cohort(cohort.patients, cohort.measurements.drop(columns="operator"), cohort.events)
    got = build_features(plain, landmarks(20), SPEC).iloc[0]
    assert got.isna().tolist() == [False, True, True, True, False]
    assert got["bmpc__days_below_0.001__ever"] == 0


def test_operators_are_carried_only_where_a_column_asks(cohort_of_days):
    cohort = cohort_of_days([("P1", "bmpc", 10, 10, 5.0, "<")])
    plain = FeatureSpec(("bmpc",), ("ever",), ("last",), ())
    assert (plain.asks_operators, SPEC.asks_operators) == (False, True)
    assert Histories.of(cohort).results.operator is None
    with pytest.raises(ValueError, match="without their operators"):  # never a column of guesses
        look(Histories.of(cohort), np.zeros(1, np.int32), np.array([20_000], np.int32), SPEC)


@pytest.mark.parametrize("name", catalogue().keys())
def test_every_biomarker_has_the_columns(cohort_of_days, name):
    spec = FeatureSpec((name,), ("ever",), ("reported_below", "limit"), ())
    value = catalogue()[name].upper
    assert seen(cohort_of_days, (10, value, "<"), spec=spec) == {"reported_below": 1, "limit": value}
