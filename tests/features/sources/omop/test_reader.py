"""OMOP CDM 5.4 from files and from DuckDB: which rows are read, how codes, units and dates are understood."""

import gzip
import io
import textwrap
from pathlib import Path

import duckdb
import pandas as pd
import pytest

from features.intake.quality import clean, inspect
from features.sources.mapping import parse_mapping
from features.sources.omop.reader import read_omop
from myeloma import ConfigError, DataError, StateError

MAPPING = {"index": [100], "progression": [200], "treatment": {300: "daratumumab"}, "stage": "smm"}
TABLES = {
    "person": """
        person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,care_site_id
        1,8532,1950,4,9,7
        2,8507,1960,,,
        3,8532,1970,1,1,""",
    "condition_occurrence": """
        condition_occurrence_id,person_id,condition_concept_id,condition_start_date,condition_source_value
        1,1,100,2015-03-01,
        2,1,100,2014-01-10,
        3,1,200,2019-06-01,
        4,1,200,2018-05-01,
        5,2,100,2016-01-01,
        6,3,999,2016-01-01,""",
    "measurement": """
        measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,operator_concept_id,unit_concept_id,unit_source_value,measurement_source_value
        1,1,3000963,2014-01-10,13.7,0,8713,,718-7
        2,1,3016723,2014-01-10,106,4172703,8749,umol/L,
        3,2,3016723,2016-01-01,0.2,4171756,,mg/dL,
        4,2,3006906,2016-01-01,9.1,,8840,,
        5,3,3000963,2016-01-01,12,0,8713,,
        6,1,555,2016-01-01,80,0,0,,
        7,2,555,2016-01-01,81,0,0,,""",
    "death": """
        person_id,death_date
        1,2020-02-02""",
    "observation_period": """
        observation_period_id,person_id,observation_period_start_date,observation_period_end_date
        1,2,2010-01-01,2017-01-01
        2,2,2018-01-01,2019-12-31""",
    "drug_exposure": """
        drug_exposure_id,person_id,drug_concept_id,drug_exposure_start_date,drug_exposure_end_date
        1,2,300,2018-02-01,2018-03-01
        2,2,301,2018-02-01,2018-03-01""",
}


def frames(**changed):
    texts = {name: text for name, text in {**TABLES, **changed}.items() if text is not None}
    return {name: pd.read_csv(io.StringIO(textwrap.dedent(text).strip()), dtype=str, keep_default_na=False) for name, text in texts.items()}


@pytest.fixture
def folder(tmp_path):
    """Return a function that writes the tables as CSV files, some of them changed."""

    def write(**changed):
        for path in tmp_path.glob("*.csv"):
            path.unlink()
        for name, frame in frames(**changed).items():
            frame.to_csv(tmp_path / f"{name.upper()}.csv", index=False)
        return str(tmp_path)

    return write


def read(place, today=None, **changed):
    return read_omop(place, parse_mapping({**MAPPING, **changed}, "m.yaml"), today)


def events_of(source):
    events = source.tables["events"]
    return sorted(zip(events["patient_id"], events["kind"], events["occurred_at"], events["detail"], strict=True))


def test_the_first_index_code_starts_a_history_and_who_has_none_is_left_out(folder):
    source = read(folder())
    patients = source.tables["patients"].set_index("patient_id")
    assert patients["index_date"].to_dict() == {"1": "2014-01-10", "2": "2016-01-01"}
    assert patients["sex"].to_dict() == {"1": "female", "2": "male"}
    assert patients.loc["1", ["birth_date", "site", "stage"]].tolist() == ["1950-04-09", "7", "smm"]
    assert any("2 of 3 people have an index date; 1 have no index code" in note and "their 1 results" in note for note in source.notes)


def test_a_birth_known_to_the_year_gives_an_age_and_no_birth_date(folder):
    source = read(folder())
    second = source.tables["patients"].set_index("patient_id").loc["2"]
    assert (second["birth_date"], second["age_at_index"]) == ("", 55.5)
    assert any("1 people are born in a known year" in note for note in source.notes)


