"""A cohort on disk: what is written is what is read, nothing of others is overwritten, damage is told."""

import pandas as pd
import pytest

from features import read_cohort, write_cohort
from features.cohort.schema import QUARANTINE_COLUMNS
from myeloma import DataError, StateError, catalogue

NOTHING = pd.DataFrame(columns=list(QUARANTINE_COLUMNS))
PATIENTS = "patient_id,index_date,age_at_index,sex\nP1,2015-01-01,60,female\nP2,2016-01-01,,"
MEASUREMENTS = "patient_id,collected_at,available_at,biomarker,value\nP1,2015-01-01,2015-01-04,m_protein,<0.5\nP2,2016-02-01,,bmpc,15"
EVENTS = "patient_id,occurred_at,kind,detail\nP1,2018-01-01,treatment_start,daratumumab"


@pytest.fixture
def cohort(cohort_of):
    return cohort_of(patients=PATIENTS, measurements=MEASUREMENTS, events=EVENTS)


def test_what_is_written_is_read(tmp_path, cohort):
    write_cohort(cohort, tmp_path / "deep" / "cohort", NOTHING)
    read = read_cohort(tmp_path / "deep" / "cohort")
    for name, frame in cohort.tables().items():
        pd.testing.assert_frame_equal(read.tables()[name], frame, check_dtype=False)
    assert read.content_hash() == cohort.content_hash() == read.about["hash"]
    assert read.about["catalogue_version"] == catalogue().version
    assert read.about["counts"]["measurements"] == {"read": 2, "kept": 2, "quarantined": 0}


def test_a_cohort_without_events_or_results_is_written_and_read(tmp_path, cohort_of):
    write_cohort(cohort_of(), tmp_path / "cohort", NOTHING)
    assert read_cohort(tmp_path / "cohort").events.empty


def test_an_older_cohort_is_replaced(tmp_path, cohort, cohort_of):
    write_cohort(cohort, tmp_path / "cohort", NOTHING)
    write_cohort(cohort_of(), tmp_path / "cohort", NOTHING)
    assert len(read_cohort(tmp_path / "cohort").patients) == 1
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"], "no working folder is left behind"


def test_an_empty_folder_is_used(tmp_path, cohort):
    (tmp_path / "cohort").mkdir()
    write_cohort(cohort, tmp_path / "cohort", NOTHING)
    assert len(read_cohort(tmp_path / "cohort").patients) == 2


def test_a_folder_that_holds_something_else_is_refused_and_left_alone(tmp_path, cohort):
    (tmp_path / "thesis.txt").write_text("ten years", encoding="utf-8")
    with pytest.raises(DataError, match="exists and is not a cohort"):
        write_cohort(cohort, tmp_path, NOTHING)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_file_in_the_place_of_the_folder_is_refused_and_left_alone(tmp_path, cohort):
    (tmp_path / "cohort").write_text("ten years", encoding="utf-8")
    with pytest.raises(DataError, match="exists and is not a cohort"):
        write_cohort(cohort, tmp_path / "cohort", NOTHING)
    assert (tmp_path / "cohort").read_text(encoding="utf-8") == "ten years"


def test_an_interrupted_write_leaves_the_older_cohort(tmp_path, cohort, cohort_of, monkeypatch):
    write_cohort(cohort, tmp_path / "cohort", NOTHING)
    monkeypatch.setattr("features.cohort.schema.json.dumps", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        write_cohort(cohort_of(), tmp_path / "cohort", NOTHING)
    assert len(read_cohort(tmp_path / "cohort").patients) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


def test_a_missing_folder_says_how_to_make_one(tmp_path):
    with pytest.raises(StateError, match="No cohort folder") as refusal:
        read_cohort(tmp_path / "nowhere")
    assert "python -m features ingest" in refusal.value.hint


def test_a_folder_of_csv_files_is_to_be_ingested_first(tmp_path, write_folder):
    with pytest.raises(StateError, match="not a canonical cohort") as refusal:
        read_cohort(write_folder(tmp_path))
    assert refusal.value.hint == f"ingest it first: python -m features ingest --source tabular {tmp_path} COHORT"


def _truncate(path):
    path.write_bytes(path.read_bytes()[:100])


def _drop_column(path):
    pd.read_parquet(path).drop(columns="biomarker").to_parquet(path)


def _spoil_value(path):
    pd.read_parquet(path).assign(value=float("nan")).to_parquet(path)


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (_truncate, "cannot be read as Parquet"),
        (lambda path: path.unlink(), "is missing"),
        (_drop_column, "does not follow the cohort's schema"),
        (_spoil_value, r"does not follow the cohort's schema \(value\)"),
    ],
    ids=["truncated", "missing", "column dropped", "value lost"],
)
def test_a_damaged_table_is_refused_with_the_file_and_a_hint(tmp_path, cohort, damage, message):
    write_cohort(cohort, tmp_path / "cohort", NOTHING)
    damage(tmp_path / "cohort" / "measurements.parquet")
    with pytest.raises(DataError, match=rf"measurements\.parquet {message}") as refusal:
        read_cohort(tmp_path / "cohort")
    assert "ingest" in refusal.value.hint


def test_a_damaged_description_is_refused(tmp_path, cohort):
    write_cohort(cohort, tmp_path / "cohort", NOTHING)
    (tmp_path / "cohort" / "cohort.json").write_text('{"hash": ', encoding="utf-8")
    with pytest.raises(DataError, match=r"cohort\.json"):
        read_cohort(tmp_path / "cohort")


@pytest.mark.parametrize(
    "change",
    [
        {"patients": PATIENTS.replace("60", "61")},
        {"patients": PATIENTS.replace("female", "male")},
        {"measurements": MEASUREMENTS.replace("bmpc,15", "bmpc,15.000001")},
        {"measurements": MEASUREMENTS.replace("2015-01-04", "2015-01-05")},
        {"measurements": MEASUREMENTS.replace("<0.5", "0.5")},
        {"events": EVENTS.replace("2018-01-01", "2018-01-02")},
        {"events": EVENTS.replace("daratumumab", "lenalidomide")},
    ],
)
def test_the_hash_is_stable_and_feels_every_change(cohort_of, cohort, change):
    text = {"patients": PATIENTS, "measurements": MEASUREMENTS, "events": EVENTS}
    assert cohort_of(**text).content_hash() == cohort.content_hash()
    assert cohort_of(**text | change).content_hash() != cohort.content_hash()
