"""A background: its odds are added, and no risk is less."""

import numpy as np
import pytest

from serving.models.background import above
from serving.models.base import logistic

OWN, BACKGROUND = np.linspace(-9.0, 6.0, 31)[:, None] + np.array([0.0, 0.5, 1.5]), np.array([0.01, 0.02, 0.07])


def test_the_odds_are_added():
    assert np.exp(above(OWN, BACKGROUND)) == pytest.approx(np.exp(OWN) + BACKGROUND)


def test_without_one_log_odds_stay_as_they_are():
    assert above(OWN, np.zeros(3)) is OWN
    assert above(OWN, np.array([0.0, 0.02, 0.0]))[:, [0, 2]].tobytes() == OWN[:, [0, 2]].tobytes()


def test_no_risk_is_less_and_the_order_stays():
    risk = logistic(above(OWN, BACKGROUND))
    assert (risk > BACKGROUND / (1 + BACKGROUND)).all() and (np.diff(risk, axis=0) > 0).all() and (np.diff(risk, axis=1) > 0).all()
