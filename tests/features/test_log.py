"""The log of the command lines: what an operator wants to know, on request, and no identifier."""

import logging
import shlex

import pytest

from features.__main__ import app
from features.console import run
from features.log import write_log

SENTINEL = "SENTINEL-5120"
MEASURED = f"patient_id,collected_at,biomarker,value,unit\n{SENTINEL},2015-02-01,bmpc,15,%\n{SENTINEL},2015-03-01,bmpc,{SENTINEL},%"
PATIENTS = f"patient_id,index_date\n{SENTINEL},2015-01-01"


@pytest.fixture
def command(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def command(line):
        with pytest.raises(SystemExit) as ended:
            run(app, shlex.split(line))
        return ended.value.code or 0, capsys.readouterr().err

    yield command
    write_log()


def test_rows_kept_are_logged_where_asked_for_and_nobody_is_named(command, tmp_path, write_folder):
    write_folder(tmp_path / "received", patients=PATIENTS, measurements=MEASURED)
    assert command("--verbose --log logs/features.log ingest --source tabular received cohort")[0] == 0
    log = (tmp_path / "logs" / "features.log").read_text()
    assert "INFO features: cohort: 1 of 1 patients kept, 1 of 2 measurements kept" in log
    _, err = command("--verbose ingest --source tabular received cohort")
    assert "1 of 2 measurements kept" in err
    assert (tmp_path / "logs" / "features.log").read_text() == log, "the first log is closed"
    assert SENTINEL not in log + err


def test_without_a_wish_nothing_is_logged_and_nothing_is_set_up_at_import(command, tmp_path, write_folder):
    write_folder(tmp_path / "received", patients=PATIENTS, measurements=MEASURED)
    assert command("ingest --source tabular received cohort") == (0, "")
    assert logging.getLogger("features").handlers == []


def test_a_log_that_cannot_be_written_is_refused(command, tmp_path):
    (tmp_path / "file").write_text("")
    code, err = command("--log file/log ingest --source tabular received cohort")
    assert (code, "The log file/log cannot be written" in err, "Hint: " in err) == (1, True, True)


def test_a_library_that_is_missing_is_named_with_the_extra_that_brings_it(command, monkeypatch):
    def refuses(*arguments):
        raise ModuleNotFoundError("No module named 'duckdb'", name="duckdb")

    monkeypatch.setattr("features.sources.read_source", refuses)
    code, err = command("ingest --source omop cdm cohort")
    assert code == 1
    assert err == 'Error: This needs duckdb, which is not installed here.\nHint: pip install "myeloma-precursor-risk[omop]"\n'
