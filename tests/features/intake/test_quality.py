"""Quality: the smallest case of every reason code, what is kept as received, and what it takes to refuse everything."""

import datetime as dt

import pandas as pd
import pytest

from features.intake.quality import clean, inspect
from features.sources.received import received
from myeloma import DataError

PATIENTS = """
    patient_id,index_date,birth_date,age_at_index,sex,fish
    P1,2015-01-01,1950-01-01,,female,
    P2,2015-01-01,,60,,normal
"""
MEASUREMENTS = """
    patient_id,collected_at,available_at,biomarker,value,unit
    P1,2015-02-01,2015-02-03,m_protein,1.5,g/dL
"""
EVENTS = """
    patient_id,occurred_at,kind
    P1,2020-01-01,death
"""
BASE = {"patients": PATIENTS, "measurements": MEASUREMENTS, "events": EVENTS}

# The table that a row is added to, the row, and why that row, and no other, is refused.
CASES = [
    ("patients", ",2015-01-01,,,,", "missing_value", "patient_id"),
    ("patients", "P3,,,,,", "missing_value", "index_date"),
    ("patients", "P3,NA,,,,", "missing_value", "index_date"),
    ("patients", "P3,03/04/2020,,,,", "bad_date", "index_date"),
    ("patients", "P3,2015-01-01,1950,,,", "bad_date", "birth_date"),
    ("patients", "P3,2015-01-01,1700-01-01,,,", "bad_date", "birth_date"),
    ("patients", "P3,2262-04-11,,,,", "bad_date", "index_date"),
    ("patients", "P2,2015-01-01,,60,,normal", "duplicate_row", "patient_id"),
    ("patients", "P3,2015-01-01,2016-01-01,,,", "before_birth", "index_date"),
    ("patients", "P3,2015-01-01,,sixty,,", "not_a_number", "age_at_index"),
    ("patients", "P3,2015-01-01,,121,,", "out_of_range", "age_at_index"),
    ("patients", "P3,2015-01-01,1850-01-01,,,", "out_of_range", "age_at_index"),
    ("measurements", "P9,2015-02-01,,bmpc,15,%", "patient_not_in_cohort", "patient_id"),
    ("measurements", "P1,,,bmpc,15,%", "missing_value", "collected_at"),
    ("measurements", "P1,03/04/2015,,bmpc,15,%", "bad_date", "collected_at"),
    ("measurements", "P1,2015-02-30,,bmpc,15,%", "bad_date", "collected_at"),
    ("measurements", "P1,9999-12-31,,bmpc,15,%", "bad_date", "collected_at"),
    ("measurements", "P1,2015-02-01,soon,bmpc,15,%", "bad_date", "available_at"),
    ("measurements", "P1,2015-02-02,2015-02-01,bmpc,15,%", "available_before_collected", "available_at"),
    ("measurements", "P1,1949-12-31,,bmpc,15,%", "before_birth", "collected_at"),
    ("measurements", "P2,1953-12-30,,bmpc,15,%", "before_birth", "collected_at"),  # of whom the age is known, and no birth date
    ("measurements", "P1,2020-01-02,,bmpc,15,%", "after_death", "collected_at"),
    ("measurements", "P1,2015-02-01,,m_protien,1.5,g/dL", "unknown_biomarker", "biomarker"),
    ("measurements", "P1,2015-02-01,,bmpc,,%", "missing_value", "value"),
    ("measurements", "P1,2015-02-01,,bmpc,NA,%", "missing_value", "value"),
    ("measurements", "P1,2015-02-01,,bmpc,n/a,%", "missing_value", "value"),
    ("measurements", "P1,2015-02-01,,bmpc,1e999,%", "missing_value", "value"),
    ("measurements", "P1,2015-02-01,,bmpc,high,%", "not_a_number", "value"),
    ("measurements", 'P1,2015-02-01,,bmpc,"1,5",%', "not_a_number", "value"),
    ("measurements", "P1,2015-02-01,,bmpc,10-20,%", "not_a_number", "value"),
    ("measurements", "P1,2015-02-01,,flc_kappa,20,", "unknown_unit", "unit"),
    ("measurements", "P1,2015-02-01,,flc_kappa,20,g/L", "unknown_unit", "unit"),
    ("measurements", "P1,2015-02-01,,bmpc,100.1,%", "out_of_range", "value"),
    ("measurements", "P1,2015-02-01,,hemoglobin,135,g/dL", "out_of_range", "value"),
    ("measurements", "P1,2015-02-01,,hemoglobin,2.2,mmol/L", "out_of_range", "value"),
    ("measurements", "P1,2015-02-01,,hemoglobin,3.99,mmol/L", "out_of_range", "value"),
    ("measurements", "P1,2015-02-01,,calcium,2.4,mg/dL", "out_of_range", "value"),
    ("measurements", "P1,2015-02-01,,albumin,40,g/dL", "out_of_range", "value"),
    ("measurements", "P1,2015-02-01,2015-02-03,m_protein,15,g/L", "duplicate_row", "value"),
    ("events", ",2019-01-01,last_contact", "missing_value", "patient_id"),
    ("events", "P1,2019-01-01,", "missing_value", "kind"),
    ("events", "P1,2019-01-01,relapsed", "unknown_category", "kind"),
    ("events", "P1,,progression", "missing_value", "occurred_at"),
    ("events", "P1,01.02.2019,progression", "bad_date", "occurred_at"),
    ("events", "P1,2020-01-01,death", "duplicate_row", "kind"),
    ("events", "P1,2020-01-03,death", "repeated_death", "occurred_at"),
    ("events", "P1,2014-12-31,last_contact", "event_before_index", "occurred_at"),
    ("events", "P1,1949-01-01,treatment_start", "before_birth", "occurred_at"),
    ("events", "P1,2020-01-02,last_contact", "after_death", "occurred_at"),
    ("events", "P9,2019-01-01,progression", "patient_not_in_cohort", "patient_id"),
]


