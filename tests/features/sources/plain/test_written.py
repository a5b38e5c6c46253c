"""Dates, numbers and identifiers as exports write them."""

from datetime import date, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from features.sources.parsing import BAD, result_of
from features.sources.plain.written import DATE_FORMS, filled_id, fits, is_year, iso_date, plain_number

DAYS = st.dates(date(1905, 1, 1), date(2100, 1, 1))


@given(DAYS, st.sampled_from([form for form in DATE_FORMS if form != "EXCEL"]), st.sampled_from(["", " 08:30", "T08:30Z"]))
def test_a_date_in_any_form_is_the_day_that_was_written(day, form, time):
    parts = {"YYYY": f"{day.year:04d}", "MM": f"{day.month:02d}", "DD": f"{day.day:02d}"}
    text = form
    for mark, number in parts.items():
        text = text.replace(mark, number)
    assert iso_date(text + time, [form]) == f"{day}{time}"


@given(DAYS)
def test_a_serial_number_of_a_spreadsheet_is_its_day(day):
    serial = str((day - date(1899, 12, 30)) // timedelta(1))
    assume(not is_year(serial))
    assert iso_date(serial, ["EXCEL"]) == str(day)


@pytest.mark.parametrize(
    ("text", "read"), [("1849", "1905-01-22"), ("1850", "1850"), ("2012.0", "2012.0"), ("2250", "2250"), ("2251", "1906-02-28")]
)
def test_a_number_that_reads_as_a_year_is_no_serial_number(text, read):
    assert iso_date(text, ["EXCEL"]) == read
    assert not is_year(text) or not fits(text, "EXCEL")


@pytest.mark.parametrize("text", ["31.02.2015", "1.13.2015", "01.02.15", "2015-02-01", "soon", ""])
def test_what_is_no_day_of_a_form_stays_as_it_is(text):
    assert iso_date(text, ["DD.MM.YYYY"]) == text


def test_day_and_month_are_told_apart_where_one_is_above_twelve():
    assert fits("13/02/2015", "DD/MM/YYYY") and not fits("13/02/2015", "MM/DD/YYYY")
    assert fits("01/02/2015", "DD/MM/YYYY") and fits("01/02/2015", "MM/DD/YYYY")


@pytest.mark.parametrize(
    ("text", "decimal", "plain"),
    [
        *(("1,5", ",", "1.5"), ("<0,1", ",", "<0.1"), ("1.234,5", ",", "1234.5"), ("12", ",", "12"), ("-0,5", ",", "-0.5")),
        *(("1,234.5", ".", "1234.5"), ("1 200", ".", "1200"), ("1\u00a0200,5", ",", "1200.5"), ("1'200", ".", "1200"), ("1.5", ".", "1.5")),
        *(("1,5", ".", "1,5"), ("1.5", ",", "1.5"), ("negativ", ",", "negativ"), ("", ",", ""), ("10-20", ".", "10-20")),
    ],
)
def test_numbers_are_written_with_a_point_and_anything_else_stays(text, decimal, plain):
    assert plain_number(text, decimal) == plain


@pytest.mark.parametrize(("text", "decimal"), [("1.234", ","), ("<12.345", ","), ("1,234", ".")])
def test_what_could_be_thousands_or_decimals_is_no_number(text, decimal):
    assert result_of(plain_number(text, decimal)).kind == BAD


@pytest.mark.parametrize(("text", "plain"), [("1.2 H", "1.2"), ("0.5*", "0.5"), ("H", "H"), ("high H", "high H"), ("1.2HH", "1.2HH")])
def test_a_flag_is_cut_off_after_a_number_only(text, plain):
    assert plain_number(text, ".", ["H", "*"]) == plain


def test_leading_zeros_come_back_to_numbers_only():
    assert [filled_id(text, 6) for text in ("17", "000017", "A17", "1234567", "")] == ["000017", "000017", "A17", "1234567", ""]
