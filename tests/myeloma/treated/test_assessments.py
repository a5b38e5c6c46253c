"""Assessments and lines are checked at the door: each refusal says what and where."""

import numpy as np
import pytest

from myeloma.calendar import NEVER
from myeloma.errors import DataError
from myeloma.treated.response.assessments import KAPPA, LAMBDA, assessments, light_chains, lines
from myeloma.treated.response.course import response_course


@pytest.mark.parametrize(
    ("offsets", "day", "columns", "told"),
    [
        ([0, 1], [0, 1], {}, "offsets"),
        ([0, 2, 1, 2], [0, 1], {}, "offsets"),
        ([0, 2], [5, 1], {}, "days of a person fall after row 0"),
        ([0, 2], [0, 1], {"m_protien": [1, 2]}, 'no.*column "m_protien"|No assessment has a column "m_protien"'),
        ([0, 2], [0, 1], {"m_protein": [1.0]}, "1 values for 2 visits"),
        ([0, 2], [0, 1], {"m_protein": [1.0, -0.1]}, "m_protein is -0.1 in row 1"),
        ([0, 2], [0, 1], {"m_protein": [1.0, np.inf]}, "m_protein is inf in row 1"),
        ([0, 2], [0, 1], {"serum_immunofixation": [0, 2]}, "serum_immunofixation is 2 in row 1"),
    ],
)
def test_what_cannot_be_read_is_refused(offsets, day, columns, told):
    with pytest.raises(DataError, match=told):
        assessments(offsets, day, **columns)


def test_days_may_fall_from_one_person_to_the_next_and_people_may_have_no_visit():
    visits = assessments([0, 2, 2, 3], [5, 6, 1], m_protein=[3.0, 1.0, 2.0])
    assert visits.person.tolist() == [0, 0, 2]
    course = response_course(visits, lines([5, 0, 1]))
    assert course.category.tolist() == [-1, 3, -1]
    assert course.path.tolist() == [1, -1, 1]


def test_no_people_have_no_courses():
    course = response_course(assessments([0], []), lines(np.empty(0, int)))
    assert len(course.category) == len(course.path) == 0


def test_lines_stand_for_people():
    with pytest.raises(DataError, match="2 lines of therapy for 1 people"):
        response_course(assessments([0, 1], [0]), lines([0, 0]))
    with pytest.raises(DataError, match="Person 1: another therapy starts on day 9"):
        lines([10, 10], [NEVER, 9])


def test_the_involved_side_is_fixed_and_an_unknown_side_leaves_both_chains_unknown():
    involved, uninvolved = light_chains([500.0, 10.0, 10.0], [10.0, 20.0, 20.0], [KAPPA, LAMBDA, np.nan])
    np.testing.assert_array_equal(involved, [500.0, 20.0, np.nan])
    np.testing.assert_array_equal(uninvolved, [10.0, 10.0, np.nan])


def test_read_only_arrays_are_taken():
    day = np.array([0, 28])
    value = np.array([3.0, 1.5])
    day.flags.writeable = value.flags.writeable = False
    visits = assessments([0, 2], day, m_protein=value)
    assert response_course(visits, lines([0])).category.tolist() == [-1, 3]
