"""The measure of hidden values: what it counts, and what it lets through."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from benchmarks.honesty.hidden_values import HOW, PATTERNS, figures, judged_halves, measured, outside, ratios
from features.params import DEFAULT_PARAMS
from features.simulation.smm import DEFAULT
from training.plan import load_plan


def test_true_over_predicted_of_all_and_of_the_fifth_at_highest_predicted_risk():
    risk = np.array([0.1] * 8 + [0.5, 0.5])
    true = np.array([0.2] * 8 + [0.4, 0.4])
    assert ratios(true, risk, np.ones(10)) == pytest.approx((2.4 / 1.8, 0.8))


def test_a_visit_counts_for_its_chance_of_being_hidden():
    risk, true = np.array([0.5, 0.1, 0.1, 0.1]), np.array([0.5, 0.2, 0.1, 0.1])
    whole, top = ratios(true, risk, np.array([1.0, 3.0, 0.5, 0.5]))
    assert (whole, top) == pytest.approx((1.2 / 0.9, 1.0))


@pytest.mark.parametrize(
    ("whole", "top", "months", "wrong"),
    [
        (1.1, 1.25, 12, False),
        (0.9, 0.8, 24, False),
        (1.11, 1.0, 12, True),
        (1.0, 1.26, 24, True),
        (1.0, 0.79, 24, True),
        (2.0, 2.0, 60, False),
    ],
)
def test_the_bounds_are_accepted_and_beyond_them_is_said(whole, top, months, wrong, monkeypatch):
    found = pd.DataFrame([{"hidden": "bmpc", "how": "at random", "model": "cox", "horizon": months, "whole": whole, "top": top}])
    assert len(outside(found)) == wrong
    monkeypatch.setattr("benchmarks.honesty.hidden_values.hidden_values", lambda world, people, cohorts: found)
    assert [goal.holds for goal in measured()] == [not wrong] * 2 * (months <= 24)  # both worlds; later horizons are not judged


def test_each_goal_says_what_was_found_over_all_ways_of_hiding_and_nothing_is_asked_where_nothing_is_hidden(monkeypatch):
    of = [
        ("nothing", "cox", 12, 1.3),
        ("bmpc", "cox", 12, 0.95),
        ("bmpc", "cox", 24, 1.05),
        ("bmpc", "boosting", 24, 1.2),
        ("bmpc", "cox", 60, 3.0),
    ]
    found = pd.DataFrame([{"hidden": h, "how": "at random", "model": m, "horizon": t, "whole": r, "top": r} for h, m, t, r in of])
    monkeypatch.setattr("benchmarks.honesty.hidden_values.hidden_values", lambda world, people, cohorts: found)
    goals = {goal.case: goal for goal in measured() if "world default" in goal.case}
    assert goals["world default, nothing hidden, cox"].holds is None
    assert goals["world default, bmpc hidden, cox"].holds
    assert goals["world default, bmpc hidden, cox"].found == "0.95 to 1.05, in the top fifth 0.95 to 1.05"
    assert goals["world default, bmpc hidden, boosting"].holds is False


@pytest.mark.slow
def test_each_half_is_judged_by_models_of_the_other_on_every_pattern():
    plan = load_plan("smm", DEFAULT_PARAMS)
    plan = replace(plan, models={"cox": plan.models["cox"]})
    halves = judged_halves(DEFAULT, plan, 1200, 1)
    assert not set(halves[0].rows["patient_id"]) & set(halves[1].rows["patient_id"])
    found = pd.DataFrame(figures(halves, plan))
    assert len(found) == len(PATTERNS) * len(HOW) * len(plan.task.horizons)
    assert np.isfinite(found[["whole", "top"]]).all(axis=None)
