"""Person-time: whose day counts under which risk, what is expected of it, and that right risks expect what comes."""

import io

import numpy as np
import pandas as pd
import pytest

from features.history.arrays import dates_of, days_of
from training.reference.person_time import FOLLOWED_DAYS, Hazard, hazard_of, person_time, reference_of_person_time, stretches


def rows(text):
    """Visits written as a table; `ends` is the day of the first event or the end of observation."""
    read = pd.read_csv(io.StringIO(text.strip()), sep=r"\s+", parse_dates=["visit", "ends", "last_visit"], keep_default_na=False)
    days = (read["ends"] - read["visit"]).dt.days.astype(float)
    return read.rename(columns={"person": "patient_id", "visit": "landmark"}).assign(time_to_event=days)


def day(text):
    return float(days_of(pd.Series([pd.Timestamp(text)]))[0])


def ends_of(read, look, horizon=24):
    found = stretches(read, horizon, day(look))
    return dates_of(found.end.astype(np.int32)).astype("datetime64[D]").astype(str).tolist(), found.event.tolist()


def cumulative(risk, die_first):
    return hazard_of(risk, die_first, (12, 24, 60)[: risk.shape[1]]).cumulative


# what is expected


def test_without_a_competing_event_the_hazard_is_the_logarithm_of_who_is_left():
    found = cumulative(np.array([[0.1, 0.3]]), np.full((1, 2), np.nan))
    assert found == pytest.approx(np.array([[0.0, -np.log(0.9), -np.log(0.7)]]))


def test_two_constant_hazards_come_back_from_their_risks():
    event, death, months = 0.02, 0.01, np.array([12.0, 24.0, 60.0])
    either = 1 - np.exp(-(event + death) * months)
    found = cumulative((either * 2 / 3)[None], (either / 3)[None])
    assert found == pytest.approx(np.array([[0.0, *(event * months)]]))


def test_a_risk_that_does_not_rise_and_one_of_nearly_everybody_expect_finite_counts():
    found = cumulative(np.array([[0.0, 0.2, 0.2], [0.5, 1.0, 1.0]]), np.zeros((2, 3)))
    assert found[0] == pytest.approx([0, 0, -np.log(0.8), -np.log(0.8)])
    assert np.isfinite(found).all()


# whose time


def test_time_lasts_until_the_next_visit_that_is_scored_or_the_event_and_counts_once():
    read = rows("""
person visit       ends        last_visit  event  censored_by
a      2020-01-01  2020-09-01  2020-06-01  event  ""
a      2020-06-01  2020-09-01  2020-06-01  event  ""
""")
    assert ends_of(read, "2021-01-01") == (["2020-06-01", "2020-09-01"], [False, True])


@pytest.mark.parametrize(
    ("event", "censored_by", "ends", "last_visit", "until"),
    [
        ("competing", "", "2020-05-01", "2020-01-01", "2020-05-01"),
        ("none", "treatment", "2020-05-01", "2020-01-01", "2020-05-01"),
        ("none", "last_contact", "2020-05-01", "2020-01-01", "2020-05-01"),  # a contact after the last visit is on record
        ("none", "last_contact", "2020-01-01", "2020-01-01", "2020-07-02"),  # none is: followed for half a year
        ("event", "", "2023-01-01", "2020-01-01", "2021-12-31"),  # of time beyond the last horizon the risk says nothing
    ],
)
def test_what_else_ends_it(event, censored_by, ends, last_visit, until):
    read = rows(f"""
person visit       ends    last_visit    event    censored_by
a      2020-01-01  {ends}  {last_visit}  {event}  {censored_by or '""'}
""")
    assert FOLLOWED_DAYS == 183
    assert ends_of(read, "2024-01-01") == ([until], [False])


def test_nothing_after_the_day_of_the_look_is_read():
    text = """
person visit       ends        last_visit  event  censored_by
a      2020-01-01  {}          2020-01-01  {}     {}
"""
    later = [("2020-09-01", "event", '""'), ("2020-09-01", "competing", '""'), ("2023-01-01", "none", "last_contact")]
    assert {str(ends_of(rows(text.format(*one)), "2020-06-01")) for one in later} == {str((["2020-06-01"], [False]))}
    assert ends_of(rows(text.format("2020-06-01", "event", '""')), "2020-06-01") == (["2020-06-01"], [True])  # the day itself is


