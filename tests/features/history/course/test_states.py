"""The state of treated people on a day: what the rules say of what was known by then, and of nothing later."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.history.arrays import Histories
from features.history.columns import TREATED
from features.history.course.columns import COURSE, course_columns
from features.history.course.states import course_states
from myeloma.calendar import NO_DAY
from myeloma.treated.response.codes import CATEGORIES, NE, PROGRESSION_OPEN

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


WITHOUT_M = [("m_protein", 0, 0.0), ("urine_m_protein", 0, 0.0)]
NEGATIVE = [
    *((name, day, 0.0) for day in (40, 70) for name in ("m_protein", "urine_m_protein", "serum_immunofixation", "urine_immunofixation")),
    ("bmpc", 40, 2.0),
]


def shown(histories, *days):
    """Return what the last sample by each day shows by itself, and whether progression is open there."""
    found = course_states(histories, np.zeros(len(days), np.int32), (DAY_0 + np.array(days)).astype(np.int32))
    notes = found.at_sample(found.response.notes, 0).astype(int)
    category = [CATEGORIES[int(code)] for code in found.at_sample(found.response.category, NE)]
    return list(zip(category, (notes & PROGRESSION_OPEN > 0).tolist(), strict=True))


@pytest.mark.parametrize(
    ("kappa", "other", "expected"),  # of 900 / 10 before the first dose: CR of light chains asks for a normal ratio, 0.26 to 1.65
    [
        ((13.0, ""), (10.0, ""), "CR"),
        ((20.0, ""), (1.7, ""), "VGPR"),
        ((1.4, "<"), (1.7, "<"), "VGPR"),  # any ratio
        ((6.0, ""), (5.0, "<"), "VGPR"),  # 1.2 or more
        ((0.2, "<"), (1.7, ""), "VGPR"),  # below 0.26: abnormal
        ((30.0, ">"), (20.0, ""), "NE"),  # above 1.5, and the chain may be anything above 30
    ],
)
def test_a_ratio_of_limits_is_normal_only_where_all_that_it_may_be_is(histories, kappa, other, expected):
    chains = [("flc_kappa", 0, 900.0), ("flc_lambda", 0, 10.0)]
    chains += [(name, day, *value) for day in (40, 70) for name, value in (("flc_kappa", kappa), ("flc_lambda", other))]
    assert responses(histories([*WITHOUT_M, *chains, *NEGATIVE], light_chain=""), 70) == [expected]


@pytest.mark.parametrize(
    ("marrow", "expected"),  # CR asks for less than 5 %
    [((4.0, ""), "CR"), ((5.0, "<"), "CR"), ((5.0, ""), "VGPR"), ((5.1, "<"), "VGPR"), ((4.0, ">"), "VGPR")],
)
def test_a_marrow_below_its_limit_gives_a_complete_response_where_the_limit_does(histories, marrow, expected):
    rows = [("m_protein", 0, 3.0), ("urine_m_protein", 0, 0.0), *NEGATIVE[:-1], ("bmpc", 40, *marrow)]
    assert responses(histories(rows), 70) == [expected]


@pytest.mark.parametrize(
    ("nadir", "now", "expected"),  # a progression is a rise of 10 points
    [
        ((1.0, ""), (14.0, ""), ("PD", False)),
        ((5.0, "<"), (14.0, ""), ("NE", True)),
        ((5.0, ""), (14.0, ""), ("PR", False)),
        ((5.0, "<"), (15.0, ""), ("PD", False)),
        ((5.0, ""), (14.0, ">"), ("NE", True)),
        ((4.0, ""), (14.0, ">"), ("PD", False)),
    ],
)
def test_a_rise_of_the_marrow_from_or_to_a_limit_is_a_progression_where_all_that_it_may_be_is(histories, nadir, now, expected):
    baseline = [*WITHOUT_M, ("flc_kappa", 0, 10.0), ("flc_lambda", 0, 10.0), ("bmpc", 0, 50.0)]
    assert shown(histories([*baseline, ("bmpc", 100, *nadir), ("bmpc", 160, *now)]), 160) == [expected]


@pytest.mark.parametrize(
    ("now", "expected"), [((2.4, ""), ("SD", False)), ((2.4, ">"), ("NE", True)), ((2.6, ">"), ("PD", False)), ((2.6, ""), ("PD", False))]
)
def test_an_m_protein_above_a_limit_may_have_progressed(histories, now, expected):
    falling = [("m_protein", day, value) for day, value in ((0, 3.0), (40, 2.0), (70, 2.0))]
    assert shown(histories([*falling, ("m_protein", 100, *now), ("m_protein", 130, *now)]), 130) == [expected]


@pytest.mark.parametrize(
    ("now", "expected"),  # a rise of more than 100 mg/L
    [((350.0, ""), ("PR", False)), ((350.0, ">"), ("NE", True)), ((400.0, ">"), ("PD", False)), ((400.0, ""), ("PR", False))],
)
def test_light_chains_above_a_limit_may_have_progressed(histories, now, expected):
    kappa = [("flc_kappa", 0, 900.0), ("flc_kappa", 40, 300.0), ("flc_kappa", 70, 300.0), ("flc_kappa", 100, *now)]
    rows = [("flc_lambda", day, 10.0) for day in (0, 40, 70, 100)]
    assert shown(histories([*WITHOUT_M, *kappa, *rows], light_chain=""), 100) == [expected]


def test_the_involved_chain_is_told_by_a_ratio_that_is_abnormal_whatever_its_limits_leave(histories):
    first = [*WITHOUT_M, ("flc_kappa", 0, 100.0), ("flc_lambda", 40, 10.0), ("flc_kappa", 40, 20.0)]
    sides = []
    for limit in (5.0, 100.0):  # a ratio of more than 20, and of more than 1
        of = histories([*first, ("flc_lambda", 0, limit, "<")], light_chain="")
        samples = course_states(of, np.zeros(1, np.int32), np.array([DAY_0 + 40], np.int32)).samples.visits
        sides.append(samples["flc_involved"].tolist())
    np.testing.assert_array_equal(sides, [[100.0, 20.0], [np.nan, np.nan]])


def test_an_m_protein_below_a_limit_may_be_the_antibodys_where_a_part_of_it_is(cohort_of_days):
    cohort = cohort_of_days([("P1", "m_protein", 40, 40, value, "<") for value in (0.2,)], [START], "kappa")
    cohort = replace(cohort, patients=cohort.patients.assign(heavy_chain="IgG"))
    bands = []
    for value, operator in ((0.2, "<"), (0.5, "<"), (0.1, ">"), (0.3, ">")):
        rows = replace(cohort, measurements=cohort.measurements.assign(value=value, operator=operator))
        found = course_states(Histories.of(rows, operators=True), np.zeros(1, np.int32), np.array([DAY_0 + 40], np.int32))
        bands += found.samples.band.tolist()
    np.testing.assert_array_equal(bands, [1, np.nan, np.nan, 0])
