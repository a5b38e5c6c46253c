"""The state of treated people on a day: what the rules say of what was known by then, and of nothing later."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.history.arrays import Histories
from features.history.columns import TREATED
from features.history.course.columns import COURSE, course_columns
from features.history.course.states import course_states
from myeloma.calendar import NO_DAY
from myeloma.treated.response.codes import CATEGORIES, NE

DAY_0 = 16436  # 2015-01-01, the index date
START = ("P1", "treatment_start", 10, 1, "D-VRd")


@pytest.fixture
def histories(cohort_of_days):
    """Return a function: results (biomarker, day, value, operator, day available) of P1 and events -> histories with operators."""

    def made(results, events=(START,), light_chain="kappa"):
        rows = [("P1", name, day, known, value, operator) for name, day, value, operator, known in map(_full, results)]
        return Histories.of(cohort_of_days(rows, events, light_chain), operators=True)

    return made


def _full(result):
    name, day, value, *more = result
    operator, known = (*more, *("", None)[len(more) :])
    return name, day, value, operator, day if known is None else known


def at(histories, *days):
    """Return the columns of treated people at days, one list a column."""
    day = (DAY_0 + np.array(days)).astype(np.int32)
    return {
        name: values.tolist()
        for name, values in course_columns(course_states(histories, np.zeros(len(day), np.int32), day), tuple(COURSE)).items()
    }


def responses(histories, *days):
    day = (DAY_0 + np.array(days)).astype(np.int32)
    found = course_states(histories, np.zeros(len(day), np.int32), day)
    return [CATEGORIES[int(code)] for code in found.at_sample(found.response.known, NE)]


FALLING = [("m_protein", day, value) for day, value in ((0, 3.0), (40, 1.4), (70, 1.3), (100, 0.2), (130, 0.2))]


def test_a_response_is_known_from_the_visit_on_that_confirms_it(histories):
    assert responses(histories(FALLING), 5, 40, 70, 100, 130) == ["NE", "SD", "PR", "PR", "VGPR"]


def test_nobody_has_a_response_before_therapy_or_without_it(histories):
    assert responses(histories(FALLING, events=()), 130) == ["NE"]
    assert np.isnan(at(histories(FALLING, events=()), 130)["response"]).all()


def test_a_result_counts_from_the_day_on_which_it_was_reported(histories):
    late = [*FALLING[:2], ("m_protein", 70, 1.3, "", 95), ("hemoglobin", 80, 12.0)]
    assert responses(histories(late), 70, 80, 94, 95) == ["SD", "SD", "SD", "PR"]


def test_a_correction_counts_from_the_day_on_which_it_was_reported(histories):
    corrected = [*FALLING[:3], ("m_protein", 70, 2.9, "", 90)]
    assert responses(histories(corrected), 70, 89, 90) == ["PR", "PR", "SD"]


@pytest.mark.parametrize(
    ("marrow", "expected"),
    [([8.0], "VGPR"), ([2.0], "CR"), ([8.0, 2.0], "VGPR"), ([2.0, 8.0], "VGPR")],  # of one day the largest counts, in any order
)
def test_of_two_marrows_of_one_day_the_larger_decides_the_response(histories, marrow, expected):
    negative = [(name, day, 0.0) for day in (40, 70) for name in ("m_protein", "serum_immunofixation", "urine_immunofixation")]
    results = [("m_protein", 0, 3.0), *negative, *(("bmpc", 70, value) for value in marrow)]
    assert responses(histories(results), 70) == [expected]


@pytest.mark.parametrize(("marrow", "expected"), [([14.0], "PD"), ([6.0], "PR"), ([14.0, 6.0], "PD"), ([6.0, 14.0], "PD")])
def test_of_two_marrows_of_one_day_the_larger_decides_a_progression(histories, marrow, expected):
    baseline = [("m_protein", 0, 0.2), ("urine_m_protein", 0, 0.0), ("flc_kappa", 0, 20.0), ("flc_lambda", 0, 10.0), ("bmpc", 0, 40.0)]
    course = [*baseline, ("bmpc", 100, 2.0), *(("bmpc", 160, value) for value in marrow)]  # measurable in the marrow alone
    assert responses(histories(course), 160) == [expected]


def test_a_new_line_is_judged_against_its_own_baseline(histories):
    events = [START, ("P1", "treatment_start", 200, 2, "KRd")]
    course = [*FALLING, ("m_protein", 195, 2.0), ("m_protein", 230, 0.9), ("m_protein", 260, 0.9)]
    assert responses(histories(course, events), 130, 199, 230, 260) == ["VGPR", "VGPR", "SD", "PR"]


def test_residual_disease_is_its_status_its_depth_and_how_long(histories):
    tests = [("mrd", 100, 1e-5, "<"), ("mrd", 300, 1e-6, "<"), ("mrd", 500, 2e-4)]
    found = at(histories([*FALLING, *tests]), 99, 100, 300, 465, 500)
    assert found["mrd_negative"][1:] == [1.0, 1.0, 1.0, 0.0]
    assert np.isnan(found["mrd_negative"][0])
    assert found["mrd_lost"][1:] == [0.0, 0.0, 0.0, 1.0]
    assert found["mrd_depth"][1:] == pytest.approx([5.0, 6.0, 6.0, 3.69897])
    assert found["months_mrd_negative"][1:] == pytest.approx([0.0, 6.57, 6.57, 0.0], abs=0.01)  # not until today: nobody has looked since


def test_a_negative_at_a_high_limit_says_nothing(histories):
    assert np.isnan(at(histories([*FALLING, ("mrd", 100, 1e-4, "<")]), 120)["mrd_negative"]).all()


def test_therapy_goes_on_until_a_stop_is_recorded(histories):
    events = [START, ("P1", "treatment_stop", 120, None, "D-VRd")]
    found = at(histories(FALLING, events), 5, 10, 119, 120)
    assert np.isnan(found["on_therapy"][0])
    assert found["on_therapy"][1:] == [1.0, 1.0, 0.0]
    assert found["anti_cd38"][1:] == [1.0, 1.0, 1.0]


def test_what_a_regimen_that_is_not_known_holds_is_unknown(histories):
    found = at(histories(FALLING, [("P1", "treatment_start", 10, 1, "study arm B")]), 50)
    assert np.isnan(found["anti_cd38"]).all()


result = st.tuples(
    st.sampled_from(["m_protein", "flc_kappa", "flc_lambda", "bmpc", "serum_immunofixation", "mrd", "pet_ct"]),
    st.integers(0, 300),
    st.sampled_from([0.0, 1.0]),
    st.floats(0.05, 1.0),
    st.integers(0, 40),
    st.booleans(),
)


def _plausible(one):
    name, day, finding, share, delay, below = one
    if name in ("serum_immunofixation", "pet_ct"):
        return name, day, finding, "", day + delay
    scale = {"m_protein": 5.0, "flc_kappa": 500.0, "flc_lambda": 50.0, "bmpc": 60.0, "mrd": 1e-4}[name]
    return name, day, share * scale, "<" if below and name in ("m_protein", "mrd") else "", day + delay


@settings(max_examples=120)
@given(results=st.lists(result, max_size=30), day=st.integers(0, 320))
def test_what_is_known_later_changes_nothing(cohort_of_days, results, day):
    rows = {(name, when, known): (value, operator) for name, when, value, operator, known in map(_plausible, results)}
    events = [START, ("P1", "treatment_start", 150, 2, "KRd"), ("P1", "treatment_stop", 140, None, "")]
    full = Histories.of(
        cohort_of_days([("P1", *key, *cell) for key, cell in sorted(rows.items())], events, "kappa"),
        operators=True,
    )
    landmark = np.array([DAY_0 + day], np.int32)
    alone = np.zeros(1, np.int32)
    every = (DAY_0 + np.arange(0, 320, 7)).astype(np.int32)
    now = course_columns(course_states(full.known_by(DAY_0 + day), alone, landmark), tuple(COURSE))
    then = course_columns(course_states(full, np.zeros(len(every) + 1, np.int32), np.append(every, landmark)), tuple(COURSE))
    for name in COURSE:
        np.testing.assert_array_equal(then[name][-1:], now[name], err_msg=name)


DRUGS = ("D-VRd", "daratumumab", "lenalidomide", "KRd", "study arm B", "")
happened = st.tuples(st.sampled_from(["treatment_start", "treatment_stop", "progression"]), st.integers(0, 300), st.sampled_from(DRUGS))


@settings(max_examples=150)
@given(events=st.lists(happened, max_size=8), day=st.integers(0, 320))
def test_what_happens_later_changes_nothing(cohort_of_days, events, day):
    rows = [START, *(("P1", kind, when, None, "" if kind == "progression" else drug) for kind, when, drug in events)]
    landmark, alone = np.array([DAY_0 + day], np.int32), np.zeros(1, np.int32)
    columns = []
    for until in (day, 400):
        of = Histories.of(
            cohort_of_days([("P1", "m_protein", 0, 0, 3.0)], [row for row in rows if row[2] <= until], "kappa"), operators=True
        )
        columns.append(course_columns(course_states(of, alone, landmark), tuple(COURSE)))
    for name in COURSE:
        np.testing.assert_array_equal(*(found[name] for found in columns), err_msg=name)


def course_of(histories, events, day):
    return course_states(histories(FALLING, events), np.zeros(1, np.int32), np.array([DAY_0 + day], np.int32))


def test_an_antibody_that_starts_later_in_the_line_is_not_in_it_before(histories):
    events = [("P1", "treatment_start", 10, 1, "Rd"), ("P1", "treatment_start", 200, 1, "daratumumab")]
    assert at(histories(FALLING, events), 199, 200)["anti_cd38"] == [0.0, 1.0]


def test_a_drug_that_starts_again_was_off_in_between(histories):
    events = [START, ("P1", "treatment_stop", 120, None, "D-VRd"), ("P1", "treatment_start", 200, 1, "lenalidomide")]
    assert at(histories(FALLING, events), 119, 120, 199, 200)["on_therapy"] == [1.0, 0.0, 0.0, 1.0]


@pytest.mark.parametrize("spelling", ["D-VRd", "Dara-VRd", "dvrd"])
def test_a_stop_closes_what_was_started_under_another_spelling(histories, spelling):
    events = [START, ("P1", "treatment_stop", 120, None, spelling)]
    assert at(histories(FALLING, events), 120)["on_therapy"] == [0.0]


def test_an_antibody_is_seen_for_six_months_after_its_own_stop_whatever_goes_on(histories):
    events = [("P1", "treatment_start", 10, 1, drug) for drug in ("daratumumab", "Rd")]
    events.append(("P1", "treatment_stop", 100, None, "daratumumab"))
    days = DAY_0 + np.array([99, 260, 300])
    seen = course_of(histories, events, 300).treated.antibody_seen(np.zeros(3, np.int32), days).tolist()
    assert seen == [1.0, 1.0, 0.0]


def test_a_progression_counts_from_the_first_line_on(histories):
    before, after = ("P1", "progression", 5, None, ""), ("P1", "progression", 150, None, "")
    assert course_of(histories, [before, START], 200).progressed[0] == NO_DAY
    assert course_of(histories, [START, after], 149).progressed[0] == NO_DAY
    assert course_of(histories, [START, after], 150).progressed[0] == DAY_0 + 150


def test_every_column_of_treated_people_has_its_words():
    assert COURSE.keys() == TREATED.keys()


def test_a_stop_in_another_spelling_of_the_regimen_stops_it(histories):
    events = [START, ("P1", "treatment_stop", 120, None, "dvrd")]
    assert at(histories(FALLING, events), 119, 120)["on_therapy"] == [1.0, 0.0]