def test_the_earliest_progression_the_last_contact_death_and_mapped_treatment_are_events(folder):
    assert events_of(read(folder())) == [
        ("1", "death", "2020-02-02", ""),
        ("1", "progression", "2018-05-01", ""),
        ("2", "last_contact", "2019-12-31", ""),
        ("2", "treatment_start", "2018-02-01", "daratumumab"),
        ("2", "treatment_stop", "2018-03-01", "daratumumab"),
    ]


def test_operators_and_units_are_understood_by_concept_and_by_source_text(folder):
    measured = read(folder()).tables["measurements"]
    rows = list(zip(measured["biomarker"], measured["value"], measured["unit"], measured["source_row"], strict=True))
    assert rows == [
        ("hemoglobin", "13.7", "g/dL", 2),
        ("creatinine", "106", "umol/L", 3),
        ("creatinine", "<0.2", "mg/dL", 4),
        ("calcium", "9.1", "mg/dL", 5),
    ]


def test_everything_of_a_clean_cohort_is_kept(folder):
    cohort, quarantine = clean(read(folder()))
    assert quarantine.empty
    assert cohort.measurements["operator"].tolist() == ["", "", "", "<"]


def test_codes_that_are_not_mapped_are_counted_and_named(folder):
    assert any("2 of 7 rows of MEASUREMENT.csv" in note and "555: 2 rows" in note for note in read(folder()).notes)


def test_a_source_concept_and_a_local_text_count_as_codes_too(folder):
    """A row mapped through its source concept is read and not counted as unmapped; texts of the source are counted, not shown."""
    measurement = """
        person_id,measurement_concept_id,measurement_source_concept_id,measurement_source_value,measurement_date,value_as_number,unit_concept_id
        1,0,3000963,hb,2015-01-01,13,8713
        1,0,0,PULSE,2015-01-01,80,
        2,0,0,PULSE,2015-01-01,81,
        2,0,0,SENTINEL,2015-01-01,82,"""
    source = read(folder(measurement=measurement))
    assert source.tables["measurements"]["biomarker"].tolist() == ["hemoglobin"]
    note = next(note for note in source.notes if "not mapped" in note)
    assert "3 of 4 rows" in note
    assert note.endswith("; 2 codes of no public form are not shown")
    assert source.withheld == ["PULSE: 2 rows", "SENTINEL: 1 rows"], "whoever owns the files may ask for them"


def test_without_concept_that_is_said(folder):
    assert any("no table concept" in note for note in read(folder()).notes)


CONCEPT = """
    concept_id,vocabulary_id,concept_code,concept_name
    555,LOINC,33358-3,M-protein by electrophoresis
    777,SNOMED,S1,Smoldering
    888,UCUM,g/dL,gram per deciliter
    999,RxNorm,R1,drug"""


def test_with_concept_codes_are_looked_up_by_vocabulary(folder):
    """An M-protein concept becomes known by its LOINC code, a diagnosis by its SNOMED code, a unit by UCUM."""
    measurement = TABLES["measurement"].replace("555,2016-01-01,80,0,0", "555,2016-01-01,1.8,0,888")
    conditions = TABLES["condition_occurrence"].replace("6,3,999", "6,3,777")
    source = read(folder(concept=CONCEPT, measurement=measurement, condition_occurrence=conditions), index=["SNOMED:S1", 100])
    measured = source.tables["measurements"]
    assert measured.loc[measured["biomarker"] == "m_protein", ["patient_id", "value", "unit"]].to_numpy().tolist() == [
        ["1", "1.8", "g/dL"],
        ["2", "81", ""],
    ]
    assert len(source.tables["patients"]) == 3


def test_a_vocabulary_file_with_tabs_and_bare_quotes_is_read(folder):
    place = folder(concept=CONCEPT)
    text = textwrap.dedent(CONCEPT).strip().replace(",", "\t").replace("Smoldering", 'of 5" size')
    Path(place, "CONCEPT.csv").write_text(text + "\n")
    assert "m_protein" in set(read(place).tables["measurements"]["biomarker"])


