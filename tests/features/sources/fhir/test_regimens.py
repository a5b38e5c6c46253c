"""A regimen that is myeloma's is a treatment by its name alone; other words of treatment are told, and no free text is."""

import pytest

from features.sources.fhir.regimens import regimens_in, treatment_words
from tests.features.sources.fhir.resources import BASE, events, read

NAMES = {"revlimid": "lenalidomide"}


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("VRd cycle 1", ("VRd",)),
        ("D-VRd Zyklus 3", ("D-VRd",)),
        ("Induction with KRd, day 1", ("KRd",)),
        ("Rd", ("Rd",)),
        ("VCD cycle 2", ("VCd",)),
        ("CyBorD", ("VCd",)),
        ("Dara-Kd", ("D-Kd",)),
        ("isa-pd", ("Isa-Pd",)),
        ("Len/Dex", ("lenalidomide", "dexamethasone")),
        ("Dara SC", ("daratumumab",)),
        ("dara 1800 mg s.c.", ("daratumumab",)),
        ("Mel 200 mg/m2", ("melphalan",)),
    ],
)
def test_a_regimen_or_an_abbreviation_alone_is_a_treatment(words, meant):
    assert regimens_in(words) == meant


@pytest.mark.parametrize(
    "words", ["", "Dex 4 mg", "Prednisolone", "Cyclo-Progynova", "Mel rosatum", "Metformin RD", "rd 20 mg", "VAD", "x" * 201 + " VRd"]
)
def test_steroids_and_parts_of_other_names_are_none(words):
    assert regimens_in(words) == ()


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("Vincristine 2 mg", "vincristine"),
        ("Doksorubicyna", "doxorubicin"),
        ("Karmustin", "carmustine"),
        ("CAR-T cells", "CAR T cells"),
        ("Chemotherapie VCD Zyklus 1", "chemotherapy"),
        ("VCD", "VCd"),
        ("VAD", "VAD"),
        ("Mel rosatum", "melphalan"),
    ],
)
def test_other_words_of_treatment_are_told_in_ours(words, told):
    assert told in treatment_words(words)


@pytest.mark.parametrize("words", ["aspirin", "Dexamethasone", "Zoledronic acid", "Incontinence pad", "Carvedilol", ""])
def test_of_other_drugs_nothing_is_told(words):
    assert treatment_words(words) == ()


def ordered(text):
    about = {"resourceType": "MedicationRequest", "id": "d", "status": "active", "subject": {"reference": "Patient/a"}}
    return {**about, "authoredOn": "2016-01-01", "medicationCodeableConcept": {"text": text}}


def test_a_regimen_starts_a_treatment_and_other_words_stand_in_the_note(bulk):
    source = read(bulk(*BASE, ordered("VRd for Mrs Meier")), treatment_names=NAMES)
    assert [(kind, detail) for _, kind, _, detail in events(source) if kind == "treatment_start"] == [("treatment_start", "VRd")]
    other = read(bulk(*BASE, ordered("vincristine for Mrs Meier")), treatment_names=NAMES)
    assert [note for note in other.notes if "drugs against cancer" in note and note.endswith(": vincristine")]
    assert not any("Meier" in note for note in other.notes)


def test_without_names_in_the_mapping_words_mean_nothing(bulk):
    source = read(bulk(*BASE, ordered("VRd")))
    assert not any(kind == "treatment_start" for _, kind, *_ in events(source))
    assert not any("drugs against cancer" in note for note in source.notes)
