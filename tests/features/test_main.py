"""`python -m features`: what each command prints, and that a mistake ends in a message, never in a traceback."""

import json
import shlex
from dataclasses import dataclass

import pandas as pd
import pytest

from features import read_cohort, read_table
from features.__main__ import app
from features.console import run

MEASURED = "patient_id,collected_at,biomarker,value,unit\nP1,2015-02-01,bmpc,15,%\nP1,2015-03-01,bmpc,high,%"
EVENTS = "patient_id,occurred_at,kind\nP1,2017-01-01,last_contact"


@dataclass(frozen=True)
class Ran:
    """How a command ended."""

    code: int
    out: str
    err: str


@pytest.fixture
def features(capsys):
    """Return a function that runs a command line as `python -m features` does."""

    def command(*words):
        with pytest.raises(SystemExit) as ended:
            run(app, [str(word) for word in words])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return Ran(ended.value.code or 0, out, err)

    return command


@pytest.fixture
def folder(tmp_path, write_folder):
    return write_folder(tmp_path / "received", measurements=MEASURED, events=EVENTS)


@pytest.fixture
def cohort(tmp_path, features, folder):
    features("ingest", "--source", "tabular", folder, tmp_path / "cohort")
    return tmp_path / "cohort"


def test_ingest_writes_a_cohort_and_tells_what_was_refused(tmp_path, features, folder):
    ran = features("ingest", "--source", "tabular", folder, tmp_path / "cohort")
    assert ran.code == 0
    assert "not_a_number: 1 row of measurements.csv (value); first at row 3" in ran.out
    assert "quarantine.parquet" in ran.out
    assert len(read_cohort(tmp_path / "cohort").measurements) == 1
    assert pd.read_parquet(tmp_path / "cohort" / "quarantine.parquet")["reason"].tolist() == ["not_a_number"]


def test_a_command_that_is_printed_runs_as_it_stands_where_a_path_has_a_blank(tmp_path, features, folder, root):
    spaced = tmp_path / "a cohort $HOME"
    said = features("ingest", "--source", "tabular", folder, spaced).out
    said += features("quarantine", spaced, tmp_path / "re fused.csv").out
    said += features("suggest", folder.rename(tmp_path / "my data"), "--out", tmp_path / "m y.yaml").out
    said += features("build", tmp_path / "my data", tmp_path / "t.parquet", "--task", "smm", "--params", root / "params.yaml").err
    printed = [shlex.split(line.partition("python -m features ")[2]) for line in said.splitlines() if "python -m features " in line]
    assert printed == [
        ["quarantine", str(spaced), "refused.csv"],
        ["mend", str(spaced), str(tmp_path / "re fused.csv")],
        ["ingest", "--source", "tabular", str(tmp_path / "my data"), "COHORT", "--mapping", str(tmp_path / "m y.yaml")],
        ["ingest", "--source", "tabular", str(tmp_path / "my data"), "COHORT"],
    ]


def test_ingest_as_json_gives_the_same_counts(tmp_path, features, folder):
    ran = features("ingest", "--source", "tabular", folder, tmp_path / "cohort", "--json")
    answer = json.loads(ran.out)
    assert answer["counts"]["measurements"] == {"read": 2, "kept": 1, "quarantined": 1}
    assert answer["reasons"] == {"measurements.not_a_number": 1}
    assert answer["hash"] == read_cohort(tmp_path / "cohort").content_hash()


def test_ingest_reads_mgus2(tmp_path, features, root):
    ran = features("ingest", "--source", "mgus2", root / "data/mgus2", tmp_path / "cohort", "--json")
    assert json.loads(ran.out)["counts"]["patients"] == {"read": 1384, "kept": 1384, "quarantined": 0}


def test_simulate_gives_the_same_cohort_for_the_same_seed(tmp_path, features):
    answers = [
        json.loads(features("simulate", tmp_path / str(i), "--patients", 20, "--seed", seed, "--json").out)
        for i, seed in enumerate((3, 3, 4))
    ]
    assert answers[0]["hash"] == answers[1]["hash"] != answers[2]["hash"]
    assert answers[0]["counts"]["patients"]["kept"] == 20


