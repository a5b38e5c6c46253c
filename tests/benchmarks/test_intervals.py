"""The measure of intervals and of the time free of the event: what it counts, and what it lets through."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.honesty.event_free import goal, groups_of, judged, visits_and_waits
from benchmarks.honesty.intervals import Told, covered, goals, small_plan, within
from features.simulation.smm import DEFAULT
from myeloma.calendar import DAYS_PER_MONTH
from serving.models.event_free import EventFree
from tests.model_kinds import HORIZONS, artifact_of, people


def told(fit, reach):
    return Told(*(np.full((1, 1), value) for value in (fit, fit - reach, fit + reach)))


def test_a_fit_is_as_far_from_the_expected_one_as_it_is_from_the_mean_of_others_at_most():
    fits = (0.0, 1.0, 5.0)  # mean 2: distances 2, 1 and 3, counted sqrt(3 / 2) times
    assert covered([told(fit, 2.0) for fit in fits]).ravel().tolist() == [False, True, False]
    assert covered([told(fit, 2.5) for fit in fits]).ravel().tolist() == [True, True, False]
    assert covered([told(fit, 3.7) for fit in fits]).all()


def test_intervals_of_the_right_width_hold_the_expected_fit_in_19_of_20_cohorts():
    fits = np.random.default_rng(0).normal(size=(20, 4000))
    found = covered([Told(*(fit[:, None] + by for by in (0.0, -1.96, 1.96))) for fit in fits])
    assert found.mean() == pytest.approx(0.95, abs=0.004)


@pytest.mark.parametrize(("share", "holds"), [(0.93, False), (0.94, True), (0.96, True), (0.97, False)])
def test_what_is_promised_is_accepted_and_neither_less_nor_more(share, holds):
    assert within(np.arange(100).reshape(100, 1, 1) < 100 * share) == holds


def test_a_goal_is_set_where_nothing_is_hidden_and_both_ways_are_told():
    wide, narrow = ([Told(*(np.full((1, 3), value) for value in (fit, fit - by, fit + by))) for fit in (0.0, 1.0)] for by in (9.0, 0.1))
    by_fit = {("cox", hidden, own): wide if own else narrow for hidden in ("", "bmpc") for own in (True, False)}
    first, second = goals(by_fit, small_plan())
    assert (first.case, first.holds, second.case, second.holds) == (
        "interval of a risk, cox",
        False,
        "interval of a risk, cox, bmpc hidden",
        None,
    )
    assert first.found.startswith("1.000 over 2 cohorts (") and first.found.endswith("0.000 with one recalibration for all halves")


def test_what_is_farthest_from_19_of_20_is_named_and_decides():
    assert goal("a world", {"all": 0.95, "women": 0.93, "men": 0.96}, "told").holds
    wrong = goal("a world", {"all": 0.95, "women": 0.95, "men": 0.98}, "told")
    assert (wrong.holds, wrong.found) == (False, "0.950, worst in men 0.980 (told)")


def test_subgroups_are_of_those_whose_bound_lies_before_the_last_horizon():
    rows = pd.DataFrame({"age": [50, 70, 70, 50], "female": [1, 0, 1, 0], "months_since_index": [0, 0, 6, 6]})
    before = np.array([True, True, True, False])
    groups = groups_of(rows, np.array([0.1, 0.2, 0.3, 0.01]), before, np.array([False, False, True, True]))
    assert {name: np.flatnonzero(there).tolist() for name, there in groups.items()} == {
        "under 65": [0],
        "65 and over": [1, 2],
        "women": [0, 2],
        "men": [1],
        "first visits": [0, 1],
        "later visits": [2],
        "the third at lowest risk": [0],
        "the third between": [1],
        "the third at highest risk": [2],
        "a biomarker unknown": [2],
    }


def test_people_are_judged_by_the_same_progressions_without_treatment_and_loss():
    rows, wait = visits_and_waits(150, 3, DEFAULT, small_plan())
    progressed = (rows["event"] == "event").to_numpy()
    assert progressed.sum() > 20
    assert wait[progressed] * DAYS_PER_MONTH == pytest.approx(rows.loc[progressed, "time_to_event"], abs=1.0)
    assert (wait * DAYS_PER_MONTH >= rows["time_to_event"] - 1.0).all()
    lost = (rows["event"] == "none").to_numpy()
    assert np.isfinite(wait[lost]).any(), "some who were lost progress later"


def test_a_bound_holds_where_the_event_comes_no_sooner():
    x, rows = people()
    artifact = replace(artifact_of("logistic"), event_free=EventFree(0.05, 60.0, ((0.25,) * 4,) * 3))
    frame = pd.DataFrame(x, columns=artifact.columns).assign(female=1.0, months_since_index=0.0)
    whole, _ = judged(artifact, frame, np.full(len(rows), HORIZONS[-1] + 1.0), ())
    none, _ = judged(artifact, frame, np.full(len(rows), -1.0), ())
    assert set(whole.values()) == {1.0}
    assert "first visits" in whole and "later visits" not in whole, "a group without anybody has no share"
    assert none["all"] == 0.0
