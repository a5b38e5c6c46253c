"""The category of one visit: every golden case of response and progression, and what a missing value leaves open."""

import pytest

from myeloma.calendar import NEVER
from myeloma.errors import ConfigError
from myeloma.treated.response.codes import NOTES, PATHS
from myeloma.treated.response.codes import words as said
from myeloma.treated.response.criteria import citation, criteria
from tests.myeloma.treated.courses import FLC_ONLY, MARROW_ONLY, NAN, NEGATIVE, SERUM_3, START, URINE_ONLY, course_of, shown, words


def after(baseline, *rows):
    """Return a baseline and later visits; what a visit does not name is as at baseline, but for findings."""
    amounts = {name: value for name, value in baseline.items() if name != "flc_ratio_normal"}
    return [baseline, *(amounts | row for row in rows)]


@pytest.mark.parametrize(
    ("now", "response"),
    [(2.3, "SD"), (2.25, "MR"), (1.6, "MR"), (1.5, "PR"), (0.31, "PR"), (0.30, "VGPR")],
)
def test_serum_m_protein_falls_from_3_g_dl(now, response):
    assert shown(after(SERUM_3, {"m_protein": now})) == response


@pytest.mark.parametrize(
    ("findings", "response"),
    [
        ({"serum_immunofixation": 1.0}, "VGPR"),
        ({**NEGATIVE, "bmpc": 4.0}, "CR"),
        ({**NEGATIVE, "bmpc": 5.0}, "VGPR"),
        (NEGATIVE, "VGPR"),  # the marrow was not looked at: CR unconfirmed, ranked as VGPR
        ({**NEGATIVE, "bmpc": 4.0, "urine_immunofixation": 1.0}, "VGPR"),
        ({**NEGATIVE, "bmpc": 4.0, "flc_ratio_normal": 1.0, "clonal_cells_absent": 1.0}, "sCR"),
        ({**NEGATIVE, "bmpc": 4.0, "flc_ratio_normal": 1.0, "clonal_cells_absent": 0.0}, "CR"),
        ({**NEGATIVE, "bmpc": 4.0, "flc_ratio_normal": 0.0, "clonal_cells_absent": 1.0}, "CR"),
        ({**NEGATIVE, "bmpc": 4.0, "plasmacytoma": 1.0, "new_lesion": 0.0}, "NE"),  # never looked for before: new, or there all along
    ],
)
def test_no_m_protein_is_left(findings, response):
    assert shown(after(SERUM_3, {"m_protein": 0.0, **findings})) == response


@pytest.mark.parametrize(
    ("nadir", "now", "progressed"),
    [(0.3, 0.8, True), (2.1, 2.6, False), (2.0, 2.5, True), (5.0, 6.0, True), (4.9, 5.9, False), (0.0, 0.5, True), (0.0, 0.4, False)],
)
def test_serum_m_protein_rises_from_the_nadir(nadir, now, progressed):
    rows = after({**SERUM_3, "m_protein": 8.0}, {"m_protein": nadir}, {"m_protein": nadir}, {"m_protein": now})
    assert (shown(rows) == "PD") is progressed


@pytest.mark.parametrize("tenths", range(50))
def test_a_rise_of_0_5_g_dl_is_met_from_every_one_decimal_nadir(tenths):
    rows = [{**SERUM_3, "m_protein": 6.0}, *({"m_protein": x / 10, "urine_m_protein": 0.0} for x in (tenths, tenths, tenths + 5))]
    assert (shown(rows) == "PD") is (tenths <= 20)  # from 2.1 on, 0.5 is less than 25 %


@pytest.mark.parametrize("base", range(10, 80))
def test_falls_of_25_50_and_90_percent_are_met_in_binary_arithmetic(base):
    for share, response in ((75, "MR"), (50, "PR"), (10, "VGPR")):
        assert shown(after({**SERUM_3, "m_protein": base / 10}, {"m_protein": base * share / 1000})) == response


@pytest.mark.parametrize(("now", "progressed"), [(120.0, False), (120.1, True)])
def test_light_chains_progress_strictly_above_100_mg_l_and_only_where_nothing_else_was_measurable(now, progressed):
    low, high = {"flc_involved": 30.0, "flc_uninvolved": 10.0}, {"flc_involved": now + 10.0, "flc_uninvolved": 10.0}
    assert (shown(after(FLC_ONLY, low, low, high)) == "PD") is progressed
    serum_too = {**FLC_ONLY, "m_protein": 3.0}
    assert shown(after(serum_too, low, low, high)) != "PD"


