"""Landmarks: the days at which a prediction is made."""

import pandas as pd
import pytest

from features.table.landmarks import fixed_landmarks, last_landmarks, parse_day, visit_landmarks
from myeloma import DataError


@pytest.fixture
def cohort(cohort_of):
    return cohort_of(
        patients="patient_id,index_date\nP1,2015-01-01\nP2,2015-01-01\nP3,2015-01-01",
        measurements="""
            patient_id,collected_at,available_at,biomarker,value
            P1,2014-12-20,2014-12-31,bmpc,10
            P1,2014-12-20,2015-01-01,m_protein,1
            P1,2015-06-01,2015-06-04,m_protein,1
            P1,2015-06-02,2015-06-04,bmpc,11
            P1,2015-09-01,,creatinine,1
            P2,2014-12-31,,bmpc,12
        """,
    )


def pairs(landmarks):
    """Return patient and day as text."""
    return [(who, str(day.date())) for who, day in zip(landmarks["patient_id"], landmarks["landmark"], strict=True)]


def test_a_landmark_is_every_day_from_the_index_date_on_at_which_results_became_available(cohort):
    assert pairs(visit_landmarks(cohort)) == [("P1", "2015-01-01"), ("P1", "2015-06-04"), ("P1", "2015-09-01")]


def test_visits_may_be_counted_by_some_biomarkers_only(cohort):
    assert pairs(visit_landmarks(cohort, ("m_protein",))) == [("P1", "2015-01-01"), ("P1", "2015-06-04")]


def test_the_last_landmark_is_the_last_visit_or_none(cohort):
    last = last_landmarks(cohort)
    assert last["patient_id"].tolist() == ["P1", "P2", "P3"]
    assert last["landmark"].isna().tolist() == [False, True, True]
    assert last["landmark"][0] == pd.Timestamp("2015-09-01")


def test_a_fixed_landmark_is_one_day_for_all(cohort):
    assert pairs(fixed_landmarks(cohort, "2016-02-29")) == [(who, "2016-02-29") for who in ("P1", "P2", "P3")]


@pytest.mark.parametrize("day", ["1849-12-31", "2251-01-01", "2300-01-01", "9999-12-31", "0001-01-01"])
def test_a_day_outside_what_is_accepted_is_refused_and_what_is_accepted_is_said(day):
    with pytest.raises(DataError, match=f"{day} is too far from today") as refusal:
        parse_day(day)
    assert "from 1850-01-01 to 2250-12-31" in refusal.value.hint


@pytest.mark.parametrize("day", ["1850-01-01", "2250-12-31"])
def test_the_first_and_the_last_day_are_accepted(day):
    assert str(parse_day(day).date()) == day


@pytest.mark.parametrize("day", ["29.02.2016", "2015-02-29", "2016-3-1", "today", ""])
def test_a_day_that_is_no_date_is_refused(day):
    with pytest.raises(DataError, match=f'"{day}" is not a date') as refusal:
        parse_day(day)
    assert refusal.value.code == "bad_date"