def test_an_own_code_gives_the_unit_only_where_the_source_has_none(folder):
    measurement = (
        TABLES["measurement"]
        .replace("7,2,555,2016-01-01,81,0,0,,", "7,2,0,2016-01-01,81,0,0,mg/dL,KAPPA")
        .replace("6,1,555,2016-01-01,80,0,0,,", "6,1,0,2016-01-01,80,0,0,,KAPPA")
    )
    source = read(folder(measurement=measurement), biomarkers={"KAPPA": {"biomarker": "flc_kappa", "unit": "mg/L"}})
    kappa = source.tables["measurements"].query("biomarker == 'flc_kappa'")
    assert kappa[["value", "unit"]].to_numpy().tolist() == [["80", "mg/L"], ["81", "mg/dL"]]


@pytest.mark.parametrize(("cells", "unit"), [("8713999,", "concept 8713999"), (",gm%", "gm%"), (",", "")])
def test_a_unit_that_is_not_known_is_refused_and_never_guessed(folder, cells, unit):
    measurement = TABLES["measurement"].replace("13.7,0,8713,", f"13.7,0,{cells}")
    source = read(folder(measurement=measurement))
    assert source.tables["measurements"]["unit"].iloc[0] == unit
    quarantine = inspect(source)[1]
    assert quarantine[["reason", "row"]].to_numpy().tolist() == [["unknown_unit", 2]]


def test_a_unit_may_be_spelt_as_the_mapping_says(folder):
    measurement = TABLES["measurement"].replace("13.7,0,8713,", "13.7,0,,gm%")
    assert inspect(read(folder(measurement=measurement), units={"gm%": "g/dL"}))[1].empty


@pytest.mark.parametrize(
    ("operator", "number", "text", "value"),
    [
        ("0", "0.2", "<0.2", "<0.2"),
        ("", "0.2", " < 0.2 mg/dL", "<0.2"),
        ("4172703", "0.2", "<0.2", "<0.2"),
        ("4171756", "0.2", "<0.2", "<0.2"),
        ("4171756", "0.2", "0.2", "<0.2"),
        ("0", "", "<0.2", "<0.2"),
        ("0", "", "≤0.2", "<=0.2"),
        ("0", "0.2", ">= .2", ">=0.2"),
        ("4172704", "0.2", "<0.2", "two operators 0.2"),
        ("0", "0.2", "<b>SENTINEL", "0.2"),
        ("0", "", "SENTINEL <0.2", ""),
    ],
)
def test_a_comparator_that_stands_only_in_the_text_is_kept(folder, operator, number, text, value):
    """Where it contradicts the operator the result is refused; the text itself is never taken over."""
    measurement = f"""
        measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,operator_concept_id,unit_concept_id,value_source_value
        1,1,3000963,2014-01-10,13.7,0,8713,13.7
        2,1,3016723,2014-01-10,{number},{operator},8840,{text}"""
    assert read(folder(measurement=measurement)).tables["measurements"]["value"].tolist() == ["13.7", value]


@pytest.mark.parametrize(
    ("date", "stamp", "time", "collected"),
    [
        ("2014-01-10", "2014-01-10 08:30:00", "", "2014-01-10 08:30:00"),
        ("2014-01-10", "2014-01-10T08:30:00Z", "", "2014-01-10T08:30:00Z"),
        ("2014-01-10", "", "08:30:00", "2014-01-10 08:30:00"),
        ("2014-01-10", "", "", "2014-01-10"),
        ("2014-01-10", "2014-01-11 00:30:00", "", "2014-01-10"),
        ("", "2014-01-11 00:30:00", "", "2014-01-11 00:30:00"),
    ],
)
def test_the_time_of_day_is_read_and_the_date_wins_over_a_time_stamp_of_another_day(folder, date, stamp, time, collected):
    measurement = f"""
        measurement_id,person_id,measurement_concept_id,measurement_date,measurement_datetime,measurement_time,value_as_number,unit_concept_id
        1,1,3000963,{date},{stamp},{time},13.7,8713"""
    assert read(folder(measurement=measurement)).tables["measurements"]["collected_at"].tolist() == [collected]


