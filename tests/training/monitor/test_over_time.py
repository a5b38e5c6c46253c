"""What the watch says of outcomes month by month: when it is changed, steady or not shown, and what would give small counts away."""

import base64
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from features.history.arrays import dates_of, days_of
from features.intake.quality import clean
from features.simulation.smm import simulate
from myeloma import ConfigError, DataError
from training.monitor.outcome import Bounds
from training.monitor.over_time import Charting, OverTime, charts_of, check_over_time, over_time
from training.monitor.people import Period, Visits
from training.monitor.picture import charts
from training.reference.person_time import Hazard, PersonTime, person_time

DAY = pd.Timestamp("2024-12-31")
ROOM = Bounds(0.8, 1.25)


def found(observed, expected):
    """What was counted in months up to a day, with its charts."""
    o, e = np.asarray(observed, dtype=float), np.asarray(expected, dtype=float)
    ends = days_of(pd.Series([DAY]))[0] - np.arange(len(o), -1, -1) * 30.4375
    counted = PersonTime(ends, o, e, 300, 500.0)
    return OverTime(counted, charts_of(counted, 0.2))


def check(one, since="2024-07-01", bounds=ROOM):
    return check_over_time(one, Period(pd.Timestamp(since), DAY, DAY), bounds)


def test_it_is_not_shown_while_too_few_are_expected():
    seen = check(found([0] * 12, [0.4] * 12))
    assert (seen.status, seen.estimate) == ("not shown", None)
    assert seen.words == "4.8 events expected in 12 months of 500 person-years; charts begin at 5"


def test_it_is_steady_only_where_the_interval_lies_within_what_is_accepted():
    many, few = check(found([10] * 36, [10.0] * 36)), check(found([1] * 36, [1.0] * 36))
    assert (many.status, many.estimate) == ("steady", 1.0)
    assert (few.status, few.estimate) == ("not shown", 1.0)
    assert "CUSUM and limit: too many 0.0 of 2.1, too few 0.0 of 2.0; no alarm in the period" in few.words
    assert "0.2 false alarms a year; a rate wrong by 1.5 times is found in a median of 11 (too many) and 17 (too few) months" in few.words


def test_fewer_than_ten_events_raise_no_alarm_of_too_many_which_would_tell_how_many():
    nine, ten = (check(found([0] * 24 + [one], [0.2] * 24 + [0.3])) for one in (9, 10))
    assert (nine.status, nine.estimate) == ("not shown", None) and "no alarm in the period" in nine.words
    assert ten.status == "changed" and "ALARM: too many" in ten.words


def test_an_alarm_in_the_period_is_a_change_and_one_before_it_is_not():
    late, early = [3] * 30 + [9] * 6, [3] * 12 + [9] * 3 + [3] * 21
    assert check(found(late, [3.0] * 36)).status == "changed"
    assert "ALARM: too many by 2024-0" in check(found(late, [3.0] * 36)).words
    assert check(found(early, [3.0] * 36)).status == "not shown"
    assert check(found(early, [3.0] * 36), since="2022-01-01").status == "changed"
    assert "ALARM: too few" in check(found([3] * 24 + [0] * 12, [3.0] * 36)).words


def test_an_interval_wholly_outside_what_is_accepted_is_said_to_be_and_why_it_is_not_called_changed():
    """Many events in the first months, an alarm then, and none in the period that is looked at."""
    early = check(found([12] * 12 + [4] * 12, [4.0] * 24), since="2024-12-01")
    assert early.lo > 1.25
    assert early.status == "not shown"
    assert "The interval lies wholly outside what is accepted" in early.words
    assert "only when a chart alarms in the period" in early.words
    assert "wholly outside" not in check(found([4] * 24, [4.0] * 24)).words


def test_a_count_of_fewer_than_ten_is_not_written_nor_is_what_would_give_it_away():
    one = found([0] * 33 + [3] * 3, [0.5] * 36)
    seen, told = check(one), one.to_dict()
    assert (seen.estimate, seen.words.startswith("fewer than 10 observed, 18.0 events expected")) == (None, True)
    assert (told["observed"], [each["value"] for each in told["charts"]]) == ("fewer than 10", [None, None])
    assert [each["values"] for each in told["charts"]] == [{}, {}]
    assert charts(one) == ""


@pytest.mark.parametrize(
    ("observed", "shown"),
    [
        ([10, 10, 10], [0, 1, 2]),
        ([9, 9, 9], [2]),  # the last two months hold ten, and the nine before them join them
        ([4, 6, 0, 3, 8], [2, 4]),
        ([5, 4], []),
    ],
)
def test_sums_are_shown_at_month_ends_between_which_ten_people_had_the_event(observed, shown):
    assert found(observed, [5.0] * len(observed)).told.tolist() == shown


def test_the_picture_is_drawn():
    assert base64.b64decode(charts(found([3] * 30 + [9] * 6, [3.0] * 36))).startswith(b"\x89PNG")


