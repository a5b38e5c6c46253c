"""A logistic regression over horizons: each goes with the columns as steeply as it should, and no risk falls with the horizon."""

import numpy as np
import pytest

from myeloma import catalogue
from serving.models.base import ImpossibleModelError
from serving.models.design import LinearDesign
from serving.models.linear import HorizonLogistic

COLUMNS, HORIZONS = ["m_protein__last__ever", "age"], (12, 24, 60)
STRAIGHT = LinearDesign(tuple(COLUMNS), ("linear",) * 2, (-9.0,) * 2, (9.0,) * 2, (0.0,) * 2, (0.0,) * 2, (1.0,) * 2, {}, (), (), ())
LEVELS, SLOPES = np.array([-3.0, -2.5, -1.0]), np.array([1.0, 0.5])
X = np.array([[0.0, 0.0], [2.0, 1.0], [-8.0, 0.0], [8.0, 2.0]])


def model(steepness, background=None):
    steepness, background = (None if each is None else np.array(each) for each in (steepness, background))
    return HorizonLogistic(STRAIGHT, SLOPES, LEVELS, COLUMNS, steepness=steepness, background=background)


def test_a_margin_is_the_level_and_so_many_times_what_the_columns_make():
    assert model([0.5, 1.0, 2.0]).margins(X[:2]).tolist() == [[-3.0, -2.5, -1.0], [-3.0 + 0.5 * 2.5, 0.0, 4.0]]


def test_a_horizon_whose_own_margin_is_less_than_an_earlier_ones_has_that_one_with_its_reasons():
    low, high = model([0.5, 1.0, 2.0]), model([2.0, 1.0, 0.5])
    assert low.margins(X[2:3]).tolist() == [[-7.0, -7.0, -7.0]]  # alone they are -7, -10.5 and -17
    assert high.margins(X[3:]).tolist() == [[15.0, 15.0, 15.0]]  # alone they are 15, 6.5 and 3.5
    for one in (low, high):
        margins, shares = one.margins(X), one.contributions(X)
        base = margins - shares.sum(axis=2)
        assert np.isin(base.round(9), LEVELS).all(), "what is left is the level of the horizon whose margin it is"
        same = np.diff(margins, axis=1) == 0
        assert (shares[:, 1:][same] == shares[:, :-1][same]).all()


def test_of_a_model_that_has_none_every_horizon_is_alike():
    assert model(None).margins(X).tobytes() == model([1.0, 1.0, 1.0]).margins(X).tobytes()
    assert model(None).contributions(X).tobytes() == model([1.0, 1.0, 1.0]).contributions(X).tobytes()


def test_models_asked_together_give_each_ones_own_margins():
    models = [model([0.5, 1.0, 2.0]), model(None), model([2.0, 1.0, 0.5], [0.01, 0.02, 0.05])]
    assert HorizonLogistic.together(models)(X).tobytes() == np.array([one.margins(X) for one in models]).tobytes()


def test_what_is_kept_gives_the_same_and_what_was_kept_before_goes_as_it_did(tmp_path):
    kept = model([0.5, 1.0, 2.0]).save(tmp_path)
    assert HorizonLogistic.load(tmp_path, kept, COLUMNS, HORIZONS).margins(X).tobytes() == model([0.5, 1.0, 2.0]).margins(X).tobytes()
    before = {name: value for name, value in kept.items() if name not in ("steepness", "background")}
    assert HorizonLogistic.load(tmp_path, before, COLUMNS, HORIZONS).margins(X).tobytes() == model(None).margins(X).tobytes()


@pytest.mark.parametrize("steepness", [[1.0, 0.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0], [1.0, float("nan"), 1.0]])
def test_a_steepness_that_no_fit_writes_is_refused(tmp_path, steepness):
    with pytest.raises(ImpossibleModelError):
        HorizonLogistic.load(tmp_path, model(None).save(tmp_path) | {"steepness": steepness}, COLUMNS, HORIZONS)


def test_the_odds_of_a_background_are_added_and_contributions_add_up_to_the_margin():
    background = [0.02, 0.05, 0.2]
    alone, one = model([0.5, 1.0, 2.0]), model([0.5, 1.0, 2.0], background)
    assert np.exp(one.margins(X[:2])) == pytest.approx(np.exp(alone.margins(X[:2])) + background)
    margins, shares = one.margins(X), one.contributions(X)
    bases = margins - shares.sum(axis=2)
    assert bases == pytest.approx(np.tile(np.log(np.exp(LEVELS) + background), (len(X), 1))), "where nobody is told from the average"
    assert (np.abs(shares[1]) < np.abs(alone.contributions(X[1:2])[0])).all()


def test_with_a_background_contributions_are_the_shapley_values_of_the_margins():
    one, mean = model([0.5, 1.0, 2.0], [0.02, 0.05, 0.2]), np.zeros(2)
    shares = one.contributions(X[1:2])[0]
    none, first, second, both = (one.margins(np.where(known, X[1], mean)[None])[0] for known in ([0, 0], [1, 0], [0, 1], [1, 1]))
    assert shares[:, 0] == pytest.approx((first - none + both - second) / 2)
    assert shares[:, 1] == pytest.approx((second - none + both - first) / 2)


def test_a_background_is_kept(tmp_path):
    one = model([0.5, 1.0, 2.0], [0.02, 0.05, 0.2])
    kept = one.save(tmp_path)
    assert HorizonLogistic.load(tmp_path, kept, COLUMNS, HORIZONS).margins(X).tobytes() == one.margins(X).tobytes()
    for background in ([-0.1, 0.0, 0.0], [0.1], [0.0, 0.0, float("nan")]):
        with pytest.raises(ImpossibleModelError):
            HorizonLogistic.load(tmp_path, kept | {"background": background}, COLUMNS, HORIZONS)


def test_a_background_with_more_groups_than_shapley_values_can_look_at_is_refused(tmp_path):
    columns = [f"{name}__last__ever" for name in list(catalogue())[:13]]
    design = LinearDesign(tuple(columns), ("linear",) * 13, *((value,) * 13 for value in (-9.0, 9.0, 0.0, 0.0, 1.0)), {}, (), (), ())
    one = HorizonLogistic(design, np.ones(13), LEVELS, columns)
    kept = one.save(tmp_path)
    assert HorizonLogistic.load(tmp_path, kept, columns, HORIZONS).columns == columns
    with pytest.raises(ImpossibleModelError, match="12"):
        HorizonLogistic.load(tmp_path, kept | {"background": [0.0, 0.0, 0.1]}, columns, HORIZONS)


def test_a_row_has_the_same_margins_and_contributions_alone_with_a_background_too():
    one, many = model([0.5, 1.0, 2.0], [0.02, 0.05, 0.2]), np.random.default_rng(1).normal(0.0, 2.0, (37, 2))
    for of in (one.margins, one.contributions):
        together = of(many)
        assert all(of(many[k : k + 1]).tobytes() == together[k].tobytes() for k in range(len(many)))
