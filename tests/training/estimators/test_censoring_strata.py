"""Those who leave observation, treated or lost, are stood in for by those who were as likely to leave."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec, build_table
from features.intake.quality import clean
from features.simulation.smm import simulate, simulate_truth
from features.simulation.smm.worlds import DEFAULT
from myeloma.calendar import horizon_days
from training.estimators.censoring_strata import GROUPS, GROUPS_OF_LOSS, with_censoring_strata
from training.evaluation.performance import performance_of
from training.metrics import Draws
from training.rows.censoring import STRATUM, FollowUp, ipcw_weights

SPEC = FeatureSpec(biomarkers=("bmpc",), look_backs=("ever",), statistics=("last",), static=("age",))


def people(n, left, bmpc, cause="treatment"):
    """Return people with these marrows, of whom some leave by a cause after 100 to 400 days; the others progress on day 1000."""
    return pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(n)],
            "index_date": pd.Timestamp("2020-01-01"),
            "landmark": pd.Timestamp("2020-01-01"),
            "bmpc__last__ever": bmpc,
            "age": 60.0,
            "censored_by": np.where(left, cause, ""),
            "time_to_event": np.where(left, np.linspace(100, 400, n), 1000.0),
            "follow_up": np.where(left, np.linspace(100, 400, n), 1000.0),
        }
    )


@pytest.fixture
def marrow():
    return np.random.default_rng(1).uniform(5, 50, 400)


@pytest.mark.parametrize(("cause", "step", "groups"), [("treatment", GROUPS_OF_LOSS, GROUPS), ("last_contact", 1, GROUPS_OF_LOSS)])
def test_who_is_likely_to_leave_is_told_from_who_is_not(marrow, cause, step, groups):
    left = np.random.default_rng(2).random(400) < np.where(marrow > 30, 0.6, 0.02)
    group = with_censoring_strata(people(400, left, marrow, cause), SPEC)[STRATUM] / step
    assert set(group) == set(range(groups))
    assert group[left].value_counts().max() - group[left].value_counts().min() <= 2
    assert group[marrow < 20].mean() < groups / 10 and group[marrow > 40].mean() > groups / 2


def test_whom_treatment_does_not_tell_apart_loss_does(marrow):
    rng = np.random.default_rng(2)
    age = rng.uniform(50, 90, 400)
    treated, lost = rng.random(400) < np.where(marrow > 30, 0.5, 0.05), rng.random(400) < np.where(age > 70, 0.5, 0.05)
    rows = people(400, treated | lost, marrow).assign(age=age)
    rows["censored_by"] = np.select([treated, lost], ["treatment", "last_contact"], "")
    strata = with_censoring_strata(rows, SPEC)[STRATUM]
    assert strata.nunique() > 2 * GROUPS
    of_loss = strata % GROUPS_OF_LOSS
    assert of_loss[age > 80].mean() > of_loss[age < 60].mean() + 1


@pytest.mark.parametrize("cause", ["treatment", "last_contact"])
@pytest.mark.parametrize(("left", "several"), [(19, False), (20, True), (0, False)])
def test_fewer_than_twenty_people_who_leave_tell_nothing(marrow, left, several, cause):
    chosen = np.argsort(np.argsort(-marrow)) < left
    assert (with_censoring_strata(people(400, chosen, marrow, cause), SPEC)[STRATUM].nunique() > 1) == several


def test_visits_of_the_same_few_people_do_not_make_them_enough(marrow):
    rows = people(400, marrow > 30, marrow)
    assert with_censoring_strata(rows.assign(patient_id=rows["patient_id"].where(marrow < 30, "one")), SPEC)[STRATUM].eq(0).all()


def test_where_nothing_is_known_all_are_one(marrow):
    rows = people(400, marrow > 30, marrow).assign(bmpc__last__ever=np.nan, age=np.nan)
    assert with_censoring_strata(rows, SPEC)[STRATUM].eq(0).all()


def test_every_figure_whatever_the_subset_is_weighted_by_the_strata(smm_plan):
    rng = np.random.default_rng(3)
    high = np.arange(600) % 2
    time = np.ceil(np.where(rng.random(600) < 0.5 * high, rng.uniform(30, 600, 600), rng.uniform(800, 3000, 600)))
    rows = pd.DataFrame({"patient_id": np.arange(600).astype(str), "index_date": pd.Timestamp("2020-01-01"), "time_to_event": time})
    rows = rows.assign(landmark=rows["index_date"], event=np.where(rng.random(600) < 0.2 + 0.3 * high, "event", "none"))
    plan = replace(smm_plan, evaluation=replace(smm_plan.evaluation, landmarks=(0,)))
    draws = Draws.of(rows["patient_id"], 0, 1)
    risks = {"model": np.full((600, 3), 0.3)}
    one, two = (performance_of(each, risks, plan, draws) for each in (rows, rows.assign(**{STRATUM: high})))
    for found, groups in ((one, 1), (two, 2)):
        assert found.loc[found["measure"] == "censoring_groups", "estimate"].eq(groups).all()
    observed = (one["measure"] == "observed") & (one["horizon"] == 24)
    assert observed.sum() == 3  # pooled, per person, at diagnosis
    assert (two.loc[observed, "estimate"] > one.loc[observed, "estimate"] + 0.005).all()


def represented(rows, where, months):
    """Return the mean true risk of those whose status is known, over that of all the study could follow; no luck of outcomes in it."""
    follow_up, days, risk = FollowUp.of(rows), float(horizon_days(months)), rows[f"risk_{months}m"].to_numpy()
    weight, there = ipcw_weights(follow_up, days), np.asarray(where) & follow_up.reachable(days)
    return float(weight[there] @ risk[there] / risk[there].sum())


def with_truth(plan, world, seed):
    table = build_table(clean(simulate(2000, seed=seed, world=world))[0], plan.task)
    truth = simulate_truth(2000, seed=seed, world=world)
    rows = table.rows.merge(truth, on=["patient_id", "landmark"])
    return rows, with_censoring_strata(rows, table.spec)


@pytest.mark.slow
def test_where_those_with_much_marrow_are_treated_early_the_strata_represent_all_and_one_curve_does_not(smm_plan):
    one, several = with_truth(smm_plan, replace(DEFAULT, treatment=0.3), seed=5)
    everybody = np.full(len(one), True)
    assert represented(one, everybody, 24) < 0.94
    assert represented(several, everybody, 24) == pytest.approx(1.0, abs=0.02)


@pytest.mark.slow
def test_late_visits_are_followed_for_a_shorter_time_and_their_risk_is_represented_all_the_same(smm_plan):
    one, several = with_truth(smm_plan, DEFAULT, seed=5)
    first, late = one["months_since_index"] == 0, one["months_since_index"] >= 60
    assert represented(one, first, 60) - represented(one, late, 60) > 0.15
    assert abs(represented(several, first, 60) - represented(several, late, 60)) < 0.1
