"""LOINC codes: the check digit, what is mistaken for a biomarker, and that the codes of laboratories are known."""

import pytest

from myeloma import ConfigError, catalogue
from myeloma.loinc import check_digit, check_loinc, loinc_of

BIOMARKERS = list(catalogue().biomarkers.values())


@pytest.mark.parametrize(("number", "digit"), [("718", 7), ("2160", 0), ("14682", 9), ("33944", 0), ("33945", 7), ("32730", 4)])
def test_the_check_digit_is_that_of_luhn(number, digit):
    assert check_digit(number) == digit
    check_loinc(f"{number}-{digit}", "here")


@pytest.mark.parametrize(
    ("code", "said"),
    [  # the first three are written in public code for light chains and urine
        ("33944-8", "33944 ends in -0"),
        ("33945-5", "33945 ends in -7"),
        ("32730-5", "32730 ends in -4"),
        ("781-7", "781 ends in "),  # two digits of 718-7 swapped
        ("7187", "digits, a hyphen and a check digit"),
        ("718-77", "digits, a hyphen and a check digit"),
        ("", "digits, a hyphen and a check digit"),
    ],
)
def test_what_is_no_code_is_refused_with_a_hint(code, said):
    with pytest.raises(ConfigError) as refusal:
        check_loinc(code, "m.yaml")
    assert refusal.value.what.startswith("m.yaml: ")
    assert said in refusal.value.hint


@pytest.mark.parametrize("written", ["LOINC:718-7", "loinc:718-7", "LOINC/718-7", "LOINC//718-7", "http://loinc.org|718-7", "LOINC: 718-7"])
def test_a_code_is_known_to_be_one_of_loinc_however_it_is_written(written):
    assert loinc_of(written) == "718-7"


@pytest.mark.parametrize("written", ["718-7", "SNOMED:109989006", "MSPIKE", "LOINC"])
def test_another_vocabulary_is_none_of_loinc(written):
    assert loinc_of(written) is None


def test_every_code_of_the_catalogue_has_its_check_digit_and_one_meaning():
    accepted = [code for entry in BIOMARKERS for code in entry.loinc]
    refused = [code for entry in BIOMARKERS for code in entry.loinc_refused]
    for code in accepted + refused:
        check_loinc(code, "catalogue")
    assert len(accepted) > 35
    assert len(set(accepted + refused)) == len(accepted + refused)


@pytest.mark.parametrize(
    ("biomarker", "codes"),
    [  # mass and molar codes, as the German top-300 list and MIRACUM's conversion table have them
        ("hemoglobin", {"718-7", "59260-0"}),
        ("calcium", {"17861-6", "2000-8"}),
        ("creatinine", {"2160-0", "14682-9"}),
        ("b2m", {"1952-1", "76484-5"}),
        ("igg", {"2465-3", "77177-4"}),
        ("iga", {"2458-8", "76487-8"}),
        ("igm", {"2472-9", "76491-0"}),
        ("platelets", {"777-3", "26515-7"}),
        ("total_protein", {"2885-2"}),
        ("urine_m_protein", {"42482-0"}),
    ],
)
def test_the_codes_that_laboratories_send_are_accepted(biomarker, codes):
    assert codes <= set(catalogue()[biomarker].loinc)


@pytest.mark.parametrize(
    ("biomarker", "code", "meaning"),
    [
        ("m_protein", "33647-9", "fraction of total protein"),
        ("m_protein", "35559-4", "second band"),
        ("flc_kappa", "11050-2", "free and bound"),
        ("bmpc", "26450-7", "eosinophils"),
        ("bmpc", "13047-6", "blood"),
        ("urine_m_protein", "34366-5", "creatinine"),
        ("egfr", "33914-3", "MDRD"),
        ("albumin", "54347-0", "not confirmed"),
    ],
)
def test_a_code_that_is_mistaken_for_a_biomarker_is_named_with_what_it_is(biomarker, code, meaning):
    assert meaning in catalogue()[biomarker].loinc_refused[code]
