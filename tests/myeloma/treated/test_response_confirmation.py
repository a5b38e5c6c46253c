"""Confirmation: what was known at each visit, and what is known in retrospect. Golden cases, then properties."""

import numpy as np
import pytest

from myeloma.calendar import NEVER
from myeloma.treated.response.codes import NOTES
from myeloma.treated.response.codes import words as said
from tests.myeloma.treated.courses import MARROW_ONLY, NAN, NEGATIVE, SERUM_3, START, course_of, words

# One visit that shows a category by itself, after a baseline of 3 g/dL; progression is from a nadir of 3 g/dL.
VISITS = {
    "SD": {"m_protein": 2.9},
    "MR": {"m_protein": 2.0},
    "PR": {"m_protein": 1.4},
    "VGPR": {"m_protein": 0.2},
    "CR": {"m_protein": 0.0, **NEGATIVE, "bmpc": 2.0},
    "PD": {"m_protein": 4.0},
    "lesion": {"m_protein": 2.9, "new_lesion": 1.0},
    "nothing": {"hemoglobin": 12.0},
    "CR?": {"m_protein": 0.0, **NEGATIVE},
    "marrow": {"bmpc": 2.0},
}


def follow(*names, days=None, **options):
    """Return the course of visits by name; urine stays normal where serum is measured."""
    rows = [SERUM_3, *({"urine_m_protein": 0.0 if "m_protein" in VISITS[name] else NAN} | VISITS[name] for name in names)]
    return course_of(rows, None if days is None else [START, *(START + day for day in days)], **options)


@pytest.mark.parametrize(
    ("visits", "known", "retrospective"),
    [
        (("VGPR", "CR"), "SD VGPR", "VGPR VGPR"),
        (("CR", "PR"), "SD PR", "PR PR"),
        (("VGPR", "VGPR", "CR", "PR"), "SD VGPR VGPR VGPR", "VGPR VGPR VGPR VGPR"),
        (("PR", "PD", "SD"), "SD SD SD", "SD SD SD"),
        (("PR", "PR", "PD", "PR"), "SD PR PR PR", "PR PR PR PR"),
        (("PR", "PR", "PD"), "SD PR PR", "PR PR PR"),
        (("PR", "PD", "PD"), "SD SD PD", "SD PD PD"),
        (("PR", "PD", "PR"), "SD SD PR", "PR PR PR"),  # an unconfirmed progression is not evaluable
        (("SD", "PD", "nothing", "PD"), "SD SD SD PD", "SD PD PD PD"),
        (("PR", "PR", "lesion"), "SD PR PD", "PR PR PD"),
        (("PR", "PD", "lesion"), "SD SD PD", "SD SD PD"),  # imaging stands alone, from its own day
        (("PR", "PD", "PD", "CR", "CR"), "SD SD PD PD PD", "SD PD PD PD PD"),
        (("PR", "nothing", "PR"), "SD SD PR", "PR PR PR"),
        (("nothing", "SD"), "NE SD", "NE SD"),
        (("CR?", "CR?"), "SD VGPR", "VGPR VGPR"),
        (("CR?", "CR?", "marrow"), "SD VGPR CR", "VGPR VGPR CR"),
        (("CR?", "marrow", "CR?"), "SD SD CR", "VGPR VGPR CR"),
        (("CR", "CR?"), "SD CR", "CR CR"),  # the marrow once
        (("CR?", "CR?", "VGPR", "marrow"), "SD VGPR VGPR VGPR", "VGPR VGPR VGPR VGPR"),  # immunofixation was not asked again
    ],
)
def test_two_consecutive_visits_confirm_the_lower_of_their_categories(visits, known, retrospective):
    course = follow(*visits)
    assert " ".join(words(course.known[1:])) == known
    assert " ".join(words(course.retrospective[1:])) == retrospective