@pytest.mark.parametrize(
    ("involved", "findings", "response"),
    [
        (505.0, {}, "PR"),
        (505.1, {}, "SD"),
        (109.0, {}, "VGPR"),
        (109.1, {}, "PR"),
        (12.0, {**NEGATIVE, "flc_ratio_normal": 1.0, "bmpc": 4.0}, "CR"),
        (12.0, {**NEGATIVE, "flc_ratio_normal": 0.0, "bmpc": 4.0}, "VGPR"),
        (12.0, {**NEGATIVE, "bmpc": 4.0}, "VGPR"),  # the ratio is not known
        (12.0, {"serum_immunofixation": 1.0, "urine_immunofixation": 0.0, "flc_ratio_normal": 1.0, "bmpc": 4.0}, "VGPR"),
    ],
)
def test_light_chains_only(involved, findings, response):
    assert shown(after(FLC_ONLY, {"flc_involved": involved, **findings})) == response


@pytest.mark.parametrize(("now", "response"), [(501, "SD"), (500, "MR"), (200, "MR"), (199, "PR"), (100, "PR"), (99, "VGPR")])
def test_urine_only(now, response):
    course = course_of(after(URINE_ONLY, {"urine_m_protein": now}))
    assert words(course.category)[-1] == response
    assert "serum never measurable: its part is left out" in said(course.notes[-1], NOTES)


@pytest.mark.parametrize(
    ("version", "nadir", "now", "progressed"),
    [
        *(("imwg2016", *case) for case in [(3, 11, 0), (3, 13, 1), (12, 22, 1), (40, 50, 1), (50, 60, 0), (3, 9, 0)]),
        *(("imwg2011", *case) for case in [(3, 11, 1), (3, 13, 1), (12, 22, 1), (40, 50, 1), (50, 60, 0), (3, 9, 0)]),
    ],
)
def test_marrow_only_progression_by_version(version, nadir, now, progressed):
    rows = after({**MARROW_ONLY, "bmpc": 60.0}, {"bmpc": nadir}, {"bmpc": now})
    assert (shown(rows, version=version) == "PD") is bool(progressed)


def test_marrow_only_response_is_half_and_complete_with_immunofixation():
    start = {**MARROW_ONLY, "bmpc": 60.0}
    assert shown(after(start, {"bmpc": 30.0})) == "PR"
    assert shown(after(start, {"bmpc": 31.0})) == "SD"
    assert shown(after(start, {"bmpc": 4.0, **NEGATIVE})) == "CR"
    assert shown(after({**MARROW_ONLY, "bmpc": 29.0}, {"bmpc": 10.0})) == "NE"  # nothing is measurable
    assert shown(after({**MARROW_ONLY, "bmpc": 29.0}, {"bmpc": 4.0, **NEGATIVE})) == "CR"


@pytest.mark.parametrize(
    ("serum", "urine", "response"),
    [(1.5, 100, "PR"), (1.5, 199, "PR"), (1.5, 200, "MR"), (1.5, 501, "SD"), (0.3, 99, "VGPR"), (0.3, 100, "PR"), (2.25, 0, "MR")],
)
def test_the_lower_of_serum_and_urine_counts(serum, urine, response):
    assert shown(after({"m_protein": 3.0, "urine_m_protein": 1000.0}, {"m_protein": serum, "urine_m_protein": urine})) == response


@pytest.mark.parametrize(
    ("baseline", "path"),
    [
        (SERUM_3, "serum"),
        ({"m_protein": 1.0, "urine_m_protein": 200.0}, "serum and urine"),
        (URINE_ONLY, "urine"),
        (FLC_ONLY, "light chains only"),
        ({**FLC_ONLY, "urine_m_protein": NAN}, "light chains only"),  # taken as not measurable, and said
        ({**FLC_ONLY, "flc_ratio_normal": NAN, "bmpc": 60.0}, "unknown"),
        ({**MARROW_ONLY, "bmpc": 30.0}, "marrow only"),
        ({**MARROW_ONLY, "bmpc": 29.0}, "nothing measurable"),
        (MARROW_ONLY, "unknown"),
        ({**MARROW_ONLY, "bmpc": 30.0, "urine_m_protein": NAN}, "unknown"),
        ({"m_protein": 3.0}, "serum"),
        ({"urine_m_protein": 1000.0}, "unknown"),  # serum was not measured
        ({**FLC_ONLY, "m_protein": NAN}, "unknown"),
        ({}, "unknown"),
        ({"m_protein": 0.1, "m_protein_below": 1.0, "urine_m_protein": 300.0}, "urine"),
        ({"m_protein": 1.5, "m_protein_below": 1.0, "urine_m_protein": 300.0}, "unknown"),  # anything from 0 to 1.5
    ],
)
def test_what_is_measurable_at_baseline_says_what_is_followed(baseline, path):
    rows = [baseline or {"hemoglobin": 12.0}, {"m_protein": 1.0}]
    assert PATHS[int(course_of(rows).path[0])] == path


