"""A folder of three tables, as CSV or Parquet: what is read, and what is refused with which words."""

import pandas as pd
import pytest

from features.sources import read_tabular
from myeloma import DataError, StateError

MEASURED = """
    patient_id,collected_at,biomarker,value,unit
    P1,2015-01-01,m_protein,1.5,g/dL
    P1,2015-07-01,m_protein,<0.1,g/dL
"""


def as_parquet(folder):
    """Rewrite the CSV tables of a folder as Parquet."""
    for path in folder.glob("*.csv"):
        pd.read_csv(path, dtype=str).to_parquet(path.with_suffix(".parquet"))
        path.unlink()
    return folder


def test_csv_cells_stay_text_and_rows_are_named_by_their_line(tmp_path, write_folder):
    measured = read_tabular(write_folder(tmp_path, measurements=MEASURED)).tables["measurements"]
    assert measured["value"].tolist() == ["1.5", "<0.1"]
    assert measured["source_row"].tolist() == [2, 3]
    assert measured["available_at"].tolist() == ["", ""], "an absent optional column is unknown"


def test_parquet_gives_the_same_with_rows_numbered_from_one(tmp_path, write_folder):
    folder = write_folder(tmp_path, measurements=MEASURED)
    csv = read_tabular(folder)
    parquet = read_tabular(as_parquet(folder))
    assert parquet.files["measurements"] == "measurements.parquet"
    for name, table in csv.tables.items():
        cells, expected = (frame.drop(columns="source_row").astype(object) for frame in (parquet.tables[name], table))
        pd.testing.assert_frame_equal(cells, expected)
    assert parquet.tables["measurements"]["source_row"].tolist() == [1, 2]


def test_a_byte_order_mark_and_blanks_in_the_header_do_not_matter(tmp_path, write_folder):
    folder = write_folder(tmp_path)
    (folder / "patients.csv").write_bytes(b"\xef\xbb\xbfpatient_id , index_date\r\nP1,2015-01-01\r\n")
    assert read_tabular(folder).tables["patients"]["patient_id"].tolist() == ["P1"]


def test_blank_lines_are_skipped_and_counted(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients="patient_id,index_date\nP1,2015-01-01\n\n,\nP2,2016-01-01")
    patients = read_tabular(folder).tables["patients"]
    assert list(zip(patients["patient_id"], patients["source_row"], strict=True)) == [("P1", 2), ("P2", 5)]


def test_a_stray_quotation_mark_swallows_no_rows(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients='patient_id,index_date,site\nP0,2014-01-01,x\nP1,2015-01-01,"two\nP2,2016-01-01,x"')
    with pytest.raises(DataError, match=r"patients\.csv, line 3, column site: a cell holds a line break"):
        read_tabular(folder)


def test_two_columns_of_one_name_are_refused(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients="patient_id,index_date,index_date\nP1,2015-01-01,2016-01-01")
    with pytest.raises(DataError, match=r"patients\.csv has 1 column name\(s\) twice"):
        read_tabular(folder)


def test_a_row_that_ends_early_lacks_its_last_cells(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients="patient_id,index_date,sex\nP1,2015-01-01\nP2,2015-01-01,male")
    assert read_tabular(folder).tables["patients"]["sex"].tolist() == ["", "male"]


def test_events_with_only_the_header_are_accepted(tmp_path, write_folder):
    folder = write_folder(tmp_path, events="patient_id,occurred_at,kind")
    assert read_tabular(folder).tables["events"].empty


def test_an_unknown_column_is_noted_with_the_nearest_name(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients="patient_id,index_date,heavy_chian\nP1,2015-01-01,IgG")
    assert read_tabular(folder).notes == ["patients.csv: column 3 is not used; is heavy_chain meant?"]


def test_a_column_unlike_any_of_ours_is_only_counted_since_it_may_be_a_persons_data_and_those_of_ours_not_there_are_named(
    tmp_path, write_folder
):
    folder = write_folder(tmp_path, events="patient_id,occurred_at,kind,Smith\nP1,2016-01-01,death,1")
    assert read_tabular(folder).notes == ["events.csv: 1 other column is not used; not there: detail"]


