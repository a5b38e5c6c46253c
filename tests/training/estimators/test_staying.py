"""Whoever stays under observation though others like them left counts for those others."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features import FeatureSpec
from myeloma.calendar import horizon_days
from training.estimators.censoring_strata import with_censoring_strata
from training.estimators.staying import TRUNCATED, Course, HazardByVisit, staying_weights
from training.rows.censoring import STRATUM, FollowUp, ipcw_weights, progressed_by, staying_columns

SPEC = FeatureSpec(biomarkers=("m_protein",), look_backs=("ever",), statistics=("last",), static=("age",))
FIRST = pd.Timestamp("2020-01-01")


def visits(person, day, ends, event="none"):
    """Return visits of people on these days, each followed to the day on which the person's history ends."""
    day, ends = np.asarray(day), np.asarray(ends)
    return pd.DataFrame(
        {
            "patient_id": person,
            "index_date": FIRST,
            "landmark": FIRST + pd.to_timedelta(day, unit="D"),
            "event": event,
            "time_to_event": (ends - day).astype(float),
            "follow_up": (ends - day).astype(float),
            STRATUM: 0,
        }
    )


def hazard(*ratio, expected=1.0, a_day=0.001):
    """Return a constant hazard a day at each visit, and what was expected at the landmark."""
    ratio = np.array(ratio, dtype=float)
    return HazardByVisit(ratio, lambda days: a_day * np.maximum(days, 0.0), lambda days: np.asarray(expected) * a_day * days)


def test_the_hazard_adds_up_over_the_visits_on_the_way():
    # Seen on day 0 and on day 100, when the hazard has risen threefold: 100 days at 1 and, before day 150, 49.5 at 3.
    rows = visits(["a", "a"], [0, 100], [400, 400])
    added = Course(rows).hazard(np.array([150.0, 50.0]), hazard(1, 3))
    assert added == pytest.approx([0.1 + 3 * 0.0495, 3 * 0.0495])


def test_a_visit_says_nothing_of_the_time_before_it():
    early = Course(visits(["a", "a"], [0, 100], [400, 400])).hazard(np.array([100.0, 50.0]), hazard(1, 3))
    assert early[0] == pytest.approx(0.0995)  # the day of the second visit is the last looked at


def test_people_do_not_run_into_one_another():
    apart = Course(visits(["a"], [0], [900])).hazard(np.array([700.0]), hazard(1))
    beside = Course(visits(["b", "a", "b"], [0, 0, 5], [900, 900, 900])).hazard(np.array([1.0, 700.0, 1.0]), hazard(9, 1, 9))
    assert beside[1] == apart[0]


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order):
    rows = visits(list("aabbbc"), [0, 50, 0, 30, 90, 10], [500, 500, 300, 300, 300, 700])
    of, there = hazard(*range(1, 7)), hazard(*(1 + k for k in order))
    shuffled = rows.iloc[list(order)].reset_index(drop=True)
    whole, mixed = (staying_weights(Course(each), [one], (12,))["staying_12m"].to_numpy() for each, one in ((rows, of), (shuffled, there)))
    assert mixed == pytest.approx(whole[list(order)])


def test_who_was_likely_to_leave_and_stays_counts_more_than_who_was_not_and_a_weight_is_truncated():
    rows = visits(list("abcd"), [0] * 4, [800] * 4)
    fallen, as_before, risen, most = staying_weights(Course(rows), [hazard(0.1, 1.0, 2.0, 100)], (24,))["staying_24m"]
    assert as_before == pytest.approx(1.0, abs=1e-3)
    assert 1 / TRUNCATED <= fallen < 1 < risen < most == TRUNCATED


def risers(n, seed):
    """Return people seen yearly whose M-protein rises or does not; who is found to have risen is treated with a chance of 0.7.

    Half of the risers progress in the third year, if they are not treated before, and of the others one in ten. At the first visit
    nothing tells them apart.
    """
    rng = np.random.default_rng(seed)
    rises = rng.random(n) < 0.4
    progresses = rng.random(n) < np.where(rises, 0.5, 0.1)
    treated = rises & (rng.random(n) < 0.7)
    ends = np.where(treated, rng.integers(400, 600, n), np.where(progresses, rng.integers(750, 1000, n), 1300))
    person, visit = np.repeat(np.arange(n), 2), np.tile([0, 365], n)
    rows = visits(person.astype(str), visit, ends[person])
    ended = np.where(treated, "none", np.where(progresses, "event", "none"))[person]
    return rows.assign(
        event=ended,
        censored_by=np.where(ended == "event", "", np.where(treated[person], "treatment", "last_contact")),
        m_protein__last__ever=np.where((visit > 0) & rises[person], 3.0, 1.0) + rng.normal(0, 0.1, 2 * n),
        age=60.0 + rng.normal(0, 5, 2 * n),
    ), np.where(rises, 0.5, 0.1).mean()


def incidence_at_first_visits(rows):
    follow_up, days = FollowUp.of(rows[rows["landmark"] == FIRST]), float(horizon_days(36))
    weight = ipcw_weights(follow_up, days)
    return float(weight @ progressed_by(follow_up, days) / weight.sum())


def test_those_who_rise_and_are_not_treated_stand_in_for_those_who_rise_and_are():
    rows, true = risers(4000, seed=1)
    found = with_censoring_strata(rows.drop(columns=STRATUM), SPEC, (36,))
    by_groups = found.drop(columns=list(staying_columns(found).values()))
    assert incidence_at_first_visits(by_groups) < 0.75 * true
    assert incidence_at_first_visits(found) == pytest.approx(true, rel=0.1)


def test_of_people_who_come_once_there_is_no_later_course():
    rows, _ = risers(400, seed=1)
    first = rows[rows["landmark"] == FIRST]
    assert staying_columns(with_censoring_strata(first.drop(columns=STRATUM), SPEC, (36,))) == {}


def test_fewer_than_twenty_people_who_leave_say_nothing_of_a_course():
    rows, _ = risers(40, seed=1)
    assert rows.loc[rows["censored_by"] == "treatment", "patient_id"].nunique() < 20
    assert staying_columns(with_censoring_strata(rows.drop(columns=STRATUM), SPEC, (36,))) == {}
