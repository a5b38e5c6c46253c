"""Since when a state of the course is what it is, and what a progression that was recorded says beside the results."""

import pandas as pd
import pytest

from features.course.table import course_table

VRD = ("P1", "treatment_start", 10, 1, "VRd")
ILL = [("P1", "m_protein", 0, 0, 3.0), ("P1", "urine_m_protein", 0, 0, 0.0), ("P1", "bmpc", 0, 0, 40.0)]


def day(number):
    return f"{pd.Timestamp('2015-01-01') + pd.Timedelta(days=number):%Y-%m-%d}"


def seen(at, m_protein=0.0, band=0.0, **more):
    """Return a visit's results: with no band it is a complete response."""
    tests = {"m_protein": m_protein, "urine_m_protein": 0.0, "serum_immunofixation": band, "urine_immunofixation": 0.0, "bmpc": 2.0} | more
    return [("P1", test, at, at, value) for test, value in tests.items()]


def told(cohort, column):
    """Return a column of the course as state and first day, without what is missing and how old it is."""
    return [text.split(";")[0] for text in course_table(cohort)[column]]


@pytest.mark.parametrize(
    ("visits", "depth"),
    [
        ([*seen(200, 0.2, 1.0), *seen(230, 0.2, 1.0)], ("VGPR", 200)),  # two visits in a row show less: since the first of them
        ([*seen(200, 0.2, 1.0), *seen(230)], ("from CR to CR, MRD-negative at 1e-6", 230)),
        ([*seen(200), *seen(230)], ("from CR to CR, MRD-negative at 1e-6", 130)),  # since it was confirmed
        ([*seen(200, 1.0, 1.0), *seen(230, 1.0, 1.0)], ("less than PR", 230)),  # progression, since it was confirmed
        (seen(200, plasmacytoma=1.0), ("less than PR", 200)),  # which needs no second sample
    ],
)
def test_a_depth_is_so_since_the_first_sample_that_shows_it(cohort_of_days, visits, depth):
    before = [*seen(100, plasmacytoma=0.0), *seen(130)]
    words, first = depth
    assert told(cohort_of_days([*ILL, *before, *visits], [VRD], "kappa"), "depth")[-1] == f"{words}, since {day(first)}"


def test_a_progression_after_one_unconfirmed_visit_is_not_dated_back_to_it(cohort_of_days):
    visits = [*ILL, *seen(100, plasmacytoma=0.0), *seen(200, plasmacytoma=1.0)]
    assert told(cohort_of_days(visits, [VRD], "kappa"), "depth")[-1] == f"less than PR, since {day(200)}"


def test_stable_disease_that_progresses_has_been_less_than_pr_all_along(cohort_of_days):
    visits = [*ILL, *seen(100, 2.9, 1.0), *seen(130, 2.9, 1.0), *seen(200, 4.0, 1.0), *seen(230, 4.0, 1.0)]
    assert told(cohort_of_days(visits, [VRD], "kappa"), "depth")[-1] == f"less than PR, since {day(100)}"


@pytest.mark.parametrize(
    ("events", "therapy"),
    [
        ([], ("on therapy", 10)),
        ([("P1", "treatment_stop", 150, 1, "VRd")], ("off therapy", 150)),
        ([("P1", "treatment_stop", 150, 1, "VRd"), ("P1", "treatment_start", 180, 1, "lenalidomide")], ("on therapy", 180)),
        ([("P1", "treatment_stop", 150, 1, "VRd"), ("P1", "treatment_start", 150, 1, "lenalidomide")], ("on therapy", 10)),
        ([("P1", "treatment_start", 140, 1, "lenalidomide"), ("P1", "treatment_stop", 150, 1, "VRd")], ("on therapy", 10)),
        ([("P1", "treatment_start", 150, 2, "D-Kd")], ("on therapy", 150)),  # the axis is of the line
    ],
)
def test_therapy_goes_on_since_its_last_break(cohort_of_days, events, therapy):
    words, first = therapy
    assert told(cohort_of_days([*ILL, *seen(200)], [VRD, *events], "kappa"), "therapy")[-1] == f"{words}, since {day(first)}"


@pytest.mark.parametrize(
    ("scores", "first"),
    [
        ({0: 70.0, 100: 70.0, 200: 70.0, 300: 71.0}, 100),
        ({0: 70.0, 100: 40.0, 200: 70.0, 300: 71.0}, 200),  # it was worse in between
        ({0: 70.0, 10: 70.0, 300: 70.0}, 300),  # of the day of the first dose: before it
        ({0: 70.0, 300: 70.0}, 300),
    ],
)
def test_quality_of_life_is_so_since_the_first_questionnaire_in_a_row_that_says_so(cohort_of_days, scores, first):
    answers = [("P1", "qlq_c30_ql", at, at, score) for at, score in scores.items()]
    others = [("P2", "qlq_c30_ql", at, at, 70.0) for at in (0, 250)]
    cohort = cohort_of_days([*ILL, *answers, *others], [VRD, ("P2", "treatment_start", 10, 1, "VRd")], "kappa")
    table = course_table(cohort)
    own = table[table["patient_id"] == "P1"]["quality_of_life"].iloc[-1]
    assert own == f"kept, since {day(first)}"


def test_an_answer_that_was_not_known_by_then_says_nothing_of_since_when(cohort_of_days):
    late = [("P1", "qlq_c30_ql", at, known, 70.0) for at, known in ((0, 0), (100, 400), (200, 200))]
    cohort = cohort_of_days([*ILL, *late, *seen(300), *seen(500)], [VRD], "kappa")
    said = dict(zip(course_table(cohort)["visit"].dt.strftime("%Y-%m-%d"), told(cohort, "quality_of_life"), strict=True))
    assert (said[day(300)], said[day(500)]) == (f"kept, since {day(200)}", f"was kept, since {day(100)}")


def test_a_progression_that_was_recorded_is_remarked_beside_a_response_that_does_not_show_it(cohort_of_days):
    recorded = [("P1", "progression", at, None, "") for at in (180, 190)]
    table = course_table(cohort_of_days([*ILL, *seen(100), *seen(130), *seen(200)], [VRD, *recorded], "kappa"))
    remark = f"progression recorded on {day(180)}, which the response by results does not show"
    assert table["response"].tolist() == ["SD", "CR", "CR"]
    assert table["response_notes"].str.contains(remark).tolist() == [False, False, True]
    assert table["depth"].iloc[-1].startswith(f"less than PR, since {day(180)}")


def test_a_progression_that_the_results_confirm_needs_no_remark(cohort_of_days):
    visits = [*ILL, *seen(100), *seen(130), *seen(160, 1.0, 1.0), *seen(190, 1.0, 1.0), *seen(230, 1.0, 1.0)]
    table = course_table(cohort_of_days(visits, [VRD, ("P1", "progression", 200, None, "")], "kappa"))
    assert table["response"].iloc[-1] == "PD"
    assert "recorded" not in table["response_notes"].iloc[-1]
    assert table["depth"].iloc[-1].startswith(f"less than PR, since {day(190)}")
