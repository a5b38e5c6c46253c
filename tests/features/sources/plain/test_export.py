"""A small cohort as hospitals export it: `suggest` writes the mapping, a person decides what is open, and the cohort is the same."""

import gzip
import io
import shutil

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from features.__main__ import app
from features.intake.quality import inspect
from features.sources import read_tabular
from features.sources.plain.layout import parse_layout
from features.sources.plain.suggest import suggest, write_layout
from myeloma import ConfigError, DataError, StateError

PATIENTS = """
    patient_id,index_date,birth_date,sex,site,stage,heavy_chain,light_chain
    000001,2015-01-13,1950-03-02,female,Süd,smm,IgG,kappa
    000002,2016-02-01,1944-12-24,male,Süd,smm,IgA,lambda"""
MEASURED = """
    patient_id,collected_at,biomarker,value,unit
    000001,2015-01-13,m_protein,1.5,g/dL
    000001,2015-07-01,m_protein,1.7,g/dL
    000001,2015-07-01,hemoglobin,13.5,g/dL
    000002,2016-02-01,flc_lambda,250.5,mg/L
    000002,2016-02-01,bmpc,15,%"""
EVENTS = """
    patient_id,occurred_at,kind,detail
    000001,2018-05-01,progression,CRAB
    000002,2019-06-30,last_contact,"""
NAMES = {"patients": PATIENTS, "measurements": MEASURED, "events": EVENTS}


