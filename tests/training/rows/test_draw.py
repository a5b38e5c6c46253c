"""People are drawn whole, those with the event first; the weights undo it."""

import numpy as np
import pandas as pd
import pytest

from features.table.outcomes import EVENTS
from training.estimators.stacking import stack
from training.rows.censoring import FollowUp, ipcw_weights
from training.rows.draw import STANDS_FOR, draw_people, equally_drawn, row_weights

SEEDS = 400


def test_events_come_first_up_to_half_of_those_drawn():
    ever = np.arange(1000) < 300
    stands_for = draw_people(ever, 200, 1, events_first=True)
    assert ((stands_for > 0) & ever).sum() == ((stands_for > 0) & ~ever).sum() == 100
    assert set(stands_for) == {0.0, 3.0, 7.0}


def test_few_events_are_all_drawn():
    ever = np.arange(1000) < 30
    assert (draw_people(ever, 200, 1, events_first=True)[ever] == 1.0).all()


def test_few_others_are_all_drawn_and_the_rest_have_the_event():
    ever = np.arange(1000) >= 30
    stands_for = draw_people(ever, 200, 1, events_first=True)
    assert (stands_for[~ever] == 1.0).all()
    assert (stands_for > 0).sum() == 200


def test_of_few_people_everybody_is_drawn():
    assert (draw_people(np.arange(10) < 4, 50, 1, events_first=True) == 1.0).all()


def test_equal_chances_know_nothing_of_the_event():
    assert set(draw_people(np.arange(100) < 30, 20, 1, events_first=False)) == {0.0, 5.0}


@pytest.fixture
def rows():
    """Visits of 300 people of whom one in ten progresses; those who do have more of them, and a higher value."""
    rng = np.random.default_rng(3)
    ever = np.arange(300) % 10 == 0
    visits = np.where(ever, 4, rng.integers(1, 4, 300))
    person = np.repeat(np.arange(300), visits)
    event = np.where(ever[person], EVENTS[1], np.where(rng.random(len(person)) < 0.5, EVENTS[2], EVENTS[0]))
    time = rng.integers(1, 1500, len(person)).astype(float)
    return pd.DataFrame({"patient_id": person, "event": event, "time_to_event": time, "value": rng.normal(size=len(person)) + ever[person]})


def drawn(rows, seed, count=60):
    ever = (rows["event"] == EVENTS[1]).groupby(rows["patient_id"]).any().to_numpy()
    stands_for = draw_people(ever, count, seed, events_first=True)[rows["patient_id"]]
    return rows.assign(**{STANDS_FOR: stands_for})[stands_for > 0]


def beyond_chance(found, truth):
    """How many standard errors the mean of many draws lies from the truth."""
    return abs(np.mean(found) - truth) / (np.std(found) / np.sqrt(len(found)))


def test_weighted_sums_over_draws_are_those_of_everybody(rows):
    found = [(part["value"] * part[STANDS_FOR]).sum() for part in (drawn(rows, seed) for seed in range(SEEDS))]
    assert beyond_chance(found, rows["value"].sum()) < 3


def test_without_the_weights_they_would_not_be(rows):
    found = [part["value"].mean() for part in (drawn(rows, seed) for seed in range(SEEDS))]
    assert beyond_chance(found, rows["value"].mean()) > 10


def test_the_weighted_share_that_progresses_is_that_of_everybody(rows):
    def share(part):
        stacked = stack(part, (24,))
        return np.average(stacked.y, weights=stacked.weight)

    found = [share(drawn(rows, seed, count=150)) for seed in range(SEEDS)]
    assert np.mean(found) == pytest.approx(share(rows), rel=0.03)


def test_censoring_weights_are_those_of_rows_repeated_as_often_as_they_stand_for(rows):
    part = rows.assign(**{STANDS_FOR: np.where(rows["event"] == EVENTS[1], 1.0, 3.0)})
    repeated = part.loc[part.index.repeat(part[STANDS_FOR].astype(int))].drop(columns=STANDS_FOR)
    weighted = ipcw_weights(FollowUp.of(part), 700.0)
    by_hand = ipcw_weights(FollowUp.of(repeated), 700.0)
    once = ~repeated.index.duplicated()
    assert weighted * part[STANDS_FOR].mean() == pytest.approx(by_hand[once] * part[STANDS_FOR].to_numpy())


def test_a_row_of_a_whole_table_counts_once_and_all_are_drawn_alike(rows):
    assert (row_weights(rows) == 1.0).all()
    assert equally_drawn(rows) == slice(None)


def test_those_drawn_alike_have_as_often_the_event_as_everybody(rows):
    part = pd.concat([drawn(rows, seed).assign(patient_id=lambda r, k=seed: r["patient_id"] + 1000 * k) for seed in range(60)])
    people = part[equally_drawn(part)].groupby("patient_id")["event"].agg(lambda events: (events == EVENTS[1]).any())
    assert people.mean() == pytest.approx(0.1, abs=0.02)
    assert (part.groupby("patient_id")["event"].agg(lambda events: (events == EVENTS[1]).any())).mean() > 0.4
