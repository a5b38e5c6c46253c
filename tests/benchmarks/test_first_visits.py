"""The measure of first visits: what it counts, and what it lets through."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.honesty import first_visits
from benchmarks.honesty.hidden_values import judged_halves
from features.params import DEFAULT_PARAMS
from features.simulation.smm import DEFAULT
from training.plan import load_plan


def test_true_over_predicted_is_that_of_people_the_model_has_not_seen():
    plan = load_plan("smm", DEFAULT_PARAMS)
    plan = replace(plan, models={"logistic": {**plan.models["logistic"], "penalties": [0.01], "backgrounds": [0.0]}})
    halves = judged_halves(DEFAULT, plan, 400, 5)
    whole, of_known, share = first_visits.ratios(halves, "logistic")
    assert whole.shape == of_known.shape == (3,)
    assert ((whole > 0.4) & (whole < 2.5)).all()
    assert 0.2 < share < 0.8
    doubled = [replace(half, true=2.0 * half.true) for half in halves]
    assert first_visits.ratios(doubled, "logistic")[0] == pytest.approx(2.0 * whole)


@pytest.mark.parametrize(
    ("whole", "of_known", "holds"),
    [([0.9, 1.1, 3.0], [1.0, 1.0, 0.1], True), ([0.89, 1.0, 1.0], [1.0] * 3, False), ([1.0] * 3, [1.0, 1.11, 1.0], False)],
)
def test_both_groups_have_to_hold_and_later_horizons_are_shown_alone(monkeypatch, whole, of_known, holds):
    monkeypatch.setattr(first_visits, "judged_halves", lambda *given: [])
    monkeypatch.setattr(first_visits, "ratios", lambda halves, model: (np.array(whole), np.array(of_known), 0.5))
    goals = {goal.case: goal for goal in first_visits.measured()}
    assert goals["first visits, world contrast, logistic"].holds is holds
    assert goals["first visits, world contrast, pangea_form"].holds is None
