"""A background: its odds are added, no risk is less, and contributions still add up."""

import numpy as np
import pytest

from serving.models.background import above, share_kept
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


def test_what_is_kept_of_a_way_adds_up_to_the_way_with_the_background():
    start = np.array([-3.0, -2.5, -1.0])
    kept = share_kept(OWN, start, BACKGROUND)
    assert kept * (OWN - start) == pytest.approx(above(OWN, BACKGROUND) - above(start, BACKGROUND))
    assert ((kept > 0) & (kept < 1)).all()


def test_near_the_start_it_is_the_slope_there():
    start = np.array([-3.0, -2.5, -1.0])
    at, nearby = (share_kept(start[None] + by, start, BACKGROUND) for by in (0.0, 1e-5))
    assert at[0] == pytest.approx(np.exp(start) / (np.exp(start) + BACKGROUND))
    assert nearby == pytest.approx(at, rel=1e-4)
