"""Ridge regression on stacked horizons: the coefficients of scikit-learn on the rows laid out one below the other, from any start."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from training.estimators.horizon_ridge import HorizonRidge, Solution
from training.estimators.stacking import Stacked

HORIZONS, ROWS, COLUMNS = 3, 400, 4


def stacked(seed=1, known=0.7, rate=0.2):
    rng = np.random.default_rng(seed)
    z, fading = rng.standard_normal((ROWS, COLUMNS)), rng.random((ROWS, 1))
    there = rng.random((ROWS, HORIZONS)) < known
    horizon, row = np.nonzero(there.T)
    y = (rng.random(len(row)) < rate * (1 + horizon) * np.exp(0.5 * z[row, 0]) / 3).astype(float)
    return z, np.column_stack([np.ones(ROWS), fading]), Stacked(row, horizon, y, rng.uniform(0.2, 3.0, len(row)))


def by_scikit_learn(z, own, rows, penalty):
    at = np.eye(HORIZONS)[rows.horizon]
    fading_at = at * own[rows.row, 1:]
    matrix = np.hstack([z[rows.row], 100.0 * at[:, 1:], 10.0 * fading_at])  # large columns, of which the penalty takes little
    regression = LogisticRegression(C=1.0 / (penalty * rows.weight.sum()), solver="newton-cholesky", tol=1e-10, max_iter=100)
    regression.fit(matrix, rows.y, sample_weight=rows.weight)
    slopes, steps, effects = np.split(regression.coef_[0], [COLUMNS, COLUMNS + HORIZONS - 1])
    intercepts = regression.intercept_[0] + 100.0 * np.concatenate([[0.0], steps])
    return Solution(slopes, np.column_stack([intercepts, 10.0 * effects]))


def same(ours, theirs, tolerance=1e-7):
    np.testing.assert_allclose(ours.slopes, theirs.slopes, atol=tolerance)
    np.testing.assert_allclose(ours.levels, theirs.levels, atol=tolerance)


@pytest.mark.parametrize("penalty", [0.001, 0.1, 10.0])
@pytest.mark.parametrize("seed", [1, 2])
def test_the_coefficients_are_those_of_scikit_learn(seed, penalty):
    z, own, rows = stacked(seed)
    same(HorizonRidge.of(z, own, rows, HORIZONS).fitted(penalty), by_scikit_learn(z, own, rows, penalty))


def test_the_solution_of_another_penalty_leads_to_the_same_in_fewer_steps(monkeypatch):
    regression, steps = HorizonRidge.of(*stacked(), HORIZONS), []
    counted = HorizonRidge._derivatives
    monkeypatch.setattr(HorizonRidge, "_derivatives", lambda self, eta: steps.append(1) or counted(self, eta))
    before = regression.fitted(0.02)
    steps.clear()
    alone = regression.fitted(0.01)
    from_zero = len(steps)
    steps.clear()
    same(regression.fitted(0.01, before), alone, 1e-9)
    assert len(steps) < from_zero


def test_a_start_far_away_leads_to_the_same():
    regression = HorizonRidge.of(*stacked(), HORIZONS)
    far = Solution(np.full(COLUMNS, 8.0), np.full((HORIZONS, 2), -9.0))
    same(regression.fitted(0.01, far), regression.fitted(0.01), 1e-9)


def test_rows_of_unknown_status_count_nothing():
    z, own, rows = stacked(known=0.5)
    unknown = np.setdiff1d(np.arange(ROWS), rows.row)
    assert len(unknown)
    z_other = z.copy()
    z_other[unknown] = 99.0
    same(HorizonRidge.of(z_other, own, rows, HORIZONS).fitted(0.01), HorizonRidge.of(z, own, rows, HORIZONS).fitted(0.01), 1e-12)


def test_levels_stay_finite_at_a_horizon_within_which_nobody_progresses():
    z, own, rows = stacked()
    nobody = Stacked(rows.row, rows.horizon, np.where(rows.horizon == 0, 0.0, rows.y), rows.weight)
    found = HorizonRidge.of(z, own, nobody, HORIZONS).fitted(0.01)
    assert np.isfinite(found.levels).all()
    assert found.levels[0, 0] < found.levels[1, 0] - 2.0


def test_columns_that_say_the_same_share_the_slope():
    z, own, rows = stacked()
    alone, twice = HorizonRidge.of(z, own, rows, HORIZONS), HorizonRidge.of(np.hstack([z, z[:, :1]]), own, rows, HORIZONS)
    found = twice.fitted(0.01).slopes
    assert found[0] == pytest.approx(found[-1])
    assert found[0] + found[-1] == pytest.approx(alone.fitted(0.005).slopes[0], rel=0.05)


def steep(steepness, rows=4000, seed=3):
    """Return a regression whose horizons go with the first column so many times as steeply as its slope, and its solution."""
    rng = np.random.default_rng(seed)
    z, own = rng.standard_normal((rows, 1)), np.ones((rows, 1))
    log_odds = np.array([-2.0, -1.5, -1.0]) + z * np.array(steepness)
    row, horizon = np.divmod(np.arange(rows * HORIZONS), HORIZONS)
    y = (rng.random(len(row)) < 1 / (1 + np.exp(-log_odds[row, horizon]))).astype(float)
    regression = HorizonRidge.of(z, own, Stacked(row, horizon, y, np.ones(len(row))), HORIZONS)
    return regression, regression.fitted(0.001)


def test_each_horizon_goes_as_steeply_with_the_columns_as_its_own_rows_do():
    regression, solution = steep([0.6, 1.0, 1.4])
    found = regression.steep(solution, 0.001)
    assert found.steepness * solution.slopes[0] == pytest.approx([0.6, 1.0, 1.4], abs=0.12)
    assert found.levels[:, 0] == pytest.approx([-2.0, -1.5, -1.0], abs=0.12)


def test_where_horizons_are_alike_so_is_their_steepness():
    regression, solution = steep([1.0, 1.0, 1.0])
    assert regression.steep(solution, 0.001).steepness == pytest.approx(np.ones(3), abs=0.12)


def test_a_strong_penalty_draws_the_steepness_to_one():
    regression, solution = steep([0.6, 1.0, 1.4])
    assert regression.steep(solution, 100.0).steepness == pytest.approx(np.ones(3), abs=0.01)


def test_a_horizon_within_which_nobody_progresses_keeps_its_level_and_goes_as_all_do():
    z, own, rows = stacked()
    nobody = Stacked(rows.row, rows.horizon, np.where(rows.horizon == 0, 0.0, rows.y), rows.weight)
    regression = HorizonRidge.of(z, own, nobody, HORIZONS)
    solution = regression.fitted(0.01)
    found = regression.steep(solution, 0.01)
    assert found.steepness[0] == 1.0 and (found.levels[0] == solution.levels[0]).all()
    assert np.isfinite(found.levels).all() and (found.steepness > 0).all()


def with_a_background(odds, rows=20000, seed=5):
    """Return rows whose odds are those of a slope of 1.2, and a background's."""
    rng = np.random.default_rng(seed)
    z, own, background = rng.standard_normal((rows, 1)), np.ones((rows, 1)), np.array(odds)
    of_rows = np.exp(np.array([-3.5, -3.0, -2.0]) + 1.2 * z) + background
    row, horizon = np.divmod(np.arange(rows * HORIZONS), HORIZONS)
    y = (rng.random(len(row)) < (of_rows / (1 + of_rows))[row, horizon]).astype(float)
    return z, own, Stacked(row, horizon, y, np.ones(len(row))), background


