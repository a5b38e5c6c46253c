"""Mayo 2018 "20/2/20": strict cuts, published risks, and the honest answer when inputs are missing."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma import DataError
from myeloma.scores import SCORES
from myeloma.scores.mayo_2018 import MAYO_2018

UNKNOWN = st.none() | st.just(math.nan)
TRIPLES = st.tuples(
    *(UNKNOWN | st.sampled_from(values) for values in ([0.0, 2.0, 2.1, 9.0], [0.5, 20.0, 20.1, 60.0], [0.0, 20.0, 20.1, 60.0]))
)
LOW_AND_HIGH = ((0.0, 9.9), (1.0, 99.0), (0.0, 99.0))


def evaluate(m_protein, flc_ratio, bmpc):
    return MAYO_2018.evaluate(m_protein=m_protein, flc_ratio=flc_ratio, bmpc=bmpc)


def test_the_score_is_listed():
    assert SCORES["mayo_2018"] is MAYO_2018


@pytest.mark.parametrize(
    ("m_protein", "flc_ratio", "bmpc", "points", "category", "risk_24m", "risk_60m"),
    [
        (2.0, 20.0, 20.0, 0, "low", 0.062, 0.23),  # at the cut there is no point
        (2.1, 20.0, 20.0, 1, "intermediate", 0.179, 0.47),
        (2.0, 20.1, 20.0, 1, "intermediate", 0.179, 0.47),
        (2.0, 20.0, 20.1, 1, "intermediate", 0.179, 0.47),
        (2.1, 20.1, 10.0, 2, "high", 0.442, 0.82),
        (2.1, 20.1, 20.1, 3, "high", 0.442, 0.82),
    ],
)
def test_points_category_and_published_risk(m_protein, flc_ratio, bmpc, points, category, risk_24m, risk_60m):
    result = evaluate(m_protein, flc_ratio, bmpc)
    assert (result.points, result.category, result.possible, result.missing) == (points, category, (category,), ())
    assert result.risks == {24: risk_24m, 60: risk_60m}


def test_nothing_known_can_be_anything_and_is_never_low():
    result = evaluate(None, None, None)
    assert result.category is None
    assert result.points is None
    assert result.possible == ("low", "intermediate", "high")
    assert result.missing == ("bmpc", "m_protein", "flc_ratio")
    assert result.risks == {}


def test_one_missing_input_gives_a_range():
    assert evaluate(1.0, 5.0, None).possible == ("low", "intermediate")
    assert evaluate(2.1, 5.0, None).possible == ("intermediate", "high")


def test_two_factors_settle_high_whatever_the_third():
    result = evaluate(2.1, 20.1, None)
    assert (result.category, result.possible, result.points) == ("high", ("high",), None)
    assert result.risks[24] == 0.442


@given(triple=TRIPLES)
def test_nan_is_the_same_as_none(triple):
    with_none = [None if value is None or math.isnan(value) else value for value in triple]
    with_nan = [math.nan if value is None else value for value in with_none]
    assert evaluate(*with_none) == evaluate(*with_nan)


@given(triple=TRIPLES)
def test_possible_categories_are_those_of_every_way_to_fill_the_gaps(triple):
    known = [value is not None and not math.isnan(value) for value in triple]
    fillings = itertools.product(*([value] if k else ends for value, k, ends in zip(triple, known, LOW_AND_HIGH, strict=True)))
    assert set(evaluate(*triple).possible) == {evaluate(*filled).category for filled in fillings}


@given(triples=st.lists(TRIPLES, min_size=1, max_size=6), horizon=st.sampled_from([24, 60]))
def test_arrays_give_what_scalars_give(triples, horizon):
    m_protein, flc_ratio, bmpc = np.array(triples, dtype=float).T
    at_once = MAYO_2018.risk(horizon, m_protein=m_protein, flc_ratio=flc_ratio, bmpc=bmpc)
    one_by_one = [evaluate(*triple).risks.get(horizon, math.nan) for triple in triples]
    np.testing.assert_array_equal(at_once, one_by_one)


def test_a_horizon_without_a_published_risk_is_nan():
    risks = MAYO_2018.risk(12, m_protein=[1.0, 3.0], flc_ratio=[1.0, 30.0], bmpc=[12.0, 30.0])
    assert np.isnan(risks).tolist() == [True, True]


@pytest.mark.parametrize("wrong", [{"bmpc": -1.0}, {"bmpc": 101.0}, {"m_protein": math.inf}, {"flc_ratio": -2.0}])
def test_an_impossible_input_is_refused_with_its_unit_and_what_is_accepted(wrong):
    with pytest.raises(DataError, match=f"{next(iter(wrong))} is .* which cannot be") as refusal:
        MAYO_2018.evaluate(**{"m_protein": 1.0, "flc_ratio": 5.0, "bmpc": 10.0} | wrong)
    assert "or unknown" in refusal.value.hint