@pytest.mark.parametrize(("operator", "text"), [("12345", ""), ("2000000001", ""), ("4172704", "<0.91")])
def test_an_operator_that_is_not_understood_is_what_is_refused_and_not_the_number(folder, operator, text):
    measurement = f"""
        measurement_id,person_id,measurement_concept_id,measurement_date,value_as_number,operator_concept_id,unit_concept_id,value_source_value
        1,1,3000963,2015-03-10,13.7,0,8713,13.7
        2,1,3016723,2015-03-10,0.91,{operator},8840,{text}"""
    source = read(folder(measurement=measurement))
    cohort, quarantine = clean(source)
    assert cohort.measurements["value"].tolist() == [13.7]
    assert quarantine[["reason", "row"]].to_numpy().tolist() == [["unknown_operator", 3]]
    assert "operator_concept_id" in quarantine["accepted"][0]
    said = [note for note in source.notes if "operator_concept_id" in note]
    wanted = {"12345": " (12345 1)", "2000000001": ""}.get(operator)
    assert said == ([] if wanted is None else [f"1 results have an operator_concept_id that is not known{wanted}: they are refused"])


def test_components_of_the_mapping_add_up(folder):
    measurement = """
        measurement_id,person_id,measurement_concept_id,measurement_source_value,measurement_date,value_as_number,unit_source_value
        1,1,0,BAND 1,2015-04-01,1.1,g/dL
        2,1,0,BAND 2,2015-04-01,0.2,g/dL"""
    bands = {f"BAND {n}": {"biomarker": "m_protein", "component": f"{n}"} for n in (1, 2)}
    assert read(folder(measurement=measurement), biomarkers=bands).tables["measurements"]["value"].tolist() == ["1.3"]


def test_a_unit_in_words_that_contradicts_the_concept_is_refused_and_both_are_said(folder):
    measurement = TABLES["measurement"].replace("13.7,0,8713,,", "13.7,0,8713,g/L,")
    quarantine = inspect(read(folder(measurement=measurement)))[1]
    assert quarantine[["reason", "received"]].to_numpy().tolist() == [["unknown_unit", "g/dL or g/L"]]


def test_diagnoses_and_drugs_that_are_not_mapped_are_counted(folder):
    notes = read(folder()).notes
    assert (
        "1 of 6 rows of CONDITION_OCCURRENCE.csv have a code that is not mapped and are not read; the most frequent: 999: 1 rows" in notes
    )
    assert "1 of 2 rows of DRUG_EXPOSURE.csv have a code that is not mapped and are not read; the most frequent: 301: 1 rows" in notes


def test_what_is_no_table_is_named(folder):
    place = Path(folder())
    (place / "measurement_2.csv").write_text("x\n1\n")
    (place / "VISIT_OCCURRENCE.csv").write_text("x\n1\n")
    (place / "older").mkdir()
    assert any(
        note.startswith("2 files or folders are no table of OMOP CDM 5.4 and are not read: measurement_2.csv, older")
        for note in read(str(place)).notes
    )


@pytest.mark.parametrize(
    ("parts", "stamp", "birth", "age"),
    [
        ("1950,4,", "1950-04-01 00:00:00", "", 63.7),
        ("1950,,", "1950-01-01", "", 63.5),
        ("1950,,", "1950-04-09", "1950-04-09", 63.8),
        (",,", "1950-04-01", "1950-04-01", 63.8),
    ],
)
def test_a_birthday_that_was_made_up_is_an_age(folder, parts, stamp, birth, age):
    person = f"""
        person_id,gender_concept_id,year_of_birth,month_of_birth,day_of_birth,birth_datetime
        1,8532,{parts},{stamp}"""
    row = inspect(read(folder(person=person)))[0].patients.iloc[0]
    assert ("" if pd.isna(row["birth_date"]) else f"{row['birth_date']:%Y-%m-%d}") == birth
    assert round(row["age_at_index"], 1) == age


def test_or_equal_is_not_read_as_less(folder):
    measurement = TABLES["measurement"].replace("0.2,4171756", "0.2,4171754")
    source = read(folder(measurement=measurement))
    assert "<=0.2" in set(source.tables["measurements"]["value"])
    cohort, quarantine = inspect(source)
    (row,) = (cohort.measurements[cohort.measurements["operator"] == "<"]).itertuples()
    assert len(quarantine) == 0 and row.value > 0.2, "0.2 itself is among what it leaves"


def test_values_that_are_all_empty_give_no_cohort(folder):
    measurement = pd.read_csv(io.StringIO(textwrap.dedent(TABLES["measurement"]).strip()), dtype=str).assign(value_as_number="")
    with pytest.raises(DataError, match=r"(?s)No usable measurements: all 4 rows were refused:.*missing_value") as refusal:
        clean(read(folder(measurement=measurement.to_csv(index=False))))
    assert refusal.value.code == "nothing_usable"


