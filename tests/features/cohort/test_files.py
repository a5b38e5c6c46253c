"""Files and folders are written whole, by several processes at once, and killed ones leave nothing for long."""

import errno
import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from features.cohort.files import COHORT, OF_COHORT, removed_when_full, whole_file, whole_folder
from features.cohort.locks import only_writer
from features.cohort.scratch import Scratch
from features.cohort.storage import ARROW
from myeloma import StateError

# Writes a line, and waits to be killed.
KILLED = """
import signal, sys
from pathlib import Path
from features.cohort.files import whole_file
from features.cohort.locks import only_writer
from features.cohort.scratch import Scratch
place = Path(sys.argv[1])
with Scratch("test") as scratch, only_writer(place), whole_file(place) as work:
    for path in (work, scratch / "rows.csv"):
        path.write_text("SENTINEL-4711")
    print(scratch, flush=True)
    signal.pause()
"""


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def writing(root, tmp_path, monkeypatch):
    """Start processes that each write one file and go on for ever; return the function, and the place of the file."""
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    (tmp_path / "temporary").mkdir()
    started = []

    def start(place):
        process = subprocess.Popen([sys.executable, "-c", KILLED, place], cwd=root, stdout=subprocess.PIPE, text=True)
        started.append(process)
        assert process.stdout.readline()
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_of_two_writers_of_a_file_each_writes_it_whole_and_the_last_wins(tmp_path):
    path = tmp_path / "scores.csv"
    with whole_file(path) as first:
        first.write_text("first" * 1000)
        with whole_file(path) as second:
            second.write_text("second" * 1000)
        assert path.read_text() == "second" * 1000
        assert first.read_text() == "first" * 1000
    assert path.read_text() == "first" * 1000
    assert names(tmp_path) == ["scores.csv"]


def test_many_writers_at_once_leave_one_whole_file(tmp_path):
    def write(number):
        with whole_file(tmp_path / "f") as work:
            work.write_text(str(number) * 10_000)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    assert len(set((tmp_path / "f").read_text())) == 1
    assert names(tmp_path) == ["f"]


def test_what_goes_wrong_leaves_the_older_file(tmp_path):
    path = tmp_path / "f"
    path.write_text("older")
    with pytest.raises(OSError, match="full"), whole_file(path) as work:
        work.write_text("half")
        raise OSError(errno.ENOSPC, "full")
    assert (names(tmp_path), path.read_text()) == (["f"], "older")


def test_a_file_is_on_the_disk_before_it_gets_its_name(tmp_path, monkeypatch):
    done, replace = [], Path.replace
    monkeypatch.setattr(os, "fsync", lambda file: done.append(os.fstat(file).st_ino))
    monkeypatch.setattr(Path, "replace", lambda path, other: done.append("named") or replace(path, other))
    with whole_file(tmp_path / "f") as work:
        work.write_text("x")
        file = work.stat().st_ino
    assert done == [file, "named", tmp_path.stat().st_ino]


def test_a_disk_that_tells_only_at_the_end_that_it_is_full_leaves_the_older_file(tmp_path, monkeypatch):
    (tmp_path / "f").write_text("older")
    monkeypatch.setattr(os, "fsync", lambda file: (_ for _ in ()).throw(OSError(errno.EDQUOT, "quota")))
    with pytest.raises(OSError, match="quota"), whole_file(tmp_path / "f") as work:
        work.write_text("newer")
    assert (names(tmp_path), (tmp_path / "f").read_text()) == (["f"], "older")


@pytest.mark.slow
def test_the_next_writer_removes_what_a_killed_one_left_and_nothing_of_one_that_lives(writing, tmp_path):
    killed, lives = writing(tmp_path / "a.csv"), writing(tmp_path / "b.csv")
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    assert len([name for name in names(tmp_path) if name.endswith(".part")]) == 2
    for name in ("a.csv", "b.csv"):
        with whole_file(tmp_path / name) as work:
            work.write_text("whole")
    left = [name for name in names(tmp_path) if name.endswith(".part")]
    assert [name[:6] for name in left] == [".b.csv"]
    assert lives.poll() is None


