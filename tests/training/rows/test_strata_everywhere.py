"""Wherever people are weighed for censoring, it is by who can stand in for whom: in a fit, a search, a refit and the watch."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureSpec
from training.estimators import fit_candidate
from training.fitting.tune import Search, tune
from training.monitor.outcome import Bounds, checks_of_outcomes
from training.monitor.people import Period
from training.rows.censoring import STRATUM, FollowUp
from training.rows.split import evaluation_folds
from training.shift.refitted import refitted_figures
from training.shift.time import over_time


@pytest.fixture
def weighed(monkeypatch):
    """Note, each time that rows are weighed for censoring, whether they have strata."""
    noted, of = [], FollowUp.of
    monkeypatch.setattr(FollowUp, "of", lambda rows: noted.append(STRATUM in rows) or of(rows))
    return noted


@pytest.fixture
def quick(small_smm_plan):
    models = {"logistic": {"penalties": [0.01]}}
    return replace(small_smm_plan, models=models, interval_fits=0, evaluation=replace(small_smm_plan.evaluation, bootstrap=2))


@pytest.fixture
def unfitted(monkeypatch):
    """Refits are not fitted: what is looked at is how they are judged."""
    for module in ("refitted", "time"):
        monkeypatch.setattr(f"training.shift.{module}.risks_of", lambda fit, judged, *rest: np.full((len(judged), 3), 0.1))


def test_in_a_fit(smm_table, quick, weighed):
    fit_candidate(smm_table.rows, smm_table.spec, quick, "logistic", {})
    assert weighed and all(weighed)


def test_in_a_search_for_options(mgus_table, mgus_plan, tmp_path, weighed):
    tune(mgus_table, mgus_plan, Search("logistic", trials=1, outer_folds=0, seed=1, storage=tmp_path / "tune.db"), lambda part, trial: None)
    assert weighed and all(weighed)


@pytest.mark.usefixtures("unfitted")
def test_in_judging_a_refit(smm_table, quick, tmp_path, weighed):
    refitted_figures(smm_table, quick, "logistic", evaluation_folds(smm_table.rows, quick.evaluation)[0], "site_a")
    over_time(smm_table, quick, "logistic", tmp_path)
    assert weighed and all(weighed)


def test_in_the_watch(smm_table, smm_plan, small_artifact, weighed):
    class Seen:
        def first_followed(self, first, last):
            return smm_table.rows.drop_duplicates("patient_id").reset_index(drop=True)

    spec = FeatureSpec(("m_protein",), ("ever",), ("last",), ("age",))
    artifact = small_artifact(replace(smm_plan.task, features=spec, horizons=(24,)))
    day = pd.Timestamp("2020-01-01")
    checks_of_outcomes(Seen(), artifact, Period(day, day, day), Bounds(0.8, 1.25))
    assert weighed and all(weighed)
