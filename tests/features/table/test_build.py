"""Building from files: the blocks leave no trace, a killed run goes on, and memory is bounded."""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import replace

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
import pytest

from features import build_table, read_cohort, read_table, write_cohort, write_table
from features.cohort.schema import QUARANTINE_COLUMNS
from features.params import memory_bytes
from features.table.build import build_file
from features.table.stream import cohort_blocks, measurement_blocks
from myeloma import ConfigError, DataError, catalogue

NAMES = ("bmpc", "m_protein")


@pytest.fixture(scope="module")
def folder(tmp_path_factory, smm_cohort):
    folder = tmp_path_factory.mktemp("build") / "cohort"
    write_cohort(smm_cohort, folder, pd.DataFrame(columns=QUARANTINE_COLUMNS))
    return folder


def measurements(path, rows, row_group=3):
    """Write rows of patient, biomarker, day, value as a measurements file with small row groups."""
    who, what, day, value = zip(*rows, strict=True)
    dates = pa.array(day, pa.int32()).cast(pa.date32())
    columns = {"patient_id": who, "biomarker": what, "collected_at": dates, "available_at": dates, "value": pa.array(value, pa.float64())}
    parquet.write_table(pa.table(columns), path, row_group_size=row_group)
    return path


ROWS = [
    ("A", "bmpc", 1, 1.0),
    *(("B", "m_protein", day, float(day)) for day in range(9)),
    ("C", "bmpc", 1, 2.0),
    ("C", "m_protein", 1, 3.0),
]


@pytest.mark.parametrize("about", [1, 2, 5, 100])
def test_a_block_is_of_whole_patients_wherever_row_groups_end(tmp_path, about):
    blocks = list(measurement_blocks(measurements(tmp_path / "m.parquet", ROWS), NAMES, about))
    got = [
        (block.ids[p], NAMES[b], d, v)
        for block in blocks
        for p, b, d, v in zip(block.patient(), block.biomarker, block.collected, block.value, strict=True)
    ]
    assert got == ROWS
    people = [who for block in blocks for who in block.ids]
    assert people == ["A", "B", "C"]


def test_rows_before_a_place_are_passed_over(tmp_path):
    blocks = list(measurement_blocks(measurements(tmp_path / "m.parquet", ROWS), NAMES, 100, skip=10))
    assert [list(block.ids) for block in blocks] == [["C"]]


@pytest.mark.parametrize("rows", [[ROWS[1], ROWS[0]], [ROWS[0], *ROWS[1:4], ROWS[0]]])
def test_a_file_that_is_not_sorted_by_patient_is_refused(tmp_path, rows):
    with pytest.raises(DataError, match="is not sorted by patient_id") as refusal:
        list(measurement_blocks(measurements(tmp_path / "m.parquet", rows, row_group=1), NAMES, 1))
    assert refusal.value.code == "not_sorted"


def test_an_empty_cell_is_refused(tmp_path):
    with pytest.raises(DataError, match="has an empty cell"):
        list(measurement_blocks(measurements(tmp_path / "m.parquet", [("A", "bmpc", 1, None)]), NAMES, 1))


def test_measurements_of_nobody_are_refused(tmp_path, folder):
    for name in ("patients", "events"):
        frame = pd.read_parquet(folder / f"{name}.parquet")
        frame[frame["patient_id"] > frame["patient_id"].min()].to_parquet(tmp_path / f"{name}.parquet", index=False)
    pd.read_parquet(folder / "measurements.parquet").to_parquet(tmp_path / "measurements.parquet", index=False)
    with pytest.raises(DataError, match="somebody who is not among its patients"):
        list(cohort_blocks(tmp_path, 1000))


def test_people_of_whom_no_event_is_known_are_followed_to_their_last_result(tmp_path, smm_cohort, smm_task):
    silent = replace(smm_cohort, events=smm_cohort.events.head(0))
    write_cohort(silent, tmp_path / "silent", pd.DataFrame(columns=QUARANTINE_COLUMNS))
    summary = build_file(tmp_path / "silent", tmp_path / "table.parquet", smm_task)
    assert summary["patients_with"]["progression"] == 0 and summary["not_at_risk"]["after_follow_up"] > 0


