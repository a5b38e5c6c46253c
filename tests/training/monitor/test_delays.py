"""Results of one visit become known on different days: that is no change as long as it was so in training, and hides none."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec, build_table
from features.intake.quality import clean
from features.simulation.smm import simulate
from training.estimators import fit_candidate
from training.monitor.watch import watch
from training.reference.last_visits import OF_LAST_VISITS

LAGS = (0, 0, 1, 3, 14, 40)  # days
PERIODS = [("2019-01-01", "2019-03-31"), ("2018-07-01", "2018-12-31"), ("2018-01-01", "2018-12-31"), ("2017-01-01", "2019-12-31")]


def delayed(cohort, seed):
    """The cohort as it is where each result comes in so many days after the visit, whatever the others do."""
    measurements, rng = cohort.measurements, np.random.default_rng(seed)
    known = measurements["collected_at"] + pd.to_timedelta(rng.choice(LAGS, len(measurements)), unit="D")
    ordered = measurements.assign(available_at=known).sort_values(["patient_id", "available_at"], ignore_index=True)
    return replace(cohort, measurements=ordered)


def without_light_chains(cohort, share):
    """The cohort where so many people have no light chains from 2015 on."""
    who = cohort.patients["patient_id"][np.random.default_rng(5).random(len(cohort.patients)) < share]
    measurements = cohort.measurements
    gone = measurements["biomarker"].str.contains("flc") & measurements["patient_id"].isin(who) & (measurements["collected_at"] >= "2015")
    return replace(cohort, measurements=measurements[~gone].reset_index(drop=True))


@pytest.fixture(scope="module")
def training():
    return delayed(clean(simulate(400, seed=8))[0], 1)


@pytest.fixture(scope="module")
def unseen():
    return clean(simulate(400, seed=9))[0]


@pytest.fixture(scope="module")
def champion(training, smm_plan):
    """A champion of people whose results come in late, and its plan."""
    spec = FeatureSpec(("m_protein", "flc_ratio", "hemoglobin"), ("180d", "ever"), ("last", "age_days"), ("age",))
    task = replace(smm_plan.task, features=spec, horizons=(24,))
    plan = replace(smm_plan, task=task, models={"logistic": {"penalties": [0.01]}})
    table = build_table(training, task)
    about = {"task": "smm", **task.rules.as_json(), **table.provenance.as_json(), "trained_on": {"patients": len(training.patients)}}
    return fit_candidate(table.rows, table.spec, plan, "logistic", about).artifact, plan


def changed(cohort, champion, since, until):
    return {f"{one.kind} {one.name}" for one in watch(cohort, *champion, since, until).findings if one.status == "changed"}


def of_before(champion):
    """The champion as an earlier version fitted it: it remembers all visits alone."""
    artifact, plan = champion
    return replace(artifact, about={name: value for name, value in artifact.about.items() if name != OF_LAST_VISITS}), plan


@pytest.mark.parametrize("period", PERIODS)
def test_the_training_cohort_itself_and_others_like_it_are_steady_in_short_and_long_periods(champion, training, unseen, period):
    for cohort in (training, delayed(unseen, 2)):
        assert {found for found in changed(cohort, champion, *period) if not found.startswith("outcome")} == set()


@pytest.mark.parametrize("period", PERIODS[1:])
def test_a_true_rise_of_missing_results_is_found_behind_the_delays(champion, unseen, period):
    assert "missing flc_ratio" in changed(delayed(without_light_chains(unseen, 0.4), 3), champion, *period)


def test_a_champion_of_before_is_watched_as_before_and_the_report_says_what_that_may_miss(champion, training, unseen):
    told = "last visits are compared with all visits of training"
    old, period = of_before(champion), PERIODS[2]
    assert any(told in note for note in watch(training, *old, *period).notes)
    assert not any(told in note for note in watch(training, *champion, *period).notes)
    assert {"missing flc_ratio", "older flc_ratio"} & changed(training, old, *period), "what last visits are compared with matters"
    assert "missing flc_ratio" not in changed(delayed(without_light_chains(unseen, 0.25), 3), old, *period)
