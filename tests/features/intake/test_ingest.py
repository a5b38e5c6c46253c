"""A cohort folder is made whole or not at all, the same bytes each time, and a run that was stopped goes on."""

import errno
import os
import signal
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow.parquet as parquet
import pytest

from features import read_cohort
from features.cohort.sites import UNKNOWN_SITE
from features.cohort.storage import ROW_GROUP, read_aside
from features.console import Steps
from features.intake import ingest as ingest_module
from features.intake.ingest import ingest
from features.intake.measured import _by_name
from features.intake.quality import inspect
from features.simulation.smm import simulate
from features.sources.received import received
from myeloma import DataError, StateError, catalogue

QUIET = Steps(quiet=True)


def bytes_of(folder):
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


@pytest.fixture
def source():
    """Return forty people with a few rows of each that are refused."""
    simulated = simulate(40, seed=2)
    measured = simulated.tables["measurements"]
    measured["value"] = measured["value"].astype(object)
    measured.loc[measured.index[::50], "value"] = "high"
    measured.loc[measured.index[::77], "patient_id"] = "nobody"
    return simulated


@pytest.fixture
def small_blocks(monkeypatch):
    monkeypatch.setattr(ingest_module, "PATIENTS_A_BLOCK", 7)


def test_many_blocks_give_what_one_gives(tmp_path, source, monkeypatch):
    about = ingest(source, tmp_path / "whole", QUIET).about
    for patients in (1, 7):
        monkeypatch.setattr(ingest_module, "PATIENTS_A_BLOCK", patients)
        assert ingest(source, tmp_path / "blocks", QUIET).about == about
        got, expected = (read_aside(tmp_path / name, "quarantine").sort_values("id", ignore_index=True) for name in ("blocks", "whole"))
        pd.testing.assert_frame_equal(got, expected)
        got, expected = bytes_of(tmp_path / "blocks"), bytes_of(tmp_path / "whole")
        assert {name for name in got if got[name] != expected[name]} <= {"quarantine.parquet"}, "whose rows stand block by block"


def test_ingesting_again_changes_nothing_and_says_so(tmp_path, source):
    assert ingest(source, tmp_path / "cohort", QUIET).changed
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "cohort").iterdir()}
    assert not ingest(source, tmp_path / "cohort", QUIET).changed
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "cohort").iterdir()} == before
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


def test_a_run_that_was_stopped_takes_its_finished_blocks_as_they_are(tmp_path, source, small_blocks, monkeypatch):
    ingest(source, tmp_path / "expected", QUIET)
    check_block, checked = ingest_module.check_block, []

    def stopped(*args):
        if len(checked) == 3:
            raise KeyboardInterrupt
        checked.append(1)
        return check_block(*args)

    monkeypatch.setattr(ingest_module, "check_block", stopped)
    with pytest.raises(KeyboardInterrupt):
        ingest(source, tmp_path / "cohort", QUIET)
    assert not (tmp_path / "cohort").exists()
    again = []
    monkeypatch.setattr(ingest_module, "check_block", lambda *args: again.append(1) or check_block(*args))
    ingest(source, tmp_path / "cohort", QUIET)
    blocks = -(-(40 + 1) // 7)
    assert len(again) == blocks - 3
    assert bytes_of(tmp_path / "cohort") == bytes_of(tmp_path / "expected")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "expected"]


