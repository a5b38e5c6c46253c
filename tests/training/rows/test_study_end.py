"""The study's end is that of a person's site, as far as it has people enough, and no single date makes it later."""

import numpy as np
import pandas as pd
import pytest

from training.rows.study_end import study_reach

START = pd.Timestamp("2010-01-01")


def followed(site, ends, landmark=(0, 100), diagnosed=0):
    """Return two visits of each person of a site, who is known of until a day, all in days since the start."""
    people = np.repeat(np.arange(len(ends)), len(landmark))
    day = np.tile(landmark, len(ends))
    ids = [f"{site}{k}" for k in people]
    return pd.DataFrame(
        {
            "patient_id": ids,
            "index_date": START + pd.to_timedelta(np.broadcast_to(diagnosed, len(ends))[people], unit="D"),
            "landmark": START + pd.to_timedelta(day, unit="D"),
            "site": site,
            "follow_up": np.asarray(ends, dtype=float)[people] - day,
        }
    )


def both(first, second):
    return pd.concat([first, second], ignore_index=True)


def ends_of(rows):
    """Return the end of the study by site, in days since the start."""
    day = (rows["landmark"] - START).dt.days.to_numpy()
    return {site: set((study_reach(rows) + day)[(rows["site"] == site).to_numpy()]) for site in rows["site"].unique()}


def test_a_site_that_was_followed_longer_leaves_the_rows_of_others_out_of_reach():
    assert ends_of(both(followed("east", [900] * 60), followed("west", [2000] * 60))) == {"east": {900.0}, "west": {2000.0}}


@pytest.mark.parametrize(("people", "end"), [(49, 2000.0), (50, 900.0)])
def test_of_few_people_the_last_day_says_little_and_the_end_is_everybodys(people, end):
    assert ends_of(both(followed("small", [900] * people), followed("large", [2000] * 60)))["small"] == {end}


@pytest.mark.parametrize("unknown", ["", None])
def test_people_of_an_unknown_site_are_of_no_site(unknown):
    rows = both(followed("x", [900] * 60).assign(site=unknown), followed("known", [2000] * 60))
    assert set(study_reach(rows)[:120] + np.tile([0.0, 100.0], 60)) == {2000.0}


def test_without_sites_the_end_is_everybodys():
    rows = both(followed("a", [900] * 60), followed("b", [2000] * 60)).drop(columns="site")
    assert set(study_reach(rows)) == {2000.0, 1900.0}


@pytest.mark.parametrize(
    ("people", "late", "end"), [(200, 1, 900.0), (200, 2, 9000.0), (50, 1, 900.0), (120, 1, 900.0), (49, 1, 9000.0), (400, 2, 900.0)]
)
def test_a_last_contact_that_is_dated_too_late_moves_no_end_but_of_few_people(people, late, end):
    assert ends_of(followed("one", [900] * (people - late) + [9000] * late)) == {"one": {end}}


def test_a_landmark_after_the_end_has_nothing_before_it():
    rows = both(followed("one", [900] * 199), followed("one more", [9000], landmark=(0, 8000)).assign(site="one"))
    assert study_reach(rows)[-1] == 0.0


def test_sites_as_numbers_are_told_apart_likewise():
    rows = both(followed("a", [900] * 60), followed("b", [2000] * 60))
    numbers = rows.assign(site=rows["site"].map({"a": 0, "b": 1}).astype(np.int16))
    assert (study_reach(numbers) == study_reach(rows)).all()
    assert (study_reach(numbers.assign(site=np.int16(-1))) == study_reach(rows.assign(site=""))).all()


def planned(people, years=5, lost=0, late=0):
    """Return people diagnosed one after the other, each followed for the same time from diagnosis on; some are lost, some dated late."""
    diagnosed, time = np.arange(people) * 10, np.full(people, 365.0 * years)
    time[:lost], time[people - late :] = 365.0, 9000.0
    first = followed("one", diagnosed + time, landmark=(0,), diagnosed=diagnosed).assign(follow_up=time)
    first["landmark"] = first["index_date"]
    return both(first, first.assign(landmark=first["index_date"] + pd.Timedelta(days=1000), follow_up=time - 1000))


def since_diagnosis(rows):
    """Return how long after diagnosis each row's person could be followed, in days."""
    return study_reach(rows) + (rows["landmark"] - rows["index_date"]).dt.days.to_numpy()


def test_where_everybody_is_followed_for_the_same_time_from_diagnosis_the_study_ends_then_as_well():
    # By the calendar the study went on for eight years more for those diagnosed first: of them too, events alone would be known.
    assert since_diagnosis(planned(300))[:200].tolist() == [365.0 * 5] * 200


def test_of_a_study_that_ends_on_a_day_no_time_from_diagnosis_is_made():
    rows = followed("one", [4000] * 300, landmark=(3000, 3100), diagnosed=np.arange(300) * 10)
    assert set(study_reach(rows)) == {1000.0, 900.0}


@pytest.mark.parametrize(("lost", "late", "found"), [(0, 0, True), (270, 0, True), (271, 0, False), (0, 1, True)])
def test_a_tenth_of_the_people_shows_a_planned_time_and_no_single_late_date_hides_it(lost, late, found):
    assert (since_diagnosis(planned(300, lost=lost, late=late))[0] == 365.0 * 5) == found


@pytest.mark.parametrize(("people", "found"), [(49, False), (50, True)])
def test_few_people_show_no_planned_time(people, found):
    assert (since_diagnosis(planned(people))[0] == 365.0 * 5) == found


def test_what_was_planned_counts_from_the_first_line_of_therapy():
    lines = planned(300)
    lines["index_date"] = lines["landmark"]
    assert study_reach(lines)[300:500].tolist() == [365.0 * 5 - 1000] * 200
