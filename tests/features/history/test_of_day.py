"""Of several results of one day a statistic uses the latest known by the landmark, whichever way the history comes in."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import FeatureSpec, cohort_of_frames, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from features.cohort.times import UNTIMED
from features.history.arrays import Histories
from features.history.of_day import counted
from features.history.rows import build_features
from features.table.stream import cohort_blocks
from serving.http.request import History, checked

SPEC = FeatureSpec(("flc_kappa",), ("ever",), ("last", "count"), ())
DAY = "2020-02-01"


def frames(*rows):
    """Return patients and results of (day, time, available, value)."""
    results = pd.DataFrame(
        [("P1", f"{day} {time}".strip(), available, "flc_kappa", value, "mg/L") for day, time, available, value in rows],
        columns=["patient_id", "collected_at", "available_at", "biomarker", "value", "unit"],
    )
    return pd.DataFrame({"patient_id": ["P1"], "index_date": ["2020-01-01"]}), results


def seen(rows, landmark):
    cohort, quarantine = cohort_of_frames(*frames(*rows))
    assert quarantine.empty
    landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp(landmark)]})
    (row,) = build_features(cohort, landmarks, SPEC).to_dict("records")
    return row["flc_kappa__last__ever"], row["flc_kappa__count__ever"]


def test_the_latest_time_of_the_day_counts_and_the_day_counts_once():
    assert seen([(DAY, "14:00", "", 15), (DAY, "08:00", "", 17)], "2020-03-01") == (15, 1)


def test_times_are_compared_as_instants():
    assert seen([(DAY, "23:30+02:00", "", 15), (DAY, "22:00Z", "", 17)], "2020-03-01") == (17, 1)


@pytest.mark.parametrize(("landmark", "value"), [("2020-02-01", 15), ("2020-02-03", 15), ("2020-02-04", 15)])
def test_a_result_of_an_earlier_time_never_supersedes_a_later_one_however_late_it_was_known(landmark, value):
    assert seen([(DAY, "14:00", DAY, 15), (DAY, "08:00", "2020-02-03", 17)], landmark)[0] == value


@pytest.mark.parametrize(("landmark", "value"), [("2020-02-02", 17), ("2020-02-03", 15)])
def test_a_result_of_a_later_time_counts_from_the_day_it_is_known(landmark, value):
    assert seen([(DAY, "14:00", "2020-02-03", 15), (DAY, "08:00", DAY, 17)], landmark)[0] == value


def test_a_correction_of_one_time_or_without_a_time_counts_from_the_day_it_is_known():
    assert seen([(DAY, "08:00", DAY, 15), (DAY, "08:00", "2020-02-03", 17)], "2020-02-03")[0] == 17
    assert seen([(DAY, "08:00", DAY, 15), (DAY, "", "2020-02-03", 17)], "2020-02-03")[0] == 17


def test_a_cohort_a_folder_in_blocks_and_a_request_use_the_same_results(tmp_path):
    rows = [(DAY, "14:00", DAY, 15), (DAY, "08:00", DAY, 17), ("2020-03-01", "", "", 20), ("2020-04-01", "07:00", "", 22)]
    patients, results = frames(*rows)
    cohort, _ = cohort_of_frames(patients, results)
    write_cohort(cohort, tmp_path / "cohort", pd.DataFrame(columns=QUARANTINE_COLUMNS))
    asked = {
        "patient": {"index_date": "2020-01-01"},
        "measurements": json.loads(results.drop(columns="patient_id").to_json(orient="records")),
    }
    for each in asked["measurements"]:
        each["available_at"] = each["available_at"] or None
    ways = [Histories.of(cohort), next(cohort_blocks(tmp_path / "cohort", 1)).histories, checked(History(**asked))[0]]
    assert [way.results.value.tolist() for way in ways] == [[15, 20, 22]] * 3


TIMES = st.sampled_from([UNTIMED, 100, 200, 300])


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 1), st.integers(1, 3), TIMES), max_size=12, unique=True))
def test_what_counts_is_what_a_look_at_every_pair_says(rows):
    who, day, lag, instant = (
        (np.array(column, dtype=np.int32) for column in zip(*rows, strict=True)) if rows else (np.empty(0, np.int32),) * 4
    )
    counts = counted(who, who * 0, day, day + lag, instant)
    for one in range(len(rows)):
        later = (who == who[one]) & (day == day[one]) & (instant > instant[one]) & (lag <= lag[one])
        assert counts[one] == (not (instant[one] != UNTIMED and later.any()))
