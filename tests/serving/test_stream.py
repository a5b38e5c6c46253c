"""Scores in blocks of people: the same file whatever the blocks, and after any kill the same command goes on."""

import multiprocessing
import os
import random
import shutil
import signal
import time

import pandas as pd
import pytest

from features import read_cohort
from features.table.landmarks import fixed_landmarks, last_landmarks, visit_landmarks
from features.table.partition import nobody
from features.table.stream import cohort_blocks
from myeloma import DataError
from myeloma.calendar import EPOCH
from serving import stream
from serving.artifact import load_artifact
from serving.batch import Told, score_landmarks
from serving.stream import Asked, score_file, scores_of_block

DAY = pd.Timestamp("2015-06-30").toordinal() - EPOCH


@pytest.fixture(scope="module")
def folder(trained):
    return trained.folder / "fit" / "logistic" / "artifact"


@pytest.fixture(scope="module")
def artifact(folder):
    return load_artifact(folder)


def quiet(done, total):
    return None


@pytest.mark.parametrize("rows", [600, 2000, 10**6])
@pytest.mark.parametrize("asked", [Asked(), Asked(every_visit=True), Asked(day=DAY)], ids=["last", "every", "on a day"])
def test_the_file_is_the_frame_whatever_the_blocks(artifact, trained, tmp_path, monkeypatch, asked, rows):
    monkeypatch.setattr(stream, "ROWS_OF_BLOCK", rows)
    told = score_file(artifact, trained.cohort, tmp_path / "risks.parquet", asked, quiet)
    cohort = read_cohort(trained.cohort)
    landmarks = (
        visit_landmarks(cohort) if asked.every_visit else fixed_landmarks(cohort, "2015-06-30") if asked.day else last_landmarks(cohort)
    )
    expected = score_landmarks(artifact, cohort, landmarks, asked.day)
    found = pd.read_parquet(tmp_path / "risks.parquet")
    pd.testing.assert_frame_equal(found, expected, check_exact=True, check_dtype=False)
    assert told == Told.of(expected)
    assert [path.name for path in tmp_path.iterdir()] == ["risks.parquet"]


def test_a_csv_holds_what_the_parquet_file_holds(artifact, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "ROWS_OF_BLOCK", 1000)
    for name in ("risks.csv", "risks.parquet"):
        score_file(artifact, trained.cohort, tmp_path / name, Asked(), quiet)
    from_csv = pd.read_csv(tmp_path / "risks.csv", float_precision="round_trip")
    assert from_csv["risk_24m"].tolist() == pytest.approx(
        pd.read_parquet(tmp_path / "risks.parquet")["risk_24m"].tolist(), abs=0, nan_ok=True
    )


def test_a_block_of_whom_nobody_is_scored_has_the_types_of_any_other(artifact, trained):
    [block] = cohort_blocks(trained.cohort, 10**9, operators=True)
    some, none = (scores_of_block(artifact, block, Asked(day=day), DAY) for day in (DAY, 0))
    assert "scored" in some["status"].to_pylist()
    assert "scored" not in none["status"].to_pylist()
    assert some.schema == none.schema == scores_of_block(artifact, nobody(), Asked(), DAY).schema


def broken_off(artifact, cohort, out, monkeypatch):
    """Score until three blocks are made, and break off; return the names of the blocks made, also of those that are made from then on."""
    made, plain = [], stream._one_block

    def breaks(*given):
        if len(made) == 3:
            raise KeyboardInterrupt
        made.append(given[-1].name)
        return plain(*given)

    monkeypatch.setattr(stream, "_one_block", breaks)
    with pytest.raises(KeyboardInterrupt):
        score_file(artifact, cohort, out, Asked(), quiet)
    monkeypatch.setattr(stream, "_one_block", lambda *given: made.append(given[-1].name) or plain(*given))
    return made


def test_a_run_that_broke_off_left_no_file_and_the_next_goes_on_behind_it(artifact, trained, tmp_path, monkeypatch):
    monkeypatch.setattr(stream, "ROWS_OF_BLOCK", 1000)
    score_file(artifact, trained.cohort, tmp_path / "whole.parquet", Asked(), quiet)
    out = tmp_path / "risks.parquet"
    made = broken_off(artifact, trained.cohort, out, monkeypatch)
    assert not out.exists()
    score_file(artifact, trained.cohort, out, Asked(), quiet)
    assert len(made) == len(set(made)) > 4, "no block is scored twice"
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()


