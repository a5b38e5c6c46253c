"""What may be repeated of a text that was received: nothing that could name a person, and nothing that steers a terminal."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from myeloma import catalogue
from myeloma.echo import echo, echo_code, echo_day, printable

NAMES = ["Meier", "Dr. Meier", "Hans Meier *1960", "meier@example.org", "MRN 123456", "m_protein Meier", "g/dL Meier", "12 Meier", "<Meier"]


@pytest.mark.parametrize(
    "text", [*NAMES, "01711234567", "+49 171 1234567", "1234567", "12.05.1960", "1960-05-12", "m_protien", "mg", "x" * 90]
)
def test_what_could_name_or_reach_a_person_is_not_repeated(text):
    assert echo(text) == ""


@pytest.mark.parametrize("text", ["180", "-5", "<0.1", "> 2.5", "≤3", "1e999", "0,5", "12 g/dL", "<0.1 mg/L", "n/a", "NaN", "concept 8713"])
def test_numbers_are_repeated_with_their_operator_and_a_unit_of_the_catalogue(text):
    assert echo(text) == text


def test_every_unit_and_every_word_of_the_catalogue_is_repeated():
    for entry in catalogue().biomarkers.values():
        for word in (entry.key, entry.name, entry.unit, *entry.units, *entry.spellings):
            assert echo(word) == word


@pytest.mark.parametrize("text", ["g/dL or g/L", "t(4;14)", "t(4;14)|gain(1q)", "normal", "DEL(17P)"])
def test_findings_and_two_units_that_contradict_each_other_are_words_of_the_catalogue_too(text):
    assert echo(text) == text


@pytest.mark.parametrize("text", [*NAMES, "0171/1234567", "May", "12345678", "2022-01-10 Meier", "١٢/٠١/٢٠٢٢"])
def test_where_a_day_belongs_only_a_day_is_repeated(text):
    assert echo_day(text) == ""


@pytest.mark.parametrize("text", ["10/01/2022", "10.1.22", "2022-13-45", "20220110", "2022-01-10T08:15:00+01:00", "9999-12-31"])
def test_a_day_is_repeated_however_it_is_written(text):
    assert echo_day(text) == text


@pytest.mark.parametrize(
    ("text", "public"),
    [
        ("718-7", True),
        ("LOINC:33358-3", True),
        ("718-8", False),
        ("HB-1", False),
        ("1234567-4", False),
        ("ATC:L04AX04", True),
        ("ATC:Meier", False),
    ],
)
def test_a_code_of_loinc_is_public_and_a_code_of_a_laboratory_is_not(text, public):
    assert echo_code(text) == (text if public else "")


@given(st.text())
def test_nothing_that_is_repeated_holds_letters_that_are_no_word_of_ours(text):
    said = echo(text)
    assert said in ("", text)
    assert len(said) <= 100


@given(st.text(alphabet=st.characters(codec=None), max_size=50))
def test_what_is_printable_holds_no_control_characters(text):
    shown = printable(text)
    assert len(shown) == len(text)
    assert not any(ord(sign) < 32 or 127 <= ord(sign) < 160 or "\u202a" <= sign <= "\u202e" for sign in shown)
    shown.encode()
