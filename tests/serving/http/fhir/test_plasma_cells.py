"""A diagnosis of plasma cells is known by its code, in any form that ICD-10 is sent in, and by its name in several languages."""

import pytest

from serving.http.fhir.plasma_cells import code_of_plasma_cells, name_of_plasma_cells

ICD10, ICD10CM, ICD9CM = (f"http://hl7.org/fhir/sid/{name}" for name in ("icd-10", "icd-10-cm", "icd-9-cm"))
SCT = "http://snomed.info/sct"


@pytest.mark.parametrize(
    "code", ["C90", "C90.0", "C90.00", "C9000", "c90.11", "C90.30", "C88.0", "C88.00", "E85", "E85.4", "E85.8", "E85.81", "E8581", "E85.9"]
)
@pytest.mark.parametrize("system", [ICD10, ICD10CM])
def test_a_code_of_icd_10_is_known_by_how_it_begins_with_its_dot_and_without(code, system):
    assert code_of_plasma_cells(system, code)


@pytest.mark.parametrize(
    "system",
    [
        "http://fhir.de/CodeSystem/bfarm/icd-10-gm",
        "http://fhir.de/CodeSystem/dimdi/icd-10-gm",
        "https://smt.esante.gouv.fr/terminologie-cim-10",
        "http://id.who.int/icd/release/10/2019",
        "urn:oid:2.16.840.1.113883.6.90",
        "urn:oid:2.16.840.1.113883.6.3",
        "urn:oid:1.2.276.0.76.5.409",
        "",
    ],
)
def test_icd_10_is_known_in_each_of_its_systems_and_without_one(system):
    assert code_of_plasma_cells(system, "C90.00")


@pytest.mark.parametrize(
    ("system", "code"), [(SCT, "23132008"), (SCT, "414553000"), (SCT, "190818004"), (ICD9CM, "203.00"), (ICD10, "DC900")]
)
def test_codes_of_other_systems_and_of_denmark_are_known(system, code):
    assert code_of_plasma_cells(system, code)


@pytest.mark.parametrize(
    ("system", "code"),
    [
        (ICD10CM, "E85.82"),  # wild-type transthyretin
        (ICD10CM, "E85.3"),
        (ICD10CM, "E85.1"),
        (ICD10CM, "C88.4"),
        (ICD10CM, "D47.2"),
        (ICD10CM, "C9"),
        (ICD10CM, "C91.00"),
        (ICD10CM, "C90.00 of Mrs Meier"),
        (ICD10CM, "C90.٣"),
        (ICD10CM, "203.00"),
        (ICD9CM, "C90.00"),
        ("http://loinc.org", "C90.00"),
        ("http://lab.example/codes", "C90"),
        (SCT, "38341003"),
    ],
)
def test_other_codes_and_systems_are_not(system, code):
    assert not code_of_plasma_cells(system, code)


@pytest.mark.parametrize(
    "words",
    [
        "Multiple myeloma",
        "Plasmozytom",
        "Multiples Myelom",
        "Plasmazellleukämie",
        "Makroglobulinämie Waldenström",
        "Myélome multiple",
        "Mye\u0301lome multiple",  # the accent as a letter of its own
        "Leucémie à plasmocytes",
        "Mieloma múltiple",
        "Leucemia de células plasmáticas",
        "Mieloma multiplo",
        "Multipel myeloom (ziekte van Kahler)",
        "Plasmacytoom",
        "Myelomatose",
        "Plasmacelleleukæmi",
        "Solitary plasmacytoma",
        "Plasma cell dyscrasia",
        "AL-Amyloidose",
        "Amylose AL secondaire",
        "Primary amyloidosis",
        "Amyloidosis, unspecified",
        "Amiloidosis",
        "Light chain (AL) amyloidosis",
        "Myeloma with secondary amyloidosis",
        "Multiple myeloma, family informed",
        "Multiple myeloma; screening for renal damage",
        "Plasma cell leukemia (screening visit)",
        "Family history of cancer; multiple myeloma",
        "Amyloidosis, cardiac, secondary heart failure",
        "Amyloidosis, on dialysis",
        "Amyloidosis, ATTR excluded",
        "Non-hereditary amyloidosis",
    ],
)
def test_a_name_is_known_in_several_languages_whatever_else_it_tells(words):
    assert name_of_plasma_cells(words)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "Essential hypertension",
        "Myelomeningocele",
        "Mielomeningocele",
        "Myelomalazie",
        "Chronic myelomonocytic leukemia",
        "Wild-type transthyretin-related (ATTR) amyloidosis",
        "Hereditäre Amyloidose",
        "Secondary systemic amyloidosis",
        "AA amyloidosis",
        "Amyloidosis, secondary",
        "Amyloidosis due to transthyretin",
        "Non-neuropathic heredofamilial amyloidosis",
        "Amiloidosis heredofamiliar no neuropática",
        "Family history of multiple myeloma in father",
        "Cerebral amyloid angiopathy",
        "Family history of multiple myeloma",
        "FH: myeloma",
        "Encounter for screening for multiple myeloma",
        "Familienanamnese: Plasmozytom",
        "Antécédents familiaux de myélome multiple",
        "Antecedentes familiares de mieloma múltiple",
        "Familieanamnese met multipel myeloom",
    ],
)
def test_another_disease_and_that_of_a_relative_are_not(words):
    assert not name_of_plasma_cells(words)
