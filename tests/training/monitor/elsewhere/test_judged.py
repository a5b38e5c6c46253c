"""Whether figures are shown depends on what is expected, within what was followed; what was observed decides nothing but privacy."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from myeloma import DataError
from myeloma.calendar import horizon_days
from training.evaluation.expected_events import expected_people, too_little, with_expected
from training.monitor.elsewhere.judged import check_cohort

YEAR = horizon_days(12)


def rows(observed, risk, people=200):
    """People once each, all followed for two years or until they progress at half a year."""
    event = np.where(np.arange(people) < observed, "event", "none")
    time = np.where(event == "event", YEAR / 2, 2.0 * YEAR)
    frame = pd.DataFrame(
        {"patient_id": np.arange(people).astype(str), "event": event, "time_to_event": time, "landmark": pd.Timestamp("2010-1-1")}
    )
    return with_expected(frame, np.full((people, 1), risk), (12,))


def test_a_person_lost_half_way_counts_half_and_one_who_dies_whole():
    frame = pd.DataFrame({"event": ["none", "none", "competing", "event"], "time_to_event": [YEAR / 2, 3.0 * YEAR, 10.0, 10.0]})
    assert with_expected(frame, np.full((4, 1), 0.2), (12,))["expected_12m"].tolist() == pytest.approx([0.1, 0.2, 0.2, 0.2], rel=1e-2)


def test_a_person_is_expected_once_at_the_first_visit():
    frame = pd.DataFrame(
        {"patient_id": ["a", "a", "b"], "landmark": pd.to_datetime(["2011-1-1", "2010-1-1", "2010-1-1"]), "expected_12m": [0.9, 0.1, 0.2]}
    )
    assert expected_people(frame, 12) == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("observed", "risk", "says"),
    [
        (30, 0.0995, "19.9 people are expected to progress within 12 months"),
        (12, 0.1005, ""),
        (45, 0.1005, ""),
        (9, 0.1005, "figures would tell how many"),
        (10, 0.1005, ""),
        (185, 0.9, "only 15 people here are known to be free"),
    ],
    ids=["19.9 expected, 30 seen", "20.1 expected, 12 seen", "20.1 expected, 45 seen", "few seen", "ten seen", "few free"],
)
def test_figures_are_shown_from_20_expected_events_on_whatever_was_observed(observed, risk, says):
    why = too_little(rows(observed, risk), 12)
    assert says in why
    assert bool(says) == bool(why)


def test_a_horizon_that_nobody_reached_has_no_figures():
    assert "nobody here is followed for 60 months" in too_little(rows(30, 0.5).assign(expected_60m=0.5), 60)


@pytest.mark.parametrize(
    ("change", "code", "says"),
    [
        ({"patients": lambda frame: frame.iloc[:0]}, "empty_cohort", "holds 0 patients"),
        ({"patients": lambda frame: frame.assign(stage="mgus")}, "cohort_of_other_stage", r"received 300 mgus, accepted: smm"),
        ({"events": lambda frame: frame.iloc[:0]}, "no_outcomes", "received no event"),
    ],
)
def test_a_cohort_that_cannot_be_judged_by_is_refused_with_its_reason(smm_cohort, smm_task, change, code, says):
    changed = replace(smm_cohort, **{name: of(getattr(smm_cohort, name)) for name, of in change.items()})
    with pytest.raises(DataError, match=says) as refusal:
        check_cohort(changed, smm_task)
    assert (refusal.value.code, bool(refusal.value.hint)) == (code, True)


def test_a_cohort_mostly_of_another_stage_without_outcomes_says_of_which(smm_cohort, smm_task):
    patients = smm_cohort.patients.assign(stage=["mm"] * 250 + ["smm"] * (len(smm_cohort.patients) - 250))
    changed = replace(smm_cohort, patients=patients, events=smm_cohort.events.iloc[:0])
    with pytest.raises(DataError, match=r"of 300 people these are of another stage than smm and do not count: 250 mm; accepted"):
        check_cohort(changed, smm_task)
    with pytest.raises(DataError, match="received no event; accepted"):
        check_cohort(replace(smm_cohort, events=smm_cohort.events.iloc[:0]), smm_task)


def test_people_without_a_recorded_stage_are_taken_as_the_task_takes_them(smm_cohort, smm_task):
    check_cohort(replace(smm_cohort, patients=smm_cohort.patients.assign(stage="")), smm_task)
