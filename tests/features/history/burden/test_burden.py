"""What is known of a person's burden on a day: held against a slow twin, and only from what was available by then."""

import json
import math
from dataclasses import asdict, replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from features import FeatureSpec, build_features
from features.history.arrays import Histories
from features.history.burden.filter import log_likelihood
from features.history.burden.fit import fit_burden
from features.history.burden.parameters import LEAST, MARKERS, Burden
from features.history.burden.since_diagnosis import WORK_UP_DAYS, since_work_up
from features.history.columns import BURDEN as COLUMNS
from features.history.columns import STATE_SPACE, parse_column, resting_on, without_what_measures_nothing
from features.history.derived import series_of, with_derived
from myeloma import ConfigError
from tests.features.history.burden.twin import BURDEN, by_now, normal, told

YEAR, BEFORE = 365.25, "65ea63a602adb39f"
SPEC = FeatureSpec((), (), (), ("age", *STATE_SPACE), BURDEN)
AT_FIRST = [(marker, 0, value) for marker, value in zip(MARKERS, (1.2, 5.0, 15.0, 13.5, 0.9), strict=True)]


def rows_of(results, who="P1"):
    """Return results (marker, day[, day available], value) as rows of a cohort."""
    return [(who, marker, day, *(known or [day]), value, "") for marker, day, *known, value in results]


def seen(cohort_of_days, results, landmark):
    frame = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2015-01-01") + pd.Timedelta(days=landmark)]})
    return build_features(cohort_of_days(rows_of(results), []), frame, SPEC).iloc[0]


def log_density(cohort_of_days, results):
    histories = Histories.of(cohort_of_days(rows_of(results), []))
    series = series_of(with_derived(histories, MARKERS), len(histories.people), MARKERS)
    return log_likelihood((series.collected, series.available, series.value), series.starts, series.stops, BURDEN.state_space)


LATER = st.lists(st.tuples(st.sampled_from(MARKERS), st.integers(1, 3000), st.floats(0.02, 40)), max_size=8, unique_by=lambda one: one[:2])


@settings(max_examples=30)
@given(later=LATER, more=st.integers(0, 400))
def test_it_is_the_normal_distribution_given_all_results(cohort_of_days, later, more):
    results = [*AT_FIRST, *later]
    landmark = max(day for _, day, _ in results) + more
    places = [(marker, day / YEAR) for marker, day, _ in results]
    values = [max(value, LEAST[MARKERS.index(marker)]) for marker, _, value in results]
    got = seen(cohort_of_days, results, landmark)
    mean, cov = told(BURDEN, places, values, landmark / YEAR)
    assert [got["burden_change"], got["burden_growth"]] == pytest.approx(mean.tolist(), abs=1e-8)
    assert [got["burden_change_sd"], got["burden_growth_sd"]] == pytest.approx(np.sqrt(np.diag(cov)).tolist(), abs=1e-7)
    assert got["bmpc_now"] == pytest.approx(min(by_now(BURDEN, places, values, landmark / YEAR, "bmpc"), 100), rel=1e-7)
    of_all = normal(BURDEN, places, landmark / YEAR)
    expected = multivariate_normal(of_all[0][2:], of_all[1][2:, 2:]).logpdf(np.log(values))
    assert log_density(cohort_of_days, results) == pytest.approx(expected, abs=1e-8)


@pytest.mark.parametrize(("marker", "value"), list(zip(MARKERS, (0.3, 90.0, 2.0, 7.2, 3.0), strict=True)))
def test_results_of_before_the_work_up_tell_nothing_of_it_and_those_of_the_work_up_do(cohort_of_days, marker, value):
    later = [*AT_FIRST, ("m_protein", 200, 1.4)]
    plain = seen(cohort_of_days, later, 300).tolist()
    for day in (-4000, -WORK_UP_DAYS - 1):
        assert seen(cohort_of_days, [(marker, day, value), *later], 300).tolist() == plain
    assert seen(cohort_of_days, [(marker, -WORK_UP_DAYS, value), *later], 300).tolist() != plain