def test_a_value_below_a_limit_is_anything_from_0_to_it():
    small = {"m_protein": 0.1, "m_protein_below": 1.0, "urine_m_protein": 0.0}
    course = course_of([SERUM_3, small])
    assert (words(course.category)[-1], words(course.best)[-1], words(course.worst)[-1]) == ("VGPR", "sCR", "VGPR")
    blunt = course_of([{**SERUM_3, "m_protein": 1.0}, {**small, "m_protein": 0.2, "bmpc": 10.0}])
    assert (words(blunt.category)[-1], words(blunt.best)[-1], words(blunt.worst)[-1]) == ("PR", "VGPR", "PR")


def test_urine_that_was_not_collected_gives_the_answer_by_serum_and_says_so():
    course = course_of([SERUM_3, {"m_protein": 0.0, "serum_immunofixation": 0.0, "bmpc": 2.0}])
    assert (words(course.category)[-1], words(course.best)[-1], words(course.worst)[-1]) == ("VGPR", "sCR", "PD")
    told = said(course.notes[-1], NOTES)
    assert "urine not collected: by serum only, and no CR" in told
    assert "urine immunofixation not known" in told
    measurable = {"m_protein": 3.0, "urine_m_protein": 300.0}  # a urine that is followed cannot be left out
    assert shown([measurable, {"m_protein": 0.2}]) == "NE"


@pytest.mark.parametrize(
    ("baseline", "visit", "note"),
    [
        ({**FLC_ONLY, "m_protein": NAN}, {"m_protein": 0.0}, "what was measurable before the first dose is not known"),
        (SERUM_3, {"flc_involved": 10.0, "flc_uninvolved": 10.0, "urine_m_protein": 0.0}, "serum M-protein not measured"),
        (FLC_ONLY, {"m_protein": 0.0, "urine_m_protein": 0.0}, "light chains not measured"),
    ],
)
def test_what_was_not_measured_is_not_evaluable_with_the_reason(baseline, visit, note):
    course = course_of([baseline, visit])
    assert words(course.category)[-1] == "NE"
    assert words(course.best)[-1] == "sCR"
    assert words(course.worst)[-1] == "PD"
    assert note in said(course.notes[-1], NOTES)


def test_a_negative_immunofixation_beside_m_protein_that_has_not_fallen_is_a_contradiction_and_the_amount_counts():
    course = course_of([SERUM_3, {**NEGATIVE, "m_protein": 1.5, "urine_m_protein": 0.0, "bmpc": 2.0}])
    assert words(course.category)[-1] == "PR"
    assert "immunofixation negative, but the M-protein has not fallen to VGPR: the amount counts" in said(course.notes[-1], NOTES)


QUANTIFIED = "serum immunofixation negative, but serum M-protein was quantified: the amount counts, and no CR"
UNKNOWN_DRUG = "regimen or isotype not known, so the band may be an antibody's: CR not assessable without shift assay"
STRINGENT = {**NEGATIVE, "urine_m_protein": 0.0, "bmpc": 2.0, "flc_ratio_normal": 1.0, "clonal_cells_absent": 1.0}