def test_another_input_starts_anew(tmp_path, source, small_blocks, monkeypatch):
    check_block = ingest_module.check_block
    monkeypatch.setattr(ingest_module, "_assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ingest(source, tmp_path / "cohort", QUIET)
    monkeypatch.undo()
    source.tables["measurements"].loc[3, "value"] = 1.25
    checked = []
    monkeypatch.setattr(ingest_module, "check_block", lambda *args: checked.append(1) or check_block(*args))
    ingest(source, tmp_path / "cohort", QUIET)
    assert len(checked) == 1, "one block of the usual size: nothing of the other input was taken"
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"], "what the stopped run left is removed"


def test_another_catalogue_starts_anew(tmp_path, source, small_blocks, monkeypatch):
    """What one's own entries allow is no part of the version or the input: blocks by two rules would be one cohort."""
    stopped = ingest_module._assemble
    monkeypatch.setattr(ingest_module, "_assemble", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        ingest(source, tmp_path / "cohort", QUIET)
    monkeypatch.setattr(ingest_module, "_assemble", stopped)
    hemoglobin = catalogue()["hemoglobin"]
    with monkeypatch.context() as patched:
        patched.setitem(catalogue().biomarkers, "hemoglobin", replace(hemoglobin, upper=12.0))
        patched.setattr("features.intake.measured._by_name", _by_name.__wrapped__)  # kept by version, of which a process has one
        ingest(source, tmp_path / "cohort", QUIET)
    assert read_cohort(tmp_path / "cohort").measurements.query("biomarker == 'hemoglobin'")["value"].max() <= 12


KILLED = """
import os, signal, sys
from pathlib import Path
from features.intake import ingest as module
from features.console import Steps
from features.simulation.smm import simulate
module.PATIENTS_A_BLOCK = 10
finished, write = [], module._write_block
def write_block(*args):
    if len(finished) == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    write(*args)
    finished.append(1)
module._write_block = write_block
module.ingest(simulate(40, seed=2), Path(sys.argv[1]), Steps(quiet=True))
"""


@pytest.mark.slow
def test_a_killed_process_leaves_the_older_cohort_and_the_next_one_ends_with_the_same_bytes(tmp_path, root, monkeypatch):
    def run(folder, kill_after):
        return subprocess.run([sys.executable, "-c", KILLED, str(folder), str(kill_after)], cwd=root).returncode

    ingest(simulate(5, seed=1), tmp_path / "cohort", QUIET)
    older = bytes_of(tmp_path / "cohort")
    assert run(tmp_path / "cohort", 2) == -signal.SIGKILL
    assert bytes_of(tmp_path / "cohort") == older
    assert run(tmp_path / "cohort", 99) == 0
    monkeypatch.setattr(ingest_module, "PATIENTS_A_BLOCK", 10)
    ingest(simulate(40, seed=2), tmp_path / "expected", QUIET)
    assert bytes_of(tmp_path / "cohort") == bytes_of(tmp_path / "expected")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "expected"]


@pytest.mark.parametrize(
    "write",
    ["features.intake.ingest.write_tables", "features.cohort.storage.TableWriter.write", "features.intake.ingest.feather.write_feather"],
)
def test_a_full_disk_leaves_the_older_cohort_and_nothing_half_written(tmp_path, source, small_blocks, monkeypatch, write):
    ingest(simulate(5, seed=1), tmp_path / "cohort", QUIET)
    older = bytes_of(tmp_path / "cohort")
    with monkeypatch.context() as full:
        full.setattr(write, lambda *_, **__: (_ for _ in ()).throw(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))))
        with pytest.raises(OSError, match="No space left"):
            ingest(source, tmp_path / "cohort", QUIET)
    assert bytes_of(tmp_path / "cohort") == older
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"], "finished blocks, too, would keep the disk full"
    assert ingest(source, tmp_path / "cohort", QUIET).changed
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]


def test_rows_are_counted_by_table_site_and_reason_and_none_is_lost(tmp_path, source, small_blocks):
    about = ingest(source, tmp_path / "cohort", QUIET).about
    for name, frame in source.tables.items():
        sites, counts = about["attrition"][name].values(), about["counts"][name]
        assert counts["read"] == len(frame) == sum(site["read"] for site in sites)
        assert counts["kept"] == len(read_cohort(tmp_path / "cohort").tables()[name]) == sum(site["kept"] for site in sites)
        assert all(site["quarantined"] == sum(site["reasons"].values()) == site["read"] - site["kept"] for site in sites)
    nobody = about["attrition"]["measurements"][UNKNOWN_SITE]
    assert nobody["kept"] == 0
    assert nobody["reasons"] == {"patient_not_in_cohort": nobody["read"]}


