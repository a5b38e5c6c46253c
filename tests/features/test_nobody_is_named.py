"""Names are planted wherever a source holds free text; they reach no line printed, no log and no summary, unless their owner asks."""

import json
import shlex

import pandas as pd
import pyarrow
import pyarrow.parquet as parquet
import pytest
import yaml

from features.__main__ import app
from features.console import run
from features.log import write_log

NAME = "Zacharias"
STEERING = f"\x1b[31m{NAME}\x07"
MAPPING = {"index": ["INDEX"], "progression": ["PROG"], "biomarkers": {"MYLAB": {"biomarker": "creatinine"}}}
DAYS = ["2015-01-01", "2015-06-01"]


def tabular(folder):
    (folder / "patients.csv").write_text(
        f"patient_id,index_date,sex,site,{NAME},fish_{NAME},sites{NAME}\n"
        f'{NAME}1,2015-01-01,{NAME},"Praxis Dr. {NAME}",a,b,c\n{NAME}2,2015-01-01,female,"Praxis Dr. {NAME}",a,b,c\n'
        f"{NAME}3,{NAME},male,Other,a,b,c\n"
    )
    cells = [
        ("bmpc", "12", "%"),
        ("bmpc", NAME, "%"),
        ("bmpc", "12", NAME),
        (NAME, "1", "g/L"),
        (STEERING, "1", STEERING),
        ("bmpc", "999", "%"),
    ]
    rows = [f"{NAME}2,{day},{','.join(cell)}" for day, cell in zip(pd.date_range("2015-02-01", periods=6), cells, strict=True)]
    (folder / "measurements.csv").write_text("\n".join(["patient_id,collected_at,biomarker,value,unit", *rows]))
    (folder / "events.csv").write_text(f"patient_id,occurred_at,kind,detail\n{NAME}1,2016-01-01,{NAME},{NAME}\n{NAME}1,{NAME},death,{NAME}")
    return "tabular", None


def meds(folder):
    rows = [
        (1, DAYS[0], "INDEX", None, None, ""),
        (1, DAYS[1], "MYLAB", 1.0, None, "mg/dL"),
        (1, DAYS[1], "MYLAB", None, NAME, "mg/dL"),
        (1, DAYS[1], "MYLAB", 2.0, None, NAME),
        *((person, DAYS[1], f"LAB {NAME}", 2.0, None, "") for person in (1, 2, 3)),
        *((person, DAYS[1], STEERING, 2.0, None, "") for person in (1, 2, 3)),
    ]
    subject, time, code, number, text, unit = zip(*rows, strict=True)
    table = {"subject_id": subject, "time": pd.to_datetime(pd.Series(time)), "code": code, "text_value": text, "unit": unit}
    (folder / "data").mkdir()
    numbers = pyarrow.array(number, pyarrow.float32())
    parquet.write_table(pyarrow.table({**table, "numeric_value": numbers}), folder / "data" / "0.parquet")
    return "meds", MAPPING


def omop(folder):
    tables = {
        "person": f"person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,care_site_id,{NAME}\n"
        f"1,8532,1950,4,9,{NAME},x\n2,8507,1960,,,{NAME},x\n",
        "condition_occurrence": "condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_source_value\n"
        "1,1,100,2015-01-01,\n2,2,100,2015-01-01,\n",
        "measurement": "measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,unit_source_value,"
        "measurement_source_value\n1,1,3016723,2015-02-01,1.0,mg/dL,\n"
        f"2,1,3016723,2015-03-01,1.0,{NAME},\n3,1,0,2015-03-01,1.0,mg/dL,{NAME}\n4,2,0,2015-03-01,1.0,mg/dL,{NAME}\n"
        f"5,2,2000000001,2015-03-01,1.0,mg/dL,\n6,2,777,2015-03-01,1.0,mg/dL,\n",
        "concept": f"concept_id,vocabulary_id,concept_code,concept_name\n2000000001,{NAME},{NAME},{NAME}\n777,LOINC,{NAME},{NAME}\n",
    }
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text)
    return "omop", {"index": [100], "progression": [200], "stage": "smm"}