def test_build_writes_a_table_and_prints_attrition(tmp_path, features, cohort, root):
    ran = features("build", cohort, tmp_path / "table.parquet", "--task", "smm", "--params", root / "params.yaml")
    assert ran.code == 0
    assert "visits 1 = at risk 1 + not at risk: none" in ran.out
    assert len(read_table(tmp_path / "table.parquet").rows) == 1


def test_build_as_json_tells_columns_hash_and_events(tmp_path, features, cohort, root):
    ran = features("build", cohort, tmp_path / "table.parquet", "--task", "smm", "--params", root / "params.yaml", "--json")
    answer = json.loads(ran.out)
    assert answer["feature_hash"] == read_table(tmp_path / "table.parquet").about["feature_hash"]
    assert answer["patients_with"] == {"none": 1, "progression": 0, "death": 0}
    assert answer["censored_before_horizon"] == {"12m": 0, "24m": 1, "60m": 1}


def expect_refusal(ran, error, hint):
    """Check that a command ended as a user's mistake does."""
    assert ran.code == 1
    first, second = ran.err.splitlines()[0], ran.err.splitlines()[-1]
    assert first.startswith("Error: ")
    assert error in ran.err
    assert second.startswith("Hint: ")
    assert hint in second
    assert ran.out == ""


def test_an_unknown_source_names_the_nearest(tmp_path, features, folder):
    expect_refusal(features("ingest", "--source", "tabula", folder, tmp_path / "c"), 'Unknown source "tabula"', 'did you mean "tabular"?')


def test_an_unknown_task_names_the_nearest(tmp_path, features, cohort, root):
    ran = features("build", cohort, tmp_path / "t.parquet", "--task", "sm", "--params", root / "params.yaml")
    expect_refusal(ran, 'Unknown task "sm"', 'did you mean "smm"?')
    assert not (tmp_path / "t.parquet").exists()


def test_a_missing_folder_a_raw_folder_and_a_missing_parameter_file_are_told_apart(tmp_path, features, folder, cohort, root):
    params = ("--params", root / "params.yaml")
    expect_refusal(
        features("ingest", "--source", "tabular", tmp_path / "no", tmp_path / "c"), "No folder", "the tabular source reads a folder"
    )
    expect_refusal(
        features("build", tmp_path / "no", tmp_path / "t.parquet", "--task", "smm", *params), "No cohort folder", "features ingest"
    )
    expect_refusal(features("build", folder, tmp_path / "t.parquet", "--task", "smm", *params), "not a canonical cohort", "ingest it first")
    expect_refusal(
        features("build", cohort, tmp_path / "t.parquet", "--task", "smm", "--params", tmp_path / "no.yaml"),
        "No file",
        "name a parameter file",
    )


def test_nothing_usable_is_refused_with_the_rows_and_writes_nothing(tmp_path, features, write_folder):
    folder = write_folder(tmp_path / "bad", measurements="patient_id,collected_at,biomarker,value,unit\nSENTINEL-4711,soon,bmpc,15,%")
    ran = features("ingest", "--source", "tabular", folder, tmp_path / "cohort")
    expect_refusal(ran, "No usable measurements: all 1 rows were refused", "nothing was written")
    assert "SENTINEL" not in ran.out + ran.err
    assert not (tmp_path / "cohort").exists()


def test_a_folder_with_other_things_is_not_overwritten(tmp_path, features, folder):
    expect_refusal(features("ingest", "--source", "tabular", folder, folder), "exists and is not a cohort", "nothing was written")
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", "measurements.csv", "patients.csv"]


@pytest.mark.parametrize("place", ["a file/cohort", "a file"])
def test_a_place_that_cannot_be_written_is_refused(tmp_path, features, place):
    (tmp_path / "a file").write_text("", encoding="utf-8")
    ran = features("simulate", tmp_path / place, "--patients", 2)
    assert (ran.code, ran.err.startswith("Error: ")) == (1, True)


def test_a_table_is_not_written_over_a_folder(tmp_path, features, cohort, root):
    (tmp_path / "folder").mkdir()
    ran = features("build", cohort, tmp_path / "folder", "--task", "smm", "--params", root / "params.yaml")
    assert (ran.code, ran.err.startswith("Error: ")) == (1, True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "folder", "received"], "nothing half-written is left"


@pytest.mark.parametrize(
    "words", [["fly"], ["ingest"], ["simulate", "c", "--patients", "0"], ["simulate", "c", "--seed", "x"], ["build", "a", "b"]]
)
def test_wrong_use_exits_2(features, words):
    ran = features(*words)
    assert ran.code == 2
    assert ran.out == ""