def test_nothing_usable_writes_nothing(tmp_path, source):
    source.tables["measurements"]["unit"] = "stones"
    with pytest.raises(DataError, match="No usable measurements: all"):
        ingest(source, tmp_path / "cohort", QUIET)
    assert not (tmp_path / "cohort").exists()


def test_a_mended_cohort_is_not_ingested_over(tmp_path, source):
    ingest(source, tmp_path / "cohort", QUIET)
    about = tmp_path / "cohort" / "cohort.json"
    about.write_text(about.read_text().replace('"source"', '"mended": 2, "source"'))
    with pytest.raises(StateError, match="would lose them"):
        ingest(source, tmp_path / "cohort", QUIET)


def test_the_order_on_disk_is_by_patient_biomarker_and_day_in_row_groups_of_one_size(tmp_path, source, small_blocks, monkeypatch):
    monkeypatch.setattr("features.cohort.storage.ROW_GROUP", 100)
    ingest(source, tmp_path / "cohort", QUIET)
    stored = parquet.ParquetFile(tmp_path / "cohort" / "measurements.parquet")
    sizes = [stored.metadata.row_group(k).num_rows for k in range(stored.num_row_groups)]
    assert len(sizes) > 3
    assert set(sizes[:-1]) == {100} != {ROW_GROUP}
    rows = stored.read().to_pandas()[["patient_id", "biomarker", "collected_at", "available_at", "value"]]
    pd.testing.assert_frame_equal(rows, rows.sort_values(list(rows.columns), kind="stable").reset_index(drop=True))
    assert not rows.drop(columns="value").duplicated().any()


@pytest.mark.slow
def test_very_many_rows_of_one_person_are_one_block(tmp_path):
    days, each = 6_000, 6
    measured = pd.DataFrame({"patient_id": "P1", "collected_at": np.datetime64("1990-01-01") + np.tile(np.arange(days), each)})
    measured = measured.assign(biomarker="flc_kappa", value=np.repeat(np.linspace(1, 2, each), days), unit="mg/L")
    measured["collected_at"] = measured["collected_at"].astype("datetime64[ns]")
    tables = {
        "patients": pd.DataFrame({"patient_id": ["P1"], "index_date": ["1990-01-01"]}),
        "measurements": measured,
        "events": pd.DataFrame(columns=["patient_id", "occurred_at", "kind"]),
    }
    tables = {name: frame.assign(source_row=np.arange(1, len(frame) + 1)) for name, frame in tables.items()}
    about = ingest(received("test", tables, dict.fromkeys(tables, "file")), tmp_path / "cohort", QUIET).about
    assert about["counts"]["measurements"] == {"read": days * each, "kept": days, "quarantined": days * (each - 1)}
    assert (read_cohort(tmp_path / "cohort").measurements["value"] == 2.0).all(), "the later row counts"


def test_the_day_of_ingestion_can_be_named(received_of):
    source = received_of(measurements="patient_id,collected_at,biomarker,value\nP1,2020-06-01,bmpc,12")
    assert inspect(source, pd.Timestamp("2020-06-01"))[1].empty
    assert inspect(source, pd.Timestamp("2020-05-31"))[1]["reason"].tolist() == ["future_date"]


def test_of_two_ingestions_of_one_cohort_at_once_the_second_is_refused(tmp_path, source, monkeypatch):
    assemble = ingest_module._assemble

    def meanwhile(*args):
        with pytest.raises(StateError, match="Another process is writing") as refusal:
            ingest(simulate(5, seed=1), tmp_path / "cohort", QUIET)
        assert refusal.value.code == "busy"
        return assemble(*args)

    monkeypatch.setattr(ingest_module, "_assemble", meanwhile)
    ingest(source, tmp_path / "cohort", QUIET)
    assert [path.name for path in tmp_path.iterdir()] == ["cohort"]