def test_an_m_protein_of_years_before_alone_leaves_it_unknown(cohort_of_days):
    old = [("m_protein", -1000, 1.0), *AT_FIRST[1:]]
    assert seen(cohort_of_days, old, 10)[list(STATE_SPACE)].isna().all()


def test_the_parameters_are_fitted_without_results_of_before_the_work_up(smm_cohort):
    measured = smm_cohort.measurements
    old = measured[measured["biomarker"] == "hemoglobin"].drop_duplicates("patient_id").assign(value=5.0)
    old["collected_at"] = old["available_at"] = old["collected_at"] - pd.Timedelta(days=2000)
    with_old = replace(smm_cohort, measurements=pd.concat([old, measured], ignore_index=True))
    results = Histories.of(with_old).results
    assert len(since_work_up(results, Histories.of(with_old).people)) == len(measured) < len(results)
    assert fit_burden(with_old) == fit_burden(smm_cohort)


def test_rising_markers_raise_growth_and_results_make_it_surer(cohort_of_days):
    rising = [("m_protein", 200 * k, 1.2 * 1.1**k) for k in range(1, 5)]
    first, later = seen(cohort_of_days, AT_FIRST, 800), seen(cohort_of_days, [*AT_FIRST, *rising], 800)
    assert first["burden_growth"] < 0.06 < 0.12 < later["burden_growth"] < 0.18  # 10 % in 200 days are 0.17 a year
    assert later["burden_growth_sd"] < first["burden_growth_sd"]


def test_hemoglobin_that_falls_tells_of_growth_too(cohort_of_days):
    falling = [("hemoglobin", 200 * k, 13.5 - 0.4 * k) for k in range(1, 5)]
    assert seen(cohort_of_days, [*AT_FIRST, *falling], 800)["burden_growth"] > seen(cohort_of_days, AT_FIRST, 800)["burden_growth"]


def test_until_m_protein_was_measurable_it_is_unknown(cohort_of_days):
    without, names = AT_FIRST[1:], list(STATE_SPACE)
    assert seen(cohort_of_days, without, 10)[names].isna().all()
    for least in (0.0, 0.05, 0.1):
        assert seen(cohort_of_days, [*without, ("m_protein", 5, least), ("m_protein", 9, least)], 10)[names].isna().all()
    measurable = [*without, ("m_protein", 300, 0.2)]
    risen = seen(cohort_of_days, [*measurable, ("m_protein", 5, 0.1)], 300)
    assert risen["burden_growth"] > seen(cohort_of_days, measurable, 300)["burden_growth"], "and then what was less tells how it rose"
    assert seen(cohort_of_days, [*without, ("m_protein", 5, 11, 1.0)], 10)[names].isna().all(), "it is known a day later"
    assert seen(cohort_of_days, [("m_protein", 5, 1.0)], 10)[list(COLUMNS)].notna().all(), "of M-protein alone something is known"


@pytest.mark.parametrize("least", [None, 0.0, 0.1])
def test_an_m_protein_that_was_never_measurable_is_unknown_to_a_model_of_the_burden(cohort_of_days, least):
    spec = FeatureSpec(("m_protein", "flc_ratio"), ("ever",), ("last", "pct_first"), tuple(STATE_SPACE), BURDEN)
    results = AT_FIRST[1:] if least is None else [*AT_FIRST[1:], ("m_protein", 0, least), ("m_protein", 300, least)]
    landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2016-01-01")]})
    table = build_features(cohort_of_days(rows_of(results), []), landmarks, spec)
    assert table["m_protein__last__ever"].item() == pytest.approx(math.nan if least is None else least, nan_ok=True), "the table says it"
    row = pd.Series(without_what_measures_nothing(table.to_numpy(), spec.columns())[0], spec.columns())
    assert row.drop(["flc_ratio__last__ever", "flc_ratio__pct_first__ever"]).isna().all()
    assert row["flc_ratio__last__ever"] == 5.0
    without_burden = table[["m_protein__last__ever", "flc_ratio__last__ever"]]
    kept = without_what_measures_nothing(without_burden.to_numpy(), list(without_burden))
    np.testing.assert_array_equal(kept, without_burden.to_numpy())