def clean():
    return {
        name: pd.read_csv(io.StringIO(text.replace("    ", "").strip()), dtype=str, keep_default_na=False) for name, text in NAMES.items()
    }


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes tables as CSV, some changed, into a folder of their own."""

    def write(separator=",", encoding="utf-8", ending="csv", header=str, **changed):
        place = tmp_path / "export"
        place.mkdir()
        for name, frame in {**clean(), **changed}.items():
            if frame is not None:
                text = frame.rename(columns=header).to_csv(index=False, sep=separator).encode(encoding)
                (place / f"{name}.{ending}").write_bytes(gzip.compress(text) if ending.endswith("gz") else text)
        return place

    return write


def cohort_of(place, mapping=None):
    cohort, quarantine = inspect(read_tabular(place, mapping))
    tables = [cohort.patients, cohort.measurements[["patient_id", "collected_at", "biomarker", "value", "unit"]], cohort.events]
    return [table.drop(columns="source_row", errors="ignore").astype(str).to_dict("list") for table in tables], quarantine


def suggested(place, tmp_path, **decided):
    """Write the suggested mapping, with decisions laid over it, and return its path and what was suggested."""
    found = suggest(place)
    path = tmp_path / "mapping.yaml"
    write_layout(found, path)
    if decided:
        content = yaml.safe_load(path.read_text())
        for key, value in decided.items():
            content[key] = value(content.get(key)) if callable(value) else value
        path.write_text(yaml.safe_dump(content, allow_unicode=True))
    return path, found


@pytest.fixture
def expected(folder, tmp_path):
    place = folder()
    tables, quarantine = cohort_of(place)
    assert quarantine.empty
    place.rename(tmp_path / "clean")
    return tables


def german(frame, *columns):
    return frame.assign(**{column: pd.to_datetime(frame[column]).dt.strftime("%d.%m.%Y") for column in columns})


def in_german(folder):
    c = clean()
    patients = german(c["patients"], "index_date", "birth_date").assign(sex=["w", "m"])
    measured = german(c["measurements"], "collected_at")
    names = {"m_protein": "M-Gradient", "hemoglobin": "Hb", "flc_lambda": "FLC Lambda", "bmpc": "Plasmazellen"}
    measured = measured.assign(value=measured["value"].str.replace(".", ","), biomarker=measured["biomarker"].map(names))
    events = german(c["events"], "occurred_at").assign(kind=["Progress", "letzter Kontakt"])
    columns = {"patient_id": "Pat.-Nr.", "index_date": "Diagnosedatum", "birth_date": "Geburtsdatum", "sex": "Geschlecht", "site": "Klinik"}
    columns |= {
        "collected_at": "Entnahmedatum",
        "biomarker": "Untersuchung",
        "value": "Ergebnis",
        "unit": "Einheit",
        "occurred_at": "Datum",
    }
    columns |= {"kind": "Ereignis", "detail": "Bemerkung", "heavy_chain": "Schwerkette", "light_chain": "Leichtkette", "stage": "Diagnose"}
    tables = {"patients": patients, "measurements": measured, "events": events}
    place = folder(separator=";", encoding="cp1252", header=columns.get, **tables)
    for ours, theirs in (("patients", "Stammdaten"), ("measurements", "Laborwerte"), ("events", "Verlauf")):
        (place / f"{ours}.csv").rename(place / f"{theirs}.csv")
    return place


def test_an_export_in_german_needs_no_decision(folder, tmp_path, expected):
    path, found = suggested(in_german(folder), tmp_path)
    assert (found.decide, found.faults) == ([], [])
    tables, quarantine = cohort_of(tmp_path / "export", path)
    assert quarantine.empty
    assert tables == expected


def wide(folder):
    c = clean()
    table = c["measurements"].pivot_table(index=["patient_id", "collected_at"], columns="biomarker", values="value", aggfunc="first")
    return folder(measurements=table.rename(columns={"m_protein": "M-Protein [g/dL]"}).reset_index())


def test_a_column_for_each_biomarker_needs_its_units(folder, tmp_path, expected):
    place = wide(folder)
    undecided, found = suggested(place, tmp_path)
    assert len(found.decide) == 3, "M-protein has its unit in the header"
    with pytest.raises(ConfigError, match=r"still to be decided: tables\.measurements\.wide"):
        read_tabular(place, undecided)
    undecided.unlink()

    def units(tables):
        wide = tables["measurements"]["wide"]
        for name, unit in {"hemoglobin": "g/dL", "flc_lambda": "mg/L", "bmpc": "%"}.items():
            wide[name]["unit"] = unit
        return tables

    path, _ = suggested(place, tmp_path, tables=units)
    tables, quarantine = cohort_of(place, path)
    assert (tables, len(quarantine)) == (expected, 0)


def test_one_table_instead_of_three(folder, tmp_path, expected):
    c = clean()
    last = c["events"].rename(columns={"occurred_at": "event_day"})
    one = c["measurements"].merge(c["patients"], on="patient_id").merge(last, on="patient_id")
    place = folder(patients=None, events=None, measurements=None)
    one.to_csv(place / "all.csv", index=False)
    layout = {"tables": {name: {"file": "all.csv"} for name in ("patients", "measurements")}}
    layout["tables"]["events"] = {"file": "all.csv", "columns": {"occurred_at": "event_day"}}
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(layout))
    tables, quarantine = cohort_of(place, tmp_path / "m.yaml")
    assert (tables, len(quarantine)) == (expected, 0)


def test_events_may_stand_in_columns_of_the_patients(folder, tmp_path, expected):
    c = clean()
    patients = c["patients"].assign(pd_date=["2018-05-01", ""], seen=["", "2019-06-30"], why=["CRAB", ""])
    place = folder(patients=patients, events=None)
    events = {"file": "patients.csv", "wide": {"progression": "pd_date", "last_contact": "seen"}, "columns": {"detail": "why"}}
    (tmp_path / "m.yaml").write_text(yaml.safe_dump({"tables": {"events": events}}))
    assert cohort_of(place, tmp_path / "m.yaml")[0] == expected


@pytest.mark.parametrize("ending", ["csv", "csv.gz", "tsv", "TXT"])
def test_names_in_capitals_and_packed_files_need_no_mapping(folder, tmp_path, expected, ending):
    assert cohort_of(folder(ending=ending, header=str.upper))[0] == expected


def test_a_workbook_is_read_with_its_dates_and_numbers(folder, tmp_path, expected):
    place = folder(patients=None, measurements=None, events=None)
    for name, frame in clean().items():
        dates = {column: pd.to_datetime(frame[column]) for column in frame if column.endswith(("_date", "_at"))}
        typed = frame.assign(**dates, **({"value": frame["value"].astype(float)} if name == "measurements" else {}))
        typed.to_excel(place / f"{name}.xlsx", index=False)
    assert cohort_of(place)[0] == expected
    (place / "events.xlsx").write_bytes(b"PK")
    with pytest.raises(DataError, match=r"events\.xlsx is not an XLSX workbook"):
        read_tabular(place)


def test_identifiers_get_their_leading_zeros_back(folder, tmp_path, expected):
    c = clean()
    place = folder(measurements=c["measurements"].assign(patient_id=c["measurements"]["patient_id"].astype(int).astype(str)))
    path, found = suggested(place, tmp_path)
    assert found.layout == {"id_width": 6}
    assert cohort_of(place, path)[0] == expected


def test_dates_that_could_all_be_either_are_left_to_a_person(folder, tmp_path):
    c = clean()
    slashed = {"index_date": ["05/04/2015", "01/02/2016"], "birth_date": ["02/03/1950", "12/11/1944"]}
    measured = c["measurements"].assign(collected_at="03/04/2016")
    place = folder(patients=c["patients"].assign(**slashed), measurements=measured, events=c["events"].assign(occurred_at="01/05/2018"))
    _, found = suggested(place, tmp_path)
    assert found.decide == ["dates: DD/MM/YYYY or MM/DD/YYYY? All of them could be either"]
    (place / "events.csv").write_text("patient_id,occurred_at,kind\n000001,13/05/2018,progression\n")
    assert suggest(place).layout == {"dates": ["DD/MM/YYYY"]}, "one day above twelve settles it"


MIXED = ["13/01/2015", "07/01/2015", "07/13/2015", "02/01/2016", "01/02/2016"]  # one day as DD/MM alone, one as MM/DD alone


def test_a_column_of_two_orders_is_a_fault_of_its_source_and_no_question_to_a_person(folder, tmp_path):
    place = folder(measurements=clean()["measurements"].assign(collected_at=MIXED))
    _, found = suggested(place, tmp_path)
    (fault,) = found.faults
    assert fault.startswith(
        "measurements.collected_at mixes two orders: of its different dates 1 can only be DD/MM/YYYY, 1 only MM/DD/YYYY"
    )
    assert "3 could be either" in fault and "dates" not in found.layout


def test_columns_of_two_orders_are_a_fault_since_one_form_stands_for_all(folder, tmp_path):
    c = clean()
    place = folder(
        measurements=c["measurements"].assign(collected_at="13/02/2016"),
        events=c["events"].assign(occurred_at=["05/13/2018", "06/30/2019"]),
    )
    (fault,) = suggested(place, tmp_path)[1].faults
    assert "measurements.collected_at as DD/MM/YYYY and events.occurred_at as MM/DD/YYYY" in fault


def test_dates_that_are_days_in_the_other_order_alone_are_noted_since_others_may_be_misread(folder, tmp_path):
    place = folder(measurements=clean()["measurements"].assign(collected_at=MIXED))
    (tmp_path / "m.yaml").write_text("dates: [DD/MM/YYYY]")
    received = read_tabular(place, tmp_path / "m.yaml")
    said = [note for note in received.notes if "misread" in note]
    assert said == [
        "1 different dates of collected_at in measurements are days as MM/DD/YYYY alone, not as DD/MM/YYYY, and are refused; if the column "
        "mixes two orders, others are misread: ask its source"
    ]


def test_words_for_not_detected_stand_for_the_limit_that_a_person_gives(folder, tmp_path):
    c = clean()
    measured = c["measurements"].assign(value=["negativ", "1.7 H", "13.5*", "250.5", "15"])
    place = folder(measurements=measured)
    path, found = suggested(place, tmp_path, results={"m_protein": {"negativ": "<0.1"}})
    assert found.layout["flags"] == ["*", "H"] and len(found.decide) == 1
    cohort, quarantine = inspect(read_tabular(place, path))
    assert quarantine.empty
    below = cohort.measurements[cohort.measurements["operator"] == "<"]
    assert below[["biomarker", "value"]].to_numpy().tolist() == [["m_protein", 0.1]]


def test_a_sex_that_is_a_number_is_left_to_a_person(folder, tmp_path):
    place = folder(patients=clean()["patients"].assign(sex=["F", "1"]))
    path, found = suggested(place, tmp_path, words=lambda words: {"sex": {"female": ["F"], "male": ["1"]}})
    assert found.layout["words"] == {"sex": {"female": ["F"], "decide": ["1"]}}
    assert cohort_of(place, path)[0][0]["sex"] == ["female", "male"]


def test_a_column_that_may_be_meant_is_left_to_a_person_beside_those_that_are_known(folder, tmp_path):
    patients = clean()["patients"].drop(columns="birth_date").rename(columns={"sex": "Geschlecht"}).assign(age=[64, 71])
    place = folder(patients=patients)
    found = suggest(place)
    assert found.layout["tables"]["patients"]["columns"] == {"sex": "Geschlecht", "age_at_index": "decide"}
    assert found.decide == ['tables.patients.columns.age_at_index: is "age" meant? Else take the line out']


def test_a_year_of_birth_is_an_age(folder):
    patients = clean()["patients"]
    cohort, quarantine = inspect(read_tabular(folder(patients=patients.assign(birth_date=patients["birth_date"].str[:4]))))
    assert quarantine.empty
    assert cohort.patients["age_at_index"].round(1).tolist() == [64.5, 71.6]
    assert cohort.patients["birth_date"].isna().all()


def test_all_faults_of_all_files_are_told_at_once(folder, tmp_path):
    c = clean()
    place = folder(patients=c["patients"].drop(columns="index_date"), measurements=c["measurements"].assign(biomarker="CRP"))
    (place / "events.csv.gz").write_bytes(gzip.compress(b"x" * 100)[:20])
    (place / "events.csv").unlink()
    found = suggest(place)
    faults = "\n".join(found.faults)
    assert faults.count("events.csv.gz") == 1
    assert not any("tables.events" in line for line in found.decide), "the file is there, and damaged"
    for part in ("patients.csv has no column that looks like index_date", '"CRP" (5 rows) is no biomarker', "events.csv.gz is cut short"):
        assert part in faults


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"seperator": ";"}, r'unknown key "seperator" \(did you mean "separator"'),
        ({"dates": "DD.MM.YY"}, '"DD.MM.YY" is not known'),
        ({"dates": ["DD/MM/YYYY", "MM/DD/YYYY"]}, "dates: DD/MM/YYYY and MM/DD/YYYY are both named"),
        ({"dates": ["MM-DD-YYYY", "YYYYMMDD", "DD-MM-YYYY"]}, "dates: DD-MM-YYYY and MM-DD-YYYY are both named"),
        ({"words": {"sex": {"woman": ["w"]}}}, '"woman" is not known'),
        ({"biomarkers": {"Hb": "hemoglobine"}}, "hemoglobine"),
        ({"biomarkers": {"Hb": {"biomarker": "hemoglobin", "unit": "stones"}}}, "stones"),
        ({"tables": {"measurements": {"wide": {"bmpc": "Plasma"}}}}, "a column and a unit are needed"),
        ({"tables": {"labs": {"file": "x.csv"}}}, '"labs" is not known'),
        ({"encoding": "utf-9"}, "utf-9"),
        ({"results": {"m_protein": {"neg": "decide"}}}, r"still to be decided: results\.m_protein\.neg"),
        ([], "is empty, or is not a section"),
    ],
)
def test_a_mapping_that_is_not_understood_says_where(content, message):
    with pytest.raises(ConfigError, match=message):
        parse_layout(content, "m.yaml")


def test_a_file_outside_the_folder_is_not_read(folder, tmp_path):
    (tmp_path / "secret.csv").write_text("patient_id,index_date\nP,2015-01-01\n")
    (tmp_path / "m.yaml").write_text("tables: {patients: {file: ../secret.csv}}")
    with pytest.raises(DataError, match="holds no"):
        read_tabular(folder(), tmp_path / "m.yaml")


def test_the_command_writes_a_mapping_once_and_says_what_to_run(folder, tmp_path):
    place, out = in_german(folder), tmp_path / "m.yaml"
    said = CliRunner().invoke(app, ["suggest", str(place), "--out", str(out)]).output
    assert f"python -m features ingest --source tabular {place} COHORT --mapping {out}" in said
    with pytest.raises(DataError, match="is there already"):
        write_layout(suggest(place), out)
    with pytest.raises(StateError, match="No folder"):
        suggest(tmp_path / "nowhere")


def test_a_mapping_is_not_called_complete_while_something_is_at_fault_or_not_read(folder, tmp_path):
    def said(**changed):
        place, out = folder(**changed), tmp_path / "m.yaml"
        output = CliRunner().invoke(app, ["suggest", str(place), "--out", str(out)]).output.replace("\n", " ")
        shutil.rmtree(place)
        out.unlink()
        return output

    c = clean()
    assert "complete. Now run" in said()
    assert "at fault is for the source to mend; then run" in said(measurements=c["measurements"].assign(collected_at=MIXED))
    assert "what is not read is named in it" in said(patients=c["patients"].assign(Haus="A"))


def test_files_that_are_no_table_are_named(folder):
    place = folder()
    (place / "measurements_2019.csv").write_text("x\n")
    assert any("measurements_2019.csv; are they parts of a table?" in note for note in read_tabular(place).notes)


def test_a_year_is_no_serial_number_of_a_spreadsheet(folder, tmp_path):
    c = clean()
    patients = c["patients"].assign(birth_date=["1950", "16430"], index_date=["42017", "2016"])
    (tmp_path / "m.yaml").write_text("dates: [EXCEL]")
    read = read_tabular(folder(patients=patients), tmp_path / "m.yaml")
    assert any("1 of 2 cells of index_date in patients hold a number such as 2012" in note for note in read.notes)
    cohort, quarantine = inspect(read)
    (person,) = cohort.patients.to_dict("records")
    assert (pd.isna(person["birth_date"]), round(person["age_at_index"], 1)) == (True, 64.5)
    assert set(quarantine["reason"]) == {"bad_date", "patient_not_in_cohort"}


def test_a_year_with_a_point_is_a_year(folder):
    read = read_tabular(folder(patients=clean()["patients"].assign(birth_date=["1950.0", "1944-12-24"])))
    assert read.tables["patients"]["age_at_index"].tolist()[0] == "64.54"


def test_codes_of_loinc_are_names_of_biomarkers(folder, tmp_path):
    codes = {"m_protein": "33358-3", "hemoglobin": "LOINC:718-7", "flc_lambda": "33944-0", "bmpc": "11118-7"}
    place = folder(measurements=clean()["measurements"].replace({"biomarker": codes}))
    path, found = suggested(place, tmp_path)
    assert (found.faults, found.decide) == ([], [])
    assert {theirs: ours for ours, theirs in codes.items()} == yaml.safe_load(path.read_text())["biomarkers"]


def test_german_and_french_headers_are_known(folder, tmp_path):
    c = clean()
    header = {"stage": "Stadium", "birth_date": "Date de naissance", "sex": "Sexe", "index_date": "Date du diagnostic"}
    path, found = suggested(folder(patients=c["patients"].rename(columns=header)), tmp_path)
    assert (found.faults, found.decide, found.unread) == ([], [], [])
    assert yaml.safe_load(path.read_text())["tables"]["patients"]["columns"] == header


def test_a_unit_behind_a_result_is_read_with_its_decimal_comma_and_is_not_called_no_number(folder, tmp_path, expected):
    c = clean()
    measured = c["measurements"].assign(value=["1,5 g/dL", "1,7", "13,5", "250,5", "15 %"])
    path, found = suggested(folder(measurements=measured), tmp_path)
    assert (found.faults, found.decide) == ([], [])
    assert cohort_of(tmp_path / "export", path)[0] == expected


def test_a_row_that_stands_twice_is_set_aside_from_a_workbook_with_a_sheet_a_table_as_from_csv(tmp_path, folder):
    frames = clean()
    frames["measurements"] = pd.concat([frames["measurements"], frames["measurements"].iloc[[0]]], ignore_index=True)
    place = tmp_path / "book"
    place.mkdir()
    with pd.ExcelWriter(place / "export.xlsx") as book:
        for name, frame in frames.items():
            frame.to_excel(book, sheet_name=name, index=False)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(yaml.safe_dump({"tables": {name: {"file": "export.xlsx", "sheet": name} for name in frames}}))
    of_csv, of_book = cohort_of(folder(**frames)), cohort_of(place, mapping)
    assert of_book[0] == of_csv[0]
    assert of_book[1]["reason"].tolist() == of_csv[1]["reason"].tolist() == ["duplicate_row"]
