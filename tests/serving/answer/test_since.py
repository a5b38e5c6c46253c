"""What stands beside a risk in a score file: how old the visit is, what happened since, which criterion is met, what was decided."""

import json

import numpy as np
import pandas as pd
import pytest

from features import Cohort
from features.history.arrays import Histories
from features.table.landmarks import fixed_landmarks, last_landmarks
from features.tasks import Rules
from myeloma.calendar import EPOCH
from myeloma.criteria import statuses
from serving.answer.person import answer_history
from serving.answer.since import happened_since, met_criteria
from serving.artifact import load_artifact
from serving.batch import Told, score_histories, score_landmarks
from serving.store import champion
from serving.store.champion import LEDGER
from tests.serving.answer.treated import artifact_of, histories_of

RULES = Rules("censor", criteria_guard=True, population="smm")


def day(text):
    return pd.Timestamp(text).toordinal() - EPOCH


@pytest.fixture(scope="module")
def artifact(trained):
    return load_artifact(trained.folder / "fit" / "boosting" / "artifact")


@pytest.fixture
def cohort():
    """Three people: progressed after the visit, treated after it, and one with nothing but a visit."""
    patients = pd.DataFrame({"patient_id": ["A", "B", "C"], "index_date": pd.Timestamp("2015-01-01"), "age_at_index": 60.0})
    patients = patients.assign(birth_date=pd.NaT, sex="female", site="", stage="smm", heavy_chain="", light_chain="", fish="")
    results = [("A", "2015-02-01", 2.0), ("A", "2015-08-01", 2.5), ("B", "2015-02-01", 2.0), ("C", "2015-03-01", 2.0)]
    measured = pd.DataFrame(results, columns=["patient_id", "collected_at", "value"]).assign(biomarker="m_protein", operator="")
    measured["collected_at"] = measured["available_at"] = pd.to_datetime(measured["collected_at"])
    events = [("A", "2016-01-01", "progression"), ("A", "2017-01-01", "death"), ("B", "2015-06-01", "treatment_start")]
    happened = pd.DataFrame(events, columns=["patient_id", "occurred_at", "kind"]).assign(detail="")
    happened["occurred_at"] = pd.to_datetime(happened["occurred_at"])
    return Cohort(patients=patients, measurements=measured, events=happened)


def test_what_happened_after_the_visit_is_dated_and_what_happened_before_is_not_since(artifact, cohort):
    scores = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "2015-07-01"), today=day("2015-07-01")).set_index("patient_id")
    assert scores["status"].to_dict() == {"A": "scored", "B": "treated", "C": "scored"}
    assert scores.loc["A", ["progression_since", "death_since"]].tolist() == [pd.Timestamp("2016-01-01"), pd.Timestamp("2017-01-01")]
    assert scores.loc["A", "treatment_since"] is pd.NaT
    assert scores.loc[["B", "C"], ["progression_since", "death_since", "treatment_since"]].isna().all(axis=None)


def test_an_event_on_the_day_of_the_visit_is_not_since_and_one_a_day_later_is(cohort):
    histories = Histories.of(cohort)
    landmarks = np.array([day("2015-12-31"), day("2016-01-01")], np.int32)
    found = happened_since(RULES, histories, np.zeros(2, np.int32), landmarks, day("2020-01-01"))["progression_since"]
    assert found.isna().tolist() == [False, True]


FALLEN = """
m_protein 3.0 2020-01-20
m_protein 0.3 2020-06-01
m_protein 0.3 2020-07-01
creatinine 1.0 2020-07-01
"""
RISEN = """
m_protein 0.8 2020-09-01
m_protein 0.8 2020-10-01
"""  # above the lowest by 0.5 g/dL and by a quarter, twice: the criteria are met on the day of the second


@pytest.mark.parametrize(
    ("progression", "results", "events", "since"),
    [
        ("either", FALLEN, (), None),
        ("either", FALLEN + RISEN, (), "2020-10-01"),
        ("imwg", FALLEN + RISEN, (), "2020-10-01"),
        ("recorded", FALLEN + RISEN, (), None),
        ("recorded", FALLEN + RISEN, (("2020-11-01", "progression", None),), "2020-11-01"),
        ("either", FALLEN + RISEN, (("2020-11-01", "progression", None),), "2020-10-01"),
        ("either", FALLEN + RISEN, (("2020-09-15", "progression", None),), "2020-09-15"),
    ],
)
def test_a_relapse_since_is_told_by_the_rule_by_which_the_task_takes_it(progression, results, events, since):
    artifact, histories, landmark = artifact_of("since_line", progression=progression), histories_of(results, *events), day("2020-08-01")
    answer = answer_history(artifact, histories, landmark, today=day("2020-12-01"))
    told = [one for one in answer.warnings if one.startswith("since this visit: ")]
    words = f"since this visit: {artifact.words.event}, on {since}: the risk is what it was before, not today's"
    assert told == ([words] if since else [])
    assert answer.risks[0].shown.text.startswith("was ") == answer.as_of.is_past == bool(since)
    rows = score_histories(artifact, histories, np.array(["A"]), (np.zeros(1, np.int32), np.array([landmark], np.int32)), landmark)
    assert rows["progression_since"].astype(str).tolist() == [since or "NaT"]
    assert Told.of(rows).since["progression_since"] == int(bool(since))


@pytest.mark.parametrize(("landmark", "status"), [("2020-09-30", "scored"), ("2020-10-01", "progressed")])
def test_a_relapse_that_results_show_is_since_until_the_day_on_which_it_was_confirmed(landmark, status):
    artifact, when = artifact_of("since_line"), np.array([day(landmark)], np.int32)
    row = score_histories(artifact, histories_of(FALLEN + RISEN), np.array(["A"]), (np.zeros(1, np.int32), when), int(when[0]))
    assert (row["status"][0], row["progression_since"].isna()[0]) == (status, status == "progressed")


