"""What came after a landmark: who is still at risk, the first event, and how long people were followed."""

from dataclasses import replace

import pandas as pd
import pytest

from features.history.arrays import Histories
from features.table.outcomes import milestones, origin_day, outcomes_of
from features.table.table import build_table
from features.tasks import LineRules, Rules
from myeloma.calendar import EPOCH, NEVER

LANDMARK = 100  # days after the index date
ALIVE = ("last_contact", 400)


def rules(treatment, **others):
    return Rules(treatment, criteria_guard=False, **others)


@pytest.fixture
def after(cohort_of_days):
    """Return a function: events (kind, day) of one person -> (not_at_risk, event, time_to_event, follow_up) at a landmark."""

    def outcome(*events, treatment="censor", landmark=LANDMARK, results=()):
        cohort = cohort_of_days([("P1", "bmpc", day, day, 15.0) for day in results], [("P1", *event) for event in events])
        landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2015-01-01") + pd.Timedelta(days=landmark)]})
        row = outcomes_of(cohort, landmarks, rules(treatment)).iloc[0]
        return row["not_at_risk"], row["event"], row["time_to_event"], row["follow_up"]

    return outcome


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([ALIVE], ("none", 300, 300)),
        ([("progression", 150), ALIVE], ("event", 50, 300)),
        ([("progression", 150), ("progression", 130), ALIVE], ("event", 30, 300)),  # the first counts
        ([("death", 250)], ("competing", 150, 150)),
        ([("progression", 150), ("death", 250)], ("event", 50, 150)),
        ([("progression", 250), ("death", 250)], ("event", 150, 150)),  # a shared day counts as the event
        ([("progression", 101), ALIVE], ("event", 1, 300)),
    ],
)
def test_the_first_event_after_the_landmark_is_kept_with_its_time(after, events, expected):
    assert after(*events) == ("", *expected)


@pytest.mark.parametrize(
    ("events", "reason"),
    [
        ([("progression", 100), ALIVE], "progressed"),  # an event at the landmark ends eligibility
        ([("progression", 50), ALIVE], "progressed"),
        ([("death", 100)], "dead"),
        ([("treatment_start", 100), ALIVE], "treated"),
        ([("treatment_start", 50), ALIVE], "treated"),
        ([("transplant", 100), ALIVE], "treated"),  # also where nobody recorded what was given before it
        ([("transplant", 50), ("treatment_start", 150), ALIVE], "treated"),
        ([("last_contact", 100)], "after_follow_up"),
        ([("last_contact", 50)], "after_follow_up"),
        ([], "after_follow_up"),
    ],
)
def test_who_is_no_longer_at_risk_at_the_landmark_is_told_why(after, events, reason):
    assert after(*events)[0] == reason


def test_a_transplant_ends_observation_as_treatment_does(after):
    assert after(("transplant", 150), ("progression", 170), ALIVE) == ("", "none", 50, 50)
    assert after(("transplant", 150), ("progression", 170), ALIVE, treatment="composite")[:3] == ("", "event", 50)
    assert after(("transplant", 50), ("progression", 170), ALIVE, treatment="ignore")[:3] == ("", "event", 70)


def test_a_transplant_that_the_task_itself_is_about_is_no_treatment(cohort_of_days):
    cohort = cohort_of_days([], [("P1", "transplant", 150), ("P1", *ALIVE)])
    days = milestones(Histories.of(cohort), rules("censor", competing_event="transplant"))
    assert (int(days.treatment[0]), int(days.competing[0])) == (NEVER, int(pd.Timestamp("2015-01-01").toordinal() - EPOCH + 150))


def test_a_landmark_before_the_index_date_is_not_at_risk_and_one_on_it_is(after):
    assert after(ALIVE, landmark=-1)[0] == "before_index"
    assert after(ALIVE, landmark=0) == ("", "none", 400, 400)


def test_no_visit_is_a_reason_of_its_own(cohort_of_days):
    landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": pd.to_datetime([None])})
    assert outcomes_of(cohort_of_days([]), landmarks, rules("censor"))["not_at_risk"].tolist() == ["no_visit"]


@pytest.mark.parametrize(
    ("events", "results", "follow_up"),
    [
        ([("last_contact", 400)], [], 300),
        ([("last_contact", 400)], [420], 320),  # a result after the last contact is a sign of life
        ([("last_contact", 150), ("last_contact", 300)], [], 200),
        ([], [110, 160], 60),  # no contact recorded: the last result
        ([("progression", 130)], [], 30),  # or any other event
        ([("progression", 130)], [160], 60),
        ([("treatment_stop", 180)], [110], 80),
        ([("death", 250), ("last_contact", 240)], [110], 150),
    ],
)
def test_follow_up_ends_at_the_last_sign_of_the_person(after, events, results, follow_up):
    assert after(*events, results=results)[3] == follow_up


TREATED = ("treatment_start", 150)