# A progression, death or treatment that is refused leaves the person's outcome open, so that person is set aside.
PERSON_SET_ASIDE = ("missing_value", "bad_date", "unknown_category", "before_birth")


@pytest.mark.parametrize(("table", "row", "reason", "column"), CASES, ids=[f"{t}-{reason}-{row}" for t, row, reason, _ in CASES])
def test_a_row_is_refused_with_its_reason(received_of, table, row, reason, column):
    source = received_of(**BASE | {table: f"{BASE[table].rstrip()}\n    {row}"})
    _, quarantine = inspect(source)
    added = len(source.tables[table]) + 1
    at_the_row = quarantine[(quarantine["table"] == table) & (quarantine["row"] == added)]
    assert at_the_row[["reason", "column"]].to_numpy().tolist() == [[reason, column]]
    if reason not in PERSON_SET_ASIDE:
        assert len(quarantine) == 1


def test_the_base_of_these_cases_is_clean(received_of):
    cohort, quarantine = clean(received_of(**BASE))
    assert quarantine.empty
    assert cohort.about["counts"]["measurements"] == {"read": 1, "kept": 1, "quarantined": 0}


def test_an_unknown_biomarker_or_unit_says_what_is_accepted(received_of):
    rows = MEASUREMENTS + "    P1,2015-02-01,,m_protien,1,g/dL\n    P1,2015-02-01,,creatinine,90,mg/L"
    _, quarantine = inspect(received_of(patients=PATIENTS, measurements=rows))
    hints = quarantine.set_index("reason")["accepted"]
    assert 'did you mean "m_protein"?' in hints["unknown_biomarker"]
    assert hints["unknown_unit"] == "creatinine is accepted in mg/dL, umol/L"


def test_hemoglobin_of_the_tetramer_is_refused_with_a_hint_and_that_of_the_single_chain_taken(received_of):
    rows = (
        MEASUREMENTS + "    P1,2015-02-01,,hemoglobin,2.2,mmol/L\n    P1,2015-03-01,,hemoglobin,4.0,mmol/L\n"
        "    P2,2015-03-01,,hemoglobin,3.5,g/dL"
    )
    cohort, quarantine = inspect(received_of(patients=PATIENTS, measurements=rows))
    assert quarantine["row"].tolist() == [3]
    assert quarantine["accepted"].tolist() == [
        "hemoglobin in mmol/L is 4 at the least: 13.5 g/dL are 8.4 mmol/L of the single chain; "
        "is this the tetramer, of which 14-18 g/dL are 2.1-2.8?"
    ]
    kept = cohort.measurements.query("biomarker == 'hemoglobin'")["value"]
    assert kept.tolist() == pytest.approx([4.0 / 0.6206, 3.5])