def test_people_without_any_result_have_the_rows_of_months_that_they_have_in_memory(tmp_path, smm_cohort, smm_task):
    unmeasured = replace(smm_cohort, measurements=smm_cohort.measurements.head(0))
    task = replace(smm_task, rules=replace(smm_task.rules, landmarks=(0, 6)))
    write_cohort(unmeasured, tmp_path / "unmeasured", pd.DataFrame(columns=QUARANTINE_COLUMNS))
    summary = build_file(tmp_path / "unmeasured", tmp_path / "table.parquet", task)
    expected = build_table(unmeasured, task)
    assert summary["landmarks"] == len(expected.rows) > 0
    pd.testing.assert_frame_equal(read_table(tmp_path / "table.parquet").rows, expected.rows)
    with pytest.raises(DataError, match="no visit"):
        build_file(tmp_path / "unmeasured", tmp_path / "visits.parquet", smm_task)


def test_the_file_is_that_of_the_whole_cohort_at_once_whatever_the_blocks_and_the_cores(tmp_path, folder, smm_task, monkeypatch):
    write_table(build_table(read_cohort(folder), smm_task), tmp_path / "whole.parquet")
    expected = (tmp_path / "whole.parquet").read_bytes()
    for rows, cores in ((900, 1), (4_000, 3), (10**6, 2)):
        monkeypatch.setattr("features.table.build.measurements_within", lambda memory, task, rows=rows: rows)
        monkeypatch.setattr("features.history.plan.cores", lambda cores=cores: cores)
        monkeypatch.setattr("features.history.plan.FEW", 10)
        build_file(folder, tmp_path / "table.parquet", smm_task)
        assert (tmp_path / "table.parquet").read_bytes() == expected
    assert sorted(path.name for path in tmp_path.iterdir()) == ["table.parquet", "whole.parquet"]


class Killed(BaseException):
    """What a signal does."""


@pytest.fixture
def interrupted(tmp_path, folder, smm_task, monkeypatch):
    """Leave a run that was killed in its fourth block; return the table's path and a list that counts the blocks made from then on."""
    monkeypatch.setattr("features.table.build.measurements_within", lambda memory, task: 2_000)
    made = []

    def counting(block, *rest):
        if len(made) == 3:
            raise Killed
        made.append(block.after["patients"])
        return one_block(block, *rest)

    from features.table.build import _one_block as one_block

    monkeypatch.setattr("features.table.build._one_block", counting)
    with pytest.raises(Killed):
        build_file(folder, tmp_path / "table.parquet", smm_task)
    assert not (tmp_path / "table.parquet").exists()
    again = []
    monkeypatch.setattr(
        "features.table.build._one_block", lambda block, *rest: again.append(block.after["patients"]) or one_block(block, *rest)
    )
    return tmp_path / "table.parquet", made, again


def test_a_killed_run_begins_anew_where_the_catalogue_is_another(interrupted, folder, smm_task, monkeypatch):
    path, made, again = interrupted
    monkeypatch.setitem(catalogue().biomarkers, "flc_ratio", replace(catalogue()["flc_ratio"], upper=50.0))
    build_file(folder, path, smm_task)
    assert again[: len(made)] == made


def test_a_killed_run_goes_on_where_it_was(interrupted, folder, smm_task, tmp_path):
    table, before, again = interrupted
    seen = []
    build_file(folder, table, smm_task, progress=lambda done, total: seen.append((done, total)))
    assert again[0] > before[-1], "the finished blocks are not made again"
    assert again[-1] == 300
    assert seen[0][0] > 0
    assert seen[-1][0] == seen[-1][1]
    write_table(build_table(read_cohort(folder), smm_task), tmp_path / "whole.parquet")
    assert table.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


