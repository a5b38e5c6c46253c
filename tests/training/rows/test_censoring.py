"""Weights that stand in for the lost: the weighted share of progressions is the Aalen-Johansen estimate."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma import DataError
from tests.training.rows import censoring_twin as twin
from training.metrics import Sample, aalen_johansen
from training.rows.censoring import COMPETING, EVENT, NONE, FollowUp, ipcw_weights, progressed_by

people = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([NONE, EVENT, COMPETING])), min_size=3, max_size=60)


def follow_up(pairs):
    time, event = zip(*pairs, strict=True)
    return FollowUp.from_arrays(np.array(time, dtype=float), np.array(event))


def test_without_censoring_every_weight_is_one():
    everybody = follow_up([(1, EVENT), (2, COMPETING), (9, NONE), (9, NONE)])
    assert ipcw_weights(everybody, 5).tolist() == [1, 1, 1, 1]


def test_the_lost_get_no_weight_and_those_still_seen_stand_in_for_them():
    # One of four is lost at 2; the three others are at risk then, so each of those who go on counts 4/3.
    everybody = follow_up([(1, EVENT), (2, NONE), (4, EVENT), (8, NONE)])
    assert ipcw_weights(everybody, 5) == pytest.approx([1, 0, 1.5, 1.5])


def test_at_equal_times_events_come_before_censorings():
    tied = follow_up([(3, EVENT), (3, NONE), (6, NONE)])
    assert twin.censoring_survival(tied) == pytest.approx([0.5, 0.0])  # two were at risk of being lost at 3, not three
    assert ipcw_weights(tied, 5) == pytest.approx([1, 0, 2])


@pytest.mark.parametrize(("time", "horizon", "within"), [(5, 5, True), (5, 4, False), (5, 6, True)])
def test_an_event_at_the_horizon_lies_within_it(time, horizon, within):
    assert progressed_by(follow_up([(time, EVENT)]), horizon).tolist() == [within]


@settings(max_examples=150)
@given(people, st.integers(1, 11))
def test_the_weighted_share_of_progressions_is_aalen_johansen(pairs, horizon):
    everybody = follow_up(pairs)
    weights = ipcw_weights(everybody, horizon)
    weighted = float(weights @ progressed_by(everybody, horizon)) / len(pairs)
    assert weighted == pytest.approx(aalen_johansen(everybody, [horizon])[0], abs=1e-12)


@settings(max_examples=60)
@given(people, st.integers(1, 11), st.data())
def test_a_count_of_two_is_the_same_as_standing_there_twice(pairs, horizon, data):
    counts = data.draw(st.lists(st.integers(0, 3), min_size=len(pairs), max_size=len(pairs)).filter(any))
    repeated = follow_up([pair for pair, n in zip(pairs, counts, strict=True) for _ in range(n)])
    known = Sample.of(follow_up(pairs), horizon, np.array([counts], dtype=float)).known[0]
    weighted = np.divide(known, counts, out=np.zeros(len(counts)), where=np.array(counts) > 0)
    assert np.repeat(weighted, counts) == pytest.approx(ipcw_weights(repeated, horizon))


def test_an_event_of_other_words_is_refused_and_never_taken_for_one_or_none():
    rows = pd.DataFrame({"event": ["none", "progression", "death"], "time_to_event": [1.0, 2.0, 3.0]})
    with pytest.raises(DataError, match='event is "progression" in 2 of 3 rows, accepted: none, event, competing'):
        FollowUp.of(rows)


strata = st.lists(st.tuples(st.integers(1, 12), st.sampled_from([NONE, EVENT, COMPETING]), st.integers(0, 2)), min_size=3, max_size=200)


def in_strata(rows):
    time, event, stratum = (np.array(column) for column in zip(*rows, strict=True))
    return FollowUp.from_arrays(time.astype(float), event, stratum)


def test_those_who_are_lost_early_are_stood_in_for_by_their_own():
    # Of the second stratum half are lost at 2, of the first nobody: only those who go on in the second count twice.
    rows = [(9, NONE, 0)] * 40 + [(2, NONE, 1)] * 40 + [(4, EVENT, 1)] * 20 + [(9, NONE, 1)] * 20
    weights = ipcw_weights(in_strata(rows), 5)
    assert weights.tolist() == pytest.approx([1] * 40 + [0] * 40 + [2] * 40)


def test_a_stratum_followed_by_too_few_beyond_the_horizon_is_joined_to_its_neighbour():
    rows = [(9, NONE, 0)] * 20 + [(9, NONE, 1)] * 19 + [(9, NONE, 2)] * 20 + [(3, NONE, 3)] * 50 + [(9, NONE, 3)] * 19
    found = in_strata(rows)
    assert found.strata_at(2).tolist() == [0] * 20 + [1] * 39 + [2] * 69
    assert found.strata_at(5).tolist() == [0] * 20 + [1] * 19 + [1] * 20 + [1] * 69
    assert set(found.strata_at(9)) == {0}  # nobody is followed beyond: all are one


@settings(max_examples=100)
@given(strata, st.integers(1, 11))
def test_the_weighted_share_of_progressions_in_a_stratum_is_its_own_aalen_johansen(rows, horizon):
    everybody = in_strata(rows)
    stratum, weighted = everybody.strata_at(horizon), ipcw_weights(everybody, horizon) * progressed_by(everybody, horizon)
    assert ipcw_weights(everybody, horizon) == pytest.approx(twin.ipcw_weights(everybody, horizon))
    for k in set(stratum):
        alone = FollowUp.from_arrays(everybody.time[stratum == k], everybody.event[stratum == k])
        assert weighted[stratum == k].mean() == pytest.approx(aalen_johansen(alone, [horizon])[0], abs=1e-12)
