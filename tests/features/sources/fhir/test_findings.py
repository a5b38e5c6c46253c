"""Findings, methods and specimens of FHIR Observations, where a mapping says what their codes mean."""

import pytest

from features.intake.quality import inspect
from myeloma import ConfigError
from tests.features.sources.fhir.resources import BASE, SCT, coded, condition, events, observation, read

LOCAL = "http://local.example/lab"
CODES = {
    "biomarkers": {
        f"{LOCAL}|MRD": {"biomarker": "mrd", "unit": "1"},
        f"{LOCAL}|MRDB": {"biomarker": "mrd", "unit": "1", "method": "NGS", "specimen": "blood"},
        f"{LOCAL}|IFE": "serum_immunofixation",
        f"{LOCAL}|PC": "bmpc",
    },
    "methods": {f"{LOCAL}|FLOW8": "NGF", f"{LOCAL}|CORE": "biopsy"},
    "specimens": {f"{SCT}|S-BM": "marrow"},
    "results": {"SNOMED:S-NEG": "negative", "S-POS": "positive"},
}


def of(code, value=None, **more):
    quantity = None if value is None else {"value": value, "unit": "%" if code == "PC" else None}
    quantity = quantity and {key: part for key, part in quantity.items() if part is not None}
    return observation(valueQuantity=quantity, **more) | {"code": coded(LOCAL, code)}


def kept(place):
    """Return biomarker, value, operator, method and specimen of what is kept beside the hemoglobin, and the reasons of the rest."""
    cohort, quarantine = inspect(read(place, **CODES))
    measured = cohort.measurements[cohort.measurements["biomarker"] != "hemoglobin"]
    columns = ["biomarker", "value", *(column for column in ("method", "specimen") if column in measured)]
    return measured[columns].to_numpy().tolist(), quarantine["reason"].tolist()


@pytest.mark.parametrize(
    ("value", "meant"),
    [
        ({"valueCodeableConcept": coded(SCT, "S-NEG")}, 0),
        ({"valueCodeableConcept": coded(LOCAL, "S-POS")}, 1),
        ({"valueCodeableConcept": {"text": "Negative"}}, 0),
        ({"valueString": "positive"}, 1),
        ({"valueInteger": 0}, 0),
        ({"valueCodeableConcept": coded(SCT, "S-UNCLEAR")}, None),
        ({"valueCodeableConcept": {"text": "weakly"}}, None),
    ],
)
def test_a_finding_is_read_from_its_code_or_its_word(bulk, value, meant):
    found = kept(bulk(*BASE, of("IFE", **value)))
    assert found == (([["serum_immunofixation", meant]], []) if meant is not None else ([], ["unknown_word"]))


def test_the_method_is_that_of_the_observation_else_that_of_the_code(bulk):
    method = {"method": coded(LOCAL, "FLOW8")}
    rows = [of("MRD", 2e-5, **method), of("MRDB", 1e-5), of("PC", 12, method=coded(LOCAL, "CORE"))]
    assert kept(bulk(*BASE, *rows, of("MRD", 1e-3, method=coded(LOCAL, "?"))))[0] == [
        ["bmpc", 12, "biopsy", ""],
        ["mrd", 1e-3, "", ""],
        ["mrd", 2e-5, "NGF", ""],
        ["mrd", 1e-5, "NGS", "blood"],
    ]


@pytest.mark.parametrize(
    ("reference", "others", "specimen"),
    [
        ("Specimen/s", {"resourceType": "Specimen", "id": "s", "type": coded(SCT, "S-BM")}, "marrow"),
        ("#s", {}, "marrow"),
        ("Specimen/t", {"resourceType": "Specimen", "id": "s", "type": coded(SCT, "S-BM")}, None),
        ("Specimen/s", {"resourceType": "Specimen", "id": "s", "type": coded(SCT, "S-URINE")}, None),
    ],
)
def test_a_specimen_is_followed_to_its_type(bulk, reference, others, specimen):
    inside = [{"resourceType": "Specimen", "id": "s", "type": coded(SCT, "S-BM")}] if reference == "#s" else None
    row = of("MRD", 2e-5, specimen={"reference": reference}, contained=inside)
    found, reasons = kept(bulk(*BASE, row, *([others] if others else [])))
    assert reasons == []
    assert found == [["mrd", 2e-5] if specimen is None else ["mrd", 2e-5, specimen]]


V2 = "http://terminology.hl7.org/CodeSystem/v2-0487"


def specimen(concept):
    return {"resourceType": "Specimen", "id": "s", "type": concept}


