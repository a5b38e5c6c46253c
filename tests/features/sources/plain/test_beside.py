"""What an export holds beside the tables that are recognised is named by `suggest`: columns, days of events, and sheets of workbooks."""

import pandas as pd
import pytest
import yaml
from typer.testing import CliRunner

from features.__main__ import app
from features.intake.quality import inspect
from features.sources import read_tabular
from features.sources.plain.suggest import suggest, told, write_layout

PATIENTS = "patient_id;index_date\nP1;2015-01-01\nP2;2015-01-01\n"
LABS = "patient_id;collected_at;biomarker;value;unit\nP1;2015-02-01;hemoglobin;13.1;g/dL\n"


@pytest.fixture
def suggested(tmp_path):
    """Return a function that writes an export of CSV files and returns its folder, and what is suggested."""

    def write(**files):
        folder = tmp_path / "export"
        folder.mkdir()
        for name, text in files.items():
            (folder / f"{name}.csv").write_text(text, encoding="utf-8")
        return folder, suggest(folder)

    return write


@pytest.mark.parametrize(
    ("cells", "asked"),
    [
        (("22", "15"), ""),
        (("22", "10-15"), '. "10-15" is no number (1 of 2 cells are none)'),
        (("10-15", "ca. 20 %"), '. "10-15" is no number (2 of 2 cells are none)'),
        (("massiv", "15"), '. "massiv" is no number (1 of 2 cells are none)'),
        (("2015-03-01", "2015-04-01"), None),
        (("01.03.2015", "02.03.2015"), None),
        (("zu spät", ""), None),
    ],
)
def test_a_column_that_holds_a_result_is_asked_about_and_any_other_is_named(suggested, cells, asked):
    rows = "".join(f"P{k};2015-02-0{k};13.{k};{cell}\n" for k, cell in enumerate(cells, start=1))
    _, found = suggested(patients=PATIENTS, labs="patient_id;collected_at;Hb [g/dL];KM-PZ (%)\n" + rows)
    line = 'tables.measurements.wide: is "KM-PZ (%)" a result? It is not read; name it with its unit, or leave it'
    assert [one for one in found.decide if "KM-PZ" in one] == ([] if asked is None else [line + asked])
    assert found.unread == ['labs.csv: "KM-PZ (%)"']


def test_a_result_of_a_known_column_that_is_no_number_is_told(suggested):
    _, found = suggested(patients=PATIENTS, labs=LABS + "P1;2015-02-02;bmpc;10-15;%\nP1;2015-03-02;bmpc;12;%\n")
    (line,) = [one for one in found.decide if one.startswith("results.bmpc")]
    assert line == 'results.bmpc: 1 results are no numbers, as "10-15", and will be refused; say there what each means, or leave it'
    assert "results" not in found.layout, "a range may be left: it is refused by itself"


def test_days_of_death_treatment_and_progression_are_named_with_what_to_write(suggested, tmp_path):
    head, rows = "patient_id;index_date;Verstorben am;Therapiebeginn;Date of progression;Hausarzt", "P1;2015-01-01;2019-05-01;;;x\n"
    folder, found = suggested(patients=f"{head}\n{rows}P2;2015-01-01;;2016-02-01;;y\n", labs=LABS)
    (asked,) = [line for line in found.decide if "called as events" in line]
    assert asked.startswith(
        "tables.events: columns of patients.csv are called as events are, and are not read: "
        '"Verstorben am" (death), "Therapiebeginn" (treatment_start), "Date of progression" (progression)'
    )
    assert found.unread == ['patients.csv: "Verstorben am", "Therapiebeginn", "Date of progression", "Hausarzt"']
    assert "Verstorben" not in told(asked), "a column may be called after a person where there is no header"
    write_layout(found, tmp_path / "m.yaml")
    assert '# Not read: patients.csv: "Verstorben am"' in (tmp_path / "m.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load((tmp_path / "m.yaml").read_text(encoding="utf-8"))
    content["tables"]["events"] = yaml.safe_load(asked[asked.index("{") : asked.rindex("}") + 1])  # as it stands there
    (tmp_path / "m.yaml").write_text(yaml.safe_dump(content), encoding="utf-8")
    cohort, quarantine = inspect(read_tabular(folder, tmp_path / "m.yaml"))
    assert quarantine.empty
    assert cohort.events[["patient_id", "kind"]].to_numpy().tolist() == [["P1", "death"], ["P2", "treatment_start"]]


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("Verstorben", "ja", "make a table of events of it, or leave it"),  # who is dead is known, and not when
        ("Verstorben", "2019-05-01", "name them as {file: patients.csv"),
        ("Verwandt", "2019-05-01", None),
    ],
)
def test_a_column_without_days_is_asked_about_too(suggested, column, cell, said):
    _, found = suggested(patients=f"patient_id;index_date;{column}\nP1;2015-01-01;{cell}\n", labs=LABS)
    asked = [line for line in found.decide if "called as events" in line]
    assert bool(asked) == (said is not None) and (said is None or said in asked[0])


def test_days_beside_a_table_of_events_are_named_as_well(suggested):
    events = "patient_id;occurred_at;kind\nP1;2016-01-01;progression\n"
    _, found = suggested(patients="patient_id;index_date;Todesdatum\nP1;2015-01-01;2019-05-01\n", labs=LABS, events=events)
    assert any('"Todesdatum" (death); put what they say into the table of events' in line for line in found.decide)


