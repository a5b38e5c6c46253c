"""A change between two methods is no change of the person; disease in blood is none in marrow. Without methods nothing is different."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.console import Steps
from features.history.arrays import Histories
from features.history.columns import BURDEN as BURDEN_COLUMNS
from features.history.columns import FeatureSpec
from features.history.like import compares
from features.history.rows import build_features, look
from features.intake.ingest import ingest
from features.intake.quality import inspect
from features.table.stream import cohort_blocks
from serving.http.request import History, checked
from tests.features.history.burden.twin import BURDEN

HEAD = "patient_id,collected_at,biomarker,value,unit,method,specimen\n"
STATISTICS = ("last", "age_days", "count", "mean", "min", "max", "sd", "slope", "trend_pct", "delta_first", "pct_previous", "pct_min")
ANCHORED = ("pct_baseline", "delta_baseline")
SPEC = FeatureSpec(("bmpc",), ("700d", "ever"), STATISTICS, ())


def marrow(*rows, biomarker="bmpc", unit="%"):
    """Return the table of rows (day, value, method, specimen)."""
    return HEAD + "\n".join(",".join(["P1", day, biomarker, str(value), unit, *(*kinds, "", "")[:2]]) for day, value, *kinds in rows)


def at(cohort, *landmarks, spec=SPEC):
    """Return the columns of the person at some days."""
    return build_features(cohort, pd.DataFrame({"patient_id": "P1", "landmark": pd.to_datetime(list(landmarks))}), spec)


def test_values_of_two_methods_are_not_set_against_each_other_and_the_latest_stays_the_latest(cohort_of):
    rows = [("2015-02-01", 30, "biopsy"), ("2016-02-01", 12, "smear"), ("2017-02-01", 36, "biopsy")]
    seen = at(cohort_of(measurements=marrow(*rows)), "2016-06-01", "2017-06-01")
    assert seen["bmpc__last__ever"].tolist() == [12, 36]
    assert seen["bmpc__count__ever"].tolist() == [2, 3]
    assert seen["bmpc__mean__ever"].tolist() == [21, 26]
    assert seen["bmpc__min__ever"].tolist() == [12, 12]
    np.testing.assert_array_equal(seen["bmpc__delta_first__ever"], [np.nan, 6])
    np.testing.assert_array_equal(seen["bmpc__pct_min__ever"], [np.nan, 20])
    np.testing.assert_array_equal(seen["bmpc__pct_previous__700d"], [np.nan, np.nan])  # the biopsy before lies before the window
    np.testing.assert_allclose(seen["bmpc__slope__ever"], [np.nan, 6 / 731 * 365.25], rtol=1e-9)


def test_a_change_between_two_methods_is_no_change_of_the_burden(cohort_of):
    protein = "P1,2015-02-01,m_protein,1.2,g/dL,,\nP1,2016-02-01,m_protein,1.3,g/dL,,"
    spec = FeatureSpec((), (), (), tuple(BURDEN_COLUMNS), BURDEN)

    def burden(*rows):
        return at(cohort_of(measurements=f"{marrow(*rows)}\n{protein}"), "2017-06-01", spec=spec).iloc[0].tolist()

    smear, biopsy, unknown = ("2015-02-01", 12, "smear"), ("2016-06-01", 30, "biopsy"), ("2015-03-01", 14)
    assert burden(smear, biopsy) == burden(biopsy)
    assert burden(smear, unknown, biopsy) == burden(unknown, biopsy) != burden(biopsy)
    assert burden(("2015-02-01", 12, "biopsy"), biopsy) == burden(smear[:2], biopsy[:2]) != burden(biopsy)


@pytest.mark.parametrize(
    ("methods", "change"),
    [
        (("biopsy", "", "smear"), -8),  # the one of unknown method may be a smear
        (("biopsy", "smear", ""), -18),  # and is compared with all
        (("biopsy", "smear", "flow"), np.nan),
        (("", "", ""), -18),
        (("smear", "smear", "smear"), -18),
    ],
)
def test_a_value_of_unknown_method_is_compared_with_all(cohort_of, methods, change):
    rows = [(f"201{5 + k}-02-01", value, method) for k, (value, method) in enumerate(zip([30, 20, 12], methods, strict=True))]
    np.testing.assert_array_equal(at(cohort_of(measurements=marrow(*rows)), "2018-01-01")["bmpc__delta_first__ever"], [change])


def test_the_change_from_baseline_is_that_of_the_same_method(cohort_of):
    rows = [("2015-12-01", 40, "smear"), ("2015-12-20", 60, "biopsy"), ("2016-06-01", 10, "smear"), ("2016-09-01", 30, "biopsy")]
    events = "patient_id,occurred_at,kind,detail\nP1,2016-01-01,treatment_start,DVRd"
    spec = FeatureSpec(("bmpc",), ("since_line",), ANCHORED, ())
    seen = at(cohort_of(measurements=marrow(*rows), events=events), "2016-07-01", "2016-10-01", spec=spec)
    assert seen["bmpc__pct_baseline__since_line"].tolist() == [-75, -50]


def test_what_was_at_baseline_does_not_change_by_the_method_of_what_comes_after(cohort_of):
    rows = [("2015-12-01", 40, "biopsy"), ("2015-12-20", 60, "biopsy"), ("2016-01-06", 5, "smear"), ("2016-03-01", 9, "smear")]
    events = "patient_id,occurred_at,kind,detail\nP1,2016-01-01,treatment_start,DVRd"
    spec = FeatureSpec(("bmpc",), ("baseline", "since_line", "since_nadir"), ("last", "count", "delta_first"), ())
    seen = at(cohort_of(measurements=marrow(*rows), events=events), "2016-01-05", "2016-01-06", "2016-04-01", spec=spec)
    assert seen["bmpc__delta_first__baseline"].tolist() == [20, 20, 20]
    assert seen["bmpc__count__baseline"].tolist() == [2, 2, 2]
    np.testing.assert_array_equal(seen["bmpc__delta_first__since_line"], [np.nan, np.nan, 4])
    np.testing.assert_array_equal(seen["bmpc__delta_first__since_nadir"], [np.nan, np.nan, 4])


def test_a_late_report_is_compared_within_the_window_in_which_it_came(cohort_of):
    rows = [("2015-02-01", 20, "biopsy"), ("2015-03-01", 30, "biopsy"), ("2015-04-01", 12, "smear")]
    text = marrow(*rows).replace("method,specimen", "method,specimen,available_at")
    head, *lines = text.splitlines()
    reported = ("2017-03-01", "2017-03-02", "2015-04-01")  # both biopsies came long after the smear
    cohort = cohort_of(measurements="\n".join([head, *(f"{line},{day}" for line, day in zip(lines, reported, strict=True))]))
    seen = at(cohort, "2017-06-01")
    assert seen["bmpc__delta_first__700d"].tolist() == [10]
    assert np.isnan(seen["bmpc__delta_first__ever"]).all()  # the latest of all is the smear


def test_disease_in_blood_enters_no_feature_of_the_marrow_and_the_cohort_keeps_it(cohort_of):
    rows = [("2015-02-01", "1e-3", "NGF", "marrow"), ("2015-03-01", "1e-6", "NGS", "blood"), ("2015-04-01", "1e-5", "flow", "")]
    cohort = cohort_of(measurements=marrow(*rows, biomarker="mrd", unit="1"))
    assert cohort.measurements["specimen"].tolist() == ["marrow", "blood", ""]
    seen = at(cohort, "2015-03-15", "2015-05-01", spec=FeatureSpec(("mrd",), ("ever",), ("last", "count"), ()))
    assert seen["mrd__last__ever"].tolist() == [1e-3, 1e-5]  # a sample that does not say is taken for marrow
    assert seen["mrd__count__ever"].tolist() == [1, 2]


ROWS = st.lists(
    st.tuples(
        st.dates(pd.Timestamp("2015-01-02").date(), pd.Timestamp("2019-01-01").date()).map(str),
        st.integers(1, 99),
        st.sampled_from(["", "biopsy", "smear", "flow"]),
        st.sampled_from(["", "marrow", "blood"]),
    ),
    max_size=12,
    unique_by=lambda row: row[0],
)


@settings(max_examples=20, deadline=None)
@given(rows=ROWS, day=st.dates(pd.Timestamp("2015-06-01").date(), pd.Timestamp("2019-06-01").date()).map(str))
def test_comparing_columns_are_those_of_a_person_without_the_other_methods(cohort_of, rows, day):
    cohort = cohort_of(measurements=marrow(("2015-01-01", 5, "smear", ""), *rows))
    seen = at(cohort, day)
    known = sorted(row for row in [("2015-01-01", 5, "smear", ""), *rows] if row[0] <= day and row[3] != "blood")
    method = known[-1][2]
    same = [row[:2] for row in known if not method or row[2] in ("", method)]
    alone, every = (at(cohort_of(measurements=marrow(*some)), day) for some in (same, [row[:2] for row in known]))
    for column in SPEC.columns():
        np.testing.assert_array_equal(seen[column], (alone if compares(column) else every)[column], err_msg=column)


def test_blocks_and_requests_see_what_a_cohort_in_memory_does(tmp_path, received_of):
    rows = [
        ("2015-02-01", 30, "biopsy"),
        ("2016-02-01", 12, "smear"),
        ("2017-02-01", 36, "biopsy", "marrow"),
        ("2017-03-01", 3, "", "blood"),
    ]
    source = received_of(measurements=marrow(*rows))
    ingest(source, tmp_path / "cohort", Steps(quiet=True))
    patient, landmark = np.zeros(1, np.int32), np.array([pd.Timestamp("2017-06-01").value // 10**9 // 86400], np.int32)
    measurements = [
        {"collected_at": day, "biomarker": "bmpc", "value": value, "unit": "%", "method": method, "specimen": (*kinds, "")[0]}
        for day, value, method, *kinds in rows
    ]
    request, _ = checked(History.model_validate({"patient": {"index_date": "2015-01-01"}, "measurements": measurements}))
    (block,) = cohort_blocks(tmp_path / "cohort", 1000)
    expected = Histories.of(inspect(source)[0])
    for histories in (block.histories, request):
        np.testing.assert_array_equal(look(histories, patient, landmark, SPEC).values, look(expected, patient, landmark, SPEC).values)
