"""Weights that stand in for the lost: the weighted share of progressions is the Aalen-Johansen estimate."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from training.censoring import DEATH, NONE, PROGRESSION, FollowUp, censoring_survival, ipcw_weights, progressed_by
from training.metrics import aalen_johansen

people = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([NONE, PROGRESSION, DEATH])), min_size=3, max_size=60)


def follow_up(pairs):
    time, event = zip(*pairs, strict=True)
    return FollowUp.from_arrays(np.array(time, dtype=float), np.array(event))


def test_without_censoring_every_weight_is_one():
    everybody = follow_up([(1, PROGRESSION), (2, DEATH), (9, NONE), (9, NONE)])
    assert ipcw_weights(everybody, 5).tolist() == [1, 1, 1, 1]


def test_the_lost_get_no_weight_and_those_still_seen_stand_in_for_them():
    # One of four is lost at 2; the three others are at risk then, so each of those who go on counts 4/3.
    everybody = follow_up([(1, PROGRESSION), (2, NONE), (4, PROGRESSION), (8, NONE)])
    assert ipcw_weights(everybody, 5) == pytest.approx([1, 0, 1.5, 1.5])


def test_at_equal_times_events_come_before_censorings():
    tied = follow_up([(3, PROGRESSION), (3, NONE), (6, NONE)])
    assert censoring_survival(tied) == pytest.approx([0.5, 0.0])  # two were at risk of being lost at 3, not three
    assert ipcw_weights(tied, 3)[0] == 1.0


@pytest.mark.parametrize(("time", "horizon", "within"), [(5, 5, True), (5, 4, False), (5, 6, True)])
def test_an_event_at_the_horizon_lies_within_it(time, horizon, within):
    assert progressed_by(follow_up([(time, PROGRESSION)]), horizon).tolist() == [within]


@settings(max_examples=150, deadline=None)
@given(people, st.integers(1, 11))
def test_the_weighted_share_of_progressions_is_aalen_johansen(pairs, horizon):
    everybody = follow_up(pairs)
    weights = ipcw_weights(everybody, horizon)
    weighted = float(weights @ progressed_by(everybody, horizon)) / len(pairs)
    assert weighted == pytest.approx(aalen_johansen(everybody, [horizon])[0], abs=1e-12)


@settings(max_examples=60, deadline=None)
@given(people, st.integers(1, 11), st.data())
def test_a_count_of_two_is_the_same_as_standing_there_twice(pairs, horizon, data):
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)).filter(any))
    repeated = follow_up([pair for pair, n in zip(pairs, counts, strict=True) for _ in range(n)])
    weighted = ipcw_weights(follow_up(pairs), horizon, np.array(counts, dtype=float))
    assert np.repeat(weighted, counts) == pytest.approx(ipcw_weights(repeated, horizon))