def test_a_later_line_is_treatment_since_and_the_first_one_is_to_who_was_looked_at_before_it():
    artifact, landmarks = artifact_of("since_line", next_line="censor"), np.array([day("2020-01-25"), day("2020-08-01")], np.int32)
    histories = histories_of(FALLEN, ("2020-12-01", "treatment_start", 2))
    found = happened_since(artifact.rules, histories, np.zeros(2, np.int32), landmarks, day("2021-01-01"))
    assert found["treatment_since"].astype(str).tolist() == ["2020-02-01", "2020-12-01"]


def test_a_visit_is_as_old_as_the_latest_result_known_by_then(artifact, cohort):
    today = day("2018-01-01")
    last = score_landmarks(artifact, cohort, last_landmarks(cohort), today=today)
    visits = [day("2015-08-01"), day("2015-02-01"), day("2015-03-01")]
    assert last["visit_age_days"].tolist() == [today - visit for visit in visits]
    early = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "2015-02-15"), today=today)
    assert early["visit_age_days"].tolist()[:2] == [today - day("2015-02-01")] * 2
    assert np.isnan(early["visit_age_days"].iloc[2]), "there was no visit yet"


def test_in_a_calendar_that_was_shifted_into_the_future_no_visit_has_a_negative_age(artifact, cohort, monkeypatch):
    monkeypatch.setattr("myeloma.calendar.today", lambda: day("2000-01-01"))
    last = score_landmarks(artifact, cohort, last_landmarks(cohort))
    assert last["visit_age_days"].tolist() == [day("2017-01-01") - day(visit) for visit in ("2015-08-01", "2015-02-01", "2015-03-01")]


def test_the_closing_line_counts_what_happened_to_those_scored(artifact, cohort):
    scores = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "2015-03-01"), today=day("2015-03-01"))
    assert Told.of(scores).since_in_words() == (
        "since then, by the same cohort: 1 progressed, 1 died, 1 treated; the visits are 28 days old (median; 28 at most)"
    )
    assert Told.of(scores.assign(status="dead")).since_in_words() == ""


def test_with_every_visit_scored_the_closing_line_counts_people_and_says_of_how_many_visits(artifact, cohort):
    once = score_landmarks(artifact, cohort, fixed_landmarks(cohort, "2015-03-01"), today=day("2015-03-01"))
    told = Told.of(pd.concat([once, once, once], ignore_index=True))
    assert told.since == Told.of(once).since
    scored, people = 3 * int((once["status"] == "scored").sum()), told.people
    assert told.since_in_words().startswith(f"since then, by the same cohort, of {people} people scored at {scored} visits: 1 progressed, ")


def test_every_criterion_that_is_met_is_named_and_an_unknown_one_is_not(artifact, cohort):
    nan = np.nan
    inputs = {"calcium": [12.0, 9.0, nan], "bmpc": [70.0, 20.0, nan], "creatinine": [1.0, nan, nan], "hemoglobin": [13.0, 9.0, nan]}
    assert met_criteria(statuses({name: np.array(values) for name, values in inputs.items()})) == ["calcium|marrow", "anemia", ""]
    ill = cohort.measurements.assign(biomarker="hemoglobin", value=8.0)
    scores = score_landmarks(artifact, Cohort(cohort.patients, ill, cohort.events), fixed_landmarks(cohort, "2015-04-01"))
    assert scores[["status", "criteria"]].drop_duplicates().to_numpy().tolist() == [["criteria_met", "anemia"]]


@pytest.mark.parametrize(("operator", "status"), [("", "criteria_met"), (">", "criteria_met"), ("<", "scored")])
def test_a_score_file_calls_no_criterion_met_that_a_limit_leaves_open(artifact, cohort, operator, status):
    marrow = cohort.measurements.assign(biomarker="bmpc", value=65.0, operator=operator)
    scores = score_landmarks(artifact, Cohort(cohort.patients, marrow, cohort.events), fixed_landmarks(cohort, "2015-04-01"))
    assert scores["status"].unique().tolist() == [status]
    assert scores["criteria"].unique().tolist() == ["marrow" if status == "criteria_met" else ""]
    assert scores["score_mayo_2018"].unique().tolist() == ["" if operator == "<" else "intermediate|high"]  # marrow alone is known


def test_a_model_of_a_folder_has_no_verdict(artifact, cohort):
    scores = score_landmarks(artifact, cohort, last_landmarks(cohort))
    assert scores["gate_verdict"].unique().tolist() == [""]


@pytest.mark.parametrize(
    ("decisions", "verdict"),
    [
        ([], "hold"),
        ([("promote", "3", "promote")], "promote"),
        ([("force", "3", "reject")], "reject, forced"),
        ([("force", "3", "reject"), ("promote", "4", "promote"), ("rollback", "3", "")], "reject, forced"),
        ([("force", "3", "reject"), ("promote", "3", "promote")], "promote"),
        ([("force", "4", "reject")], "hold"),
    ],
)
def test_the_last_decision_on_a_version_counts_and_a_rollback_is_none(monkeypatch, decisions, verdict):
    tags = {
        f"{LEDGER}{k:06d}.x": json.dumps({"action": action, "version": version, "verdict": said})
        for k, (action, version, said) in enumerate(decisions)
    }
    monkeypatch.setattr("serving.store.champion.tags_of", lambda name: tags)
    assert champion._verdict(champion.decisions_on("smm-progression", "3"), {"gate_verdict": "hold"}) == verdict