@pytest.mark.slow
def test_a_temporary_folder_is_private_and_outlives_a_killed_process_only_until_the_next(writing, tmp_path):
    killed, lives = writing(tmp_path / "a.csv"), writing(tmp_path / "b.csv")
    there = set(names(tmp_path / "temporary"))
    assert len(there) == 2
    killed.send_signal(signal.SIGKILL)
    killed.wait()
    with Scratch("test") as mine:
        assert mine.stat().st_mode & 0o777 == 0o700
        kept = there & set(names(tmp_path / "temporary"))
        assert len(kept) == 1
        (other,) = kept
        assert (tmp_path / "temporary" / other / "rows.csv").read_text() == "SENTINEL-4711"
    assert names(tmp_path / "temporary") == [other]
    assert lives.poll() is None


@pytest.fixture
def at_once(tmp_path, monkeypatch):
    """Do something many times in eight threads, whose locks are each other's as those of processes are."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))

    def run(work):
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(work, range(400)))
        assert names(tmp_path) in ([], ["f"])

    return run


def test_of_many_that_make_and_clear_temporary_folders_at_once_none_loses_its_own(at_once):
    def work(number):
        with Scratch("test") as mine:
            (mine / "rows").write_text(str(number))
            time.sleep(0.001)
            assert (mine / "rows").read_text() == str(number)

    at_once(work)


def test_of_many_that_write_one_file_at_once_none_loses_what_it_writes(at_once, tmp_path):
    def work(number):
        with whole_file(tmp_path / "f") as mine:
            mine.write_text(str(number))
            time.sleep(0.001)
            assert mine.read_text() == str(number)

    at_once(work)


@pytest.mark.slow
def test_the_second_writer_of_a_place_is_refused_until_the_first_has_ended_however_it_ended(writing, tmp_path):
    first = writing(tmp_path / "cohort")
    with pytest.raises(StateError, match=r"Another process is writing .*cohort") as refusal, only_writer(tmp_path / "cohort"):
        pass
    assert refusal.value.code == "busy"
    first.send_signal(signal.SIGKILL)
    first.wait()
    with only_writer(tmp_path / "cohort"):
        assert ".cohort.lock" in names(tmp_path)
    assert ".cohort.lock" not in names(tmp_path)


def test_whoever_may_wait_comes_after_whoever_writes(tmp_path):
    said = []

    def write(number):
        with only_writer(tmp_path / "f", wait=True):
            said.extend((number, number))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, range(20)))
    assert said[::2] == said[1::2]
    assert sorted(said[::2]) == list(range(20))
    assert names(tmp_path) == []


def test_a_folder_whose_exchange_was_interrupted_is_put_back(tmp_path):
    (tmp_path / "work-old").mkdir()
    (tmp_path / "work-old" / "f").write_text("older")  # killed after the older folder had given up its name
    with pytest.raises(KeyboardInterrupt), whole_folder(tmp_path / "folder", tmp_path / "work"):
        raise KeyboardInterrupt
    assert (tmp_path / "folder" / "f").read_text() == "older"
    assert names(tmp_path) == ["folder"]


@pytest.mark.parametrize(("code", "stays"), [(errno.ENOSPC, False), (errno.EDQUOT, False), (errno.EACCES, True)])
def test_finished_work_is_removed_where_it_would_keep_the_disk_full(tmp_path, code, stays):
    (tmp_path / "work").mkdir()
    with pytest.raises(OSError, match="said"), removed_when_full(tmp_path / "work"):
        raise OSError(code, "said")
    assert (tmp_path / "work").exists() is stays


def test_the_files_that_no_other_output_takes_the_place_of_are_all_of_a_cohort():
    assert {COHORT, *(f"{name}.parquet" for name in ARROW)} == OF_COHORT