def test_an_unknown_word_in_an_optional_cell_makes_that_cell_unknown_and_nothing_else(received_of):
    rows = ["P3,2015-01-01,,60,femal,t(4;14)", "P4,2015-01-01,,61,w,t(4;15)|gain(1q)", "P5,2015-01-01,,62,female,del(17p)"]
    cohort, quarantine = inspect(received_of(patients=PATIENTS + "".join(f"    {row}\n" for row in rows), measurements=MEASUREMENTS))
    assert quarantine.empty
    told = cohort.patients.set_index("patient_id").loc[["P3", "P4", "P5"], ["sex", "fish"]]
    assert told.to_numpy().tolist() == [["", "t(4;14)"], ["", ""], ["female", "del(17p)"]]
    said = [note for note in cohort.about["notes"] if "not accepted" in note]
    assert said[0] == (
        "patients.csv: 2 of 5 cells of sex hold 2 words that are not accepted, and are taken as unknown; near to female; "
        "a mapping can say what they mean"
    )
    assert said[1].startswith("patients.csv: 1 of 5 cells of fish hold 1 word that is not accepted")
    assert "femal," not in " ".join(said)


def test_contradicting_rows_of_one_patient_are_all_refused_with_what_hangs_on_them(received_of):
    _, quarantine = inspect(received_of(patients=PATIENTS + "    P1,2016-01-01,1950-01-01,,,", measurements=MEASUREMENTS, events=EVENTS))
    assert sorted(quarantine[["table", "row", "reason"]].itertuples(index=False, name=None)) == [
        ("events", 2, "patient_not_in_cohort"),
        ("measurements", 2, "patient_not_in_cohort"),
        ("patients", 2, "repeated_patient"),
        ("patients", 4, "repeated_patient"),
    ]


def test_rows_of_one_patient_that_differ_in_optional_cells_are_one_row_and_what_they_contradict_is_unknown(received_of):
    rows = ["P3,2015-01-01,,60,female,", "P3,2015-01-01,,60,,t(4;14)", "P3,2015-01-01,,60,male,t(4;14)", "P4,2015-01-01,,61,male,del(17p)"]
    cohort, quarantine = inspect(received_of(patients=PATIENTS + "".join(f"    {row}\n" for row in rows), measurements=MEASUREMENTS))
    assert quarantine[["row", "reason"]].to_numpy().tolist() == [[5, "duplicate_row"], [6, "duplicate_row"]]
    told = cohort.patients.set_index("patient_id").loc[["P3", "P4"], ["sex", "fish"]]
    assert told.to_numpy().tolist() == [["", "t(4;14)"], ["male", "del(17p)"]]
    said = "patients.csv: rows of one person differ in sex (of 1); a cell on which they differ is taken as unknown"
    assert said in cohort.about["notes"]


@pytest.mark.parametrize("kind", ["progression", "death"])
def test_who_progressed_or_died_before_the_index_date_was_never_at_risk(received_of, kind):
    cohort, quarantine = inspect(
        received_of(patients=PATIENTS, measurements=MEASUREMENTS, events=f"patient_id,occurred_at,kind\nP1,2014-12-31,{kind}")
    )
    assert cohort.patients["patient_id"].tolist() == ["P2"]
    assert set(zip(quarantine["table"], quarantine["reason"], strict=True)) == {
        ("patients", "event_before_index"),
        ("events", "event_before_index"),
        ("measurements", "patient_not_in_cohort"),
    }


def test_an_event_on_the_index_date_or_a_result_on_the_day_of_death_is_kept(received_of):
    measured = MEASUREMENTS + "    P1,2020-01-01,,bmpc,15,%"
    events = EVENTS + "    P2,2015-01-01,progression"
    assert inspect(received_of(patients=PATIENTS, measurements=measured, events=events))[1].empty


