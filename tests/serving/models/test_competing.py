"""The chance that death comes first: by age, sex and the risk of the event; never falling, and no more than is left."""

import numpy as np
import pytest

from serving.models.base import ImpossibleModelError
from serving.models.competing import CompetingRisk

SOME = CompetingRisk(((-2.0, 0.8, -0.3, -0.1), (-1.0, 0.8, -0.3, -0.1)), age=70.0, female=0.5)


def risks(age=70.0, female=1.0, risk=(0.1, 0.2), model=SOME):
    return model.risks(np.array([age]), np.array([female]), np.array([risk]))[0]


def test_the_regression_of_each_horizon_in_numbers():
    eta = -2.0 + 0.8 * (80 - 70) / 10 - 0.3 * (1 - 0.5) - 0.1 * np.log(0.1 / 0.9)
    assert risks(age=80.0)[0] == pytest.approx(1 / (1 + np.exp(-eta)))


def test_who_is_unknown_stands_at_the_mean():
    assert risks(np.nan, np.nan).tolist() == risks(70.0, 0.5).tolist()


def test_it_never_falls_with_the_horizon_and_leaves_room_for_the_event():
    falling = CompetingRisk(SOME.coefficients[::-1], 70.0, 0.5)
    assert np.diff(risks(model=falling))[0] == 0
    assert risks(age=110.0, risk=(0.1, 0.9)).tolist() == pytest.approx([0.1, 0.1])  # the later horizon leaves no more
    assert np.isfinite(risks(risk=(0.0, 1.0))).all()


@pytest.mark.parametrize("wrong", [{"coefficients": [[0.0] * 4]}, {"age": float("nan")}, {"female": 1.5}, {"coefficients": "none"}])
def test_what_no_fit_writes_is_refused(wrong):
    assert CompetingRisk.load(SOME.save(), 2) == SOME
    with pytest.raises(ImpossibleModelError):
        CompetingRisk.load(SOME.save() | wrong, 2)
