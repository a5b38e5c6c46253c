"""Ages: a whole number on every birthday, by the calendar; of a written age, years of 365.25 days."""

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.history.arrays import Histories
from features.history.rows import static_column
from myeloma.calendar import EPOCH, years_since
from myeloma.scores import SCORES

DAYS = st.dates(date(1850, 1, 1), date(2250, 12, 31))


def age_of(born, day):
    return years_since(*(np.array([one.toordinal() - EPOCH], np.int32) for one in (born, day))).item()


def birthday(born, year):
    return date(year, 3, 1) if (born.month, born.day) == (2, 29) and not is_leap(year) else born.replace(year=year)


def is_leap(year):
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


@given(born=DAYS, day=DAYS)
def test_an_age_is_the_birthdays_passed_and_the_share_of_the_year_that_runs(born, day):
    year = day.year if day >= birthday(born, day.year) else day.year - 1
    last, following = birthday(born, year), birthday(born, year + 1)
    assert age_of(born, day) == year - born.year + (day - last) / (following - last)


@given(born=st.dates(date(1900, 1, 1), date(2000, 12, 31)), years=st.integers(1, 110))
def test_a_birthday_is_the_first_day_of_a_whole_year_more(born, years):
    day = birthday(born, born.year + years)
    assert age_of(born, day) == years > age_of(born, day - timedelta(days=1))


@pytest.mark.parametrize(
    ("birth_date", "age_at_index", "day", "age"),
    [
        ("1954-03-01", "", "2023-02-28", 68 + 364 / 365),
        ("1954-03-01", "", "2023-03-01", 69.0),
        ("", "68", "2015-01-01", 68.0),  # of a written age no birthday is known
        ("", "68", "2016-01-01", 68 + 365 / 365.25),
        ("", "", "2016-01-01", np.nan),
    ],
)
def test_people_have_birthdays_where_the_birth_date_is_known(cohort_of, birth_date, age_at_index, day, age):
    cohort = cohort_of(
        patients=f"patient_id,index_date,birth_date,age_at_index\nP1,2015-01-01,{birth_date},{age_at_index}",
        measurements="patient_id,collected_at,biomarker,value\nP1,2015-01-01,bmpc,15",
    )
    landmark = np.array([date.fromisoformat(day).toordinal() - EPOCH], np.int32)
    found = static_column("age", Histories.of(cohort).people, np.zeros(1, np.int32), landmark)
    assert found.item() == pytest.approx(age, rel=1e-12, nan_ok=True)
    counts = SCORES["cmg_2017"].factors[4].level(found).item()
    assert counts == (2 if np.isnan(age) else age >= 69)
