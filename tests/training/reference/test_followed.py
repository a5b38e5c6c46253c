"""How late people could be followed to a horizon: as late as twenty of them could."""

import numpy as np
import pandas as pd

from myeloma.calendar import DAYS_PER_MONTH
from training.reference.followed import followed_from
from training.rows.study_end import study_reach

START, STUDY_DAYS = pd.Timestamp("2015-01-01"), 1000


def visits(people, months):
    """Return visits of people so many months after diagnosis, all followed to the study's end."""
    day = np.round(np.tile(months, people) * DAYS_PER_MONTH)
    rows = pd.DataFrame(
        {
            "patient_id": np.repeat(np.arange(people), len(months)),
            "index_date": START,
            "landmark": START + pd.to_timedelta(day, unit="D"),
            "follow_up": STUDY_DAYS - day,
        }
    )
    return rows.assign(study_reach=study_reach(rows))


def test_it_is_the_latest_visit_from_which_the_horizon_lies_within_the_study():
    found = followed_from(visits(20, [0.0, 12.0, 24.0]), (6, 12, 24))
    assert {months: round(month) for months, month in found.items()} == {"6": 24, "12": 12, "24": 0}


def test_fewer_than_twenty_people_are_nobody_to_go_by():
    late = visits(19, [0.0, 18.0])
    rest = visits(30, [0.0, 6.0]).assign(patient_id=lambda rows: rows["patient_id"] + 100)
    assert round(followed_from(pd.concat([late, rest]), (12,))["12"]) == 6
    assert followed_from(late, (12,)) == {}


def test_of_people_who_came_once_it_is_where_they_came():
    assert followed_from(visits(20, [0.0]), (6, 240)) == {"6": 0.0, "240": 0.0}


def test_it_goes_by_the_reach_that_rows_have_which_knows_of_sites():
    rows = visits(20, [0.0, 12.0, 24.0]).assign(study_reach=[400.0, 300.0, 300.0] * 20)
    assert followed_from(rows, (12,)) == {"12": 0.0}
