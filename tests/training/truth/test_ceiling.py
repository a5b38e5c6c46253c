"""What the columns hold: all of a truth that follows from a column, and nothing that is learned from the people judged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import read_table
from features.simulation.smm import simulate_truth
from serving.models import logistic
from training.rows.split import evaluation_folds
from training.truth.against_truth import judged_with_truth
from training.truth.ceiling import ceiling

pytestmark = pytest.mark.slow


@pytest.fixture
def closed(trained, small_smm_plan, tmp_path):
    """Return a function that gives the share of the gap closed where the true risk at every horizon is a given one."""
    table = read_table(trained.folder / "table.parquet")

    def of(risk=None):
        path = tmp_path / "truth.parquet"
        if risk is None:
            simulate_truth(300, 7).to_parquet(path)
        else:
            names = [f"risk_{months}m" for months in small_smm_plan.task.horizons]
            table.rows[["patient_id", "landmark"]].assign(**dict.fromkeys(names, risk)).to_parquet(path)
        judged = judged_with_truth(table, small_smm_plan, trained.folder / "fit", path)
        return ceiling(judged, table, small_smm_plan, path).closed

    return table, small_smm_plan, of


def test_a_truth_that_is_written_in_a_column_is_reached(closed):
    table, _, of = closed
    level = table.rows["m_protein__last__ever"]
    estimate, low, high = of(logistic(level.fillna(level.mean()).to_numpy() - 3.0))
    assert low <= estimate <= high
    assert estimate > 0.9


def test_a_hidden_state_is_not_reached(closed):
    _, _, of = closed
    estimate, low, high = of()
    assert low <= estimate <= high < 1.0


def test_nothing_is_learned_from_the_people_judged(closed):
    table, plan, of = closed
    level = table.rows["m_protein__last__ever"]
    risk = logistic(level.fillna(level.mean()).to_numpy() - 3.0)
    fit = evaluation_folds(table.rows, plan.evaluation)[0].fit
    known = of(risk)[0]
    risk[fit] = np.random.default_rng(1).permutation(risk[fit])  # those fitted on tell nothing; those judged as before
    assert of(risk)[0] < known - 0.5


def test_visits_without_a_known_truth_are_not_learned_from(closed):
    table, plan, of = closed
    level = table.rows["m_protein__last__ever"]
    risk = pd.Series(logistic(level.fillna(level.mean()).to_numpy() - 3.0))
    risk.iloc[evaluation_folds(table.rows, plan.evaluation)[0].fit[:50]] = np.nan
    assert of(risk.to_numpy())[0] > 0.9


def test_each_model_is_measured_from_the_reference_to_what_the_columns_hold(trained, small_smm_plan, tmp_path):
    table, path = read_table(trained.folder / "table.parquet"), tmp_path / "truth.parquet"
    simulate_truth(300, 7).to_parquet(path)
    judged = judged_with_truth(table, small_smm_plan, trained.folder / "fit", path)
    learned = replace(judged, risks=judged.risks | {"boosting": judged.true})
    found = ceiling(learned, table, small_smm_plan, path)
    assert set(found.of_it) == {"boosting", "logistic", "cox", "ensemble"}, "the reference is the start"
    assert found.of_it["boosting"][0] == pytest.approx(1 / found.closed[0])
