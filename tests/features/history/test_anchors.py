"""Windows that a line of therapy anchors: their boundaries by hand, then every statistic against a slow twin."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features import FeatureSpec, build_features, parse_column
from features.history.dense import DENSE
from features.history.statistics import LIMIT, VALUES, statistic
from features.history.windows import ANCHORED, BASELINE, BASELINE_DAYS, SINCE_LINE, SINCE_NADIR
from myeloma import ConfigError
from tests.features.history.twin import EVERY, agree, twin

INDEX_DATE = pd.Timestamp("2015-01-01")
START = 100


def seen(cohort_of_days, *results, starts=((START,),), landmark=300, statistics=("last", "count", "min", "pct_min"), biomarker="m_protein"):
    """Return the columns of one patient: results are (collected, available, value, operator), starts (day, line)."""
    rows = [("P1", biomarker, *result) for result in results]
    cohort = cohort_of_days(rows, [("P1", "treatment_start", *start) for start in starts])
    frame = pd.DataFrame({"patient_id": ["P1"], "landmark": [INDEX_DATE + pd.Timedelta(days=landmark)]})
    row = build_features(cohort, frame, FeatureSpec((biomarker,), ("ever", *ANCHORED), statistics, ())).iloc[0]
    return {name.split("__", 1)[1]: value for name, value in row.items()}


@pytest.mark.parametrize(
    ("collected", "window"),
    [
        (START + 1, SINCE_LINE),
        (START, BASELINE),  # drawn before the dose
        (START - BASELINE_DAYS + 1, BASELINE),
        (START - BASELINE_DAYS, None),  # too old to be baseline
    ],
)
def test_the_day_of_the_start_is_the_last_of_baseline(cohort_of_days, collected, window):
    got = seen(cohort_of_days, (collected, collected, 2.0))
    assert {w: got[f"count__{w}"] for w in (BASELINE, SINCE_LINE)} == {BASELINE: 0, SINCE_LINE: 0} | ({window: 1} if window else {})


def test_what_was_collected_before_the_start_is_never_since_it_however_late_it_was_known(cohort_of_days):
    got = seen(cohort_of_days, (START - 5, START + 50, 2.0))
    assert (got["count__since_line"], got["last__baseline"]) == (0, 2.0)


def test_a_correction_of_baseline_counts_from_the_day_it_is_known(cohort_of_days):
    results = [(START - 5, START - 5, 2.0), (START - 5, START + 50, 3.0)]
    assert seen(cohort_of_days, *results, landmark=START + 49)["last__baseline"] == 2.0
    assert seen(cohort_of_days, *results, landmark=START + 50)["last__baseline"] == 3.0


def test_before_the_line_began_there_is_no_window_and_nothing_is_known_of_it(cohort_of_days):
    got = seen(cohort_of_days, (START - 5, START - 5, 2.0), landmark=START - 1)
    assert got["last__ever"] == 2.0
    assert np.isnan([value for name, value in got.items() if not name.endswith("ever")]).all(), "not even a count of 0"


def test_on_the_day_of_the_start_the_line_is_known_and_nothing_is_since(cohort_of_days):
    got = seen(cohort_of_days, (START, START, 2.0), landmark=START)
    assert (got["last__baseline"], got["count__since_line"], got["count__since_nadir"]) == (2.0, 0, 0)


def test_without_a_line_there_is_no_window(cohort_of_days):
    got = seen(cohort_of_days, (50, 50, 2.0), starts=())
    assert np.isnan([value for name, value in got.items() if not name.endswith("ever")]).all()


def test_a_line_without_results_has_counts_of_zero_and_unknown_else(cohort_of_days):
    got = seen(cohort_of_days)
    anchored = {name: value for name, value in got.items() if not name.endswith("ever")}
    assert [value for name, value in anchored.items() if name.startswith("count")] == [0, 0, 0]
    assert np.isnan([value for name, value in anchored.items() if not name.startswith("count")]).all()


def test_the_latest_line_that_began_by_the_landmark_anchors(cohort_of_days):
    results, starts = [(90, 90, 4.0), (150, 150, 1.0), (250, 250, 2.0)], [(START, 1), (200, 2)]
    first = seen(cohort_of_days, *results, starts=starts, landmark=199)
    second = seen(cohort_of_days, *results, starts=starts, landmark=260)
    assert (first["last__baseline"], first["min__since_line"]) == (4.0, 1.0)
    assert (second["last__baseline"], second["min__since_line"]) == (1.0, 2.0), "the nadir of the first line is the second's baseline"


def test_a_further_start_of_the_same_line_moves_no_anchor(cohort_of_days):
    got = seen(cohort_of_days, (90, 90, 4.0), (150, 150, 1.0), starts=[(START, 1), (200, 1), (210,)])
    assert (got["last__baseline"], got["count__since_line"]) == (4.0, 1)


def test_of_equal_lowest_values_the_later_is_the_nadir(cohort_of_days):
    got = seen(cohort_of_days, (110, 110, 1.0), (120, 120, 3.0), (130, 130, 1.0), (140, 140, 2.0), statistics=("count", "delta_first"))
    assert (got["count__since_nadir"], got["delta_first__since_nadir"]) == (2, 1.0)


def test_baseline_is_no_nadir_and_a_nadir_that_is_not_yet_known_is_none(cohort_of_days):
    results = [(START, START, 0.5), (110, 110, 2.0), (120, 200, 1.0), (130, 130, 3.0)]
    assert seen(cohort_of_days, *results, landmark=199)["min__since_nadir"] == 2.0
    assert seen(cohort_of_days, *results, landmark=200)["min__since_nadir"] == 1.0


def test_change_from_baseline_is_that_of_the_latest_value_of_the_line(cohort_of_days):
    results, asked = [(95, 95, 4.0), (150, 150, 1.0)], ("last", "delta_baseline", "pct_baseline")
    got = seen(cohort_of_days, *results, statistics=asked)
    assert (got["delta_baseline__since_line"], got["pct_baseline__since_line"]) == (-3.0, -75.0)
    assert np.isnan(seen(cohort_of_days, *results[1:], statistics=asked)["delta_baseline__since_line"]), "no baseline"
    assert np.isnan(seen(cohort_of_days, *results[:1], statistics=asked)["delta_baseline__since_line"]), "nothing since"
    zero = seen(cohort_of_days, (95, 95, 0.0), results[1], statistics=asked)
    assert zero["delta_baseline__since_line"] == 1.0
    assert np.isnan(zero["pct_baseline__since_line"])


@pytest.mark.parametrize("window", ["365d", "ever", BASELINE, SINCE_NADIR])
def test_a_change_from_baseline_exists_since_the_start_of_the_line_only(window):
    with pytest.raises(ConfigError, match=f"delta_baseline does not exist in {window}") as refusal:
        parse_column(f"m_protein__delta_baseline__{window}")
    assert "since_line" in refusal.value.hint
    with pytest.raises(ConfigError, match="delta_baseline exists in since_line only"):
        FeatureSpec(("m_protein",), (window,), ("last", "delta_baseline"), ())


def test_a_specification_has_each_statistic_in_the_windows_in_which_it_exists():
    spec = FeatureSpec(("m_protein",), ("ever", SINCE_LINE), ("last", "evolving", "delta_baseline"), ())
    assert spec.columns() == [
        "m_protein__last__ever",
        "m_protein__evolving__ever",
        "m_protein__last__since_line",
        "m_protein__delta_baseline__since_line",
    ]


def test_what_counts_as_baseline_is_part_of_the_hash_where_it_is_asked_for(monkeypatch):
    specs = [FeatureSpec(("bmpc",), (w,), (s,), ()) for w, s in ((SINCE_LINE, "last"), (BASELINE, "last"), (SINCE_LINE, "pct_baseline"))]
    before = [spec.feature_hash() for spec in specs]
    monkeypatch.setattr("features.history.columns.BASELINE_DAYS", BASELINE_DAYS + 1)
    assert [spec.feature_hash() == old for spec, old in zip(specs, before, strict=True)] == [True, False, False]


@pytest.mark.parametrize(("wrong", "meant"), [("since_lin", "since_line"), ("base_line", "baseline"), ("since nadir", "since_nadir")])
def test_a_misspelt_anchor_is_refused_with_the_nearest(wrong, meant):
    with pytest.raises(ConfigError, match="is not a look-back") as refusal:
        FeatureSpec(("m_protein",), (wrong,), ("last",), ())
    assert f'did you mean "{meant}"' in refusal.value.hint


# The twin: pandas-free, day by day. What an anchored window holds is chosen by the day of collection; the statistics of it are those of
# all history, of which there is a twin already.
BIOMARKERS = ("m_protein", "creatinine")
CUT = 3
SPEC = FeatureSpec(
    BIOMARKERS,
    ("200d", "ever", *ANCHORED),
    (*EVERY, "delta_baseline", "pct_baseline", "reported_below", LIMIT, "below_3", "days_below_3"),
    (),
)
DAYS = st.integers(0, 12) | st.integers(0, 400)
RESULT = st.tuples(
    st.sampled_from(["P1", "P2"]),
    st.sampled_from(BIOMARKERS),
    DAYS,
    st.integers(0, 60),
    st.integers(1, 60).map(lambda v: v / 8),
    st.sampled_from(["", "", "<", ">"]),
)
STARTS = st.lists(st.tuples(st.sampled_from(["P1", "P2"]), DAYS, st.none() | st.integers(1, 3)), max_size=5)


def start_of(starts, landmark):
    """Return the day on which the latest line began, from (day, line or None) of one person; None where none had."""
    begun = {}
    for day, line in starts:
        recorded = [other for when, other in starts if other and when <= day]
        begun.setdefault(line or max(recorded, default=1), []).append(day)
    lines = [(min(days), line) for line, days in begun.items() if min(days) <= landmark]
    return max(lines)[0] if lines else None


def known(results, landmark):
    """Return day, value and operator of what counts at a landmark."""
    by_day = {c: (v, o) for c, a, v, o in sorted(results, key=lambda r: r[:3]) if a <= landmark}
    return [(c, *found) for c, found in sorted(by_day.items())]


def anchored(results, landmark, start, window):
    """Return the results, of those of one biomarker, that belong to a window by their day of collection."""
    if window == BASELINE:
        return [r for r in results if start - BASELINE_DAYS < r[0] <= start]
    since = [r for r in results if r[0] > start]
    if window == SINCE_LINE or not known(since, landmark):
        return since
    lowest = min(v for _, v, _ in known(since, landmark))
    nadir = max(c for c, v, _ in known(since, landmark) if v == lowest)
    return [r for r in since if r[0] >= nadir]


def below(value, operator):
    if operator == "<":
        return 1.0 if value <= CUT else np.nan
    if operator == ">":
        return 0.0 if value >= CUT else np.nan
    return float(value < CUT)


def operators(results, landmark, window):
    """Return the statistics on how results were reported."""
    seen = known([r for r in results if r[1] > landmark - window], landmark)
    out = dict.fromkeys(("reported_below", LIMIT, "below_3", "days_below_3"), np.nan)
    if not seen:
        return out
    _, value, operator = seen[-1]
    out |= {"reported_below": float(operator == "<"), LIMIT: value if operator == "<" else np.nan, "below_3": below(value, operator)}
    first = max(seen[0][0], landmark - min(window, 10_000))
    held = [[below(v, o) for c, v, o in seen if c <= day][-1] for day in range(int(first), landmark)]
    return out | {"days_below_3": float(held.count(1.0))}


def expected(results, starts, landmark, name):
    """Return one column of one person."""
    column = parse_column(name)
    own = [r[2:] for r in results if r[1] == column.biomarker]
    window = float("inf")
    if column.window in ANCHORED:
        start = start_of(starts, landmark)
        if start is None:
            return np.nan
        if column.statistic.endswith("_baseline"):
            last, before = (expected(results, starts, landmark, f"{column.biomarker}__last__{w}") for w in (SINCE_LINE, BASELINE))
            return last - before if column.statistic.startswith("delta") else 100 * (last / before - 1)
        own = anchored(own, landmark, start, column.window)
    elif column.window != "ever":
        window = float(column.window[:-1])
    if column.statistic == LIMIT or statistic(column.statistic).of != VALUES:
        return operators(own, landmark, window)[column.statistic]
    return twin([r[:3] for r in own], column.biomarker, landmark, window)[column.statistic]


def made_and_expected(cohort_of_days, rows, starts, landmarks, spec=SPEC):
    """Return the columns of the product and those of the twin, one row a landmark."""
    who, days = zip(*landmarks, strict=True)
    frame = pd.DataFrame({"patient_id": who, "landmark": INDEX_DATE + pd.to_timedelta(pd.Series(days), unit="D")})
    cohort = cohort_of_days(rows, [(p, "treatment_start", day, line) for p, day, line in starts])
    table = [
        {name: expected([r for r in rows if r[0] == p], [s[1:] for s in starts if s[0] == p], day, name) for name in spec.columns()}
        for p, day in landmarks
    ]
    return build_features(cohort, frame, spec), pd.DataFrame(table, columns=spec.columns(), dtype=float)


@settings(max_examples=60, deadline=None)
@given(
    results=st.lists(RESULT, max_size=25, unique_by=lambda r: (r[0], r[1], r[2], r[2] + r[3])),
    starts=STARTS,
    landmarks=st.lists(st.tuples(st.sampled_from(["P1", "P2"]), DAYS), min_size=1, max_size=5),
)
def test_every_anchored_statistic_is_that_of_the_slow_twin(cohort_of_days, results, starts, landmarks):
    rows = [(who, what, day, day + delay, value, operator) for who, what, day, delay, value, operator in results]
    made, wanted = made_and_expected(cohort_of_days, rows, starts, landmarks)
    agree(made, wanted)
    assert made.shape == (len(landmarks), len(SPEC.columns()))


def test_long_series_are_cut_at_the_anchor_too(cohort_of_days):
    draw = np.random.default_rng(1)
    days = np.sort(draw.choice(1500, 4 * DENSE, replace=False)).tolist()
    rows = [("P1", "m_protein", day, day + int(draw.integers(0, 9)), float(draw.integers(8, 40)) / 8, "") for day in days]
    spec = FeatureSpec(("m_protein",), ANCHORED, ("last", "count", "mean", "min", "sd", "slope", "days_since_max", "days_below_3"), ())
    landmarks = [("P1", 90), ("P1", 650), ("P1", 705), ("P1", 1490)]
    made, wanted = made_and_expected(cohort_of_days, rows, [("P1", 100, 1), ("P1", 700, 2)], landmarks, spec)
    agree(made, wanted)
    assert made["m_protein__count__since_line"].iloc[[1, 3]].gt(DENSE).all(), "windows that the summaries add up"