def test_another_task_or_another_cohort_starts_anew(interrupted, folder, smm_task, mgus_task, smm_cohort, tmp_path):
    table, before, again = interrupted
    build_file(folder, table, replace(mgus_task, rules=replace(mgus_task.rules, population="smm")))
    assert again[0] == before[0]
    assert read_table(table).about["task"] == "mgus"


def test_a_changed_file_starts_anew(interrupted, folder, smm_task, tmp_path):
    table, before, again = interrupted
    shutil.copytree(folder, tmp_path / "copy")
    pd.read_parquet(folder / "events.parquet").iloc[:-1].to_parquet(tmp_path / "copy" / "events.parquet", index=False)
    build_file(tmp_path / "copy", table, smm_task)
    assert again[0] == before[0]


@pytest.mark.parametrize(("text", "expected"), [("2GB", 2 * 10**9), ("1.5 GiB", 1_610_612_736), ("800MB", 800_000_000)])
def test_memory_is_a_number_and_a_unit(text, expected):
    assert memory_bytes(text) == expected


@pytest.mark.parametrize("text", ["2", "two GB", "-1GB", "100MB", ""])
def test_memory_that_cannot_be_kept_is_refused(text):
    with pytest.raises(ConfigError, match=r"is not an amount of memory|is too little memory"):
        memory_bytes(text)


PEAK = """
import sys
from dataclasses import replace
from features.__main__ import app
from pathlib import Path
app(sys.argv[1:], standalone_mode=False)
print(Path("/proc/self/status").read_text())
"""


@pytest.mark.slow
@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="reads /proc")
def test_the_bound_on_memory_holds_for_a_cohort_that_does_not_fit(tmp_path, folder, root, smm_task):
    """The cohort of 300 people, 25 times over, in a bound little above what the libraries take."""
    copies, big = 25, tmp_path / "big"
    big.mkdir()
    for name in ("patients", "measurements", "events"):
        frame = pd.read_parquet(folder / f"{name}.parquet")
        many = pd.concat([frame.assign(patient_id=f"{k:03d}" + frame["patient_id"]) for k in range(copies)], ignore_index=True)
        many.to_parquet(big / f"{name}.parquet", index=False)
    (big / "cohort.json").write_bytes((folder / "cohort.json").read_bytes())
    command = ["build", str(big), str(tmp_path / "t.parquet"), "--task", "smm", "--params", str(root / "params.yaml"), "--memory", "700MB"]
    done = subprocess.run([sys.executable, "-c", PEAK, *command], cwd=root, capture_output=True, text=True, check=True)
    peak = int(re.search(r"VmHWM:\s+(\d+) kB", done.stdout)[1]) * 1024
    assert peak < 700 * 10**6
    once = len(build_table(read_cohort(folder), smm_task).rows)
    assert parquet.read_metadata(tmp_path / "t.parquet").num_rows == copies * once


def test_a_folder_of_files_in_any_order_is_the_table_that_one_file_would_be(folder, smm_task, tmp_path):
    build_file(folder, tmp_path / "table.parquet", smm_task)
    one = read_table(tmp_path / "table.parquet")
    rows = parquet.read_table(tmp_path / "table.parquet").replace_schema_metadata()
    rows = rows.take(list(range(rows.num_rows))[::-1])
    rows = rows.cast(pa.schema([f.with_type(pa.timestamp("us")) if pa.types.is_timestamp(f.type) else f for f in rows.schema]))
    (tmp_path / "folder.parquet").mkdir()
    for k, part in enumerate((rows.slice(0, 100), rows.slice(100, 0), rows.slice(100))):
        parquet.write_table(part, tmp_path / "folder.parquet" / f"part-{k}.parquet")
    with pytest.raises(DataError, match="not a feature table"):
        read_table(tmp_path / "folder.parquet")
    (tmp_path / "folder.parquet" / "_feature_table.json").write_text(json.dumps(one.about))
    many = read_table(tmp_path / "folder.parquet")
    assert many.rows.equals(one.rows)
    assert (many.about, many.content_hash()) == (one.about, one.content_hash())