def test_a_file_that_is_no_table_is_named(suggested):
    assert suggested(patients=PATIENTS, labs=LABS, letters="a;b\nx;y\n")[1].unread == ["letters.csv is taken for no table"]


def workbook(path, **sheets):
    with pd.ExcelWriter(path) as book:
        for name, frame in sheets.items():
            frame.to_excel(book, sheet_name=name, index=False)


SHEETS = {
    "Legend": pd.DataFrame(),
    "Patients": pd.DataFrame({"MRN": ["P1"], "Diagnosis Date": ["2015-01-01"]}),
    "Labs": pd.DataFrame({"MRN": ["P1"], "Date": ["2015-02-01"], "Test": ["Hgb"], "Result": [13.1], "Units": ["g/dL"]}),
    "Contacts": pd.DataFrame({"a": [1]}),
}


def test_the_sheets_of_a_workbook_are_looked_at_and_those_that_are_no_table_named(tmp_path):
    folder = tmp_path / "export"
    folder.mkdir()
    workbook(folder / "export.xlsx", **SHEETS)
    found = suggest(folder)
    assert found.faults == []
    assert found.unread == [
        'export.xlsx, sheet "Legend" is no table, and is not read',
        'export.xlsx, sheet "Contacts" is taken for no table',
    ]
    assert [found.layout["tables"][name]["sheet"] for name in ("patients", "measurements")] == ["Patients", "Labs"]
    write_layout(found, tmp_path / "m.yaml")
    text = (tmp_path / "m.yaml").read_text(encoding="utf-8")
    (tmp_path / "m.yaml").write_text(text.replace("events: decide", "events: none"), encoding="utf-8")
    read = read_tabular(folder, tmp_path / "m.yaml")
    assert any(note.startswith("export.xlsx: 2 of 4 sheets are not read") for note in read.notes)
    cohort, quarantine = inspect(read)
    assert quarantine.empty
    assert cohort.measurements[["biomarker", "value"]].to_numpy().tolist() == [["hemoglobin", 13.1]]


def test_a_workbook_that_is_called_as_a_table_stands_for_its_first_sheet(tmp_path):
    (tmp_path / "patients.csv").write_text(PATIENTS, encoding="utf-8")
    workbook(tmp_path / "Laborwerte.xlsx", Tabelle1=SHEETS["Labs"], Tabelle2=SHEETS["Contacts"])
    found = suggest(tmp_path)
    assert found.layout["tables"]["measurements"] | {"columns": {}} == {"file": "Laborwerte.xlsx", "sheet": "Tabelle1", "columns": {}}
    assert found.unread == ['Laborwerte.xlsx, sheet "Tabelle2" is taken for no table']


def test_the_command_prints_what_is_not_read(tmp_path):
    (tmp_path / "patients.csv").write_text("patient_id,index_date,Hausarzt\nP1,2015-01-01,x\n", encoding="utf-8")
    said = CliRunner().invoke(app, ["suggest", str(tmp_path), "--out", str(tmp_path / "m.yaml"), "--show-values"])
    assert 'not read: patients.csv: "Hausarzt"' in said.output


@pytest.mark.parametrize("mark", ["\n", "\r\n", "\x85", "\u2028", "\x07", "\ufeff"])
def test_a_header_that_breaks_lines_adds_nothing_to_the_mapping_and_leaves_it_readable(tmp_path, mark):
    odd, protein = f"Hb bei{mark}decimal: ','", f"M-Protein{mark}(g/L)"
    place = tmp_path / "export"
    place.mkdir()
    patients = pd.DataFrame({"patient_id": ["P1"], "index_date": ["2015-01-01"], odd: ["x"], protein: ["3"]})
    labs = pd.DataFrame({"patient_id": ["P1"], "collected_at": ["2015-02-01"], "biomarker": "hemoglobin", "value": "13", "unit": "g/dL"})
    patients.to_parquet(place / "patients.parquet")
    labs.to_parquet(place / "measurements.parquet")
    write_layout(suggest(place), tmp_path / "m.yaml")
    content = yaml.safe_load((tmp_path / "m.yaml").read_text(encoding="utf-8"))
    assert set(content) == {"tables"}, "what is in a comment stays there"
    assert len((tmp_path / "m.yaml").read_text(encoding="utf-8").split("# Not read: ")) == 2


def test_a_column_whose_header_breaks_lines_is_read_by_the_mapping_that_is_suggested(tmp_path):
    place = tmp_path / "export"
    place.mkdir()
    patients = pd.DataFrame({"patient\nid": ["P1"], "Diagnosis\nDate": ["2015-01-01"], "Hb at\ndiagnosis": ["x"]})
    workbook(place / "patients.xlsx", patients=patients)
    workbook(place / "measurements.xlsx", labs=SHEETS["Labs"])
    (place / "events.csv").write_text("patient_id,occurred_at,kind\nP1,2016-01-01,last_contact\n", encoding="utf-8")
    write_layout(suggest(place), tmp_path / "m.yaml")
    cohort, _ = inspect(read_tabular(place, tmp_path / "m.yaml"))
    assert cohort.patients["patient_id"].tolist() == ["P1"]
