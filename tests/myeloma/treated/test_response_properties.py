"""Properties of response: what a permutation, a unit, a later visit or an unknown value may change, on generated courses."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma.calendar import NEVER
from myeloma.treated.response.assessments import assessments, lines
from myeloma.treated.response.codes import BOTH, LIMITS, NE, UNKNOWN
from myeloma.treated.response.course import response_course
from tests.myeloma.treated.generated import for_the_product, generated_courses

PEOPLE, VISITS = 200, 10
AT_THE_VISIT = ("category", "best", "worst", "known", "best_known", "progressed_by", "notes", "nadir")
seeds = given(st.integers(0, 2**32 - 1))
a_few = settings(max_examples=15)
# What would be best, and what would be worst, of everything that a visit may lack.
BEST = {
    "m_protein": 0.0,
    "urine_m_protein": 0.0,
    "flc_involved": 0.0,
    "bmpc": 0.0,
    "flc_ratio_normal": 1.0,
    "serum_immunofixation": 0.0,
    "urine_immunofixation": 0.0,
    "clonal_cells_absent": 1.0,
}
WORST = {
    "m_protein": 99.0,
    "urine_m_protein": 1e6,
    "flc_involved": 1e6,
    "bmpc": 99.0,
    "flc_ratio_normal": 0.0,
    "serum_immunofixation": 1.0,
    "urine_immunofixation": 1.0,
    "clonal_cells_absent": 0.0,
}


def drawn(seed):
    return for_the_product(generated_courses(PEOPLE, seed, VISITS))


def of_rows(visits, rows):
    """Return the assessments of some rows, the same number for each person."""
    each = len(rows) // PEOPLE
    columns = {name: column[rows] for name, column in visits.columns.items() if len(column)}
    return assessments(np.arange(PEOPLE + 1) * each, visits.day[rows], **columns)


@a_few
@seeds
def test_the_order_of_rows_of_one_day_changes_nothing(seed):
    visits, therapy = drawn(seed)
    rng = np.random.default_rng(seed)
    day = visits.day.reshape(PEOPLE, VISITS)
    day[:, 1::2] = day[:, ::2]  # two rows a day
    visits = assessments(visits.offsets, day.ravel(), **visits.columns)
    swapped = np.arange(PEOPLE * VISITS).reshape(-1, 2)
    swap = rng.random(len(swapped)) < 0.5
    swapped[swap] = swapped[swap][:, ::-1]
    one, other = response_course(visits, therapy), response_course(of_rows(visits, swapped.ravel()), therapy)
    for name in (*AT_THE_VISIT, "retrospective", "path", "baseline", "best_response", "progression_day"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@a_few
@seeds
def test_a_later_visit_therapy_or_death_never_changes_what_was_known(seed):
    visits, therapy = drawn(seed)
    whole = response_course(visits, therapy)
    for seen in range(3, VISITS):
        rows = np.arange(PEOPLE * VISITS).reshape(PEOPLE, VISITS)[:, :seen].ravel()
        last = visits.day.reshape(PEOPLE, VISITS)[:, seen - 1]
        by_then = lines(therapy.start, np.where(therapy.next_therapy >= last, NEVER, therapy.next_therapy))
        then = response_course(of_rows(visits, rows), by_then)
        for name in AT_THE_VISIT:
            np.testing.assert_array_equal(getattr(then, name), getattr(whole, name)[rows], err_msg=name)


@a_few
@seeds
def test_what_was_known_is_never_better_than_what_is_known_in_retrospect_and_never_falls_before_progression(seed):
    course = response_course(*drawn(seed))
    before = course.retrospective > 0
    assert (course.retrospective[before] >= course.best_known[before]).all()
    assert (np.diff(course.best_known.reshape(PEOPLE, VISITS), axis=1) >= 0).all()
    known = course.progression_known_day
    assert (course.progression_day <= known).all()


@a_few
@seeds
def test_a_value_that_went_through_another_unit_gives_the_same_answers(seed):
    visits, therapy = drawn(seed)
    there_and_back = visits.with_columns(
        m_protein=visits["m_protein"] * 10.0 / 10.0 * 0.01 / 0.01,
        urine_m_protein=visits["urine_m_protein"] / 1000.0 * 1000.0 * 0.7 / 0.7,
        flc_involved=visits["flc_involved"] / 10.0 * 10.0 * 1.1 / 1.1,
        flc_uninvolved=visits["flc_uninvolved"] / 10.0 * 10.0 * 0.3 / 0.3,
        bmpc=visits["bmpc"] / 100.0 * 100.0 * 0.7 / 0.7,
    )
    one, other = response_course(visits, therapy), response_course(there_and_back, therapy)
    for name in ("category", "best", "worst", "known", "retrospective", "progressed_by", "notes", "path"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@a_few
@seeds
def test_whatever_an_unknown_value_is_the_category_lies_between_the_worst_and_the_best(seed):
    visits, therapy = drawn(seed)
    last = np.arange(VISITS - 1, PEOPLE * VISITS, VISITS)
    earlier = np.setdiff1d(np.flatnonzero(visits.day > 0), last)  # a marrow that was good enough once still is: leave it to the last visit
    blank = {name: visits[name].copy() for name in BEST}
    for name in ("bmpc", "clonal_cells_absent"):
        blank[name][earlier] = np.nan
    visits = visits.with_columns(**blank, **dict.fromkeys(LIMITS, ()))
    open_course = response_course(visits, therapy)
    best, worst, category = (getattr(open_course, name)[last] for name in ("best", "worst", "category"))
    rng = np.random.default_rng(seed)
    any_of_them = {name: np.where(rng.random(PEOPLE) < 0.5, BEST[name], WORST[name]) for name in BEST}
    judged = (open_course.path > 0) & (worst > NE)
    for values, end in ((BEST, best), (WORST, worst), (any_of_them, None)):
        filled = {name: visits[name].copy() for name in BEST}
        for name, column in filled.items():
            column[last] = np.where(np.isnan(column[last]), values[name], column[last])
        found = response_course(visits.with_columns(**filled), therapy).category[last]
        here = judged & (found > NE)
        assert here.any()
        assert ((found >= worst) & (found <= best))[here].all()
        if end is not None:
            never = np.isnan(open_course.nadir[last]) | np.isnan(open_course.baseline)  # these stay open whatever this visit shows
            tight = here & ~np.where(open_course.path <= BOTH, never[:, :2].any(axis=1), never.any(axis=1))
            np.testing.assert_array_equal(found[tight], end[tight])
        if values is BEST:
            assert (category <= found)[here].all()  # unknown is never better than some value could be
    assert (category[open_course.path == UNKNOWN] <= 0).all()
    stated = judged & (category > NE)
    assert ((category >= worst) & (category <= best))[stated].all()
