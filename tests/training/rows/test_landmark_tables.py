"""At a fixed landmark everybody at risk and observed stands once, with the latest row they had by then."""

import numpy as np
import pandas as pd
import pytest

from training.rows.censoring import FollowUp
from training.rows.landmark_tables import at_landmark

INDEX = pd.Timestamp("2020-01-01")
YEAR = 365  # one year since the index date, in whole days


def rows(*visits):
    """Rows from (patient, days since index, event, days since index at which it happens)."""
    table = pd.DataFrame(visits, columns=["patient_id", "day", "event", "end"])
    return table.assign(
        index_date=INDEX,
        landmark=INDEX + pd.to_timedelta(table["day"], unit="D"),
        time_to_event=(table["end"] - table["day"]).astype(float),
    )


def test_the_latest_row_at_or_before_the_landmark_is_taken_and_time_counts_from_the_landmark():
    found = at_landmark(rows(("a", 0, "event", 800), ("a", 300, "event", 800), ("a", 400, "event", 800)), 1)
    assert found[["position", "age_days", "event", "time_to_event"]].values.tolist() == [[1, YEAR - 300, "event", 800.0 - YEAR]]


def test_a_visit_on_the_day_itself_counts():
    assert at_landmark(rows(("a", 0, "none", 900), ("a", YEAR, "none", 900)), 1)["position"].tolist() == [1]


@pytest.mark.parametrize("event", ["none", "event", "competing"])
@pytest.mark.parametrize(("end", "there"), [(YEAR - 1, 0), (YEAR, 0), (YEAR + 1, 1)])
def test_whoever_had_an_event_or_was_lost_by_that_day_is_not_there(event, end, there):
    assert len(at_landmark(rows(("a", 0, event, end)), 1)) == there


def test_people_without_a_row_by_then_are_not_there():
    assert at_landmark(rows(("a", YEAR + 5, "none", 2000)), 1).empty


def test_the_order_of_people_is_that_of_the_rows_whatever_the_order_of_visits():
    table = rows(("b", 100, "none", 900), ("b", 0, "none", 900), ("a", 50, "none", 900))
    assert at_landmark(table, 1)[["patient_id", "position"]].values.tolist() == [["b", 0], ["a", 2]]


def test_at_the_index_date_only_rows_of_that_day_are_seen():
    assert at_landmark(rows(("a", 0, "none", 900), ("a", 1, "none", 900)), 0)["age_days"].tolist() == [0]


def test_whom_a_person_can_stand_in_for_is_kept():
    found = at_landmark(rows(("a", 0, "none", 900), ("b", 0, "none", 900)).assign(censoring_stratum=[1, 2]), 1)
    assert found["censoring_stratum"].tolist() == [1, 2]


@pytest.mark.parametrize(("reach", "left"), [(800.0, 800.0 - YEAR + 300), (20.0, 0.0), (np.inf, np.inf)])
def test_how_far_the_study_reaches_counts_from_the_landmark(reach, left):
    assert at_landmark(rows(("a", 300, "event", 800)).assign(study_reach=reach), 1)["study_reach"].tolist() == [left]


def test_who_came_long_before_is_no_part_of_a_horizon_that_the_study_did_not_reach_from_the_landmark():
    table = rows(("late", YEAR, "event", 800), ("long ago", 0, "event", 800)).assign(study_reach=[900.0, 900.0])
    assert FollowUp.of(table).reachable(730).all()
    assert FollowUp.of(at_landmark(table, 1)).reachable(730).tolist() == [True, False]


@pytest.mark.parametrize(("day", "weighs"), [(YEAR, True), (YEAR - 1, False)])
def test_weights_of_staying_hold_for_the_time_from_a_visit_alone(day, weighs):
    table = rows(("a", YEAR, "none", 900), ("b", day, "none", 900)).assign(staying_24m=[2.0, 0.5])
    assert ("staying_24m" in at_landmark(table, 1)) is weighs
