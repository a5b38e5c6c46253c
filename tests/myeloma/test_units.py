"""Unit conversion by biomarker: known pairs, spellings, round trips, and refusals."""

import math
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from myeloma import DataError, canonical_divisor, catalogue, to_canonical
from myeloma.units import quotient

PAIRS = [(key, unit) for key in catalogue().keys() for unit in (catalogue()[key].unit, *catalogue()[key].units)]  # noqa: SIM118


@pytest.mark.parametrize(
    ("biomarker", "received", "unit", "canonical"),
    [
        ("creatinine", 176.84, "umol/L", 2.0),
        ("calcium", 2.7445, "mmol/L", 11.0),
        ("hemoglobin", 135.0, "g/L", 13.5),
        ("hemoglobin", 8.3781, "mmol/L", 13.5),
        ("hemoglobin", 13.5, "g/dL", 13.5),
        ("flc_kappa", 1.94, "mg/dL", 19.4),
        ("flc_lambda", 26.3, "mg/L", 26.3),
        ("m_protein", 30.0, "g/L", 3.0),
        ("igg", 16.0, "g/L", 1600.0),
        ("bmpc", 17.0, "%", 17.0),
    ],
)
def test_known_pairs(biomarker, received, unit, canonical):
    assert to_canonical(biomarker, received, unit) == canonical  # to the bit: cut-offs are compared with it


@pytest.mark.parametrize(
    ("biomarker", "spelling", "divisor"),
    [
        ("hemoglobin", "g/dl", 1.0),
        ("creatinine", "MG/DL", 1.0),
        ("creatinine", " mg / dL ", 1.0),
        ("creatinine", "\u00b5mol/l", 88.42),  # micro sign
        ("creatinine", "\u03bcmol/L", 88.42),  # Greek mu
        ("flc_kappa", "\u00b5g/mL", 1.0),
    ],
)
def test_case_blanks_and_the_two_micro_signs_do_not_matter(biomarker, spelling, divisor):
    assert canonical_divisor(biomarker, spelling) == divisor


@pytest.mark.parametrize(
    ("biomarker", "spellings", "unit"),
    [  # as public tables of laboratories write them
        ("hemoglobin", ["GM/DL", "gm/dL", "g/100 mL", "g%"], "g/dL"),
        ("flc_kappa", ["mg/100mL"], "mg/dL"),
        ("flc_kappa", ["mcg/mL"], "ug/mL"),
        ("creatinine", ["micromol/L", "mcmol/L"], "umol/L"),
        ("ldh", ["IU/L", "[IU]/L", "E/L", "units/L"], "U/L"),
        ("b2m", ["mcg/mL"], "mg/L"),
        ("urine_m_protein", ["mg/24hr", "mg/24 hrs", "mg/{24_h}", "mg/day"], "mg/(24.h)"),
        ("urine_m_protein", ["g/24 hr"], "g/24h"),
        ("bmpc", ["percent", "{%}", "%{cells}"], "%"),
        ("kappa_lambda_ratio", ["unitless", "{index}"], "{ratio}"),
        ("egfr", ["mL/min/1.73m\u00b2", "mL/min/1.73 sq m", "ml/min/1,73m2", "ml/min/1.73qm", "mL/min/(1.73_m2)"], "mL/min/{1.73_m2}"),
        ("platelets", ["x10^9/L", "10E9/L", "G/L", "Gpt/L", "GPT/l", "/nL", "Tsd/uL", "1000/ul", "K/mcL", "K/mm3", "thou/uL"], "10*9/L"),
    ],
)
def test_other_spellings_of_a_unit_are_that_unit(biomarker, spellings, unit):
    assert {canonical_divisor(biomarker, spelling) for spelling in spellings} == {canonical_divisor(biomarker, unit)}