@pytest.mark.parametrize(
    ("biomarker", "received_value", "unit", "operator", "value"),
    [
        ("m_protein", "<0.1", "g/dL", "<", 0.1),
        ("flc_kappa", "> 500", "mg/dL", ">", 5000.0),
        ("m_protein", "15", "g/L", "", 1.5),
        ("creatinine", "+1.2e0", "MG/DL", "", 1.2),
        ("M_Protein", ".5", "g/dl", "", 0.5),
    ],
)
def test_values_are_converted_and_kept_as_received_beside(cohort_of, biomarker, received_value, unit, operator, value):
    text = f"patient_id,collected_at,biomarker,value,unit\nP1,2015-02-01,{biomarker},{received_value},{unit}"
    row = cohort_of(measurements=text).measurements.iloc[0]
    assert (row["biomarker"], row["operator"], row["value"]) == (biomarker.lower(), operator, pytest.approx(value))
    assert (row["original_value"], row["original_unit"], row["source_row"]) == (received_value, unit, 2)


@pytest.mark.parametrize(
    "written", ["2015-02-01", "2015-02-01T23:59:59", "2015-02-01 00:30:00+02:00", "2015-02-01T23:30:00-08:00", "2015-02-01T12:00:00.123Z"]
)
def test_a_timestamp_keeps_the_day_as_written_and_is_available_when_collected(cohort_of, written):
    text = f"patient_id,collected_at,biomarker,value,unit\nP1,{written},bmpc,15,%"
    row = cohort_of(measurements=text).measurements.iloc[0]
    assert row["collected_at"] == row["available_at"] == pd.Timestamp("2015-02-01")


def test_age_comes_from_the_birth_date_before_the_age_given(cohort_of):
    patients = "patient_id,index_date,birth_date,age_at_index\nP1,2015-01-01,1955-01-01,40\nP2,2015-01-01,,61.5\nP3,2015-01-01,,"
    assert cohort_of(patients=patients).patients["age_at_index"].round(1).tolist()[:2] == [60.0, 61.5]
    assert cohort_of(patients=patients).patients["age_at_index"].isna().tolist() == [False, False, True]


def parquet_like(**measured):
    """Return what a Parquet source hands over: typed columns."""
    row = {"patient_id": ["1"], "collected_at": [pd.Timestamp("2015-02-01")], "biomarker": ["bmpc"], "value": [15.0], "unit": ["%"]}
    tables = {
        "patients": pd.DataFrame({"patient_id": [1], "index_date": [dt.date(2015, 1, 1)], "source_row": 1}),
        "measurements": pd.DataFrame({**row, **measured, "source_row": 1}),
        "events": pd.DataFrame(columns=["patient_id", "occurred_at", "kind", "source_row"]),
    }
    return received("typed", tables, {name: f"{name}.parquet" for name in tables})


@pytest.mark.parametrize(
    "typed",
    [
        {"collected_at": pd.to_datetime(["2015-02-01 23:30"]).tz_localize("Europe/Athens")},
        {"collected_at": pd.Series(["2015-02-01"], dtype="datetime64[us]")},
        {"value": pd.Series([15], dtype="int64"), "patient_id": pd.Series([1], dtype="int64")},
        {"value": ["15"], "biomarker": pd.Categorical(["bmpc"]), "unit": pd.Categorical(["%"])},
        {"patient_id": pd.Categorical(["1"])},
        {"value": pd.Series([15.0], dtype="Float64"), "unit": pd.Series(["%"], dtype="string")},
    ],
    ids=["zoned", "microseconds", "integers", "categories", "category of ids", "nullable"],
)
def test_typed_columns_of_a_parquet_file_mean_the_same(typed):
    cohort, quarantine = inspect(parquet_like(**typed))
    assert quarantine.empty
    assert cohort.measurements[["patient_id", "collected_at", "value"]].to_numpy().tolist() == [["1", pd.Timestamp("2015-02-01"), 15.0]]


@pytest.mark.parametrize(
    "wrong", [{"value": [float("nan")]}, {"value": [float("inf")]}, {"collected_at": pd.Series([pd.NaT], dtype="datetime64[ns]")}]
)
def test_a_typed_gap_is_a_missing_value(wrong):
    assert inspect(parquet_like(**wrong))[1]["reason"].tolist() == ["missing_value"]


