"""The product and a second, table-driven implementation in whole numbers agree on generated courses."""

import numpy as np
import pytest

from myeloma.calendar import NEVER
from myeloma.treated.response.course import response_course
from tests.myeloma.treated.generated import for_the_product, generated_courses
from tests.myeloma.treated.response_twin import twin

BY_VISIT = ("category", "known", "best_known", "retrospective", "progressed_by")


@pytest.mark.parametrize(("people", "seed"), [(3_000, 1), pytest.param(100_000, 2, marks=pytest.mark.slow)])
def test_two_implementations_agree(people, seed):
    course = generated_courses(people, seed)
    visits, therapy = for_the_product(course)
    ours, theirs = response_course(visits, therapy), twin(course)
    np.testing.assert_array_equal(ours.path, theirs["path"])
    for name in BY_VISIT:
        np.testing.assert_array_equal(getattr(ours, name).reshape(people, -1).T, theirs[name], err_msg=name)
    for name in ("progression_day", "progression_known_day"):
        day = getattr(ours, name)
        np.testing.assert_array_equal(np.where(day == NEVER, -1, day), theirs[name], err_msg=name)
    # The courses hold what they are to test.
    assert set(np.unique(ours.path)) == set(range(-1, 6))
    assert np.bincount(ours.category + 1, minlength=8).min() > people / 100
    assert np.bincount(ours.best_response + 1, minlength=8)[4:].min() > people / 200
    assert 0.1 < (ours.progression_day < NEVER).mean() < 0.9
    assert (ours.retrospective != ours.known).mean() > 0.02