def test_a_person_with_results_who_is_not_in_person_is_refused_not_lost(folder):
    measurement = TABLES["measurement"].replace("4,2,3006906", "4,44,3006906")
    quarantine = inspect(read(folder(measurement=measurement)))[1]
    assert quarantine[["reason", "row"]].to_numpy().tolist() == [["patient_not_in_cohort", 5]]


def test_numbers_that_went_through_a_float_stay_identifiers(folder):
    changed = {name: text.replace("\n        1,", "\n        1.0,") for name, text in TABLES.items() if name in ("person", "death")}
    measurement = TABLES["measurement"].replace(",1,3000963,", ",1.0,3000963.0,").replace(",8713,", ",8713.0,")
    assert clean(read(folder(measurement=measurement, **changed)))[1].empty


def test_a_death_without_a_date_sets_the_person_aside(folder):
    source = read(folder(death=TABLES["death"].replace("2020-02-02", "")))
    assert any("1 deaths have no date" in note for note in source.notes)
    cohort, _ = inspect(source)
    assert cohort.patients["patient_id"].tolist() == ["2"]


def test_a_progression_without_a_readable_date_is_not_forgotten(folder):
    cohort, _ = inspect(read(folder(condition_occurrence=TABLES["condition_occurrence"].replace("2019-06-01", "June 2019"))))
    assert cohort.patients["patient_id"].tolist() == ["2"]


TODAY = 18_627  # 2020-12-31


@pytest.mark.parametrize("typed", ["2203-01-01", "9999-12-31", "2099-12-31"])
def test_an_open_observation_period_does_not_wipe_out_the_one_before_it(folder, typed):
    """The last usable end counts; the other is refused by itself."""
    source = read(folder(observation_period=TABLES["observation_period"] + f"\n        3,2,2020-01-01,{typed}"), today=TODAY)
    cohort, quarantine = inspect(source, pd.Timestamp("2020-12-31"))
    events = cohort.events
    assert events.loc[events["kind"] == "last_contact", "occurred_at"].dt.strftime("%Y-%m-%d").tolist() == ["2019-12-31"]
    assert quarantine["reason"].isin(["future_date", "bad_date"]).tolist() == [True]


@pytest.mark.parametrize("typed", ["0214-01-01", "1700-01-01", "2262-04-12", "2203-01-01"])
def test_the_first_usable_index_date_and_progression_count(folder, typed):
    conditions = TABLES["condition_occurrence"] + f"\n        7,1,100,{typed},"
    source = read(folder(condition_occurrence=conditions), today=TODAY)
    assert source.tables["patients"].set_index("patient_id").loc["1", "index_date"] == "2014-01-10"
    assert any(note.startswith("1 index codes have no usable date") for note in source.notes)


@pytest.mark.parametrize("year", ["1700", "2251", "999"])
def test_a_year_of_birth_outside_the_calendar_is_refused_in_words(folder, year):
    source = read(folder(person=TABLES["person"].replace("2,8507,1960", f"2,8507,{year}")))
    quarantine = inspect(source)[1]
    assert ("patients", "bad_date") in set(zip(quarantine["table"], quarantine["reason"], strict=True))


def same(one, other):
    for name, frame in one.tables.items():
        pd.testing.assert_frame_equal(
            frame.drop(columns=["source_file", "source_row"], errors="ignore").astype(str),
            other.tables[name].drop(columns=["source_file", "source_row"], errors="ignore").astype(str),
        )


def typed(name, frame):
    frame = frame.replace("", None)
    for column in frame:
        if column.endswith("_id") or column.endswith("_of_birth"):
            frame[column] = frame[column].astype("Int64")
        elif column.endswith("_date"):
            frame[column] = pd.to_datetime(frame[column]).dt.date
        elif column == "value_as_number":
            frame[column] = frame[column].astype(float)
    return frame


