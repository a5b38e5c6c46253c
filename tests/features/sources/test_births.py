"""A year or month of birth gives an age, not a birth date: of one person by the rule of a table."""

import pandas as pd
import pytest

from features.sources.births import with_age, with_ages


@pytest.mark.parametrize("birth", ["1950", "1950.0", " 1950 ", "1950-03", "1950-03-09", 1950, "soon", "", None])
@pytest.mark.parametrize("age", ["", None, "n/a", "61.5", 61, "old"])
@pytest.mark.parametrize("index", ["2015-01-01", "01/02/2015"])
def test_one_person_has_the_age_that_their_row_of_a_table_has(birth, age, index):
    person = {"index_date": index, "birth_date": birth, "age_at_index": age}
    table, aged = with_ages(pd.DataFrame([person], dtype=object))
    alone = with_age(person)
    assert (alone["age_at_index"], alone["birth_date"] or "") == (
        (table["age_at_index"].item(), "") if aged else (person["age_at_index"], person["birth_date"] or "")
    )


@pytest.mark.parametrize("age", [None, "", "n/a"])
def test_an_age_that_says_nothing_is_computed(age):
    assert with_age({"index_date": "2015-01-01", "birth_date": "1950", "age_at_index": age})["age_at_index"] == "64.50"


def test_an_age_that_is_left_out_is_computed_and_one_that_is_written_stands():
    assert with_age({"index_date": "2015-01-01", "birth_date": "1950-03"})["age_at_index"] == "64.80"
    assert with_age({"index_date": "2015-01-01", "birth_date": "1950", "age_at_index": "61.5"})["age_at_index"] == "61.5"
