"""A booster's trees walked here give what XGBoost gives, to the last bit; several models asked together, what each gives alone."""

import numpy as np
import pytest
import xgboost as xgb

from serving.artifact import load_artifact
from serving.models import boosted
from serving.models.boosted import Boosted
from serving.models.forest import DEEPEST, forest_of

HORIZONS = (12, 24, 60)


@pytest.fixture(scope="module", params=[1, 3, DEEPEST])
def booster(request):
    """Return trees of a depth, whose features repeat on a way, with missing values and parallel trees."""
    rng = np.random.default_rng(request.param)
    x = rng.normal(size=(800, 6)).astype(np.float32)
    x[rng.random(x.shape) < 0.3] = np.nan
    horizon = rng.choice(HORIZONS, len(x))
    y = (np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) ** 2 + horizon / 40 + rng.normal(size=len(x)) > 1.5).astype(int)
    params = {"objective": "binary:logistic", "max_depth": request.param, "num_parallel_tree": 2, "subsample": 0.7, "nthread": 1, "seed": 1}
    return xgb.train(params, xgb.DMatrix(np.column_stack([x, horizon]), y), 30)


@pytest.fixture
def rows():
    rng = np.random.default_rng(5)
    x = rng.normal(size=(40, 6))
    x[rng.random(x.shape) < 0.3] = np.nan
    x[0], x[1], x[2] = np.nan, 1e30, -1e30
    return x


def test_margins_and_contributions_are_those_of_xgboost_to_the_last_bit(booster, rows, monkeypatch):
    model = Boosted(booster, list("abcdef"), HORIZONS)
    assert model.forest is not None
    here = model.margins(rows), model.contributions(rows)
    monkeypatch.setattr(boosted, "FEW", 0)
    assert np.array_equal(here[0], model.margins(rows))
    assert np.array_equal(here[1], model.contributions(rows))


def test_a_row_gives_the_same_whatever_rows_come_with_it(booster, rows):
    forest = forest_of(booster, HORIZONS)
    alone = np.vstack([forest.contributions(rows[k : k + 1], HORIZONS) for k in range(len(rows))])
    assert np.array_equal(alone, forest.contributions(rows, HORIZONS))


def test_trees_that_are_too_deep_or_of_another_objective_are_left_to_xgboost(rows):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(3000, 7)), rng.integers(0, 2, 3000)
    deep = xgb.train({"objective": "binary:logistic", "max_depth": DEEPEST + 2, "min_child_weight": 0}, xgb.DMatrix(x, y), 3)
    other = xgb.train({"objective": "reg:squarederror", "max_depth": 2}, xgb.DMatrix(x, y), 3)
    assert forest_of(deep, HORIZONS) is None
    assert forest_of(other, HORIZONS) is None
    assert Boosted(deep, list("abcdef"), HORIZONS).margins(rows).shape == (len(rows), 3)


@pytest.mark.parametrize("kind", ["boosting", "logistic", "cox", "ensemble"])
def test_resampled_models_asked_together_give_what_each_gives_alone(trained, kind):
    artifact = load_artifact(trained.folder / "fit" / kind / "artifact")
    rng = np.random.default_rng(2)
    x = rng.normal(3, 8, (5, len(artifact.columns)))
    x[rng.random(x.shape) < 0.4] = np.nan
    for rows in (x[:1], x):
        each = np.array([model.margins(rows) for model in artifact.resampled])
        assert np.array_equal(artifact.resampled_margins(rows), each)


def test_models_of_unlike_designs_are_asked_one_by_one(trained):
    model = load_artifact(trained.folder / "fit" / "logistic" / "artifact").model
    kind = type(model)
    shorter = kind(model.design, model.coefficients, model.intercepts, model.columns)
    x = np.full((2, len(model.columns)), np.nan)
    together = kind.together([model, shorter])(x)
    assert np.array_equal(together, np.array([model.margins(x), shorter.margins(x)]))
