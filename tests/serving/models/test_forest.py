"""A booster's trees as tables: log-odds as XGBoost gives them, to the last bit, and SHAP values by their definition."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
import xgboost as xgb

from serving.artifact import load_artifact
from serving.models.bit_tables import DEEPEST, MOST_TESTS
from serving.models.boosted import Boosted, stack_horizons
from serving.models.design import Designs
from serving.models.few_rows import WholeTrees
from serving.models.forest import Forest, forest_of

HORIZONS = (12, 24, 60)
COLUMNS = 6


def grown(depth, rounds=30, seed=1):
    """Return trees of a depth, whose features repeat on a way, with missing values and parallel trees."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(800, COLUMNS)).astype(np.float32)
    x[rng.random(x.shape) < 0.3] = np.nan
    horizon = rng.choice(HORIZONS, len(x))
    y = (np.nan_to_num(x[:, 0]) + np.nan_to_num(x[:, 1]) ** 2 + horizon / 40 + rng.normal(size=len(x)) > 1.5).astype(int)
    params = {"objective": "binary:logistic", "max_depth": depth, "num_parallel_tree": 2, "subsample": 0.7, "nthread": 1, "seed": seed}
    return xgb.train(params, xgb.DMatrix(np.column_stack([x, horizon]), y), rounds)


@pytest.fixture(scope="module", params=range(1, DEEPEST + 1))
def booster(request):
    return grown(request.param)


@pytest.fixture(scope="module")
def rows():
    """Return rows of several blocks, with values at the ends of what there is, at a cut, and missing."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(700, COLUMNS))
    x[rng.random(x.shape) < 0.3] = np.nan
    x[0], x[1], x[2], x[3] = np.nan, 1e30, -1e30, 0.0
    return x


def of_xgboost(booster, rows):
    matrix = xgb.DMatrix(stack_horizons(rows, HORIZONS))
    margins = booster.predict(matrix, output_margin=True).reshape(len(HORIZONS), len(rows)).T
    shares = booster.predict(matrix, pred_contribs=True)[:, :COLUMNS]
    return margins, shares.reshape(len(HORIZONS), len(rows), COLUMNS).transpose(1, 0, 2)


def test_log_odds_are_those_of_xgboost_to_the_last_bit_and_shap_values_to_its_own_rounding(booster, rows):
    forest = forest_of(booster, HORIZONS)
    margins, shares = of_xgboost(booster, rows)
    assert np.array_equal(forest.margins(rows), margins)
    assert forest.contributions(rows) == pytest.approx(shares, abs=1e-5)
    assert np.abs(shares).max() > 0.1


def test_values_at_a_cut_and_a_step_below_go_where_xgboost_sends_them(booster):
    forest = forest_of(booster, HORIZONS)
    cuts = [np.unique(forest.cut[(forest.feature == column) & (forest.left >= 0)])[:40] for column in range(COLUMNS)]
    at_cuts = np.full((80, COLUMNS), np.nan)
    for column, values in enumerate(cuts):
        at_cuts[: len(values), column] = values
        at_cuts[40 : 40 + len(values), column] = np.nextafter(values, np.float32(-np.inf))
    margins, shares = of_xgboost(booster, at_cuts)
    assert np.array_equal(forest.margins(at_cuts), margins)
    assert forest.contributions(at_cuts) == pytest.approx(shares, abs=1e-5)


@pytest.mark.parametrize("threads", [1, 3])
def test_a_row_gives_the_same_whatever_rows_come_with_it_and_however_many_threads_there_are(booster, rows, threads):
    forest, many = forest_of(booster, HORIZONS), np.vstack([rows] * 4)
    for answer in (forest.margins, forest.contributions):
        alone = np.vstack([answer(rows[k : k + 1]) for k in range(len(rows))])
        assert np.array_equal(np.vstack([alone] * 4), answer(many, threads))


@pytest.mark.parametrize("depth", [2, 4])
def test_shap_values_are_what_shapley_defined_over_the_trees_own_conditional_means(depth, rows):
    """A second implementation: a coalition's value by walking the tree, where a test on a feature outside it goes both ways, by cover."""
    booster = grown(depth, rounds=1, seed=3)
    forest = forest_of(booster, HORIZONS)
    everybody = range(COLUMNS + 1)

    def value(node, row, known):
        if forest.left[node] < 0:
            return float(forest.value[node])
        feature, children = forest.feature[node], (forest.left[node], forest.right[node])
        if feature in known:
            left = forest.default_left[node] if np.isnan(row[feature]) else np.float32(row[feature]) < forest.cut[node]
            return value(children[0 if left else 1], row, known)
        return sum(float(forest.cover[c]) / float(forest.cover[node]) * value(c, row, known) for c in children)

    def share(root, row, one):
        others = [k for k in everybody if k != one]
        n = len(everybody)
        return sum(
            factorial(size) * factorial(n - size - 1) / factorial(n) * (value(root, row, {*some, one}) - value(root, row, set(some)))
            for size in range(n)
            for some in combinations(others, size)
        )

    for x in rows[[0, 3, 10, 11]]:
        found = forest.contributions(x[None])[0]
        for h, months in enumerate(HORIZONS):
            expected = [sum(share(root, [*x, float(months)], one) for root in forest.roots[:-1]) for one in range(COLUMNS)]
            assert found[h] == pytest.approx(expected, abs=1e-6)


