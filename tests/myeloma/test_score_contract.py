"""What every published score keeps, point score or risk model, over all that there are: a new one is tested by being there.

How the point scores settle and leave open is in `test_score_engine.py`.
"""

import itertools
import math

import numpy as np
import pytest

from myeloma import DataError
from myeloma.scores import SCORES, Score

every_score = pytest.mark.parametrize("score", SCORES.values(), ids=list(SCORES))
# Values on either side of any cut-off of the input; findings are absent or present.
LOW_AND_HIGH = {"m_protein": (0.5, 4.0), "flc_ratio": (2.0, 90.0), "kappa_lambda_ratio": (1.0, 50.0), "bmpc": (5.0, 65.0), "age": (50, 80)}
LOW_AND_HIGH |= {"creatinine": (0.7, 2.0), "albumin": (4.5, 2.5), "b2m": (2.0, 7.0), "aberrant_plasma_cells": (50.0, 99.0)}
LOW_AND_HIGH |= {"circulating_tumor_cells": (0.01, 0.2), "hemoglobin": (14.0, 11.0), "del17p_percent": (0.0, 60.0)}


def both(name):
    return LOW_AND_HIGH.get(name, (0.0, 1.0))


def everybody(score):
    """Return every way to have each input low or high."""
    return [dict(zip(score.inputs, values, strict=True)) for values in itertools.product(*map(both, score.inputs))]


def horizons_of(score):
    return [int(months) for months in (score.risks if isinstance(score, Score) else score.months)]


def said(score, person):
    result = score.evaluate(**person)
    return result.category, result.points, result.possible, result.risks


@every_score
def test_it_says_what_it_is_for_whom_of_what_and_by_whom(score):
    assert score.population in ("smm", "mgus", "mm")
    assert score.name
    assert score.outcome
    assert any(character.isdigit() for character in score.citation)
    assert len(set(score.inputs)) == len(score.inputs)


@every_score
def test_every_input_that_is_declared_is_used(score):
    for name in score.inputs:
        low, high = both(name)
        assert any(said(score, person | {name: low}) != said(score, person | {name: high}) for person in reversed(everybody(score))), name


@every_score
def test_an_input_that_is_not_declared_is_refused(score):
    with pytest.raises(TypeError, match=f"{score.key} has no input m_protien"):
        score.evaluate(m_protien=2.1)


@every_score
def test_with_an_input_missing_nothing_is_said_that_does_not_hold_for_all_its_values(score):
    people = everybody(score)
    for person, name in itertools.product(people[:: 1 + len(people) // 100], score.inputs):
        found = score.evaluate(**{**person, name: None})
        ways = {score.evaluate(**{**person, name: value}).category for value in both(name)}
        assert ways <= set(found.possible), "a category that may be true is left out"
        assert found.category is None or ways == {found.category}
        assert name in found.missing
        if found.category is None:
            assert found.risks == {}


@every_score
def test_none_and_not_a_number_are_the_same_unknown(score):
    person = everybody(score)[-1]
    for name in score.inputs:
        assert score.evaluate(**{**person, name: None}) == score.evaluate(**{**person, name: math.nan})


@every_score
def test_the_risks_of_arrays_are_those_of_one_person_at_a_time(score):
    people = [person | {name: math.nan} for person in everybody(score)[:8] for name in score.inputs] + everybody(score)
    columns = {name: np.array([person[name] for person in people]) for name in score.inputs}
    alone = [score.evaluate(**person).risks for person in people]
    for months in {*horizons_of(score), 7}:
        at_once = score.risk(months, **columns)
        one_by_one = np.array([float(score.risk(months, **person)) for person in people])
        assert at_once.shape == (len(people),)
        np.testing.assert_array_equal(at_once, one_by_one)
        shown = np.array([risks.get(months, math.nan) for risks in alone])
        np.testing.assert_array_equal(np.where(np.isnan(shown), math.nan, at_once), shown)


@every_score
def test_a_risk_is_a_probability_and_only_at_a_horizon_that_was_published(score):
    columns = {name: np.array([person[name] for person in everybody(score)]) for name in score.inputs}
    for months in horizons_of(score):
        risk = score.risk(months, **columns)
        assert (np.isnan(risk) | ((risk > 0) & (risk <= 1))).all()  # 1 to the last bit where every input is at its worst
    assert np.isnan(score.risk(7, **columns)).all()


@every_score
@pytest.mark.parametrize("impossible", [math.inf, -1.0])
def test_what_cannot_be_is_refused_and_not_taken_for_unknown(score, impossible):
    for name in score.inputs:
        with pytest.raises(DataError, match=f"{name} is .* which cannot be"):
            score.evaluate(**everybody(score)[0] | {name: impossible})
