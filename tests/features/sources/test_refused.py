"""LOINC codes that are mistaken for a biomarker: every coded source says how many rows carry one, and what it is."""

import pandas as pd
import pyarrow
import pytest
from pyarrow import parquet

from features.sources.mapping import parse_mapping
from features.sources.meds import read_meds
from features.sources.omop.reader import read_omop
from features.sources.refused import note_of_refused, refused_code
from myeloma import catalogue
from tests.features.sources.fhir import resources

SAID = (
    "3 rows carry a LOINC code that is never read as a biomarker: 2469-5 is a subclass of IgG, not igg: 2 rows; "
    "14683-7 is creatinine in urine, not creatinine: 1 row"
)
CODES = ["2469-5", "2469-5", "14683-7"]


def fhir(folder, codes, **mapping):
    resources.bundle(folder / "b.json", *resources.BASE, *(resources.observation(code=code) for code in codes))
    return resources.read(folder, **mapping)


def omop(folder, codes, **mapping):
    concepts = {code: str(5000 + k) for k, code in enumerate(dict.fromkeys(codes))}
    tables = {
        "person": [{"person_id": "1", "gender_concept_id": "8532", "year_of_birth": "1950", "month_of_birth": "", "day_of_birth": ""}],
        "condition_occurrence": [{"person_id": "1", "condition_concept_id": "100", "condition_start_date": "2015-01-01"}],
        "concept": [{"concept_id": concept, "vocabulary_id": "LOINC", "concept_code": code} for code, concept in concepts.items()],
        "measurement": [
            {"person_id": "1", "measurement_concept_id": concepts[code], "measurement_date": "2015-01-01", "value_as_number": "1"}
            for code in codes
        ],
    }
    for name, rows in tables.items():
        pd.DataFrame(rows).to_csv(folder / f"{name}.csv", index=False)
    return read_omop(str(folder), parse_mapping({"index": [100], **mapping}, "m.yaml"))


def meds(folder, codes, **mapping):
    rows = [("MEDS_BIRTH", "1950-01-01", None), ("MGUS", "2015-01-01", None), *((f"LOINC//{c}", "2015-01-01", 1.0) for c in codes)]
    code, time, value = zip(*rows, strict=True)
    columns = {"subject_id": [1] * len(rows), "time": pd.to_datetime(list(time)), "code": list(code)}
    table = pyarrow.table({**columns, "numeric_value": pyarrow.array(value, pyarrow.float32())})
    parquet.write_table(table, folder / "0.parquet")
    return read_meds(str(folder), parse_mapping({"index": ["MGUS"], **mapping}, "m.yaml"))


each_source = pytest.mark.parametrize("source", [fhir, omop, meds])


@each_source
def test_every_coded_source_says_how_many_rows_carry_one_and_what_it_is(tmp_path, source):
    assert SAID in source(tmp_path, CODES).notes


@each_source
def test_a_code_that_is_merely_not_mapped_is_none_of_them(tmp_path, source):
    assert not any("never read" in note for note in source(tmp_path, ["8302-2"]).notes)


@each_source
def test_a_band_that_the_mapping_reads_as_a_component_is_none_of_them(tmp_path, source):
    written = "LOINC//35559-4" if source is meds else "LOINC:35559-4"  # a MEDS mapping names codes as the data write them
    band = {"biomarkers": {written: {"biomarker": "m_protein", "unit": "g/dL", "component": "band 2"}}}
    assert not any("never read" in note for note in source(tmp_path, ["35559-4"], **band).notes)
    assert not any("never read" in note for note in source(tmp_path, ["35559-4"]).notes)  # nor without a mapping: it is a component


def test_a_component_of_a_panel_counts_too(tmp_path):
    component = [{"code": resources.coded(resources.LOINC, "2469-5"), "valueQuantity": {"value": 1}}]
    resources.bundle(tmp_path / "b.json", *resources.BASE, resources.observation(component=component))
    notes = resources.read(tmp_path).notes
    assert "1 row carries a LOINC code that is never read as a biomarker: 2469-5 is a subclass of IgG, not igg: 1 row" in notes


def test_a_local_text_in_omop_counts_where_it_is_the_code(tmp_path):
    omop(tmp_path, ["8302-2"])
    rows = pd.read_csv(tmp_path / "measurement.csv", dtype=str).assign(measurement_concept_id="0", measurement_source_value="2469-5")
    rows.to_csv(tmp_path / "measurement.csv", index=False)
    (tmp_path / "concept.csv").unlink()
    assert any("2469-5 is a subclass of IgG" in note for note in read_omop(str(tmp_path), parse_mapping({"index": [100]}, "m.yaml")).notes)


def test_every_refused_code_of_the_catalogue_is_known_and_no_accepted_one():
    for entry in catalogue().biomarkers.values():
        assert all(refused_code(f"LOINC:{code}") == code for code in entry.loinc_refused)
        assert all(refused_code(code) is None for code in entry.loinc)


def test_of_many_codes_the_most_frequent_are_named():
    counted = {code: k for k, code in enumerate(catalogue()["m_protein"].loinc_refused, start=1)}
    (note,) = note_of_refused(counted | {"2469-5": 0})
    assert note.startswith("21 rows carry") and note.endswith("; and 1 more codes")
    assert note_of_refused({}) == note_of_refused({"2469-5": 0}) == []