@pytest.mark.parametrize(
    ("biomarker", "received", "unit", "canonical"),
    [
        ("m_protein", 3000.0, "mg/dL", 3.0),
        ("calcium", 5.0, "mEq/L", 10.02),
        ("b2m", 0.55, "mg/dL", 5.5),
        ("b2m", 466.1, "nmol/L", 5.5),
        ("igg", 1.2, "g/dL", 1200.0),
        ("igg", 12000.0, "mg/L", 1200.0),
        ("igg", 80.05, "umol/L", 1200.0),
        ("iga", 10.0, "umol/L", 160.0),
        ("igm", 1.0, "umol/L", 97.1),
    ],
)
def test_molar_and_rarer_units(biomarker, received, unit, canonical):
    assert to_canonical(biomarker, received, unit) == pytest.approx(canonical, rel=1e-4)


@pytest.mark.parametrize(("biomarker", "unit"), [("egfr", "mL/min"), ("flc_kappa", "g/L"), ("m_protein", "G/nL"), ("albumin", "umol/L")])
def test_what_could_mean_two_things_stays_refused(biomarker, unit):
    with pytest.raises(DataError, match="not one of its units"):
        canonical_divisor(biomarker, unit)


@settings(max_examples=60)
@given(pair=st.sampled_from(PAIRS), value=st.floats(1e-3, 1e5))
def test_canonical_to_any_unit_and_back_is_the_same_value(pair, value):
    biomarker, unit = pair
    per_canonical = 1.0 / to_canonical(biomarker, 1.0, unit)
    assert to_canonical(biomarker, value * per_canonical, unit) == pytest.approx(value, rel=1e-9)


@given(ratio=st.integers(1, 500_000), divisor=st.integers(1, 100_000))
def test_a_quotient_of_decimals_is_the_decimal_that_it_is_on_paper(ratio, divisor):
    assert quotient(float(Decimal(ratio * divisor).scaleb(-5)), float(Decimal(divisor).scaleb(-2))) == float(Decimal(ratio).scaleb(-3))


@pytest.mark.parametrize(
    ("value", "divisor", "expected"),
    [
        ("22.6", "1.13", "20"),
        ("22.6-", "1.13", "20-"),  # a result of at least 22.6, kept as more than the number below
        ("22.6", "1.13+", "20-"),
        ("22.6+", "1.13", "20+"),
        ("22.6", "1.13-", "20+"),
        ("22.6-", "1", "22.6-"),
    ],
)
def test_what_is_the_number_next_to_a_decimal_stays_next_to_it(value, divisor, expected):
    assert quotient(beside(value), beside(divisor)) == beside(expected)


def beside(text):
    """Return a number, or the one below (-) or above (+) it."""
    number = float(text.rstrip("+-"))
    return math.nextafter(number, {"-": 0.0, "+": math.inf}.get(text[-1], number))


@pytest.mark.parametrize("pair", [(math.nan, 2.0), (2.0, math.nan), (0.0, 3.0), (math.inf, 3.0), (1e-300, 7.0), (1e300, 7.0)])
def test_a_quotient_that_no_decimal_is_near_is_that_of_the_machine(pair):
    assert quotient(*pair) == pytest.approx(pair[0] / pair[1], nan_ok=True, rel=1e-12, abs=0.0)


@pytest.mark.parametrize("unit", ["", "1", "ratio", "{ratio}"])
def test_a_ratio_needs_no_unit(unit):
    assert to_canonical("flc_ratio", 8.5, unit) == 8.5


def test_a_ratio_with_a_dimension_is_refused():
    with pytest.raises(DataError, match='"mg/L"'):
        canonical_divisor("flc_ratio", "mg/L")


@pytest.mark.parametrize("biomarker", ["flc_kappa", "m_protein", "hemoglobin", "bmpc"])
def test_a_missing_unit_is_refused_and_the_accepted_ones_named(biomarker):
    with pytest.raises(DataError, match=f"{biomarker} has no unit") as refusal:
        canonical_divisor(biomarker, "  ")
    assert refusal.value.code == "unknown_unit"
    assert all(unit in refusal.value.hint for unit in catalogue()[biomarker].units)
    assert catalogue()[biomarker].unit in refusal.value.hint


def test_an_unknown_unit_is_refused_with_what_was_received_and_what_is_accepted():
    with pytest.raises(DataError) as refusal:
        canonical_divisor("creatinine", "mg/L")
    assert str(refusal.value) == ('creatinine has the unit "mg/L", which is not one of its units. Hint: accepted units: mg/dL, umol/L.')
