"""Where those at high risk are treated, those of like risk who go on untreated stand in for them."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec, build_table
from features.quality import clean
from features.simulation import simulate, simulate_truth
from features.simulation.worlds import DEFAULT
from features.tasks import horizon_days
from training.censoring import STRATUM, FollowUp, ipcw_weights
from training.estimators.strata import GROUPS, with_strata
from training.metrics import Draws
from training.performance import performance_of

SPEC = FeatureSpec(biomarkers=("bmpc",), look_backs=("ever",), statistics=("last",), static=("age",))


def people(n, treated, bmpc):
    """Return people with these marrows, of whom some begin treatment after 100 to 400 days and the others are followed for 1000."""
    return pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(n)],
            "bmpc__last__ever": bmpc,
            "age": 60.0,
            "censored_by": np.where(treated, "treatment", "last_contact"),
            "time_to_event": np.where(treated, np.linspace(100, 400, n), 1000.0),
        }
    )


@pytest.fixture
def marrow():
    return np.random.default_rng(1).uniform(5, 50, 400)


def test_who_is_likely_to_be_treated_is_told_from_who_is_not(marrow):
    treated = np.random.default_rng(2).random(400) < np.where(marrow > 30, 0.6, 0.02)
    found = with_strata(people(400, treated, marrow), SPEC)
    assert set(found[STRATUM]) == set(range(GROUPS))
    assert found.loc[treated, STRATUM].value_counts().max() - found.loc[treated, STRATUM].value_counts().min() <= 2
    below, above = found.loc[marrow < 20, STRATUM], found.loc[marrow > 40, STRATUM]
    assert below.mean() < 0.5 and above.mean() > 2


@pytest.mark.parametrize(("treated", "strata"), [(19, 1), (20, GROUPS), (0, 1)])
def test_fewer_than_twenty_people_who_are_treated_tell_nothing(marrow, treated, strata):
    chosen = np.argsort(np.argsort(-marrow)) < treated
    assert with_strata(people(400, chosen, marrow), SPEC)[STRATUM].nunique() == strata


def test_visits_of_the_same_few_people_do_not_make_them_enough(marrow):
    rows = people(400, marrow > 30, marrow)
    assert with_strata(rows.assign(patient_id=rows["patient_id"].where(marrow < 30, "one")), SPEC)[STRATUM].eq(0).all()


def test_where_nothing_is_known_all_are_one(marrow):
    rows = people(400, marrow > 30, marrow).assign(bmpc__last__ever=np.nan, age=np.nan)
    assert with_strata(rows, SPEC)[STRATUM].eq(0).all()


def test_every_figure_whatever_the_subset_is_weighted_by_the_strata(smm_task):
    rng = np.random.default_rng(3)
    high = np.arange(600) % 2
    time = np.ceil(np.where(rng.random(600) < 0.5 * high, rng.uniform(30, 600, 600), rng.uniform(800, 3000, 600)))
    rows = pd.DataFrame({"patient_id": np.arange(600).astype(str), "index_date": pd.Timestamp("2020-01-01"), "time_to_event": time})
    rows = rows.assign(landmark=rows["index_date"], event=np.where(rng.random(600) < 0.2 + 0.3 * high, "progression", "none"))
    task = replace(smm_task, evaluation=replace(smm_task.evaluation, landmarks=(0,)))
    draws = Draws.of(rows["patient_id"], 0, 1)
    risks = {"model": np.full((600, 3), 0.3)}
    one, two = (performance_of(each, risks, task, draws) for each in (rows, rows.assign(**{STRATUM: high})))
    for found, groups in ((one, 1), (two, 2)):
        assert found.loc[found["measure"] == "censoring_groups", "estimate"].eq(groups).all()
    observed = (one["measure"] == "observed") & (one["horizon"] == 24)
    assert observed.sum() == 3  # pooled, per person, at diagnosis
    assert (two.loc[observed, "estimate"] > one.loc[observed, "estimate"] + 0.005).all()


@pytest.mark.slow
def test_where_those_with_much_marrow_are_treated_early_the_strata_represent_all_and_one_curve_does_not(smm_task):
    world = replace(DEFAULT, treatment=0.3)
    table = build_table(clean(simulate(2000, seed=5, world=world))[0], smm_task)
    truth = simulate_truth(2000, seed=5, world=world)
    rows = with_strata(table.rows, table.spec).merge(truth, on=["patient_id", "landmark"])

    def represented(of):  # the mean true risk of those whose status is known at 24 months, over that of all; no outcome's luck in it
        weight, risk = ipcw_weights(FollowUp.of(of), horizon_days(24)), of["risk_24m"]
        return float(weight @ risk / risk.sum())

    assert represented(rows.drop(columns=STRATUM)) < 0.94
    assert represented(rows) == pytest.approx(1.0, abs=0.02)