def test_marrow_by_now_is_unknown_without_a_result_of_its_own_above_0(cohort_of_days):
    others = [one for one in AT_FIRST if one[0] != "bmpc"]
    assert math.isnan(seen(cohort_of_days, others, 10)["bmpc_now"])
    assert math.isnan(seen(cohort_of_days, [*others, ("bmpc", 5, 0.0)], 10)["bmpc_now"])
    assert math.isnan(seen(cohort_of_days, [*others, ("bmpc", 5, 11, 20.0)], 10)["bmpc_now"]), "it is known a day later"
    assert seen(cohort_of_days, [*others, ("bmpc", 5, 11, 20.0)], 11)["bmpc_now"] > 0


def test_marrow_by_now_rises_with_what_was_measured_since(cohort_of_days):
    rising = [("m_protein", 200 * k, 1.2 * 1.1**k) for k in range(1, 5)]
    assert seen(cohort_of_days, AT_FIRST, 0)["bmpc_now"] == pytest.approx(15, rel=0.05)
    assert 18 < seen(cohort_of_days, [*AT_FIRST, *rising], 800)["bmpc_now"] < 24
    assert seen(cohort_of_days, [*AT_FIRST, *rising, ("bmpc", 801, 60.0)], 801)["bmpc_now"] > 26
    assert seen(cohort_of_days, [*AT_FIRST, ("m_protein", 900, 30.0), ("bmpc", 900, 99.0)], 2000)["bmpc_now"] <= 100


def test_of_a_corrected_result_the_last_that_was_known_counts(cohort_of_days):
    corrected = [*AT_FIRST, ("m_protein", 100, 100, 9.0), ("m_protein", 100, 120, 1.3)]
    before, after = ([*AT_FIRST, ("m_protein", 100, value)] for value in (9.0, 1.3))
    assert seen(cohort_of_days, corrected, 119).tolist() == seen(cohort_of_days, before, 119).tolist()
    assert seen(cohort_of_days, corrected, 120).tolist() == seen(cohort_of_days, after, 120).tolist()


def test_a_result_that_comes_late_counts_on_the_day_on_which_it_was_collected(cohort_of_days):
    on_time = [*AT_FIRST, ("bmpc", 100, 30.0), ("m_protein", 300, 1.4)]
    late = [*AT_FIRST, ("bmpc", 100, 400, 30.0), ("m_protein", 300, 1.4)]
    assert seen(cohort_of_days, late, 400).tolist() == seen(cohort_of_days, on_time, 400).tolist()


def test_a_person_among_others_has_the_same_bits(cohort_of_days):
    one, other = [*AT_FIRST, ("m_protein", 90, 1.5)], [*AT_FIRST, ("flc_ratio", 30, 50.0)]
    landmarks = pd.DataFrame({"patient_id": ["P2", "P1"], "landmark": pd.Timestamp("2015-12-01")})
    together = build_features(cohort_of_days([*rows_of(other, "P2"), *rows_of(one)], []), landmarks, SPEC)
    alone = build_features(cohort_of_days(rows_of(one), []), landmarks.iloc[[1]], SPEC)
    assert together.iloc[1].to_numpy().tobytes() == alone.iloc[0].to_numpy().tobytes()


def test_parameters_are_part_of_what_columns_mean():
    other = replace(SPEC, burden=replace(BURDEN, growth=0.06))
    assert SPEC.feature_hash() != other.feature_hash()
    assert FeatureSpec.from_dict(json.loads(json.dumps(asdict(SPEC)))) == SPEC
    assert Burden.of(BURDEN.state_space) == BURDEN, "once written and read they are the same"


def test_of_whom_the_parameters_are_changes_no_column():
    assert replace(SPEC, burden=replace(BURDEN, people="real")).feature_hash() == SPEC.feature_hash()


def test_a_specification_without_a_burden_keeps_the_hash_it_had_before_there_was_one():
    spec = FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",))
    assert spec.feature_hash() == BEFORE
    written = {name: value for name, value in asdict(spec).items() if name != "burden"}
    assert FeatureSpec.from_dict(written) == spec, "and so says an artifact of then"


