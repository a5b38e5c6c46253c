"""Components of a clonal protein add up where the source says that they are components; whatever cannot be added is a named conflict."""

import pytest

from features.intake.quality import inspect
from features.sources.mapping import parse_mapping
from myeloma import ConfigError
from tests.features.sources.fhir.resources import BASE, LOINC, coded, observation, read

BANDS = {"BAND 1": {"biomarker": "m_protein", "component": "1"}, "BAND 2": {"biomarker": "m_protein", "component": "2"}}


def band(code, value, **more):
    return {"code": {"coding": [{"code": code}]}, "valueQuantity": {"value": value, "unit": "g/dL", **more}}


def panel(*components, value=None, code="MSPIKE"):
    more = {"valueQuantity": {"value": value, "unit": "g/dL"} if value else None}
    return observation(code=code, component=list(components), **more)


def totals(source):
    """Return the values of M-protein, and the reasons why others are refused."""
    cohort, quarantine = inspect(source)
    measured = cohort.measurements
    return measured.loc[measured["biomarker"] == "m_protein", "value"].tolist(), quarantine["reason"].tolist()


def test_the_components_of_a_panel_add_up_exactly(bulk):
    source = read(bulk(*BASE, panel(band("MSPIKE", 1.1), band("MSPIKE", 0.2), code="SPEP")))
    assert totals(source) == ([1.3], [])
    assert any(note.startswith("2 components of a clonal protein are added up") for note in source.notes)


def test_a_component_never_overrules_the_value_of_its_panel(bulk):
    source = read(bulk(*BASE, panel(band("MSPIKE", 1.1), band("MSPIKE", 0.2), value=1.5)))
    assert totals(source) == ([1.5], [])
    assert any(note.startswith("2 components are left aside") for note in source.notes)


def test_a_total_of_its_own_at_the_same_time_stands_above_the_components(bulk):
    source = read(bulk(*BASE, panel(band("MSPIKE", 1.1), band("MSPIKE", 0.2), code="SPEP"), observation(code="MSPIKE", value=1.5)))
    assert totals(source) == ([1.5], [])


ABSENT = {"valueQuantity": None, "dataAbsentReason": coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "unknown")}


@pytest.mark.parametrize(
    ("total", "reason"),
    [
        (ABSENT, "missing_value"),
        ({"valueQuantity": None, "valueString": "see remarks"}, "not_a_number"),
        ({"dataAbsentReason": ABSENT["dataAbsentReason"]}, "absent_value"),
        ({"focus": [{"reference": "RelatedPerson/donor"}]}, "other_focus"),
    ],
)
def test_a_total_without_a_result_of_the_person_is_refused_and_stands_above_nothing(bulk, total, reason):
    bands = panel(band("MSPIKE", 1.1), band("MSPIKE", 0.2), code="SPEP")
    source = read(bulk(*BASE, bands, observation(code="MSPIKE", **total)))
    assert totals(source) == ([1.3], [reason])
    assert not any("left aside" in note for note in source.notes)


def test_a_total_below_a_limit_is_a_result(bulk):
    bands = panel(band("MSPIKE", 1.1), band("MSPIKE", 0.2), code="SPEP")
    source = read(bulk(*BASE, bands, observation(code="MSPIKE", valueQuantity=None, valueString="<0.1")))
    assert any(note.startswith("2 components are left aside") for note in source.notes)


def test_a_band_beside_one_without_a_result_is_part_of_the_protein_and_no_total(bulk):
    assert totals(read(bulk(*BASE, of_loinc("51435-6", 1.2), of_loinc("35559-4", None)))) == ([], ["lone_component", "missing_value"])


def test_a_panel_that_stands_there_twice_is_added_up_once(bulk):
    once = panel(band("MSPIKE", 1.1), band("MSPIKE", 0.2), code="SPEP")
    assert totals(read(bulk(*BASE, {**once, "id": "1"}, {**once, "id": "2"}))) == ([1.3], [])


@pytest.mark.parametrize("other", [band("MSPIKE", 0.2, comparator="<"), band("MSPIKE", 2, unit="g/L")])
def test_what_cannot_be_added_is_a_conflict_and_no_value_is_taken(bulk, other):
    source = read(bulk(*BASE, panel(band("MSPIKE", 1.1), other, code="SPEP")))
    assert totals(source) == ([], ["conflicting_components"] * 2)


