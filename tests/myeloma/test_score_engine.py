"""The engine of the point scores: arrays give what scalars give, and what is unknown is neither low nor normal."""

import collections
import itertools
import math
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma import catalogue
from myeloma.scores import POINT_SCORES, RISK_MODELS, SCORES

each_score = pytest.mark.parametrize("score", POINT_SCORES.values(), ids=list(POINT_SCORES))
UP_TO = {"m_protein": 5, "flc_ratio": 80, "kappa_lambda_ratio": 9, "bmpc": 60, "aberrant_plasma_cells": 100, "age": 90, "creatinine": 3}
UP_TO |= {"albumin": 5, "b2m": 8, "hemoglobin": 18}  # findings: 1
few = settings(max_examples=25)


def values_near(factor):
    """Return values that reach every level of a factor, the cut-offs and their neighbours among them."""
    if factor.cuts == (0.5,):  # a finding
        return [0.0, 1.0]
    return [float(value) for cut in factor.cuts for value in (np.nextafter(cut, -np.inf), cut, np.nextafter(cut, np.inf))]


def people_of(score):
    """Draw people: one value, or NaN, per factor."""
    return st.tuples(*(st.sampled_from([math.nan, *values_near(factor)]) for factor in score.factors))


def named(score, values):
    return dict(zip(score.inputs, values, strict=True))


def arrays_of(score, people):
    return named(score, np.array(people, dtype=float).reshape(len(people), len(score.factors)).T)


def ways_to_fill(score, person):
    choices = [values_near(f) if math.isnan(value) else [value] for value, f in zip(person, score.factors, strict=True)]
    return list(itertools.product(*choices))


def words(score, bits):
    return tuple(name for k, name in enumerate(score.categories) if int(bits) >> k & 1)


def same(low, high):
    return low if low == high else None


@each_score
@few
@given(data=st.data())
def test_arrays_give_what_scalars_give(score, data):
    people = data.draw(st.lists(people_of(score), min_size=1, max_size=8))
    one_by_one = [score.evaluate(**named(score, person)) for person in people]
    at_once = score.evaluate_arrays(**arrays_of(score, people))
    assert [words(score, bits) for bits in at_once.possible] == [result.possible for result in one_by_one]
    points = [same(low, high) for low, high in zip(at_once.points_low, at_once.points_high, strict=True)]
    assert points == [result.points for result in one_by_one]
    settled = [score.categories[k] if k >= 0 else None for k in at_once.category()]
    assert settled == [result.category for result in one_by_one]
    for horizon in (*score.risks, 7):
        expected = [result.risks.get(horizon, math.nan) for result in one_by_one]
        np.testing.assert_array_equal(score.risk(horizon, **arrays_of(score, people)), expected)


@each_score
@few
@given(data=st.data())
def test_what_is_possible_is_what_some_way_to_fill_the_gaps_gives(score, data):
    person = data.draw(people_of(score))
    filled = score.evaluate_arrays(**arrays_of(score, ways_to_fill(score, person)))
    found = score.evaluate_arrays(**arrays_of(score, [person]))
    reached = {score.categories[k] for k in filled.category()}
    assert (filled.category() >= 0).all()  # with everything known there is one category
    assert set(words(score, found.possible[0])) == reached
    assert (found.points_low[0], found.points_high[0]) == (filled.points_low.min(), filled.points_high.max())


@each_score
@few
@given(data=st.data())
def test_more_information_never_adds_a_possibility(score, data):
    person = data.draw(people_of(score))
    before = set(score.evaluate(**named(score, person)).possible)
    learned = [data.draw(st.sampled_from(values_near(f))) if math.isnan(v) else v for v, f in zip(person, score.factors, strict=True)]
    for k in range(len(person)):  # learn them one after the other
        after = set(score.evaluate(**named(score, (*learned[: k + 1], *person[k + 1 :]))).possible)
        assert after
        assert after <= before
        before = after


@each_score
def test_nothing_known_leaves_every_category_and_no_risk(score):
    result = score.evaluate()
    assert result.possible == score.categories
    assert (result.category, result.points, result.risks) == (None, None, {})
    assert result.missing == score.inputs


@each_score
def test_a_category_that_is_not_settled_has_no_risk(score):
    unknown = {name: [math.nan] for name in score.inputs}
    assert score.evaluate_arrays(**unknown).category().tolist() == [-1]
    assert all(np.isnan(score.risk(horizon, **unknown)).all() for horizon in (*score.risks, 7))


@each_score
def test_an_unknown_name_is_refused(score):
    with pytest.raises(TypeError, match=f"{score.key} has no input m_protien; it has {score.inputs[0]}"):
        score.evaluate(m_protien=2.1)
    with pytest.raises((TypeError, KeyError)):
        score.evaluate_arrays(m_protien=[2.1])


@each_score
def test_published_risks_rise_with_the_category_and_with_the_horizon(score):
    for risks in score.risks.values():
        published = [risk for risk in risks if risk is not None]
        assert len(risks) == len(score.categories)
        assert published == sorted(published)
        assert all(0 < risk < 1 for risk in published)
    for category in range(len(score.categories)):
        by_horizon = [score.risks[horizon][category] for horizon in sorted(score.risks)]
        assert None in by_horizon or by_horizon == sorted(by_horizon)


@each_score
def test_every_category_can_be_reached(score):
    everything = ways_to_fill(score, [math.nan] * len(score.factors))
    assert set(score.evaluate_arrays(**arrays_of(score, everything)).category()) == set(range(len(score.categories)))


def test_keys_are_unique_and_name_their_score():
    assert len(SCORES) == len(POINT_SCORES) + len(RISK_MODELS)
    assert all(score.key == key for key, score in SCORES.items())


def test_as_many_steps_of_the_interpreter_score_200_rows_and_20_000():
    assert steps_for(20_000) == steps_for(200)


def steps_for(n):
    """Count the Python functions that are called to evaluate every score on n rows: none is called once a row."""
    rng = np.random.default_rng(1)
    names = sorted({name for score in SCORES.values() for name in score.inputs})
    least = {name: max(0.2, catalogue()[name].lower) if name in catalogue() else 0.2 for name in names}
    rows = {name: np.where(rng.random(n) < 0.1, np.nan, rng.uniform(least[name], UP_TO.get(name, 1.0), n)) for name in names}
    calls = collections.Counter()
    sys.setprofile(lambda frame, event, argument: calls.update([event]))
    try:
        for score in POINT_SCORES.values():
            inputs = {name: rows[name] for name in score.inputs}
            assert len(score.evaluate_arrays(**inputs).possible) == n
            for horizon in score.risks:
                score.risk(horizon, **inputs)
        for model in RISK_MODELS.values():
            assert np.isfinite(model.risk(24, **{name: rows[name] for name in model.inputs})).mean() > 0.2
    finally:
        sys.setprofile(None)
    return calls["call"]