def test_forests_of_unlike_depth_asked_together_for_few_rows_give_what_each_gives_for_many(rows):
    forests = [forest_of(grown(depth, seed=depth), HORIZONS) for depth in (1, 4, 2)]
    together = WholeTrees(forests).margins(rows)
    assert np.array_equal(together, [forest.margins(rows) for forest in forests])


def test_each_leaf_stands_in_one_group_with_every_test_on_its_way(booster):
    forest = forest_of(booster, HORIZONS)
    parent, group, size, tests = forest._groups
    leaves = forest.left < 0
    assert ((group >= 0) == leaves).all()
    assert size.max() <= MOST_TESTS
    for leaf in np.flatnonzero(leaves):
        node, mine = leaf, set(tests[group[leaf], : size[group[leaf]]].tolist())
        while parent[node] >= 0:
            node = parent[node]
            assert node in mine


def test_no_rows_are_answered_with_none(booster):
    forest = forest_of(booster, HORIZONS)
    assert forest.margins(np.empty((0, COLUMNS))).shape == (0, 3)
    assert forest.contributions(np.empty((0, COLUMNS))).shape == (0, 3, COLUMNS)


def test_trees_that_are_too_deep_or_of_another_objective_are_left_to_xgboost(rows):
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(3000, 7)), rng.integers(0, 2, 3000)
    deep = xgb.train({"objective": "binary:logistic", "max_depth": DEEPEST + 2, "min_child_weight": 0}, xgb.DMatrix(x, y), 3)
    other = xgb.train({"objective": "reg:squarederror", "max_depth": 2}, xgb.DMatrix(x, y), 3)
    assert forest_of(deep, HORIZONS) is None
    assert forest_of(other, HORIZONS) is None
    assert Boosted(deep, list("abcdef"), HORIZONS).margins(rows).shape == (len(rows), 3)
    assert Boosted(deep, list("abcdef"), HORIZONS).contributions(rows[:3]).shape == (3, 3, COLUMNS)


@pytest.mark.parametrize("wrong", [(WholeTrees, "margins"), (Forest, "margins")])
def test_trees_whose_way_for_few_rows_or_for_many_is_not_xgboosts_are_left_to_xgboost(wrong, monkeypatch):
    booster = grown(2, rounds=3)
    assert forest_of(booster, HORIZONS) is not None
    right = getattr(*wrong)
    monkeypatch.setattr(*wrong, lambda self, x, *more: right(self, x, *more) + 0.01)
    assert forest_of(booster, HORIZONS) is None


@pytest.mark.parametrize("kind", ["boosting", "logistic", "cox", "ensemble"])
def test_resampled_models_asked_together_give_what_each_gives_alone(trained, kind):
    artifact = load_artifact(trained.folder / "fit" / kind / "artifact")
    rng = np.random.default_rng(2)
    x = rng.normal(3, 8, (5, len(artifact.columns)))
    x[rng.random(x.shape) < 0.4] = np.nan
    for rows in (x[:1], x):
        each = np.array([model.margins(rows) for model in artifact.resampled])
        assert np.array_equal(artifact.resampled_margins(rows), each)
        margins, contributions = artifact.explaining(rows)
        assert np.array_equal(margins, [artifact.model.margins(rows), *each])
        assert np.array_equal(contributions, artifact.model.contributions(rows))


def test_models_of_unlike_designs_are_asked_group_by_group_and_each_gives_its_own(trained, monkeypatch):
    model = load_artifact(trained.folder / "fit" / "logistic" / "artifact").model
    kind, passes = type(model), []
    other = kind(model.design, 2.0 * model.coefficients, model.intercepts, model.columns, model.time_varying)
    timeless = kind(model.design, model.coefficients, model.intercepts, model.columns)
    rng = np.random.default_rng(3)
    x = rng.normal(3, 8, (4, len(model.columns)))
    x[rng.random(x.shape) < 0.4] = np.nan
    models, plain = [model, timeless, other, timeless, model], Designs.transform
    each = np.array([one.margins(x) for one in models])
    monkeypatch.setattr(Designs, "transform", lambda *given: passes.append(1) or plain(*given))
    margins, contributions = kind.explaining(models)(x)
    assert len(passes) == 2
    assert np.array_equal(margins, each)
    assert np.array_equal(contributions, model.contributions(x))
    assert np.array_equal(kind.together(models)(x), each)
