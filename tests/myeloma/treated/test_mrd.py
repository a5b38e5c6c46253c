"""MRD at a day: never tested, not informative, negative, positive, lost; sustained, known only when the second negative is."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma import DataError
from myeloma.calendar import EPOCH, NO_DAY
from myeloma.treated import mrd
from myeloma.treated.mrd import STATUSES, states, status_words, sustained_of, sustained_with_imaging, sustained_words
from myeloma.treated.mrd_results import below_own_limit, detection_limit, imaging_results, mrd_results, quantification_limit
from tests.myeloma.treated import mrd_twin

BOTH, ONLY = ("sustained in marrow; imaging missing",) * 2, "sustained in marrow; imaging missing"


def day(text):
    return date.fromisoformat(text).toordinal() - EPOCH


def course(*results):
    """Return tests of one person from pairs of day and result: a number is positive, "<1e-5" is none found at that limit."""
    value = [float(result.lstrip("<")) if isinstance(result, str) else result for _, result in results]
    return mrd_results([0, len(results)], [when for when, _ in results], value, [isinstance(result, str) for _, result in results])


def at(tests, when):
    return states(tests, [0, 1], [when])


def status(tests, when):
    return STATUSES[at(tests, when).status[0]]


def sustained(first, second, *between):
    """Return the words at 1e-5 and 1e-6 on the day of the last test."""
    results = [first, *between, second]
    return tuple(
        sustained_of(
            [when for when, _ in results], [float(r.lstrip("<")) for _, r in results], [r[0] == "<" for _, r in results], results[-1][0]
        ).values()
    )


@pytest.mark.parametrize(
    ("second", "expected"),
    [("2024-01-09", ("not sustained", "not sustained")), ("2024-01-10", BOTH)],  # 364 and 365 days after 2023-01-10
)
def test_two_negatives_at_least_365_days_apart_are_sustained(second, expected):
    assert sustained((day("2023-01-10"), "<1e-6"), (day(second), "<1e-6")) == expected


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [("<1e-5", "<1e-6", (ONLY, "not sustained")), ("<1e-6", "<1e-5", (ONLY, "not sustained")), ("<1e-6", "<1e-6", BOTH)],
)
def test_it_is_sustained_at_the_lesser_of_the_two_sensitivities(first, second, expected):
    assert sustained((0, first), (400, second)) == expected


def test_at_1e5_it_is_so_since_the_first_even_where_that_was_more_sensitive():
    found = at(course((0, "<1e-6"), (400, "<1e-5")), 400)
    assert (found.first[:, 0].tolist(), found.latest[:, 0].tolist()) == ([0, 0], [400, 0])


def test_a_positive_between_starts_the_clock_anew():
    tests = course((0, "<1e-5"), (300, 3e-5), (400, "<1e-5"), (764, "<1e-5"), (765, "<1e-5"))
    assert [at(tests, when).sustained[0, 0] for when in (250, 400, 764, 765)] == [0, 0, 0, 1]
    assert at(tests, 765).since[0] == 400


def test_a_negative_at_1e4_or_a_failed_test_between_changes_nothing():
    assert at(course((0, "<1e-5"), (200, "<1e-4"), (300, math.nan), (365, "<1e-5")), 365).sustained[0, 0] == 1


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ([], "never tested"),
        ([(0, math.nan)], "never tested"),
        ([(0, "<1e-4")], "not informative"),
        ([(0, "<1e-4"), (9, "<1e-5")], "negative"),
        ([(0, "<1e-5"), (9, "<1e-4")], "negative"),  # it adds nothing, and takes nothing away
        ([(0, "<1e-5")], "negative"),
        ([(0, 1e-3)], "positive"),
        ([(0, 1e-3), (9, "<1e-4")], "positive"),
        ([(0, "<1e-4"), (9, 1e-3)], "positive"),  # it was never negative
        ([(0, "<1e-5"), (9, 2e-5)], "lost"),
        ([(0, "<1e-5"), (9, 2e-5), (19, 1e-3)], "lost"),
        ([(0, "<1e-5"), (9, 2e-5), (19, "<1e-5")], "negative"),
        ([(0, "<1e-6"), (9, 3e-6)], "lost"),  # a positive is one, however little
    ],
)
def test_status(results, expected):
    assert status(course(*results), 30) == expected


def test_nothing_is_known_before_its_test_and_sustained_only_when_the_second_is():
    tests = course((10, "<1e-5"), (375, "<1e-5"))
    assert [status(tests, when) for when in (9, 10)] == ["never tested", "negative"]
    assert [at(tests, when).sustained[0, 0] for when in (374, 375)] == [0, 1]


def test_a_result_counts_from_the_day_on_that_it_was_known():
    tests = mrd_results([0, 2], [0, 30], [1e-5, 1e-3], [True, False], known=[0, 44])
    found = states(tests, [0, 3], [43, 44, 43])
    assert [STATUSES[k] for k in found.status] == ["negative", "lost", "negative"]
    assert found.since.tolist() == [0, 30, 0]


def test_evidence_beyond_a_set_age_says_was():
    tests = course((day("2020-01-01"), "<1e-5"), (day("2021-01-01"), "<1e-5"))
    late = at(tests, day("2023-07-03"))
    assert sustained_words(late, 0) == "was sustained; evidence 30 months old"
    assert sustained_words(late, 0, stale_after_days=1000) == "sustained in marrow; imaging missing"
    assert status_words(late, 0) == "was negative at a limit of 1e-05, since 2020-01-01; evidence 30 months old"


def test_words_of_a_status():
    tests = course((0, "<1e-4"), (30, "<1e-5"), (60, 2e-5))
    found = states(tests, [0, 4], [-1, 0, 30, 60])
    assert [status_words(found, k) for k in range(4)] == [
        "never tested",
        "not informative: negative only at a limit of 0.0001, above 1e-05",
        "negative at a limit of 1e-05, since 1970-01-31",
        "lost: was negative, is positive at 2e-05, since 1970-03-02",
    ]


@pytest.mark.parametrize(
    ("days", "positive", "words", "imwg"),
    [
        ([], [], "sustained in marrow; imaging missing", math.nan),
        ([390], [0.0], "sustained in marrow; imaging negative, not for a year", math.nan),
        ([30, 395], [0.0, 0.0], "sustained in marrow and imaging", 1),
        ([30, 395], [0.0, 1.0], "sustained in marrow; imaging positive", 0),
        ([395], [math.nan], "sustained in marrow; imaging missing", math.nan),
    ],
)
def test_the_imwgs_term_needs_imaging_too(days, positive, words, imwg):
    marrow, imaging = at(course((0, "<1e-5"), (400, "<1e-5")), 400), at(imaging_results([0, len(days)], days, positive), 400)
    assert sustained_words(marrow, 0, imaging) == words
    np.testing.assert_equal(sustained_with_imaging(marrow, imaging)[0, 0], float(imwg))


def test_without_a_test_at_a_sensitivity_it_is_unknown_there_and_never_no():
    found = states(course((0, "<1e-4"), (10, "<1e-5")), [0, 2], [5, 15])
    np.testing.assert_equal(found.sustained, [[math.nan, 0], [math.nan, math.nan]])


def test_negatives_are_counted_that_lie_a_year_apart_from_a_day_on():
    tests = course(*((when, "<1e-6") for when in (100, 400, 500, 765, 1000, 1200)))
    found = states(tests, [0, 1], [1300], count_from=365)
    assert found.spaced[:, 0].tolist() == [3, 3]  # 400, 765, 1200


@pytest.mark.parametrize(
    ("cells", "detection", "quantification"), [(2e6, 1e-5, 2.5e-5), (5e6, 4e-6, 1e-5), (1e7, 2e-6, 5e-6), (1e6, 2e-5, 5e-5)]
)
def test_limits_follow_from_the_cells_acquired(cells, detection, quantification):
    np.testing.assert_allclose([detection_limit(cells), quantification_limit(cells)], [detection, quantification], rtol=1e-12)


def test_a_negative_among_a_million_cells_is_not_informative():
    assert status(mrd_results([0, 1], [0], detection_limit([1e6]), [True]), 0) == "not informative"
    assert status(mrd_results([0, 1], [0], detection_limit([2e6]), [True]), 0) == "negative"


@pytest.mark.parametrize("written", [1e-5, 10**-5, 0.001 / 100, 10 / 1e6, 10 * 1e-6])
def test_one_limit_in_every_unit_is_one_limit(written):
    assert status(mrd_results([0, 1], [0], [written], [True]), 0) == "negative"


def test_a_positive_below_the_assays_own_limit_is_refused():
    assert below_own_limit([5e-6, 1e-5, 5e-6], [False, False, True], 1e-5).tolist() == [True, False, False]
    with pytest.raises(DataError, match=r"MRD of 5e-06 is positive below the assay's own limit of 1e-05") as refusal:
        mrd_results([0, 1], [0], [5e-6], [False], limit=[1e-5])
    assert refusal.value.hint == 'a share from the limit on, or "<1e-05" where none was found.'


@pytest.mark.parametrize("value", [0.0, -1e-5, 10.0, math.inf])
def test_a_share_that_cannot_be_is_refused(value):
    with pytest.raises(DataError, match="is not a share of nucleated cells"):
        mrd_results([0, 1], [0], [value], [False])


def test_cells_that_cannot_be_are_refused():
    with pytest.raises(DataError, match="number of cells"):
        detection_limit(0)


def test_tests_out_of_order_are_a_mistake_of_the_program():
    with pytest.raises(ValueError, match="in order of day"):
        mrd_results([0, 2], [5, 4], [1e-5, 1e-5], [True, True])
    assert len(mrd_results([0, 1, 2], [5, 4], [1e-5, 1e-5], [True, True]).day) == 2  # two people


VALUES = [1e-4, 1e-5, 2e-6, 1e-6, math.nan]
results = st.lists(
    st.tuples(st.integers(0, 1200), st.integers(0, 60), st.sampled_from(VALUES), st.booleans()).map(lambda t: (t[0], t[0] + t[1], *t[2:])),
    max_size=8,
)


def arranged(people):
    """Return the tests of people (lists of day, known, value, below), in order of day."""
    rows = [sorted(tests, key=lambda test: test[0]) for tests in people]
    flat = [test for tests in rows for test in tests]
    columns = [np.array([test[k] for test in flat], kind) for k, kind in enumerate((np.int64, np.int64, float, bool))]
    return mrd_results(np.cumsum([0, *map(len, rows)]), columns[0], columns[2], columns[3], known=columns[1])


def none(number):
    return None if number == NO_DAY else int(number)


def same(found, k, expected):
    name, since, last, runs, told = expected
    assert STATUSES[found.status[k]] == name
    assert (none(found.since[k]), none(found.last[k])) == (since, last)
    assert [(none(found.first[t, k]), none(found.latest[t, k])) for t in (0, 1)] == runs
    assert [None if math.isnan(value) else value for value in found.sustained[:, k]] == told


@settings(max_examples=300)
@given(results, st.lists(st.integers(-1, 1300), min_size=1, max_size=6))
def test_the_scan_agrees_with_the_table_whatever_the_order_of_the_days_asked_for(tests, days):
    found = states(arranged([tests]), [0, len(days)], days)
    for k, when in enumerate(days):
        same(found, k, mrd_twin.state(tests, when))


@settings(max_examples=100)
@given(results, st.permutations(range(8)))
def test_the_order_of_rows_of_one_day_changes_nothing(tests, order):
    tests = [(day - day % 100, known, *rest) for day, known, *rest in tests]  # many of one day
    shuffled = [tests[k] for k in order if k < len(tests)]
    one, other = (states(arranged([each]), [0, 3], [300, 700, 1300]) for each in (tests, shuffled))
    for name in ("status", "since", "last", "level", "first", "latest", "sustained", "spaced"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name))


@settings(max_examples=100)
@given(results, results)
def test_what_comes_later_changes_no_earlier_state(tests, later):
    now = states(arranged([tests]), [0, 1], [1300])
    after = states(arranged([tests + [(day + 1301, known + 1301, *rest) for day, known, *rest in later]]), [0, 1], [1300])
    assert (now.status[0], now.since[0], now.last[0]) == (after.status[0], after.since[0], after.last[0])


@settings(max_examples=200)
@given(results.filter(bool), st.data())
def test_a_result_that_is_unknown_says_nothing_better_than_some_result_could(tests, data):
    k = data.draw(st.integers(0, len(tests) - 1))
    ways = [[*tests[:k], (*tests[k][:2], *result), *tests[k + 1 :]] for result in ((math.nan, True), (1e-6, True), (1e-3, False))]
    unknown, best, _ = (states(arranged([way]), [0, 1], [1300]) for way in ways)
    assert (np.nan_to_num(unknown.sustained) <= np.nan_to_num(best.sustained)).all()
    if STATUSES[unknown.status[0]] == "negative":
        assert STATUSES[best.status[0]] == "negative"


@pytest.mark.slow
def test_both_agree_on_100_000_courses():
    rng = np.random.default_rng(6)
    people, visits = 100_000, 5
    day = np.sort(rng.integers(0, 30, (people, visits)) * 61, axis=1)
    known = day + rng.choice([0, 0, 14, 90], day.shape)
    below = rng.random(day.shape) < 0.75
    value = rng.choice(VALUES, day.shape, p=[0.1, 0.35, 0.2, 0.25, 0.1])
    asked = rng.integers(-1, 2000, people)
    tests = mrd_results(np.arange(people + 1) * visits, day.ravel(), value.ravel(), below.ravel(), known=known.ravel())
    found = states(tests, np.arange(people + 1), asked)
    assert np.bincount(found.status).min() > 1000  # every status is there
    assert (found.sustained == 1).sum(axis=1).min() > 1000
    rows = np.stack([day, known, value, below], axis=2).tolist()
    for k in range(people):
        same(found, k, mrd_twin.state(rows[k], int(asked[k])))


def test_the_rule_names_its_version():
    assert mrd.VERSION == "imwg2016"


@pytest.mark.parametrize(
    ("results", "relapse", "expected"),
    [
        ([(0, "<1e-6")], None, ("negative", 0, 0.0)),
        ([(0, "<1e-6")], 100, ("lost", 100, 0.0)),
        ([(0, "<1e-6")], 0, ("lost", 0, 0.0)),  # of the relapse's own day: from before it
        ([(0, "<1e-6"), (500, "<1e-6")], 400, ("negative", 500, 0.0)),  # one negative since the relapse
        ([(0, "<1e-6"), (200, "<1e-6"), (600, "<1e-6")], 100, ("negative", 200, 1.0)),
        ([(0, "<1e-6"), (200, "<1e-5")], 100, ("negative", 200, math.nan)),  # since the relapse no test at 1e-6 says
        ([(0, 1e-4)], 100, ("positive", 0, 0.0)),
        ([(0, "<1e-6"), (200, 1e-4)], 100, ("lost", 100, 0.0)),
        ([(0, "<1e-6"), (400, "<1e-6")], -1, ("negative", 0, 1.0)),
    ],
)
def test_a_relapse_ends_negativity_and_a_run_begins_anew_after_it(results, relapse, expected):
    seen = states(course(*results), [0, 1], [700], relapse=NO_DAY if relapse is None else relapse)
    assert (STATUSES[seen.status[0]], seen.since[0]) == expected[:2]
    assert seen.sustained[1, 0] == pytest.approx(expected[2], nan_ok=True)
    assert seen.first[1, 0] == NO_DAY or relapse is None or seen.first[1, 0] > relapse


def test_negatives_are_counted_from_the_relapse_on():
    tests = course((0, "<1e-6"), (200, "<1e-6"), (700, "<1e-6"))
    assert states(tests, [0, 1], [250], 280, relapse=100).spaced[1].tolist() == [0]
    assert states(tests, [0, 1], [700], 0, relapse=100).spaced[1].tolist() == [2]
    assert states(tests, [0, 1], [700], 0).spaced[1].tolist() == [2]


def test_the_words_of_a_relapse_name_no_positive_test():
    lost = states(course((0, "<1e-6")), [0, 1], [300], relapse=100)
    assert status_words(lost, 0).startswith("lost: was negative, relapsed, since 1970-04-11")


@given(st.lists(st.tuples(st.integers(0, 900), st.sampled_from(["<1e-6", "<1e-5", "<1e-4", 2e-5])), max_size=6), st.integers(0, 900))
def test_days_asked_together_or_alone_give_the_same_after_a_relapse(results, relapse):
    tests = course(*sorted(results, key=lambda one: one[0]))
    days = list(range(0, 1000, 90))
    known = [relapse if day >= relapse else NO_DAY for day in days]
    together = states(tests, [0, len(days)], days, relapse=known)
    for k, day in enumerate(days):
        alone = states(tests, [0, 1], [day], relapse=known[k])
        for name in ("status", "since", "last", "first", "latest", "spaced"):
            np.testing.assert_array_equal(getattr(alone, name)[..., 0], getattr(together, name)[..., k])