@pytest.mark.parametrize("kind", ["csv.gz", "parquet", "duckdb"])
def test_every_form_of_the_tables_gives_the_same(folder, tmp_path_factory, kind):
    wanted = read(folder())
    place = tmp_path_factory.mktemp("form")
    if kind == "duckdb":
        database = duckdb.connect(str(place / "cdm.duckdb"))
        database.execute("CREATE SCHEMA omop")
    for name, frame in frames().items():
        if kind == "duckdb":
            database.register("given", typed(name, frame))
            database.execute(f'CREATE TABLE omop."{name.upper()}" AS SELECT * FROM given')
        elif kind == "parquet":
            typed(name, frame).to_parquet(place / f"{name}.Parquet".replace("P", "p"))
        else:
            (place / f"{name.title()}.csv.gz").write_bytes(gzip.compress(frame.to_csv(index=False).encode()))
    if kind == "duckdb":
        database.close()
        place = f"duckdb://{place}/cdm.duckdb"
    found = read(str(place))
    if kind != "csv.gz":  # 106 has become the float 106.0
        found.tables["measurements"]["value"] = found.tables["measurements"]["value"].str.removesuffix(".0")
    assert found.tables.keys() == wanted.tables.keys()
    same(found, wanted)


ODD = """it's "cdm" {0} %s; --"""  # a name that SQL, and what fills in its templates, could stumble over


def test_names_of_schemas_tables_and_columns_may_hold_any_character(folder, tmp_path):
    """Each is quoted, in a file of a database and in a CSV file."""
    odd = {name: frame.copy() for name, frame in frames().items()}
    odd["person"][ODD] = ["W", "M", "W"]
    schema = '"' + ODD.replace('"', '""') + '"'
    with duckdb.connect(str(tmp_path / "odd.duckdb")) as database:
        database.execute(f"CREATE SCHEMA {schema}")
        for name, frame in odd.items():
            database.register("given", frame)
            database.execute(f'CREATE TABLE {schema}."{name.upper()}" AS SELECT * FROM given')
    sex = {"read_from": ODD, "female": ["W"], "male": ["M"]}
    for place in (str(tmp_path / "odd.duckdb"), folder(person=odd["person"].to_csv(index=False))):
        source = read(place, schema=ODD, sex=sex)
        assert source.tables["patients"]["sex"].tolist() == ["female", "male"]
        assert inspect(source)[1].empty


@pytest.mark.parametrize("key", ["6fd1f8a2-0000-4000-8000-00000000000{}", "1844674407370955161{}", "", None])
def test_keys_may_be_uuids_unsigned_or_absent(tmp_path, key):
    """A row whose key is no whole number of 64 bits is named by its place."""
    with duckdb.connect(str(tmp_path / "keys.duckdb")) as database:
        for name, frame in frames().items():
            if name == "measurement":
                frame = frame.drop(columns="measurement_id") if key is None else frame
                frame = frame if key is None else frame.assign(measurement_id=[key.format(i) for i in range(len(frame))])
            database.register("given", frame)
            database.execute(f"CREATE TABLE {name} AS SELECT * FROM given")
    measured = read(str(tmp_path / "keys.duckdb")).tables["measurements"]
    assert measured[["value", "source_row"]].to_numpy().tolist() == [["13.7", 1], ["106", 2], ["<0.2", 3], ["9.1", 4]]


def test_an_empty_folder_and_tables_that_are_missing_are_named_at_once(folder, tmp_path):
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match="No table person, measurement, condition_occurrence"):
        read(str(empty))
    with pytest.raises(DataError, match=r"No table condition_occurrence\."):
        read(folder(condition_occurrence=None))
    assert any("no table death: no death is known" in note for note in read(folder(death=None)).notes)


def test_a_missing_column_is_named(folder):
    with pytest.raises(DataError, match=r"MEASUREMENT\.csv has no column value_as_number"):
        read(folder(measurement=TABLES["measurement"].replace("value_as_number", "value")))


def test_a_csv_row_that_does_not_fit_is_named_by_its_line_and_not_quoted(folder):
    place = folder()
    path = Path(place, "MEASUREMENT.csv")
    path.write_text(path.read_text() + "SENTINEL,1,2,3,4,5,6,7,8,9,10,11\n")
    with pytest.raises(DataError, match=r"MEASUREMENT\.csv, line 9 cannot be read") as refusal:
        read(place)
    assert "SENTINEL" not in str(refusal.value)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.95])
