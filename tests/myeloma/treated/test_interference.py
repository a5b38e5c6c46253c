"""A drug's band is told from disease only by a shift assay; what is not known about a therapy is never "no antibody"."""

import math

import numpy as np
import pytest

from myeloma.calendar import NO_DAY
from myeloma.treated.interference import drug_band, second_clone, under_antibody, without_drug
from myeloma.treated.regimens import regimen
from myeloma.treated.response.codes import NOTES
from myeloma.treated.response.codes import words as said
from tests.myeloma.treated.courses import NEGATIVE, SERUM_3, course_of, words

NAN = math.nan
UNKNOWN_DRUG = "regimen or isotype not known, so the band may be an antibody's: CR not assessable without shift assay"
REMARK = "the band may be an antibody's: CR not assessable without shift assay or mass spectrometry"


@pytest.mark.parametrize(
    ("antibody", "igg_kappa", "m_protein", "dira", "band"),
    [
        (1, 1, 0.24, NAN, 1),
        (1, 1, 0.25, NAN, 0),
        (1, 1, 0.25 - 1e-12, NAN, 0),
        (1, 0, 0.1, NAN, 0),
        (0, 1, 0.1, NAN, 0),
        (NAN, 1, 0.1, NAN, NAN),
        (1, NAN, 0.1, NAN, NAN),
        (1, 1, NAN, NAN, NAN),
        (NAN, 0, 0.1, NAN, 0),
        (NAN, 1, 0.3, NAN, 0),
        (1, 1, 0.1, 0, 0),
        (1, 1, 0.1, 1, 0),
    ],
)
def test_a_small_igg_kappa_band_under_an_antibody_may_be_the_drug(antibody, igg_kappa, m_protein, dira, band):
    np.testing.assert_equal(float(drug_band(antibody, igg_kappa, m_protein, dira)), float(band))


@pytest.mark.parametrize(
    ("day", "last_on", "antibody", "under"),
    [(183, 0, 1, 1), (184, 0, 1, 0), (184, 0, NAN, 0), (10, NAN, 1, NAN), (10, NAN, 0, 0), (10, 10, NAN, NAN), (10, NO_DAY, 1, 0)],
)
def test_interference_lasts_six_months_and_what_is_not_known_stays_open(day, last_on, antibody, under):
    np.testing.assert_equal(float(under_antibody(day, last_on, antibody)), float(under))


def test_a_shift_assay_corrects_only_what_may_be_the_drug():
    value, fixation = without_drug([0.1, 0.1, 0.4, NAN], [1.0, 1.0, 1.0, NAN], 0.0, [1.0, NAN, 0.0, NAN])
    np.testing.assert_equal(value, [0.0, 0.0, 0.4, NAN])
    np.testing.assert_equal(fixation, [0.0, 0.0, 1.0, 0.0])
    np.testing.assert_equal(without_drug(0.1, 1.0, [1.0, NAN], 1.0), [[0.1, 0.1], [1.0, 1.0]])


def test_a_new_igg_kappa_band_under_the_drug_is_no_second_clone():
    np.testing.assert_equal(second_clone([1.0, 1.0, 1.0, 0.0, NAN, NAN], [1.0, 0.0, NAN, NAN, 0.0, 1.0]), [0, 1, NAN, 0, NAN, 0])


FIXED = {"m_protein": 0.1, "urine_m_protein": 0.0, "serum_immunofixation": 1.0, "urine_immunofixation": 0.0, "bmpc": 2.0}


@pytest.mark.parametrize(
    ("band", "best", "remarked"),
    [(1.0, "sCR", REMARK), (0.0, "VGPR", ""), (NAN, "sCR", UNKNOWN_DRUG)],
)
def test_cr_is_not_assessable_under_an_antibody(band, best, remarked):
    course = course_of([{**SERUM_3, "drug_band": 0.0}, FIXED | {"drug_band": band}])
    assert (words(course.category)[-1], words(course.best)[-1], words(course.worst)[-1]) == ("VGPR", best, "VGPR")
    assert [one for one in said(course.notes[-1], NOTES) if "antibody" in one] == ([remarked] if remarked else [])


def test_an_immunofixation_that_is_negative_under_the_drug_is_negative():
    course = course_of([{**SERUM_3, "drug_band": 0.0}, FIXED | NEGATIVE | {"m_protein": 0.0, "drug_band": 1.0}])
    assert words(course.category)[-1] == "CR"
    assert REMARK not in said(course.notes[-1], NOTES)