def test_a_typed_date_outside_the_calendar_is_a_bad_date():
    far = pd.Series(["9999-12-31"], dtype="datetime64[us]")
    assert inspect(parquet_like(collected_at=far))[1]["reason"].tolist() == ["bad_date"]


@pytest.mark.parametrize("table", ["patients", "measurements"])
def test_when_nothing_is_usable_the_error_names_the_rows(received_of, table):
    wrong = {
        "patients": "patient_id,index_date\nP1,soon",
        "measurements": "patient_id,collected_at,biomarker,value,unit\nP1,2015-02-01,bmpc,high,%",
    }
    with pytest.raises(DataError, match=rf"No usable {table}: all 1 rows were refused") as refusal:
        clean(received_of(**BASE | {table: wrong[table]}))
    assert f"1 row of {table}.csv" in refusal.value.what
    assert "first at row 2" in refusal.value.what
    assert refusal.value.code == "nothing_usable"


def test_a_file_without_rows_is_said_to_have_none(received_of):
    with pytest.raises(DataError, match=r"No usable measurements: measurements\.csv holds no rows"):
        clean(received_of(patients=PATIENTS))


@pytest.mark.parametrize(
    "event",
    [
        "P1,01/06/2019,progression",
        "P1,2019-06-01,Progression to MM",
        "P1,,death",
        "P1,NA,treatment_start",
        "P1,,transplant",
        "P1,,treatment_stop",
    ],
)
def test_a_refused_event_never_makes_its_person_free_of_it(received_of, event):
    cohort, quarantine = inspect(received_of(**BASE | {"events": f"patient_id,occurred_at,kind\n{event}\nP1,2020-01-01,last_contact"}))
    assert "P1" not in cohort.patients["patient_id"].tolist()
    assert set(quarantine.loc[quarantine["table"] == "patients", "reason"]) == {"event_refused"}


@pytest.mark.parametrize("event", ["P1,01/06/2019,last_contact", "P1,2019-01-01,treatment_start\nP1,,treatment_stop"])
def test_a_refused_last_contact_leaves_its_person_in(received_of, event):
    cohort, _ = inspect(received_of(**BASE | {"events": f"patient_id,occurred_at,kind\n{event}"}))
    assert "P1" in cohort.patients["patient_id"].tolist()


def test_numbers_and_categories_of_parquet_files_are_read_as_they_are_meant(received_of):
    source = received_of(measurements="patient_id,collected_at,biomarker,value,unit\nP1,2015-01-01,bmpc,12,%")
    source.tables["patients"]["sex"] = pd.Categorical([None], categories=["female"])
    source.tables["patients"]["patient_id"] = pd.array([1], dtype="Int64")
    source.tables["measurements"]["patient_id"] = [1.0]
    source.tables["events"]["patient_id"] = [1.0] * len(source.tables["events"])
    source.tables["measurements"]["value"] = pd.array([12], dtype="Int64")
    cohort, quarantine = inspect(source)
    assert quarantine.empty
    assert cohort.measurements["patient_id"].tolist() == ["1"]


def test_true_is_not_a_number_and_the_future_is_no_date(received_of):
    one = "patient_id,collected_at,biomarker,value,unit\nP1,2015-01-01,bmpc,12,%"
    source = received_of(measurements=one)
    source.tables["measurements"]["value"] = [True]
    assert inspect(source)[1]["reason"].tolist() == ["not_a_number"]
    source = received_of(measurements=one)
    source.tables["measurements"]["collected_at"] = ["2155-01-01"]
    assert inspect(source)[1]["reason"].tolist() == ["future_date"]


@pytest.mark.parametrize("blank", ["NA", "nan", "None", ""])
def test_a_fish_cell_that_says_nothing_is_unknown_and_no_reason_to_refuse(received_of, blank):
    cohort, quarantine = inspect(received_of(patients=f"patient_id,index_date,fish\nP1,2015-01-01,{blank}"))
    assert quarantine.empty
    assert cohort.patients["fish"].tolist() == [""]