@pytest.mark.parametrize(
    ("treatment", "events", "expected"),
    [
        ("censor", [TREATED, ("progression", 200), ALIVE], ("none", 50, 50)),
        ("ignore", [TREATED, ("progression", 200), ALIVE], ("event", 100, 300)),
        ("composite", [TREATED, ("progression", 200), ALIVE], ("event", 50, 300)),
        ("censor", [TREATED, ("death", 200)], ("none", 50, 50)),
        ("censor", [TREATED, ("death", 150)], ("competing", 50, 50)),  # on one day events come before censorings
        ("censor", [TREATED, ("progression", 150), ("death", 150)], ("event", 50, 50)),
        ("ignore", [TREATED, ("death", 150)], ("competing", 50, 50)),
        ("composite", [TREATED, ("death", 150)], ("event", 50, 50)),
        ("censor", [TREATED, ("death", 149)], ("competing", 49, 49)),
        ("ignore", [TREATED, ("death", 200)], ("competing", 100, 100)),
        ("composite", [TREATED, ("death", 200)], ("event", 50, 100)),
        ("censor", [("progression", 120), TREATED, ALIVE], ("event", 20, 300)),
        ("composite", [("progression", 120), TREATED, ALIVE], ("event", 20, 300)),
        ("censor", [("progression", 150), TREATED, ALIVE], ("event", 50, 300)),  # treated for having progressed
        ("censor", [TREATED, ("treatment_start", 130), ALIVE], ("none", 30, 30)),  # the first course
    ],
)
def test_treatment_is_handled_by_the_strategy_of_the_task(after, treatment, events, expected):
    assert after(*events, treatment=treatment) == ("", *expected)


@pytest.mark.parametrize(
    ("treatment", "events", "expected"),
    [
        ("censor", [TREATED, ("progression", 200), ALIVE], "treatment"),
        ("censor", [TREATED], "treatment"),  # its start is the last that is known
        ("ignore", [TREATED, ALIVE], "last_contact"),
        ("ignore", [TREATED], "last_contact"),
        ("censor", [ALIVE], "last_contact"),
        ("censor", [("progression", 150), TREATED, ALIVE], ""),
        ("censor", [("death", 200)], ""),
        ("composite", [TREATED, ALIVE], ""),
    ],
)
def test_what_ended_observation_is_said_where_no_event_did(cohort_of_days, treatment, events, expected):
    cohort = cohort_of_days([], [("P1", *event) for event in events])
    landmark = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2015-01-01") + pd.Timedelta(days=LANDMARK)]})
    assert outcomes_of(cohort, landmark, rules(treatment))["censored_by"].tolist() == [expected]


@pytest.mark.parametrize(("treatment", "reason"), [("censor", "treated"), ("composite", "progressed"), ("ignore", "")])
def test_treatment_at_the_landmark_ends_eligibility_unless_ignored(after, treatment, reason):
    assert after(("treatment_start", LANDMARK), ALIVE, treatment=treatment)[0] == reason


def test_rows_come_back_in_the_order_of_the_landmarks_each_with_its_own_person(cohort_of_days):
    cohort = cohort_of_days([], [("P1", "death", 200), ("P2", "progression", 300), ("P2", "last_contact", 500)])
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta([100, 100, 250], unit="D")
    got = outcomes_of(cohort, pd.DataFrame({"patient_id": ["P2", "P1", "P1"], "landmark": days}, index=[7, 3, 5]), rules("censor"))
    assert got[["not_at_risk", "event", "time_to_event"]].to_numpy().tolist() == [
        ["", "event", 200.0],
        ["", "competing", 100.0],
        ["dead", "competing", -50.0],
    ]


def test_milestones_are_one_a_person_and_never_where_nothing_happened(cohort_of_days):
    histories = Histories.of(cohort_of_days([], [("P1", "progression", 10)]))
    when, index_day = milestones(histories, rules("censor")), histories.people.index_day
    assert (when.event - index_day)[0] == 10
    assert when.event[1] == NEVER
    assert {*when.competing, *when.treatment} == {NEVER}
    assert (when.follow_up_end - index_day).tolist() == [10, 0]


@pytest.mark.parametrize(("stage", "reason"), [("smm", ""), ("", ""), ("mgus", "other_stage"), ("mm", "other_stage")])
def test_people_recorded_with_another_stage_are_not_at_risk_for_the_task(cohort_of_days, stage, reason):
    cohort = cohort_of_days([("P1", "m_protein", 0, 0, 1.0), ("P1", "m_protein", 400, 400, 1.0)])
    cohort = replace(cohort, patients=cohort.patients.assign(stage=stage))
    landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2015-01-01")]})
    assert outcomes_of(cohort, landmarks, rules("censor", population="smm"))["not_at_risk"].tolist() == [reason]


LINE_1, LINE_2 = ("treatment_start", 10, 1), ("treatment_start", 600, 2)