def test_a_missing_folder_is_a_state_error(tmp_path):
    with pytest.raises(StateError, match="No folder"):
        read_tabular(tmp_path / "nowhere")


@pytest.mark.parametrize("name", ["patients", "measurements", "events"])
def test_a_missing_file_is_named(tmp_path, write_folder, name):
    folder = write_folder(tmp_path, **{name: None})
    with pytest.raises(DataError, match=f"neither {name}.csv nor {name}.parquet") as refusal:
        read_tabular(folder)
    assert refusal.value.code == "missing_file"


def test_the_same_table_in_both_endings_is_refused(tmp_path, write_folder):
    folder = write_folder(tmp_path)
    pd.read_csv(folder / "events.csv").to_parquet(folder / "events.parquet")
    with pytest.raises(DataError, match=r"both events\.csv and events\.parquet"):
        read_tabular(folder)


def test_all_missing_columns_are_named_at_once(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients="patient_id,index\nP1,2015-01-01", measurements="patient_id,value\n")
    with pytest.raises(DataError) as refusal:
        read_tabular(folder)
    message = refusal.value.what
    assert refusal.value.code == "missing_column"
    assert "patients.csv has no column index_date (is column 2 meant?)" in message
    assert all(f"measurements.csv has no column {column}" in message for column in ("collected_at", "biomarker", "unit"))


def test_a_folder_without_patients_is_refused(tmp_path, write_folder):
    with pytest.raises(DataError, match=r"patients\.csv holds no patients") as refusal:
        read_tabular(write_folder(tmp_path, patients="patient_id,index_date"))
    assert refusal.value.code == "empty_cohort"


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        (b"", "not_csv", "patients.csv is empty"),
        (b"\x89PNG\r\n\x1a\n\x00\x00\xff\xfe", "not_csv", "not a UTF-8 text file"),
        ("patient_id,index_date\nP1,2015-01-01\n".encode("utf-16"), "not_csv", "not a UTF-8 text file"),
        (b"patient_id,index_date\nP1,2015-01-01\nP2,2015-01-01,extra,more\n", "not_csv", "line 3"),
        (b"patient_id,index_date\nP1,2015-01-01,extra\nP2,2015-01-01,extra\n", "not_csv", "more fields than the header"),
        (b"patient_id;index_date\nP1;2015-01-01\n", "not_csv", "not separated by commas"),
    ],
    ids=["empty", "binary", "utf-16", "long row", "long rows", "semicolons"],
)
def test_a_csv_that_is_none_is_refused(tmp_path, write_folder, content, code, message):
    folder = write_folder(tmp_path)
    (folder / "patients.csv").write_bytes(content)
    with pytest.raises(DataError, match=message) as refusal:
        read_tabular(folder)
    assert refusal.value.code == code


def test_a_parquet_file_named_csv_is_refused(tmp_path, write_folder):
    folder = as_parquet(write_folder(tmp_path))
    (folder / "patients.parquet").rename(folder / "patients.csv")
    with pytest.raises(DataError):
        read_tabular(folder)


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.99])
def test_a_truncated_parquet_is_refused(tmp_path, write_folder, keep):
    folder = as_parquet(write_folder(tmp_path))
    path = folder / "patients.parquet"
    whole = path.read_bytes()
    path.write_bytes(whole[: int(keep * len(whole)) if isinstance(keep, float) else keep])
    with pytest.raises(DataError, match=r"patients\.parquet is not a Parquet file, or it is cut short"):
        read_tabular(folder)


def test_a_file_without_a_header_is_refused_without_telling_who_is_in_it(tmp_path, write_folder):
    folder = write_folder(tmp_path, patients="SENTINEL-4711,2015-01-01\nSENTINEL-4712,2016-01-01")
    with pytest.raises(DataError, match="no column patient_id") as refusal:
        read_tabular(folder)
    assert "SENTINEL" not in str(refusal.value)
