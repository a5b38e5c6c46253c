"""A site whose outcomes are hardly told: the smallest number that is said, the nearest that is not, and no small count."""

import numpy as np
import pandas as pd
import pytest

from training.evaluation.diagnoses.of_sites import site_outcomes


def told(events, risk=0.25, people=80, site=("A", "B"), **columns):
    """Return what is said of sites of so many people, so many of whom have the event, where everybody has one risk."""
    names = np.repeat(site, people)
    progress = np.concatenate([np.arange(people) < n for n in events])
    ids = [f"p{k}" for k in range(len(names))]
    rows = pd.DataFrame({"patient_id": ids, "site": names, "event": np.where(progress, "event", "none"), **columns})
    rows = rows.assign(landmark=pd.Timestamp("2020-01-01"), time_to_event=np.where(progress, 300.0, 2000.0))
    found = site_outcomes(rows, {"cox": np.full(len(rows), risk)}, 24)
    return found and found.found


def test_a_site_that_tells_no_event_where_many_are_expected_is_named():
    assert told((30, 30, 0), site=tuple("ABC")) == "within 24 months, site C: 0 people have the event, where 20 are expected"


@pytest.mark.parametrize(("events", "said"), [((50, 14), True), ((50, 20), False), ((5, 0), False), ((30, 30), False)])
def test_a_difference_that_may_be_chance_or_is_not_twofold_is_not_said(events, said):
    assert (told(events) is not None) == said


def test_a_count_below_ten_is_not_told_nor_one_from_which_it_could_be_told():
    said = told((60, 4))
    assert "site B: fewer than 10 people have the event, where 32 are expected" in said
    assert "4 people" not in said
    assert "60" not in said


def test_more_than_expected_is_said_too():
    assert (
        told((8, 8, 8, 8, 48), site=tuple("ABCDE")) == "within 24 months, site E: twice as many or more have the event as the 16 expected"
    )


def test_one_site_alone_and_sites_without_a_name_say_nothing():
    assert told((40,), site=("A",)) is None
    assert told((40, 40), site=("", "")) is None