def test_a_negative_shift_assay_lifts_it():
    band = float(drug_band(1.0, 1.0, FIXED["m_protein"]))
    value, fixation = (float(part) for part in without_drug(FIXED["m_protein"], FIXED["serum_immunofixation"], 0.0, band))
    visit = FIXED | {"m_protein": value, "serum_immunofixation": fixation, "drug_band": float(drug_band(1.0, 1.0, 0.1, 0.0))}
    assert words(course_of([{**SERUM_3, "drug_band": 0.0}, visit]).category)[-1] == "CR"


def test_a_small_band_may_hide_a_deeper_response_and_never_is_progression():
    low = {**SERUM_3, "m_protein": 1.2, "drug_band": 0.0}
    course = course_of([low, FIXED | {"m_protein": 0.24, "drug_band": 1.0}])
    assert (words(course.category)[-1], words(course.best)[-1]) == ("PR", "sCR")
    risen = course_of([low, *([FIXED | {"m_protein": 0.0}] * 2), *([FIXED | {"m_protein": 0.2, "drug_band": 1.0}] * 2)])
    assert risen.progression[0] == 0


@pytest.mark.parametrize(
    ("text", "name", "antibody"),
    [
        ("D-VRd", "D-VRd", 1),
        ("dara vrd", "D-VRd", 1),
        ("DRVd", "D-VRd", 1),
        ("RVD", "VRd", 0),
        ("d-rd", "D-Rd", 1),
        ("Rd", "Rd", 0),
        ("KRd", "KRd", 0),
        ("VMP", "VMP", 0),
        ("Isa-Rd", "Isa-Rd", 1),
        ("D-Kd", "D-Kd", 1),
        ("dara kd", "D-Kd", 1),
        ("DPd", "D-Pd", 1),
        ("DVd", "D-Vd", 1),
        ("Dara-CyBorD", "D-VCd", 1),
        ("IsaKd", "Isa-Kd", 1),
        ("Isa-Pd", "Isa-Pd", 1),
        ("Isa-VRd", "Isa-VRd", 1),
        ("Elo-Rd", "Elo-Rd", 1),
        ("EloPd", "Elo-Pd", 1),
        ("VCd", "VCd", 0),
        ("CyBorD", "VCd", 0),
        ("Vd", "Vd", 0),
        ("SVd", "XVd", 0),
        ("PVd", "PVd", 0),
        ("IRd", "IRd", 0),
        ("MPT", "MPT", 0),
        ("teclistamab", "", NAN),  # it, too, leaves a band, and no rule of it is known
        ("Daratumumab", "daratumumab", 1),
        ("elotuzumab + Rd", "", 1),
        ("bortezomib/dex", "", 0),
        ("lenalidomide and XYZ", "", NAN),  # a part is not known
        ("daratumumab, XYZ", "", 1),
        ("XYZ-101", "", NAN),
        ("", "", NAN),
        ("D", "", NAN),  # nothing is guessed from a letter
    ],
)
def test_regimens_are_read_in_any_spelling_and_an_unknown_one_is_never_without_antibody(text, name, antibody):
    read = regimen(text)
    assert (read.name, read.text) == (name, text)
    np.testing.assert_equal(read.antibody, float(antibody))


def test_classes_of_a_regimen_are_three_valued():
    assert regimen("VRd").classes == ("proteasome inhibitor", "IMiD", "steroid")
    assert regimen("VRd").has("anti-CD38") == 0
    assert math.isnan(regimen("XYZ").has("IMiD"))
    assert regimen("lenalidomide and XYZ").has("IMiD") == 1


def test_no_two_entries_share_a_spelling(root):
    import yaml

    from myeloma.treated import regimens

    held = yaml.safe_load((root / "myeloma/treated/regimens.yaml").read_text())
    entries = [(key, entry) for part in ("drugs", "regimens") for key, entry in held[part].items()]
    spellings = {(regimens._plain(spelling), key) for key, entry in entries for spelling in (key, *entry["names"])}
    assert len({spelling for spelling, _ in spellings}) == len(spellings)
    assert {drug for _, entry in entries for drug in entry.get("drugs", [])} <= set(held["drugs"])