def fhir(folder):
    def observation(number, code, unit="mg/dL", when=DAYS[1]):
        quantity = {"value": 1.0, "unit": unit, "code": unit}
        concept = {"coding": [{"system": "urn:lab", "code": code}], "text": NAME}
        kind = {"resourceType": "Observation", "id": f"o{number}", "status": "final", "subject": {"reference": f"Patient/{NAME}"}}
        return {**kind, "code": concept, "effectiveDateTime": when, "valueQuantity": quantity}

    patient = {"resourceType": "Patient", "id": NAME, "gender": NAME, "managingOrganization": {"reference": f"Organization/{NAME}"}}
    condition = {"resourceType": "Condition", "id": "c", "subject": {"reference": f"Patient/{NAME}"}, "onsetDateTime": DAYS[0]}
    results = [observation(1, "MYLAB"), observation(2, "MYLAB", NAME), observation(3, NAME), observation(4, NAME), observation(5, STEERING)]
    results.append(observation(6, "MYLAB", when=f"2015-07-01T10:00:00 {NAME}"))
    results.append(observation(7, "MYLAB", when="2015-07-02T10:00:00-Zachy"))
    others = [{"resourceType": NAME, "id": "x"}, {"resourceType": "Group", "id": "g"}]
    every = [patient, {**condition, "code": {"coding": [{"code": "INDEX"}]}}, *results, *others]
    (folder / f"{NAME}.ndjson").write_text("\n".join(map(json.dumps, every)))
    return "fhir", MAPPING


@pytest.fixture
def ingested(tmp_path, monkeypatch, capsys):
    """Return a function: a source with names in it, and options -> what was printed, and what a summary or a log keeps."""
    monkeypatch.chdir(tmp_path)

    def ingested(make, options=""):
        (tmp_path / "in").mkdir()
        source, mapping = make(tmp_path / "in")
        (tmp_path / "mapping.yaml").write_text(yaml.safe_dump(mapping or {}))
        with_mapping = "--mapping mapping.yaml" if mapping else ""
        with pytest.raises(SystemExit) as ended:
            run(app, shlex.split(f"--log log ingest --source {source} in cohort {with_mapping} {options}"))
        said = capsys.readouterr()
        assert not ended.value.code, said.err
        kept = (tmp_path / "cohort" / "cohort.json").read_text() + (tmp_path / "log").read_text()
        return said.out + said.err, kept

    yield ingested
    write_log()


@pytest.mark.parametrize("options", ["", "--json"])
@pytest.mark.parametrize("make", [tabular, meds, omop, fhir])
def test_no_name_is_printed_logged_or_kept_in_a_summary(ingested, make, options, tmp_path):
    said, kept = ingested(make, options)
    for text in (said, kept):
        assert "Zach" not in text
        assert NAME.lower() not in text.lower()
        assert "\x1b" not in text
    quarantine = pd.read_parquet(tmp_path / "cohort" / "quarantine.parquet")
    assert quarantine["record"].str.contains("Zach").any(), "the row itself is kept, for its owner to mend"
    assert not quarantine.drop(columns="record").astype(str).apply(lambda column: column.str.contains("Zach")).any(axis=None)


@pytest.mark.parametrize("make", [tabular, meds, omop, fhir])
def test_the_owner_of_the_files_is_shown_them_on_request_and_still_nothing_is_kept_or_steers_the_terminal(ingested, make):
    said, kept = ingested(make, "--show-values")
    assert NAME in said
    assert NAME not in kept
    assert not set(said) & {"\x1b", "\x07"}


def test_a_refused_word_is_found_by_file_row_column_count_and_the_nearest_accepted_word(ingested):
    said, _ = ingested(tabular)
    assert "unknown_unit: 1 row of measurements.csv (unit); first at row 4: bmpc is accepted in %" in said
    assert 'out_of_range: 1 row of measurements.csv (value); first at row 7: received "999"' in said
    assert "patients.csv: 3 other columns are not used" in said


def test_sites_that_may_be_names_are_numbered_and_the_owner_may_ask_which_is_which(ingested, tmp_path):
    said, _ = ingested(tabular, "--show-values")
    about = json.loads((tmp_path / "cohort" / "cohort.json").read_text())
    assert list(about["attrition"]["patients"]) == ["no. 1", "no. 2"]
    assert f'site no. 2 is "Praxis Dr. {NAME}"' in said


def test_show_values_is_for_the_terminal_and_not_for_a_program(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit) as ended:
        run(app, shlex.split("ingest --source tabular in cohort --show-values --json"))
    assert (ended.value.code, "exclude each other" in capsys.readouterr().err) == (1, True)
