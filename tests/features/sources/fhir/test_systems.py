"""A code system has several spellings; what they mean is one."""

import pytest

from features.sources.fhir.systems import code_in, system_of
from tests.features.sources.fhir.resources import BASE, ICD, LOINC, RXNORM, SCT, coded, condition, events, observation, read, values

ICD10, ATC = "http://hl7.org/fhir/sid/icd-10", "http://www.whocc.no/atc"
OF_LOINC = ["http://loinc.org/", "https://loinc.org", "HTTP://LOINC.ORG", " http://www.loinc.org ", "urn:oid:2.16.840.1.113883.6.1"]


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        *((one, LOINC) for one in OF_LOINC),
        ("urn:oid:2.16.840.1.113883.6.96", SCT),
        ("http://snomed.info/sct/900000000000207008", SCT),
        ("urn:oid:2.16.840.1.113883.6.90", ICD),
        ("urn:oid:2.16.840.1.113883.6.3", ICD10),
        ("http://fhir.de/CodeSystem/bfarm/icd-10-gm", ICD10),
        ("http://fhir.de/CodeSystem/dimdi/icd-10-gm", ICD10),
        ("urn:oid:2.16.840.1.113883.6.73", ATC),
        ("http://fhir.de/CodeSystem/bfarm/atc", ATC),
        ("urn:oid:2.16.840.1.113883.6.88", RXNORM),
        ("urn:oid:2.16.840.1.113883.6.8", "http://unitsofmeasure.org"),
    ],
)
def test_every_spelling_of_a_system_is_that_system(written, meant):
    assert system_of(written) == meant


@pytest.mark.parametrize("written", ["", "urn:lab", "http://loinc.org.example", "http://lab.example/loinc.org", "urn:oid:1.2.3", "loinc"])
def test_another_system_stays_what_it_is(written):
    assert system_of(written) == written


def test_a_code_is_read_without_blanks_and_in_capitals_where_its_system_has_no_others():
    assert (code_in(LOINC, " 718-7 "), code_in(ATC, "l01xg01"), code_in("urn:lab", "hb")) == ("718-7", "L01XG01", "hb")


@pytest.mark.parametrize("system", OF_LOINC)
def test_a_result_is_read_by_whatever_its_system_is_called(bulk, system):
    sent = observation(code=None) | {"code": coded(system, " 718-7 ")}
    assert [row[0] for row in values(read(bulk(*BASE[:2], sent)))] == ["hemoglobin"]


def test_a_unit_of_ucum_is_read_by_its_oid(bulk):
    quantity = {"value": 137, "unit": "gram", "system": "urn:oid:2.16.840.1.113883.6.8", "code": "g/L"}
    assert [row[2] for row in values(read(bulk(*BASE[:2], observation(valueQuantity=quantity))))] == ["g/L"]


@pytest.mark.parametrize("written", ["ICD10CM:C90.00", "http://hl7.org/fhir/sid/icd-10-cm|c90.00", "urn:oid:2.16.840.1.113883.6.90|C90.00"])
def test_a_mapping_may_spell_a_system_in_any_way_too(bulk, written):
    sent = condition(day="2017-01-01", code="C90.00", system=ICD)
    assert ("a", "progression", "2017-01-01", "") in events(read(bulk(*BASE, sent), progression=[written]))
