"""A lower bound on the time free of the event: where the person's own incidence reaches a level, in months."""

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from serving.models.base import ImpossibleModelError
from serving.models.event_free import EventFree

HORIZONS = (12, 24, 60)
EVEN = ((0.25,) * 4,) * 3
SOME = EventFree(0.05, 60.0, EVEN)


@pytest.mark.parametrize(
    ("risks", "months"),
    [
        ((0.10, 0.20, 0.30), 6.0),
        ((0.50, 0.60, 0.70), 1.2),
        ((0.04, 0.06, 0.10), 18.0),
        ((0.04, 0.04, 0.07), 36.0),
        ((0.00, 0.00, 0.50), 27.6),
        ((0.05, 0.05, 0.05), 60.0),  # it reaches the level and does not pass it
        ((0.01, 0.02, 0.03), 60.0),
        ((0.15, 0.15, 0.15), 4.0),
        ((0.07, 0.20, 0.30), 8.5),  # 8.57: a bound is rounded down
    ],
)
def test_the_bound_lies_where_the_incidence_reaches_the_level_and_at_the_last_horizon_where_it_does_not(risks, months):
    assert SOME.months(np.array([risks]), HORIZONS).tolist() == [months]


def test_nobody_is_told_longer_than_the_longest_time():
    risks = np.array([[0.10, 0.20, 0.30], [0.04, 0.06, 0.10], [0.01, 0.02, 0.03]])
    assert EventFree(0.05, 17.0, EVEN).months(risks, HORIZONS).tolist() == [6.0, 17.0, 17.0]


def test_between_horizons_the_incidence_goes_as_the_events_of_training_went():
    late = EventFree(0.05, 60.0, ((0.0, 0.0, 0.0, 1.0), EVEN[1], EVEN[2]))
    early = EventFree(0.05, 60.0, ((1.0, 0.0, 0.0, 0.0), EVEN[1], EVEN[2]))
    risks = np.array([[0.10, 0.20, 0.30]])
    assert (early.months(risks, HORIZONS).item(), late.months(risks, HORIZONS).item()) == (1.5, 10.5)


risk = st.floats(0.0, 1.0)
of_a_person = st.lists(risk, min_size=3, max_size=3).map(sorted)
course = st.lists(st.lists(st.floats(0.01, 1.0), min_size=4, max_size=4), min_size=3, max_size=3)


@example([0.0] * 3, [0.0] * 3, 0.25, 1.999999999999993, [[1.0] * 4] * 3)
@given(of_a_person, of_a_person, st.floats(0.001, 0.4), st.floats(1.0, 60.0), course)
def test_who_is_at_higher_risk_at_each_horizon_is_never_told_a_longer_time_and_nobody_one_past_the_last_horizon(
    one, other, level, longest, parts
):
    bound = EventFree(level, longest, tuple(tuple(np.array(part) / sum(part)) for part in parts))
    both = np.array([np.minimum(one, other), np.maximum(one, other)])
    lower_risk, higher_risk = bound.months(both, HORIZONS)
    assert 0.0 <= higher_risk <= lower_risk <= longest


@given(of_a_person, st.floats(0.001, 0.2), st.floats(0.001, 0.2))
def test_a_higher_level_never_shortens_the_time(risks, one, other):
    low, high = (EventFree(level, 60.0, EVEN).months(np.array([risks]), HORIZONS).item() for level in sorted((one, other)))
    assert low <= high


def test_a_row_has_the_same_bound_to_the_last_bit_whoever_comes_with_it():
    risks = np.sort(np.random.default_rng(0).beta(1, 8, size=(500, 3)), axis=1)
    alone = [SOME.months(row[None], HORIZONS).item() for row in risks]
    assert SOME.months(risks, HORIZONS).tolist() == alone


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"level": 0.0}, "accepted: between 0 and 1"),
        ({"longest": 0.0}, "accepted: between 0 and 1, and above 0"),
        ({"level": float("nan")}, "not finite"),
        ({"course": [[0.25] * 4] * 2}, "course has the shape"),
        ({"course": [[0.25] * 4, [0.25] * 4, [0.5] * 4]}, "does not sum to 1"),
        ({"course": [[0.25] * 4, [0.25] * 4, [-1.0, 1.0, 0.5, 0.5]]}, "a negative share"),
    ],
)
def test_what_no_fit_writes_is_refused(wrong, says):
    assert EventFree.load(SOME.save(), 3) == SOME
    with pytest.raises(ImpossibleModelError, match=says):
        EventFree.load(SOME.save() | wrong, 3)