@pytest.mark.parametrize(
    ("events", "landmark", "expected"),
    [
        ([("last_contact", 900)], 200, ("before_line", "none", 700)),  # never treated
        ([LINE_1, ("last_contact", 900)], 99, ("before_line", "none", 801)),  # the 89th day
        ([LINE_1, ("last_contact", 900)], 100, ("", "none", 800)),
        ([("progression", 5), LINE_1, ("last_contact", 900)], 100, ("", "none", 800)),  # what led to the treatment is no relapse
        ([("progression", 10), LINE_1, ("last_contact", 900)], 100, ("", "none", 800)),
        ([LINE_1, ("progression", 400), LINE_2, ("last_contact", 900)], 100, ("", "event", 300)),
        ([LINE_1, LINE_2, ("progression", 700), ("last_contact", 900)], 100, ("", "event", 500)),  # nobody recorded it: the line did
        ([LINE_1, ("death", 400), ("last_contact", 400)], 100, ("", "competing", 300)),
        ([LINE_1, ("progression", 150), ("last_contact", 900)], 200, ("progressed", "event", -50)),
        ([LINE_1, ("treatment_start", 300, 1), ("last_contact", 900)], 100, ("", "none", 800)),  # another drug of the same line
    ],
)
def test_of_a_line_of_therapy_people_are_at_risk_some_days_after_it_began_and_what_comes_after_counts(
    cohort_of_days, events, landmark, expected
):
    cohort = cohort_of_days([("P1", "bmpc", 0, 0, 15.0)], [("P1", *event) for event in events])
    landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2015-01-01") + pd.Timedelta(days=landmark)]})
    row = outcomes_of(cohort, landmarks, rules("ignore", line=LineRules(1, from_days=90))).iloc[0]
    assert (row["not_at_risk"], row["event"], row["time_to_event"]) == expected


def test_a_later_line_may_end_observation_in_place_of_being_the_event(cohort_of_days):
    cohort = cohort_of_days([("P1", "bmpc", 0, 0, 15.0)], [("P1", *LINE_1), ("P1", *LINE_2), ("P1", "last_contact", 900)])
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta([100, 700], unit="D")
    landmarks = pd.DataFrame({"patient_id": ["P1"] * 2, "landmark": days})
    after = outcomes_of(cohort, landmarks, rules("ignore", line=LineRules(1, next_line="censor")))
    assert after[["not_at_risk", "event", "time_to_event", "censored_by"]].to_numpy().tolist() == [
        ["", "none", 500.0, "treatment"],
        ["later_line", "none", -100.0, "treatment"],
    ]


def test_of_the_second_line_nobody_is_at_risk_in_the_first(cohort_of_days):
    events = [LINE_1, ("progression", 500), LINE_2, ("progression", 800), ("last_contact", 900)]
    cohort = cohort_of_days([("P1", "bmpc", 0, 0, 15.0)], [("P1", *event) for event in events])
    days = pd.Timestamp("2015-01-01") + pd.to_timedelta([300, 700], unit="D")
    after = outcomes_of(cohort, pd.DataFrame({"patient_id": ["P1"] * 2, "landmark": days}), rules("ignore", line=LineRules(2)))
    assert after[["not_at_risk", "event", "time_to_event"]].to_numpy().tolist() == [["before_line", "event", 500.0], ["", "event", 100.0]]


@pytest.mark.parametrize(
    ("progression", "expected"), [("imwg", ("event", 230.0)), ("either", ("event", 230.0)), ("recorded", ("event", 300.0))]
)
def test_a_progression_by_the_results_counts_from_the_day_on_which_it_was_confirmed(cohort_of_days, progression, expected):
    results = [("P1", "m_protein", day, day, value) for day, value in ((0, 3.0), (40, 0.5), (70, 0.5), (300, 1.2), (330, 1.4))]
    cohort = cohort_of_days(results, [("P1", *LINE_1), ("P1", "progression", 400), ("P1", "last_contact", 900)], "kappa")
    landmarks = pd.DataFrame({"patient_id": ["P1"], "landmark": [pd.Timestamp("2015-01-01") + pd.Timedelta(days=100)]})
    row = outcomes_of(cohort, landmarks, rules("ignore", line=LineRules(1, progression=progression))).iloc[0]
    assert (row["event"], row["time_to_event"]) == expected


def test_time_counts_from_the_start_of_the_line_and_for_nobody_without_it(cohort_of_days, smm_plan):
    cohort = cohort_of_days(
        [("P1", "bmpc", 200, 200, 15.0), ("P2", "bmpc", 200, 200, 15.0)], [("P1", *LINE_1), ("P1", "last_contact", 900)]
    )
    about_line = rules("ignore", line=LineRules(1), landmarks=(6,))
    assert origin_day(Histories.of(cohort), about_line).tolist() == [16436 + 10, NEVER]
    table = build_table(cohort, replace(smm_plan.task, rules=about_line))
    assert table.rows[["patient_id", "index_date", "landmark"]].astype(str).to_numpy().tolist() == [["P1", "2015-01-11", "2015-07-13"]]
    assert table.about["attrition"]["visits"] == 1