def test_two_results_of_one_time_that_are_not_said_to_be_components_are_a_conflict(bulk):
    source = read(bulk(*BASE, observation(code="MSPIKE", value=1.1), observation(code="MSPIKE", value=0.2)))
    assert totals(source) == ([], ["conflicting_components"] * 2)


def test_codes_that_a_mapping_calls_components_add_up(bulk):
    rows = [observation(code=code, value=value) for code, value in (("BAND 1", 1.1), ("BAND 2", 0.2))]
    later = observation(code="BAND 1", value=1.0, day="2015-03-01")
    assert totals(read(bulk(*BASE, *rows, later), biomarkers=BANDS)) == ([1.3, 1.0], [])


def test_one_component_with_two_values_is_a_conflict(bulk):
    rows = [observation(code=code, value=value) for code, value in (("BAND 1", 1.1), ("BAND 1", 0.9), ("BAND 2", 0.2))]
    assert totals(read(bulk(*BASE, *rows), biomarkers=BANDS)) == ([], ["conflicting_components"] * 3)


def test_light_chains_have_no_components():
    with pytest.raises(ConfigError, match="flc_kappa has no components"):
        parse_mapping({"index": ["X"], "biomarkers": {"K": {"biomarker": "flc_kappa", "component": "1"}}}, "m.yaml")


def test_the_code_of_a_second_band_is_taken_as_a_component_only():
    with pytest.raises(ConfigError, match="second band") as refusal:
        parse_mapping({"index": ["X"], "biomarkers": {"LOINC:35559-4": "m_protein"}}, "m.yaml")
    assert "component" in refusal.value.hint
    given = {"LOINC:35559-4": {"biomarker": "m_protein", "component": "band 2"}}
    assert parse_mapping({"index": ["X"], "biomarkers": given}, "m.yaml").biomarkers["LOINC:35559-4"].component == "band 2"


@pytest.mark.parametrize(("unit", "code", "kept"), [("g/L", "g/dL", 0), ("G/DL", "g/dL", 1), ("gram", "g/dL", 1)])
def test_a_unit_in_words_that_contradicts_its_code_is_refused_and_both_are_said(bulk, unit, code, kept):
    result = observation(code="33358-3", valueQuantity={"value": 1.5, "unit": unit, "code": code})
    cohort, quarantine = inspect(read(bulk(*BASE, result)))
    assert len(cohort.measurements) == 1 + kept
    assert quarantine["received"].tolist() == ([] if kept else ["g/dL or g/L"])


def test_a_value_beside_a_reason_why_there_is_none_is_refused(bulk):
    result = observation(code="33358-3", dataAbsentReason=coded("http://terminology.hl7.org/CodeSystem/data-absent-reason", "error"))
    assert inspect(read(bulk(*BASE, result)))[1]["reason"].tolist() == ["absent_value"]
    unknown = observation(code="33358-3", valueQuantity=None, dataAbsentReason=coded(LOINC, "unknown"))
    assert inspect(read(bulk(*BASE, unknown)))[1]["reason"].tolist() == ["missing_value"]


def of_loinc(code, value, day="2015-02-01"):
    return observation(value=value, day=day) | {"code": coded(LOINC, code)}


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ({"51435-6": 1.2, "35559-4": 1.1}, ([2.3], [])),
        ({"51435-6": 1.2, "35559-4": 0.6, "50796-2": 0.5}, ([2.3], [])),
        ({"51435-6": 1.2}, ([1.2], [])),
        ({"33358-3": 2.4, "51435-6": 1.2, "35559-4": 1.1}, ([2.4], [])),  # a total stands above its parts
        ({"33358-3": 2.4, "35559-4": 1.1}, ([2.4], [])),
        ({"35559-4": 1.1}, ([], ["lone_component"])),  # part of a protein whose first band nobody tells
    ],
)
def test_loinc_names_the_bands_of_a_protein_which_add_up_without_a_mapping(bulk, values, expected):
    assert totals(read(bulk(*BASE, *(of_loinc(code, value) for code, value in values.items())))) == expected


def test_a_later_band_alone_leaves_the_protein_of_other_days_as_it_is(bulk):
    rows = [of_loinc("51435-6", 1.2), of_loinc("35559-4", 1.1), of_loinc("35559-4", 1.0, day="2015-05-01")]
    assert totals(read(bulk(*BASE, *rows))) == ([2.3], ["lone_component"])