def test_a_truncated_parquet_file_is_refused(folder, tmp_path, keep):
    place = folder(measurement=None)
    path = tmp_path / "measurement.parquet"
    frames()["measurement"].to_parquet(path)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if keep < 1 else keep])
    with pytest.raises(DataError, match=r"measurement\.parquet is not a Parquet file, or it is cut short"):
        read(place)


def test_two_files_of_one_table_are_refused(folder, tmp_path):
    place = folder()
    frames()["person"].to_parquet(tmp_path / "person.parquet")
    with pytest.raises(DataError, match=r"PERSON\.csv and person\.parquet"):
        read(place)


def test_databases_that_are_none_are_told_apart(tmp_path):
    with pytest.raises(StateError, match=r"No DuckDB file no\.duckdb"):
        read(f"duckdb://{tmp_path}/no.duckdb")
    (tmp_path / "text.duckdb").write_text("not a database")
    with pytest.raises(DataError, match=r"text\.duckdb cannot be read: it is not a DuckDB database"):
        read(str(tmp_path / "text.duckdb"))
    duckdb.connect(str(tmp_path / "none.duckdb")).close()
    with pytest.raises(DataError, match="The database holds no table person"):
        read(str(tmp_path / "none.duckdb"))
    with pytest.raises(ConfigError, match="cannot read that kind of database"):
        read("mysql://user:secret@host/db")


def test_two_schemas_with_persons_need_a_name(tmp_path):
    with duckdb.connect(str(tmp_path / "two.duckdb")) as database:
        for schema in ("a", "b"):
            database.execute(f"CREATE SCHEMA {schema}; CREATE TABLE {schema}.person (person_id INT)")
    with pytest.raises(ConfigError, match="2 schemas hold a table person"):
        read(str(tmp_path / "two.duckdb"))
    with pytest.raises(DataError, match='The schema "c" holds no table person'):
        read(str(tmp_path / "two.duckdb"), schema="c")
    with pytest.raises(DataError, match="No table measurement, condition_occurrence"):
        read(str(tmp_path / "two.duckdb"), schema="b")


@pytest.mark.parametrize(
    "place",
    [
        "postgresql://doctor:S3CRET@127.0.0.1:1/cdm",
        "postgres://doctor:S3CRET@/cdm?host=/nowhere/at/all",
        "postgresql://doctor:S3CRET@127.0.0.1:port/cdm",
        "postgresql://doctor:S3CRET@127.0.0.1/cdm?S3CRET=1",
        "postgresql://doctor:pa%S3CRET@127.0.0.1/cdm",
    ],
)
def test_a_wrong_connection_string_is_told_without_the_password(place):
    with pytest.raises((ConfigError, StateError), match="PostgreSQL") as refusal:
        read(place)
    assert "S3CRET" not in str(refusal.value)
    assert refusal.value.__cause__ is None
    assert refusal.value.__suppress_context__


def test_findings_and_residual_disease_are_read_by_concept_or_by_text(folder):
    measurement = """
        person_id,measurement_concept_id,measurement_source_value,measurement_date,value_as_number,value_as_concept_id,value_source_value,unit_source_value
        1,901,,2015-01-01,,9189,neg,
        1,901,,2015-01-02,,0,Positive,
        1,901,,2015-01-03,,,not seen,
        1,901,,2015-01-04,,77,,
        1,902,,2015-01-05,,,<0.00001,1
        1,902,,2015-01-06,0.00002,,0.00002,1"""
    mapping = {
        "biomarkers": {901: "serum_immunofixation", 902: {"biomarker": "mrd", "method": "NGF", "specimen": "marrow"}},
        "results": {9189: "negative", "not seen": "negative"},
    }
    cohort, quarantine = inspect(read(folder(measurement=measurement), **mapping))
    assert quarantine["reason"].tolist() == ["missing_value"]
    assert cohort.measurements[["biomarker", "value", "operator", "method", "specimen"]].to_numpy().tolist() == [
        ["mrd", 1e-5, "<", "NGF", "marrow"],
        ["mrd", 2e-5, "", "NGF", "marrow"],
        ["serum_immunofixation", 0, "", "", ""],
        ["serum_immunofixation", 1, "", "", ""],
        ["serum_immunofixation", 0, "", "", ""],
    ]