def test_with_a_background_slopes_and_levels_are_those_that_come_on_top_of_it():
    z, own, rows, background = with_a_background([0.03, 0.06, 0.15])
    with_it, without = (HorizonRidge.of(z, own, rows, HORIZONS, odds) for odds in (background, None))
    found = with_it.fitted(1e-4)
    assert found.slopes[0] == pytest.approx(1.2, abs=0.06) and found.levels[:, 0] == pytest.approx([-3.5, -3.0, -2.0], abs=0.12)
    assert without.fitted(1e-4).slopes[0] < 1.0, "a compromise"
    steep = with_it.steep(found, 1e-4)
    assert steep.steepness == pytest.approx(np.ones(3), abs=0.08) and steep.levels[:, 0] == pytest.approx(found.levels[:, 0], abs=0.12)


def test_with_a_background_the_gradient_is_that_of_the_loss():
    z, own, rows, background = with_a_background([0.03, 0.06, 0.15], rows=200)
    regression, theta, ridge = HorizonRidge.of(z, own, rows, HORIZONS, background), np.array([0.8, -3.0, -2.0, -1.5]), np.zeros((4, 4))

    def loss(at):
        return regression._loss(at, regression._eta(at), ridge)

    numerical = [(loss(theta + step) - loss(theta - step)) / 2e-5 for step in 1e-5 * np.eye(4)]
    assert regression._derivatives(regression._eta(theta))[0] == pytest.approx(numerical, abs=1e-8)