@pytest.mark.parametrize(
    ("concept", "reason"),
    [
        (coded(SCT, "122575003"), "wrong_specimen"),
        (coded(V2, "UR"), "wrong_specimen"),
        ({"text": "Urine specimen (specimen)"}, "wrong_specimen"),
        ({"coding": [{"system": LOCAL, "code": "7", "display": "Sammelurin"}]}, "wrong_specimen"),
        (coded(SCT, "119364003"), None),
        (coded(SCT, "122555007"), None),
    ],
)
@pytest.mark.parametrize("how", ["contained", "referred", "reported"])
def test_the_type_of_a_specimen_is_known_without_a_mapping(bulk, concept, reason, how):
    row = observation(code="2160-0", valueQuantity={"value": 9.5, "code": "mg/dL"}, specimen={"reference": "#s"})
    if how == "contained":
        rows = [row | {"contained": [specimen(concept)]}]
    elif how == "referred":
        rows = [row | {"specimen": {"reference": "Specimen/s"}}, specimen(concept)]
    else:  # a report contains both
        report = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": row["subject"]}
        rows = [report | {"effectiveDateTime": row["effectiveDateTime"], "contained": [specimen(concept), row]}]
    found, reasons = kept(bulk(*BASE, *rows))
    assert (found, reasons) == (([], [reason]) if reason else ([["creatinine", 9.5, ""]], []))


@pytest.mark.parametrize(("types", "reasons"), [(["122575003"], ["wrong_specimen"]), (["122575003", "119364003"], []), ([], [])])
def test_what_a_report_contains_is_of_its_specimen_where_it_has_one(bulk, types, reasons):
    row = observation(code="2160-0", valueQuantity={"value": 9.5, "code": "mg/dL"})
    inside = [specimen(coded(SCT, code)) | {"id": code} for code in types]
    about = {"resourceType": "DiagnosticReport", "id": "r", "status": "final", "subject": row["subject"]}
    report = about | {"specimen": [{"reference": f"#{code}"} for code in types], "contained": [*inside, row]}
    assert kept(bulk(*BASE, report))[1] == reasons


def test_plasma_cells_of_blood_are_no_plasma_cells_of_marrow(bulk):
    rows = [of("PC", 1, contained=[specimen(coded(SCT, "119297000"))], specimen={"reference": "#s"}), of("PC", 12)]
    assert kept(bulk(*BASE, *rows))[0] == [["bmpc", 12, ""], ["bmpc", 1, "blood"]]


@pytest.mark.parametrize(
    ("referred", "said", "reason"),
    [
        ({"reference": "Specimen/not-there"}, 1, None),
        ({"reference": "Specimen/s"}, 1, None),
        ({"display": "tube 3"}, 1, None),
        ({"display": "Urine"}, 0, "wrong_specimen"),
        ({"display": "Serum"}, 0, None),
        (None, 0, None),
    ],
)
def test_a_specimen_that_is_not_known_is_counted(bulk, referred, said, reason):
    row = observation(code="2160-0", valueQuantity={"value": 1.1, "code": "mg/dL"}, specimen=referred)
    cohort, quarantine = inspect(read(bulk(*BASE, row, specimen(coded(SCT, "999")))))
    assert quarantine["reason"].tolist() == ([reason] if reason else [])
    assert sum(note.startswith("1 results are of a specimen that is not there") for note in cohort.about["notes"]) == said


def test_progressions_of_two_kinds_are_both_kept_and_of_one_the_earliest(bulk):
    mapping = {"progression": {"PD-B": "biochemical", "PD-C": "clinical", "ICD10CM:C90.00": ""}}
    days = (("2016-01-01", "PD-B"), ("2016-06-01", "PD-C"), ("2017-01-01", "PD-C"))
    rows = [condition(day=day, code=code, system=LOCAL) for day, code in days]
    found = [event for event in events(read(bulk(*BASE, *rows), **mapping)) if event[1] == "progression"]
    assert found == [("a", "progression", "2016-01-01", "biochemical"), ("a", "progression", "2016-06-01", "clinical")]


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"methods": {"X": "biopsi"}}, 'did you mean "biopsy"'),
        ({"specimens": {"X": "bone"}}, "Accepted: blood, body_fluid, marrow, plasma, serum, urine"),
        ({"progression": {"X": "bio"}}, "is no kind of progression"),
        ({"biomarkers": {"X": {"biomarker": "bmpc", "method": "NGS"}}}, "none of the methods of bmpc"),
    ],
)
def test_a_mapping_with_a_word_that_is_none_is_refused(bulk, changed, said):
    with pytest.raises(ConfigError) as refusal:
        read(bulk(*BASE), **changed)
    assert said in str(refusal.value)
