"""Shapley values: what the definition gives over all orders, and another program; with a background, groups of columns."""

from itertools import permutations

import numpy as np
import pytest
import shap
from hypothesis import given
from hypothesis import strategies as st

from serving.models.background import above
from serving.models.shapley import shapley_values, shapley_with_background


def test_they_are_the_mean_effect_over_all_orders_and_add_up():
    values = np.random.default_rng(1).normal(size=(2**4, 3, 2))
    orders, expected = list(permutations(range(4))), np.zeros((4, 3, 2))
    for order in orders:
        together = 0
        for player in order:
            expected[player] += (values[together | 1 << player] - values[together]) / len(orders)
            together |= 1 << player
    found = shapley_values(values)
    assert found == pytest.approx(expected)
    assert found.sum(axis=0) == pytest.approx(values[-1] - values[0])


def by_every_order(adds, start, background):
    """Return Shapley values as they are defined: the mean effect of each group over all orders in which groups are made known."""
    orders, found = list(permutations(range(len(adds)))), np.zeros(len(adds))
    for order in orders:
        known = start
        for group in order:
            before, known = known, known + adds[group]
            found[group] += (np.logaddexp(known, np.log(background)) - np.logaddexp(before, np.log(background))) / len(orders)
    return found


def told(adds, start, background, group):
    found = np.array(adds, dtype=float)
    shapley_with_background(found, np.array(start), np.array(background), np.array(group))
    return found


@given(
    st.lists(st.floats(-30.0, 30.0), min_size=1, max_size=5),
    st.floats(-12.0, 4.0),
    st.floats(1e-6, 10.0),
)
def test_groups_have_their_exact_shapley_values(adds, start, background):
    found = told([[adds]], [start], [background], list(range(len(adds))))[0, 0]
    assert found == pytest.approx(by_every_order(adds, start, background), abs=1e-9)
    assert found.sum() == pytest.approx(
        above(np.array([start + sum(adds)]), np.array([background]))[0] - np.logaddexp(start, np.log(background))
    )


def test_they_are_those_of_another_program():
    adds, start, background = np.array([[0.7, -1.9, 2.4, 0.3], [-3.0, 0.0, 1.0, 5.0]]), -2.0, 0.05
    explainer = shap.explainers.Exact(lambda z: np.logaddexp(start + z.sum(axis=1), np.log(background)), np.zeros((1, 4)))
    assert told(adds[:, None], [start], [background], range(4))[:, 0] == pytest.approx(explainer(adds).values, abs=1e-9)


def test_columns_of_a_group_share_what_it_has_in_proportion():
    alone = told([[[1.5, -2.0]]], [-2.0], [0.05], [0, 1])[0, 0]
    apart = told([[[2.0, -0.5, -2.0]]], [-2.0], [0.05], [0, 0, 1])[0, 0]
    assert [apart[:2].sum(), apart[2]] == pytest.approx(alone.tolist())
    assert apart[0] / apart[1] == pytest.approx(2.0 / -0.5)


def test_columns_that_cancel_each_other_have_what_is_left_of_a_step():
    at, nearby = (told([[[3.0, -3.0 + by, 1.0]]], [-2.0], [0.05], [0, 0, 1])[0, 0] for by in (0.0, 1e-4))
    assert at == pytest.approx(nearby, abs=1e-3)
    assert 0 < at[0] < 3.0 and at[:2].sum() == 0


def test_horizons_without_a_background_stay_as_they_are():
    adds = np.random.default_rng(1).normal(size=(3, 2, 4))
    found = told(adds, [-2.0, -1.0], [0.0, 0.05], [0, 1, 1, 2])
    assert found[:, 0].tobytes() == adds[:, 0].tobytes()
    assert (np.abs(found[:, 1]) < np.abs(adds[:, 1])).all(), "with one, each tells less"