@pytest.mark.parametrize(
    ("visit", "category", "best", "note"),
    [
        ({"m_protein": 0.3}, "VGPR", "VGPR", QUANTIFIED),
        ({"m_protein": 0.1}, "VGPR", "VGPR", QUANTIFIED),
        ({"m_protein": 0.09}, "sCR", "sCR", ""),  # less than electrophoresis sees: noise
        ({"m_protein": 0.1, "m_protein_below": 1.0}, "sCR", "sCR", ""),  # reported as below its limit
        ({"m_protein": 0.1, "drug_band": 0.0}, "VGPR", "VGPR", QUANTIFIED),
        ({"m_protein": 0.1, "drug_band": 1.0}, "sCR", "sCR", ""),  # the antibody explains it
        ({"m_protein": 0.1, "drug_band": NAN}, "VGPR", "sCR", UNKNOWN_DRUG),
        ({"m_protein": 0.1, "serum_immunofixation": NAN}, "VGPR", "VGPR", ""),  # whatever the immunofixation would show
        ({"m_protein": NAN}, "NE", "sCR", "serum M-protein not measured"),
    ],
)
def test_serum_m_protein_that_was_quantified_is_no_complete_response_whatever_immunofixation_says(visit, category, best, note):
    course = course_of([SERUM_3, {**STRINGENT, "drug_band": 0.0, **visit}])
    assert (words(course.category)[-1], words(course.best)[-1]) == (category, best)
    assert said(course.notes[-1], NOTES) == ([note] if note else [])


@pytest.mark.parametrize(
    ("baseline", "response"),
    [(FLC_ONLY, "VGPR"), (URINE_ONLY, "VGPR"), ({**MARROW_ONLY, "bmpc": 60.0}, "PR"), ({**MARROW_ONLY, "bmpc": 29.0}, "NE")],
)
def test_serum_m_protein_that_was_quantified_is_no_complete_response_whatever_is_followed(baseline, response):
    chains = {"flc_involved": 12.0, "flc_uninvolved": 10.0}
    assert shown([baseline, {**STRINGENT, **chains, "m_protein": 0.1}]) == response
    assert shown([baseline, {**STRINGENT, **chains, "m_protein": 0.0}]) == "sCR"


def test_a_plasmacytoma_that_was_there_leaves_the_response_open_until_it_is_seen_to_be_gone():
    start = {**SERUM_3, "plasmacytoma": 1.0}
    gone = {"m_protein": 0.0, "urine_m_protein": 0.0, **NEGATIVE, "bmpc": 2.0}
    course = course_of([start, gone])
    assert (words(course.category)[-1], words(course.best)[-1]) == ("SD", "VGPR")
    assert shown([start, gone | {"plasmacytoma": 0.0}]) == "CR"
    assert shown([{**SERUM_3, "plasmacytoma": 0.0}, gone | {"plasmacytoma": 1.0}]) == "PD"
    long_ago = course_of([{"plasmacytoma": 1.0}, SERUM_3, gone], days=[START - 2000, START, START + 28])
    assert words(long_ago.category)[-1] == "SD"


@pytest.mark.parametrize(("age", "category"), [(0, "PR"), (90, "PR"), (91, "NE"), (-1, "NE")])
def test_a_baseline_is_of_the_day_of_the_first_dose_or_at_most_90_days_before(age, category):
    assert shown([SERUM_3, {"m_protein": 1.5, "urine_m_protein": 0.0}], days=[START - age, START + 28]) == category


def test_categories_of_no_line_are_not_evaluable():
    course = course_of([SERUM_3, SERUM_3, SERUM_3], days=[START - 5, START, START + 28], next_therapy=START + 20)
    assert words(course.category) == ["NE", "NE", "NE"]
    assert course.progression_day[0] == NEVER


def test_criteria_can_do_without_mr_and_scr_and_the_rest_stays():
    gone = {"m_protein": 0.0, **NEGATIVE, "bmpc": 2.0, "flc_ratio_normal": 1.0, "clonal_cells_absent": 1.0}
    assert shown(after(SERUM_3, gone), scr=False) == "CR"
    assert shown(after(SERUM_3, {"m_protein": 2.0}), mr=False) == "SD"
    assert shown(after(SERUM_3, {"m_protein": 1.5}), mr=False) == "PR"


def test_versions_of_criteria_are_named_cited_and_an_unpublished_one_is_refused():
    assert citation() == "Kumar et al., Lancet Oncol 2016;17:e328-46"
    assert criteria("imwg2011").pd_serum == criteria("imwg2016").pd_serum
    assert course_of([SERUM_3, SERUM_3], version="imwg2011").version == "imwg2011"
    with pytest.raises(ConfigError, match="announced but not published"):
        criteria("imwg_revision")
    with pytest.raises(ConfigError, match='Unknown criteria of response "imwg2017"'):
        criteria("imwg2017")