@pytest.mark.parametrize(("static", "burden", "says"), [(("burden_growth",), None, "no parameters"), (("age",), BURDEN, "not named")])
def test_columns_and_parameters_come_together(static, burden, says):
    with pytest.raises(ConfigError, match=says):
        FeatureSpec((), (), (), static, burden)


def test_correlations_that_no_people_can_have_are_refused():
    with pytest.raises(ConfigError, match="positive definite"):
        replace(BURDEN, correlation=(0.99, -0.99, 0.99, *BURDEN.correlation[3:]))


def test_a_column_of_the_burden_is_unknown_with_m_protein_alone():
    names = ["age", "m_protein__last__ever", "bmpc__last__ever", "burden_growth"]
    assert resting_on(names, ["m_protein"]).tolist() == [False, True, False, True]
    assert resting_on(names, ["bmpc"]).tolist() == [False, False, True, False]
    assert [resting_on(["bmpc_now"], [name]).tolist() for name in ("m_protein", "bmpc", "flc_ratio")] == [[True], [True], [False]]


def test_its_columns_are_one_reason_which_its_growth_stands_for():
    assert {parse_column(name).biomarker for name in COLUMNS} == {"burden_growth"}
    assert parse_column("bmpc_now").biomarker == "bmpc", "what marrow is by now is marrow's"
    with pytest.raises(ConfigError, match="burden_change is named without burden_growth"):
        FeatureSpec((), (), (), ("burden_change",), BURDEN)


def test_a_result_that_is_corrected_to_0_no_longer_counts(cohort_of_days):
    later = [*AT_FIRST, ("m_protein", 300, 1.3)]
    withdrawn = [*later, ("m_protein", 100, 100, 9.0), ("m_protein", 100, 120, 0.0)]
    assert seen(cohort_of_days, withdrawn, 300).tolist() == seen(cohort_of_days, later, 300).tolist()


def test_an_m_protein_that_fell_to_0_or_nearly_counts_as_the_least_that_is_measured(cohort_of_days):
    fallen = [seen(cohort_of_days, [*AT_FIRST, ("m_protein", 200, value), ("bmpc", 250, 2.0)], 300).tolist() for value in (0.0, 0.01, 0.1)]
    assert fallen[0] == fallen[1] == fallen[2]
    still = seen(cohort_of_days, [*AT_FIRST, ("m_protein", 200, 0.11), ("bmpc", 250, 2.0)], 300)
    assert dict(zip(SPEC.static, fallen[0], strict=True))["burden_growth"] < still["burden_growth"] < -0.3
    again = [[*AT_FIRST, ("m_protein", 200, 0.1), ("m_protein", 400, value)] for value in (0.0, 0.1)]
    assert seen(cohort_of_days, again[0], 400).tolist() == seen(cohort_of_days, again[1], 400).tolist()


def test_a_marrow_that_fell_to_0_counts_as_half_a_percent(cohort_of_days):
    fallen = [seen(cohort_of_days, [*AT_FIRST, ("bmpc", 250, value)], 300).tolist() for value in (0.0, 0.5)]
    assert fallen[0] == fallen[1]
    still = seen(cohort_of_days, [*AT_FIRST, ("bmpc", 250, 0.6)], 300)
    assert dict(zip(SPEC.static, fallen[0], strict=True))["bmpc_now"] < still["bmpc_now"]


def test_a_0_that_a_result_above_0_has_followed_is_left_out_from_the_day_on_which_that_is_known(cohort_of_days):
    later = [*AT_FIRST, ("m_protein", 300, 310, 1.3)]
    with_0 = [*later, ("m_protein", 100, 0.0)]
    assert seen(cohort_of_days, with_0, 310).tolist() == seen(cohort_of_days, later, 310).tolist()
    assert seen(cohort_of_days, with_0, 309)["burden_change"] < -0.3 < 0 < seen(cohort_of_days, later, 309)["burden_change"]