@pytest.mark.parametrize("wrong", [{"false_alarms": 0.0}, {"false_alarms": 7.0}, {"delay": -1}])
def test_charts_that_cannot_be_are_refused(wrong):
    with pytest.raises(ConfigError, match="accepted"):
        Charting(**wrong)


# from a cohort


@pytest.fixture(scope="module")
def cohort():
    return clean(simulate(60, seed=3))[0]


@pytest.fixture
def artifact(small_artifact, smm_task):
    made = small_artifact(replace(smm_task, features=FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",)), horizons=(12, 60)))
    return replace(made, about=made.about | {"reference_person_time": {"months": [0, 3], "ratio": [0.8, 1.1]}})


@pytest.fixture
def looked(cohort, artifact):
    def look(until="2020-12-31", **charting):
        last = pd.Timestamp(until)
        return over_time(Visits(cohort, artifact), artifact, Period(last, last, pd.Timestamp("2024-12-31")), Charting(**charting))

    return look


def test_each_person_has_the_last_visit_before_the_charts_and_all_since(cohort, artifact):
    visits, first = Visits(cohort, artifact), pd.Timestamp("2015-01-01")
    rows = visits.scored(first, pd.Timestamp("2016-12-31"))
    before = rows[rows["landmark"] < first]
    assert before["patient_id"].is_unique
    assert (before["landmark"] >= first - pd.Timedelta(days=1826)).all()  # five years, the last horizon
    assert rows[rows["landmark"] >= first]["patient_id"].duplicated().any()
    every = visits.scored(pd.Timestamp("2000-01-01"), pd.Timestamp("2016-12-31"))
    late = every[(every["landmark"] < first) & (every["landmark"] >= first - pd.Timedelta(days=1826))]
    assert late.groupby("patient_id")["landmark"].max().to_dict() == before.set_index("patient_id")["landmark"].to_dict()


def test_a_champion_that_keeps_nothing_of_person_time_has_no_charts_and_is_told_to_be_fitted_again(cohort, artifact):
    old = replace(artifact, about={name: value for name, value in artifact.about.items() if name != "reference_person_time"})
    period = Period(DAY, DAY, DAY)
    one = over_time(Visits(cohort, old), old, period, Charting())
    seen = check_over_time(one, period, ROOM)
    assert list(one.to_dict()) == ["why"]  # not that none were observed
    assert (seen.status, seen.people, "fit and register again" in seen.words) == ("not shown", 0, True)


def test_the_look_ends_the_charts_and_a_delay_ends_them_earlier(looked):
    now, late = looked(), looked(delay=90)
    days = days_of(pd.Series([pd.Timestamp("2020-12-31")]))[0]
    assert (now.counted.ends[-1], late.counted.ends[-1]) == (days, days - 90)
    assert len(now.counted.expected) == 36


def test_the_charts_begin_on_the_day_asked_for_and_not_after_their_end(looked):
    assert len(looked(since="2019-12-31").counted.expected) == 12
    with pytest.raises(ConfigError, match="The charts begin on 2021-01-01, after their end on 2020-12-31"):
        looked(since="2021-01-01")
    with pytest.raises(DataError, match="not a date"):
        looked(since="soon")


def test_what_happens_after_the_look_changes_nothing(cohort, artifact):
    """The same charts from a cohort whose events after the day of the look never happened."""
    last = pd.Timestamp("2014-12-31")
    events = cohort.events.assign(kind=cohort.events["kind"].mask(cohort.events["occurred_at"] > last, "last_contact"))
    assert (events["kind"] != cohort.events["kind"]).any()
    period = Period(last, last, pd.Timestamp("2024-12-31"))
    one, other = (
        over_time(Visits(c, artifact), artifact, period, Charting()).counted
        for c in (cohort, type(cohort)(cohort.patients, cohort.measurements, events))
    )
    assert one.observed.tolist() == other.observed.tolist()
    assert one.expected == pytest.approx(other.expected)
    assert one.observed.sum() > 0


def test_a_month_is_named_by_its_last_day():
    counted = person_time(
        pd.DataFrame(
            {
                "patient_id": ["a"],
                "landmark": [pd.Timestamp("2024-01-01")],
                "last_visit": [pd.Timestamp("2024-01-01")],
                "event": ["event"],
                "time_to_event": [30.0],
                "censored_by": [""],
            }
        ),
        Hazard(np.array([0.0, 365.0]), np.array([[0.0, 1.0]])),
        12,
        float(days_of(pd.Series([pd.Timestamp("2023-12-31")]))[0]),
        float(days_of(pd.Series([DAY]))[0]),
    )
    months = [str(day)[:10] for day in dates_of(np.floor(counted.ends).astype(np.int32))]
    assert months[int(counted.observed.argmax()) + 1] == "2024-01-31"