@pytest.mark.parametrize("command", ["ingest", "simulate", "build"])
def test_help_shows_an_example(features, command):
    ran = features(command, "--help")
    assert ran.code == 0
    assert f"python -m features {command}" in " ".join(ran.out.split())


MAPPING_FILE = "index: [100]\nbiomarkers: {BMPC: {biomarker: bmpc, unit: '%'}}\n"
OMOP = {
    "person": "person_id,gender_concept_id,year_of_birth\nSENTINEL,8507,1950\n",
    "condition_occurrence": "person_id,condition_concept_id,condition_start_date\nSENTINEL,100,2015-01-01\n",
    "measurement": "person_id,measurement_concept_id,measurement_date,value_as_number,measurement_source_value\n"
    "SENTINEL,0,2015-02-01,15,BMPC\nSENTINEL,0,2015-03-01,high,BMPC\nSENTINEL,3000963,2015-03-01,9,\n",
}


@pytest.fixture
def records(tmp_path):
    """A folder of OMOP tables and a mapping."""
    (tmp_path / "cdm").mkdir()
    for name, text in OMOP.items():
        (tmp_path / "cdm" / f"{name}.csv").write_text(text)
    (tmp_path / "m.yaml").write_text(MAPPING_FILE)
    return tmp_path


def test_ingest_reads_records_with_a_mapping(records, features):
    ran = features("ingest", "--source", "omop", records / "cdm", records / "cohort", "--mapping", records / "m.yaml")
    assert ran.code == 0
    assert "not_a_number: 1 row of measurement.csv (value); first at row 3" in ran.out
    assert "unknown_unit: 1 row of measurement.csv (unit); first at row 4" in ran.out
    assert "note: 1 of 1 people have an index date" in ran.out
    assert "SENTINEL" not in ran.out + ran.err
    assert read_cohort(records / "cohort").measurements["biomarker"].tolist() == ["bmpc"]


def test_records_need_a_mapping_of_codes_and_tables_take_another_or_none(records, features, folder, root):
    ran = features("ingest", "--source", "fhir", records / "cdm", records / "cohort")
    expect_refusal(ran, "The source fhir needs --mapping FILE", "docs/sources.md")
    ran = features("ingest", "--source", "tabular", folder, records / "cohort", "--mapping", records / "m.yaml")
    expect_refusal(ran, "The source tabular takes no mapping of codes", "omop, fhir and meds")
    ran = features("ingest", "--source", "mgus2", root / "data" / "mgus2", records / "cohort", "--mapping", records / "m.yaml")
    expect_refusal(ran, "The source mgus2 takes no mapping", "its columns are known")
    assert not (records / "cohort").exists()


def test_a_connection_that_fails_ends_in_a_message_without_the_password(records, features):
    place = "postgresql://doctor:S3CRET@127.0.0.1:1/cdm"
    ran = features("ingest", "--source", "omop", place, records / "cohort", "--mapping", records / "m.yaml")
    expect_refusal(ran, "The PostgreSQL database cannot be opened: nothing listens at that host and port", "postgresql://user@host")
    assert "S3CRET" not in ran.out + ran.err
    assert not (records / "cohort").exists()


def test_simulate_writes_the_truth_beside_the_cohort_and_the_cohort_does_not_change(tmp_path, features):
    alone = features("simulate", tmp_path / "a", "--patients", 20, "--seed", 3, "--json")
    both = features("simulate", tmp_path / "b", "--patients", 20, "--seed", 3, "--truth", tmp_path / "truth.parquet", "--json")
    assert json.loads(alone.out)["hash"] == json.loads(both.out)["hash"]
    assert list(pd.read_parquet(tmp_path / "truth.parquet")) == ["patient_id", "landmark", "risk_12m", "risk_24m", "risk_60m"]


def test_an_unknown_world_and_a_truth_of_another_kind_are_refused_before_anything_is_written(tmp_path, features):
    expect_refusal(features("simulate", tmp_path / "c", "--world", "contrst"), 'Unknown world "contrst"', 'did you mean "contrast"?')
    expect_refusal(features("simulate", tmp_path / "c", "--truth", tmp_path / "t.csv"), "does not end in .parquet", "Parquet file")
    assert list(tmp_path.iterdir()) == []
