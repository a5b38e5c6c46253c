"""Three pandas frames of a notebook: the same checks and the same words as files, whatever types hold the cells."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

import features
from features import Cohort, cohort_of_frames
from features.intake.quality import clean
from features.sources import read_tabular
from features.sources.frames import read_frames
from myeloma import DataError

PATIENTS = pd.DataFrame({"patient_id": ["P1", "P2"], "index_date": ["2015-01-01", "2016-01-01"], "sex": ["female", ""]})
RESULTS = pd.DataFrame(
    {
        "patient_id": ["P1", "P1", "P2"],
        "collected_at": ["2015-02-01", "2015-08-01", "2016-02-01"],
        "biomarker": ["m_protein", "bmpc", "bmpc"],
        "value": ["15", "<12", "20"],
        "unit": ["g/L", "%", "%"],
    }
)
EVENTS = pd.DataFrame({"patient_id": ["P1"], "occurred_at": ["2018-01-01"], "kind": ["progression"]})
FRAMES = {"patients": PATIENTS, "measurements": RESULTS, "events": EVENTS}


def assert_equal(cohort, expected):
    for name, frame in expected.tables().items():
        pd.testing.assert_frame_equal(cohort.tables()[name].drop(columns="source_row"), frame.drop(columns="source_row"))


def test_frames_give_what_the_same_cells_in_files_give(tmp_path):
    for name, frame in FRAMES.items():
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
    cohort, quarantine = cohort_of_frames(**FRAMES)
    assert_equal(cohort, clean(read_tabular(tmp_path))[0])
    assert quarantine.empty


WAYS = {
    "dates": lambda days: [dt.date.fromisoformat(day) for day in days],
    "datetimes": lambda days: np.array([dt.datetime.fromisoformat(day) for day in days], dtype=object),
    "timestamps": lambda days: pd.to_datetime(pd.Series(days)),
    "seconds": lambda days: pd.to_datetime(pd.Series(days)).astype("datetime64[s]"),
    "categories": lambda days: pd.Series(days).astype("category"),
    "categories of timestamps": lambda days: pd.to_datetime(pd.Series(days)).astype("category"),
    "strings": lambda days: pd.Series(days, dtype="string"),
    "arrow": lambda days: pd.to_datetime(pd.Series(days)).astype("timestamp[ns][pyarrow]"),
    "arrow dates": lambda days: pd.Series([dt.date.fromisoformat(day) for day in days], dtype="date32[pyarrow]"),
    "text and timestamps": lambda days: np.array([days[0], *map(pd.Timestamp, days[1:])], dtype=object),
}


@pytest.mark.parametrize("way", WAYS)
def test_a_day_is_a_day_whatever_type_holds_it(way):
    def typed(frame, column):
        return frame.assign(**{column: WAYS[way](frame[column].tolist())})

    cohort, quarantine = cohort_of_frames(typed(PATIENTS, "index_date"), typed(RESULTS, "collected_at"), typed(EVENTS, "occurred_at"))
    assert quarantine.empty
    assert_equal(cohort, cohort_of_frames(**FRAMES)[0])


@pytest.mark.parametrize("dtype", [object, "Int64", "int32", "float64", "category"])
def test_identifiers_are_kept_as_text_exactly_as_they_are(dtype):
    patients = PATIENTS.assign(patient_id=pd.Series([20240001, 17]).astype(dtype))
    cohort, quarantine = cohort_of_frames(patients, RESULTS.assign(patient_id=[20240001, 20240001, 17]), EVENTS.assign(patient_id="17"))
    assert quarantine.empty
    assert cohort.patients["patient_id"].tolist() == ["17", "20240001"]


def test_leading_zeros_of_identifiers_stay():
    cohort, _ = cohort_of_frames(PATIENTS.assign(patient_id=["007", "7"]), RESULTS.assign(patient_id="007"))
    assert cohort.patients["patient_id"].tolist() == ["007", "7"]


@pytest.mark.parametrize("missing", [None, np.nan, pd.NA, pd.NaT, "", "NA"], ids=repr)
def test_what_is_missing_is_unknown_in_whatever_way(missing):
    patients = PATIENTS.assign(sex=[missing, "male"], age_at_index=[61, missing], birth_date=[missing, missing], fish=missing, site=missing)
    cohort, quarantine = cohort_of_frames(patients, RESULTS.assign(available_at=missing), EVENTS.assign(detail=missing))
    assert quarantine.empty
    row = cohort.patients.iloc[0]
    assert (row["sex"], row["age_at_index"], row["fish"]) == ("", 61.0, "")
    assert pd.isna(row["birth_date"])
    assert cohort.patients["age_at_index"].isna().tolist() == [False, True]
    assert (cohort.measurements["available_at"] == cohort.measurements["collected_at"]).all()


def test_a_refused_row_is_named_by_its_place_and_what_is_kept_stays():
    wrong = RESULTS.assign(unit=["g/L", "stones", "%"]).set_index(pd.Index([7, 8, 9]))
    cohort, quarantine = cohort_of_frames(PATIENTS, wrong)
    (row,) = quarantine.to_dict("records")
    assert (row["table"], row["row"], row["reason"], row["column"]) == ("measurements", 1, "unknown_unit", "unit")
    assert len(cohort.measurements) == 2


def test_strict_tells_everything_that_is_wrong_at_once():
    wrong = RESULTS.assign(unit=["g/L", "stones", "%"])
    relapse = EVENTS.assign(kind="relapse", patient_id="P2")
    with pytest.raises(DataError, match="4 rows cannot be used") as refusal:
        cohort_of_frames(PATIENTS, wrong, relapse, strict=True)
    assert refusal.value.code == "rows_refused"
    assert "unknown_unit: 1 row of measurements (unit)" in refusal.value.what
    assert "unknown_category: 1 row of events (kind); first at row 0: accepted: " in refusal.value.what
    assert not any(cell in str(refusal.value) for cell in ("P1", "stones", "relapse")), "what may be free text is never shown"


def test_a_missing_column_is_named_with_what_is_needed_and_a_slip_with_the_column_meant():
    with pytest.raises(DataError) as refusal:
        cohort_of_frames(PATIENTS.rename(columns={"index_date": "indexdate"}), RESULTS.drop(columns=["unit", "value"]))
    assert refusal.value.code == "missing_column"
    assert "patients has no column index_date (is column 2 meant?)" in refusal.value.what
    assert "measurements has no column value; measurements has no column unit" in refusal.value.what
    assert "CSV" not in str(refusal.value)


@pytest.mark.parametrize(
    ("patients", "code", "message"),
    [
        (
            PATIENTS.to_dict("records"),
            "no_frame",
            "patients is a list. Hint: a pandas DataFrame is accepted, with the columns patient_id",
        ),
        (PATIENTS.iloc[:0], "empty_cohort", "patients holds no patients"),
        (PATIENTS.set_axis(["patient_id", "index_date", "index_date"], axis=1), "repeated_column", r"twice \(index_date\)"),
    ],
)
def test_what_is_no_table_of_patients_is_refused(patients, code, message):
    with pytest.raises(DataError, match=message) as refusal:
        cohort_of_frames(patients, RESULTS)
    assert refusal.value.code == code


def test_nothing_usable_is_refused_with_the_reasons():
    with pytest.raises(DataError, match="No usable measurements: all 3 rows were refused") as refusal:
        cohort_of_frames(PATIENTS, RESULTS.assign(unit="stones"))
    assert "m_protein is accepted in" in refusal.value.what


def test_the_frames_given_stay_as_they_are_and_an_index_with_a_name_is_a_column():
    before = RESULTS.copy()
    cohort, _ = cohort_of_frames(PATIENTS.set_index("patient_id"), RESULTS)
    pd.testing.assert_frame_equal(RESULTS, before)
    assert cohort.patients["patient_id"].tolist() == ["P1", "P2"]


def test_a_time_of_day_and_its_zone_are_kept_as_written():
    at = [pd.Timestamp("2015-02-01 23:30", tz="Europe/Paris"), pd.Timestamp("2015-08-01"), pd.Timestamp("2016-02-01 06:00", tz="UTC")]
    cohort, quarantine = cohort_of_frames(PATIENTS, RESULTS.assign(collected_at=np.array(at, dtype=object)))
    assert quarantine.empty
    assert cohort.measurements["collected_time"].tolist() == ["", "23:30:00+01:00", "06:00:00+00:00"]
    assert any("measurements: collected_at holds times in 2 zones" in note for note in cohort.about["notes"])


def test_true_is_no_one_even_beside_a_one():
    measured = RESULTS.assign(biomarker="bmpc", unit="%", value=np.array([1, True, 1.0], dtype=object))
    cohort, quarantine = cohort_of_frames(PATIENTS, measured)
    assert quarantine[["row", "reason", "received"]].to_numpy().tolist() == [[1, "not_a_number", "True"]]
    assert cohort.measurements["value"].tolist() == [1.0, 1.0]


@pytest.mark.parametrize(("table", "column"), [("patients", "light_chain"), ("measurements", "value"), ("events", "kind")])
def test_a_cohort_made_by_hand_says_which_column_is_missing(table, column):
    frames = cohort_of_frames(**FRAMES)[0].tables()
    with pytest.raises(DataError, match=f"{table} of a cohort has no column {column}") as refusal:
        Cohort(**frames | {table: frames[table].drop(columns=column)})
    assert f"{table} needs " in refusal.value.hint
    assert "features.cohort_of_frames" in refusal.value.hint


def test_a_cohort_made_of_something_else_is_refused():
    with pytest.raises(DataError, match="events of a cohort is a NoneType"):
        Cohort(**cohort_of_frames(**FRAMES)[0].tables() | {"events": None})


def test_a_name_that_the_package_does_not_have_is_an_attribute_error():
    with pytest.raises(AttributeError, match="cohort_of_frame"):
        features.cohort_of_frame  # noqa: B018


def test_rows_count_from_zero_and_unused_columns_are_noted():
    source = read_frames(PATIENTS.assign(name="J. Doe"), RESULTS)
    assert source.tables["patients"]["source_row"].tolist() == [0, 1]
    assert any(note.startswith("patients: 1 other column is not used") for note in source.notes)
