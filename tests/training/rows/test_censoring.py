"""Weights that stand in for the lost: the weighted share of progressions is the Aalen-Johansen estimate."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma import DataError
from tests.training.rows import censoring_twin as twin
from training.metrics import Sample, aalen_johansen
from training.rows.censoring import COMPETING, EVENT, NONE, REACH, FollowUp, ipcw_weights, progressed_by
from training.rows.study_end import study_reach

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


def seen(*days):
    """Return one person's visits on these days, followed to day 1000, and another's one on day 0, lost on day 900."""
    end = np.array([1000.0] * len(days) + [900.0])
    day = np.array([*days, 0.0])
    landmark = pd.Timestamp("2020-01-01") + pd.to_timedelta(day, unit="D")
    return pd.DataFrame(
        {
            "patient_id": ["a"] * len(days) + ["b"],
            "index_date": pd.Timestamp("2020-01-01"),
            "landmark": landmark,
            "event": "none",
            "time_to_event": end - day,
            "follow_up": end - day,
        }
    )


def test_how_far_the_study_reaches_is_to_the_last_day_on_which_anybody_is_known_of():
    assert study_reach(seen(0, 400)).tolist() == [1000, 600, 1000]


def test_of_people_who_come_once_nothing_is_put_out_of_reach():
    # They are told apart by nothing that says when they came, so those who came early stand in for those who came late.
    assert np.isinf(study_reach(seen(400))).all()


@pytest.mark.parametrize(("horizon", "counts"), [(599.0, [True, True, True]), (600.0, [True, False, True])])
def test_a_row_that_the_studys_end_put_out_of_reach_is_no_part_of_the_horizon(horizon, counts):
    rows = seen(0, 400)
    rows = rows.assign(event=["none", "event", "none"], time_to_event=[1000.0, 100.0, 900.0], **{REACH: study_reach(rows)})
    follow_up = FollowUp.of(rows)
    assert follow_up.reachable(horizon).tolist() == counts
    assert (ipcw_weights(follow_up, horizon) > 0).tolist() == counts  # not even where its event is known
    assert Sample.of(follow_up, horizon, np.ones((1, 3))).rows.tolist() == [sum(counts)]


def test_weights_for_staying_change_who_counts_within_a_stratum_and_never_how_much_a_stratum_does():
    rows = [(9, NONE, 0), (9, NONE, 0), (2, NONE, 0), (4, EVENT, 0)] * 30 + [(9, NONE, 1)] * 40
    without = in_strata(rows)
    staying = np.where(without.event == EVENT, 3.0, 0.5)
    weighed = replace(without, staying={5.0: staying})
    before, after = ipcw_weights(without, 5.0), ipcw_weights(weighed, 5.0)
    for stratum in (0, 1):
        assert after[without.stratum == stratum].sum() == pytest.approx(before[without.stratum == stratum].sum())
    assert after[without.stratum == 1] == pytest.approx(before[without.stratum == 1])
    of_event, of_others = (after[:4] / np.where(before[:4] > 0, before[:4], 1.0))[[3, 0]]
    assert of_event == pytest.approx(6 * of_others)
    assert ipcw_weights(weighed, 6.0) == pytest.approx(ipcw_weights(without, 6.0))  # known for another horizon only


@pytest.mark.parametrize(
    ("time", "event", "free"), [(5, NONE, False), (6, NONE, True), (5, COMPETING, True), (5, EVENT, False), (6, EVENT, True)]
)
def test_whoever_is_last_seen_on_the_day_of_the_horizon_is_not_known_to_be_free(time, event, free):
    assert follow_up([(time, event)]).free_at(5).tolist() == [free]


@pytest.mark.parametrize(
    ("pairs", "counts", "is_followed"),
    [
        ([(1, EVENT), (5, NONE)], None, False),
        ([(1, EVENT), (6, NONE)], None, True),
        ([(1, EVENT), (5, COMPETING)], None, True),  # nobody is lost
        ([(1, EVENT), (3, NONE), (6, NONE)], [1, 1, 0], False),
    ],
)
def test_a_horizon_is_followed_where_somebody_who_counts_goes_on_beyond_it(pairs, counts, is_followed):
    assert follow_up(pairs).is_followed(5, None if counts is None else np.array(counts)) is is_followed
