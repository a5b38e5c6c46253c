"""What the columns of the burden add: in points of the gap, from the same reference for both fits; the live model alone is asked."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.honesty import latent_burden
from benchmarks.honesty.attainable import Judged
from features.history.columns import BURDEN as COLUMNS
from features.params import DEFAULT_PARAMS
from tests.features.history.burden.twin import BURDEN
from training.plan import load_plan


@pytest.fixture
def fits(monkeypatch):
    """Return the candidates asked for, fit by fit, where the ensemble reaches all with the columns, and half of the risks without."""
    rng, asked = np.random.default_rng(1), []
    true = rng.beta(1, 9, 3000)
    reachable, reference = true * rng.lognormal(0, 0.3, 3000), true * rng.lognormal(0, 1, 3000)
    between = np.where(np.arange(3000) % 2 == 0, reachable, reference)

    def risks(plan, names, learned, judged):
        burden = plan.task.features.burden
        asked.append((list(names), burden, set(COLUMNS) <= set(plan.task.features.static)))
        best = between if burden is None else reachable
        return {name: reference if name in (plan.reference, "logistic") else best for name in names}

    monkeypatch.setattr(latent_burden, "judged_people", lambda *_: Judged(pd.DataFrame(), reachable, true, np.ones((3, 3000))))
    monkeypatch.setattr(latent_burden, "risks_of", risks)
    monkeypatch.setattr(latent_burden, "simulate", lambda people, seed, world: seed)
    monkeypatch.setattr(latent_burden, "clean", lambda seed: (seed, None))
    monkeypatch.setattr(latent_burden, "fit_burden", lambda learned: BURDEN)
    return asked


def test_what_they_add_is_measured_in_every_world_and_asked_of_the_live_model(fits):
    goals = list(latent_burden.measured())
    said = {goal.case: goal for goal in goals}
    assert said["world default, ensemble"].found.split(" ")[3] == "100%"
    assert said["world default, ensemble"].holds
    assert said["world contrast, logistic"].found.startswith("0% closed without, 0% with: 0.0% more")
    assert {goal.case.split(", ")[1] for goal in goals if goal.holds is not None} == {"ensemble"}
    assert len(goals) == 4 * len(latent_burden.PLACES) == 16


def test_the_reference_is_fitted_once_without_the_columns(fits):
    list(latent_burden.measured())
    plan = load_plan("smm", DEFAULT_PARAMS)
    assert fits[0] == (list(plan.models), None, False)
    assert fits[1] == ([name for name in plan.models if name != plan.reference], BURDEN, True)
