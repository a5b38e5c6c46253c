"""What a test would probably show: percentiles of the next result, given what else is known and the result before."""

import numpy as np
import pytest

from serving.models.base import ImpossibleModelError
from serving.models.expected import LEVELS, ExpectedResult, Regression

RESIDUALS = tuple(level - 0.5 for level in LEVELS)


def regression(*columns, coefficients):
    n = len(columns)
    return Regression(columns, ("linear",) * n, (1.0,) * n, (0.0,) * n, (10.0,) * n, coefficients, 0.5, RESIDUALS)


FIRST = regression("m_protein__last__ever", coefficients=(2.0,))
REPEATED = regression("m_protein__last__ever", "bmpc_before", "years", coefficients=(0.0, 1.0, 0.25))
SOME = ExpectedResult("bmpc", "linear", FIRST, REPEATED)
MIDDLE = LEVELS.index(0.5)


def test_the_first_result_goes_by_what_else_is_known():
    found = SOME.values(np.array([3.0]), np.nan, np.nan)
    assert found[MIDDLE] == pytest.approx(0.5 + 2.0 * 3.0)
    assert (found[-1] - found[0]) == pytest.approx(LEVELS[-1] - LEVELS[0])


def test_a_repeated_one_goes_by_the_result_before_and_the_years_since():
    assert SOME.values(np.array([3.0]), 5.0, 2.0)[MIDDLE] == pytest.approx(0.5 + 5.0 + 0.25 * 2.0)


def test_what_is_unknown_stands_at_its_mean_and_what_is_extreme_at_the_end_of_the_range():
    unknown, extreme = (SOME.values(np.array([value]), np.nan, np.nan)[MIDDLE] for value in (np.nan, 99.0))
    assert unknown == pytest.approx(0.5 + 2.0 * 1.0)
    assert extreme == pytest.approx(0.5 + 2.0 * 10.0)


def test_a_result_on_a_log_scale_comes_back_in_its_unit():
    found = ExpectedResult("flc_ratio", "log", FIRST, None).values(np.array([3.0]), np.nan, np.nan)
    assert found[MIDDLE] == pytest.approx(np.exp(6.5))


def test_of_what_was_not_seen_often_enough_nothing_is_said():
    assert ExpectedResult("bmpc", "linear", None, REPEATED).values(np.array([3.0]), np.nan, np.nan) is None
    assert SOME.beside == ("m_protein",) == ExpectedResult("bmpc", "linear", None, REPEATED).beside


@pytest.mark.parametrize("wrong", [{"scale": "square"}, {"first": FIRST.__dict__ | {"residuals": RESIDUALS[::-1]}}, {"first": {}}])
def test_what_no_fit_writes_is_refused(wrong):
    assert ExpectedResult.load(SOME.save()) == SOME
    with pytest.raises((ImpossibleModelError, KeyError)):
        ExpectedResult.load(SOME.save() | wrong)