def test_a_visit_before_the_charts_gives_time_from_their_first_day_on_and_each_month_its_own_count():
    read = rows("""
person visit       ends        last_visit  event  censored_by
a      2019-07-01  2020-02-15  2019-07-01  event  ""
b      2020-02-01  2021-07-01  2020-02-01  none   last_contact
c      2018-01-01  2019-06-01  2018-01-01  event  ""
""")
    hazard = Hazard(np.array([0.0, 365.0, 730.0]), np.array([[0.0, 0.365, 0.5], [0.0, 0.73, 0.9], [0.0, 0.9, 1.0]]))
    found = person_time(read, hazard, 24, day("2019-12-31"), day("2020-03-31"))  # two whole months, and what is left over
    assert len(found.observed) == 2
    assert found.ends[-1] == day("2020-03-31")
    assert found.observed.tolist() == [1.0, 0.0]
    a, b = day("2020-02-15") - found.ends[0], found.ends[1] - day("2020-02-01")
    assert found.expected == pytest.approx([0.001 * a + 0.002 * b, 0.002 * 30.4375])
    assert found.people == 2  # c had the event before


def test_right_risks_expect_what_comes_whoever_enters_late_leaves_or_dies():
    rng = np.random.default_rng(4)
    people, rate, dying = 4000, rng.lognormal(-6.5, 0.8, 4000), 0.0008
    begins = rng.integers(0, 900, people)
    event, death, lost = (np.ceil(begins + rng.exponential(1 / np.asarray(x), people)) for x in (rate, dying, 0.002))
    end = np.minimum.reduce([event, death, lost])
    what = np.where(event == end, "event", np.where(death == end, "competing", "none"))
    visit = dates_of((18000 + begins).astype(np.int32))
    read = pd.DataFrame({"patient_id": range(people), "landmark": visit, "last_visit": visit, "event": what, "time_to_event": end - begins})
    days = np.array([365, 730])
    either = 1 - np.exp(-(rate[:, None] + dying) * days)
    hazard = hazard_of(either * (rate / (rate + dying))[:, None], either * (dying / (rate + dying))[:, None], (12, 24))
    found = person_time(read.assign(censored_by="last_contact"), hazard, 24, 18100.0, 18900.0)
    observed, expected = found.observed.sum(), found.expected.sum()
    assert expected > 400
    assert abs(observed - expected) < 3 * np.sqrt(expected)
    first = slice(0, 12)
    assert abs(found.observed[first].sum() - found.expected[first].sum()) < 3 * np.sqrt(found.expected[first].sum())


def test_nobody_scored_expects_nothing():
    none = rows("person visit ends last_visit event censored_by\na 2020-01-01 2020-02-01 2020-01-01 none last_contact").head(0)
    found = person_time(none, Hazard(np.array([0.0, 365.0]), np.empty((0, 2))), 12, day("2019-01-01"), day("2020-01-01"))
    assert (found.expected.sum(), found.observed.sum(), found.people) == (0.0, 0.0, 0)


# as in training


def test_what_training_saw_soon_after_a_visit_and_late_is_expected_elsewhere_too():
    """300 people with an event each on their 40th day, none later; the risk spreads as many over a year."""
    read = pd.DataFrame({"patient_id": range(600), "landmark": pd.Timestamp("2020-01-01"), "censored_by": ""})
    read = read.assign(
        event=np.where(read["patient_id"] < 300, "event", "none"), time_to_event=np.where(read["patient_id"] < 300, 40.0, 800.0)
    )
    hazard = Hazard(np.array([0.0, 365.0, 730.0]), np.tile([0.0, 1.0, 1.0], (600, 1)))
    reference = reference_of_person_time(read, hazard, 24)
    expected = 300 * 40 / 365 + 300 * 91 / 365
    assert reference["months"] == [0, 3, 6, 12, 24]
    assert reference["ratio"][0] == pytest.approx(310 / (expected + 10))
    assert reference["ratio"][1] == pytest.approx(10 / (300 * 92 / 365 + 10))
    assert reference["ratio"][3:] == [1.0, 1.0]  # nothing is expected there, nothing observed
    there = hazard.as_in_training(reference)
    assert there.until(np.full(600, 91.0))[0] == pytest.approx(91 / 365 * reference["ratio"][0])
    assert there.until(np.full(600, 700.0)) == pytest.approx(there.until(np.full(600, 365.0)))


def test_each_persons_time_counts_once_in_training_too_in_whatever_order_the_rows_stand():
    text = """
person visit       ends        last_visit  event  censored_by
a      2020-01-01  2020-09-01  2020-06-01  event  ""
a      2020-06-01  2020-09-01  2020-06-01  event  ""
"""
    hazard = Hazard(np.array([0.0, 400.0]), np.array([[0.0, 4.0], [0.0, 8.0]]))
    one = reference_of_person_time(rows(text), hazard, 24)
    turned = reference_of_person_time(rows(text).iloc[::-1], Hazard(hazard.at, hazard.cumulative[::-1]), 24)
    assert one == turned
    assert one["ratio"][0] == pytest.approx(10 / (91 * 0.01 + 91 * 0.02 + 10))