@pytest.mark.parametrize("other", [Asked(every_visit=True), Asked(day=DAY)])
def test_what_is_asked_otherwise_begins_anew(artifact, trained, tmp_path, monkeypatch, other):
    monkeypatch.setattr(stream, "ROWS_OF_BLOCK", 1000)
    made = broken_off(artifact, trained.cohort, tmp_path / "risks.parquet", monkeypatch)
    score_file(artifact, trained.cohort, tmp_path / "risks.parquet", other, quiet)
    assert made.count("000000") == 2


def spoilt(cohort, folder, table, change):
    shutil.copytree(cohort, folder)
    frame = pd.read_parquet(folder / f"{table}.parquet")
    change(frame)
    frame.to_parquet(folder / f"{table}.parquet", index=False)
    return folder


@pytest.mark.parametrize(
    ("table", "column", "wrong"),
    [
        ("patients", "sex", "?"),
        ("events", "kind", "holiday"),
        ("measurements", "value", float("inf")),
        ("measurements", "operator", "~"),
        ("measurements", "available_at", pd.Timestamp("1970-01-02")),
    ],
)
def test_a_cohort_that_was_changed_by_hand_is_refused_as_when_it_is_read_at_once(artifact, trained, tmp_path, table, column, wrong):
    def change(frame):
        frame[column] = frame[column].astype(object) if isinstance(wrong, str) else frame[column]
        frame.loc[len(frame) // 2, column] = wrong

    folder = spoilt(trained.cohort, tmp_path / "cohort", table, change)
    for use in (read_cohort, lambda cohort: score_file(artifact, cohort, tmp_path / "risks.parquet", Asked(), quiet)):
        with pytest.raises(DataError, match="does not follow the cohort's schema"):
            use(folder)
    assert not (tmp_path / "risks.parquet").exists()


@pytest.mark.parametrize("table", ["patients", "measurements", "events"])
@pytest.mark.parametrize("spoil", [lambda path: path.unlink(), lambda path: path.write_bytes(b"PAR1")], ids=["missing", "damaged"])
def test_a_file_that_is_missing_or_damaged_is_named(artifact, trained, tmp_path, table, spoil):
    shutil.copytree(trained.cohort, tmp_path / "cohort")
    spoil(tmp_path / "cohort" / f"{table}.parquet")
    with pytest.raises(DataError, match=r"missing|cannot be read|damaged"):
        score_file(artifact, tmp_path / "cohort", tmp_path / "risks.parquet", Asked(), quiet)


def _score_every_visit(model, cohort, out):
    stream.ROWS_OF_BLOCK = 600
    score_file(load_artifact(model), cohort, out, Asked(every_visit=True), quiet)


@pytest.mark.slow
def test_after_kills_at_random_moments_nothing_is_lost_or_repeated(artifact, folder, trained, tmp_path, monkeypatch):
    context = multiprocessing.get_context("forkserver")  # a process without threads, from which all five are forked:
    context.set_forkserver_preload(["serving.stream", "serving.artifact"])  # what scores is imported once
    out, rng, kills = tmp_path / "risks.parquet", random.Random(4), 0
    for kill in (True, True, True, True, False):
        finished = len(list(tmp_path.glob(".*/*.json")))
        job = context.Process(target=_score_every_visit, args=(folder, trained.cohort, out))
        job.start()
        while kill and job.is_alive() and len(list(tmp_path.glob(".*/*.json"))) <= finished:
            time.sleep(0.005)
        time.sleep(rng.uniform(0.0, 0.1) if kill else 0)
        if kill and job.is_alive():
            os.kill(job.pid, signal.SIGKILL)
            kills += 1
        job.join()
    assert kills >= 2
    monkeypatch.setattr(stream, "ROWS_OF_BLOCK", 600)
    score_file(artifact, trained.cohort, tmp_path / "whole.parquet", Asked(every_visit=True), quiet)
    assert out.read_bytes() == (tmp_path / "whole.parquet").read_bytes()