def test_progression_is_dated_at_the_first_of_two_and_known_from_the_second():
    course = follow("PR", "PD", "PD", "SD")
    assert (course.progression_day[0], course.progression_known_day[0]) == (START + 56, START + 84)
    assert course.progression[0] == 1
    assert words(course.best_known[1:]) == ["SD"] * 4
    assert follow("PR", "PR", "PD").progression_day[0] == NEVER


@pytest.mark.parametrize(("cause", "progression", "day"), [(1.0, 1.0, START + 56), (0.0, 0.0, NEVER), (NAN, NAN, NEVER)])
def test_death_from_progression_confirms_one_that_waits(cause, progression, day):
    course = follow("PR", "PD", death=START + 70, died_of_progression=cause)
    np.testing.assert_equal(course.progression[0], progression)
    assert course.progression_day[0] == day
    assert words(course.known[1:]) == ["SD", "SD"]  # nobody knew at these visits
    assert course.progression_known_day[0] == (START + 70 if cause == 1 else NEVER)


def test_death_says_nothing_where_no_progression_waits_or_another_therapy_came_first():
    assert follow("PR", "PD", "SD", death=START + 99, died_of_progression=1.0).progression[0] == 0
    assert follow("PR", "PD", death=START + 70, died_of_progression=1.0, next_therapy=START + 60).progression[0] == 0


def test_a_visit_after_a_new_therapy_confirms_nothing_and_one_on_its_day_does():
    assert words(follow("PR", "PR", next_therapy=START + 55).known[1:]) == ["SD", "SD"]
    assert words(follow("PR", "PR", next_therapy=START + 55).retrospective[1:]) == ["SD", "SD"]
    assert words(follow("PR", "PR", next_therapy=START + 56).known[1:]) == ["SD", "PR"]
    late = follow("SD", "PD", "PD", next_therapy=START + 60)
    assert (late.progression[0], words(late.category)[-1]) == (0, "NE")


def test_two_rows_of_one_sample_never_confirm_each_other():
    assert words(follow("PR", "PR", days=(28, 28)).known[1:]) == ["SD", "SD"]
    assert follow("SD", "PD", "PD", days=(28, 56, 56)).progression[0] == 0
    assert words(follow("PR", "PR", days=(28, 29)).known[1:]) == ["SD", "PR"]  # no least interval


def test_two_results_of_one_day_that_differ_leave_open_what_lies_between():
    course = follow("PR", "SD", days=(28, 28))
    assert (words(course.category[1:]), words(course.best[1:])) == (["SD", "SD"], ["PR", "PR"])


def test_a_late_confirmation_is_remarked_upon():
    told = "confirmed more than 84 days later"
    assert told not in said(follow("PR", "PR", days=(28, 112)).notes[-1], NOTES)
    assert told in said(follow("PR", "PR", days=(28, 113)).notes[-1], NOTES)


def test_the_nadir_is_the_lowest_value_that_two_consecutive_samples_do_not_exceed():
    low = [{**SERUM_3, "m_protein": x} for x in (3.0, 0.3, 0.8, 0.8, 0.9)]
    course = course_of(low)
    np.testing.assert_array_equal(course.nadir[:, 0], [NAN, 3.0, 3.0, 0.8, 0.8])  # 0.3 stood alone
    assert course.progression[0] == 0
    assert course_of([low[0], low[1], low[1], low[2], low[2]]).progression[0] == 1


def test_a_marrow_needs_no_second():
    start = {**MARROW_ONLY, "bmpc": 60.0}
    other = {name: value for name, value in MARROW_ONLY.items() if name != "flc_ratio_normal"}
    course = course_of([start, other | {"bmpc": 25.0}, other | {"bmpc": 40.0}])
    assert words(course.known[1:]) == ["PR", "PD"]


def test_the_best_response_is_dated_at_the_first_visit_that_shows_it():
    course = follow("PR", "VGPR", "VGPR", "PD", "PD")
    assert words(course.best_response) == ["VGPR"]
    assert course.best_response_day[0] == START + 56
