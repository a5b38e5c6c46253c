"""What `make train` runs: DVC's pipeline of each task, a process each, and never twice at once in one checkout.

It stands in front of every training, so it imports nothing that takes time: where nothing is to be done, that is what one waits for.
All that DVC and the stages say goes to a log; people see a line for each stage, what the gate said, and every error.
"""

from __future__ import annotations

import fcntl
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from pathlib import Path
from typing import NoReturn, TextIO

import yaml

from serving.store.address import sqlite_path
from serving.store.reading import runs_there
from training.places import EVALUATION, FIT, METRICS, RUN, folder_of
from training.stages import Stages

PIPELINE = Path("dvc.yaml")
LOCK = Path(".dvc/tmp/train.lock")
LOG = Path("data/train.log")
# The file with the true risks of a task that is simulated is named by the Makefile: no code that fits or judges knows of it.
TRUTH, BESIDE_TRUTH = os.environ.get("MYELOMA_TRUTH", ""), "truth.txt"
BESIDE = [sys.executable, "-m", "training", "truth"]
_INTERRUPTED = 130


def train(tasks: list[str]) -> int:
    """Bring the tasks up to date, all at once, since they share no stage; return 0 where all went well."""
    _check(tasks)
    with os.fdopen(hold(LOCK), "r+b", buffering=0) as held, _log() as log:
        lock = held.fileno()
        stages = [Stages(task, log) for task in tasks]
        with ThreadPoolExecutor(len(tasks) or 1) as pool:
            # The jobs begin here, one after the other; a task that is done goes on to its comparison while others still train.
            done = [pool.submit(_finish, task, told, _job(command_of(task), lock), lock) for task, told in zip(tasks, stages, strict=True)]
            try:
                codes = [each.result() for each in done]
            except KeyboardInterrupt:  # which the jobs got as well
                wait(done)
                sys.stderr.write("Stopped. make train goes on after the last stage that was finished.\n")
                return _INTERRUPTED
    for told, code in zip(stages, codes, strict=True):
        told.close(failed=code != 0)
    return int(any(codes))


def _log() -> TextIO:
    LOG.parent.mkdir(exist_ok=True)
    return LOG.open("w", encoding="utf-8")


def _job(command: list[str], lock: int) -> subprocess.Popen[str]:
    """Start a program that holds the lock, too: it is free when the last of them has ended, whatever became of this process."""
    return subprocess.Popen(command, pass_fds=[lock], text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace")


def _finish(task: str, told: Stages, job: subprocess.Popen[str], lock: int) -> int:
    """Wait for a task's stages, then set its models beside the simulated truth where there is one; return 0 where all went well."""
    readers = _readers(job, told.take, told.take_error)
    code = job.wait()
    for reader in readers:
        reader.join()
    return code or _beside_truth(task, told, lock)


def _beside_truth(task: str, told: Stages, lock: int) -> int:
    """Write how near the task's models come to the true risks, where there are some and the evaluation is newer; return the exit code."""
    truth, said, judged = (folder_of(task, name) for name in (TRUTH, BESIDE_TRUTH, f"{EVALUATION}/{METRICS}"))
    if not truth.is_file() or (said.is_file() and judged.is_file() and said.stat().st_mtime > judged.stat().st_mtime):
        return 0
    began, lines = time.monotonic(), list[str]()
    job = _job([*BESIDE, "--task", task, "--truth", str(truth)], lock)
    readers = _readers(job, lines.append, told.take_error)
    code = job.wait()
    for reader in readers:
        reader.join()
    if code == 0:
        part = said.with_name(f".{said.name}.part")
        part.write_text("\n".join([*lines, ""]), encoding="utf-8")
        part.replace(said)
    told.add("truth", began, failed=code != 0)
    return code


def _readers(job: subprocess.Popen[str], take: Callable[[str], None], take_error: Callable[[str], None]) -> list[threading.Thread]:
    """Return two running threads, which hand on what a job says as it says it."""

    def hand_on(stream: TextIO, take: Callable[[str], None]) -> None:
        with stream:
            for line in stream:
                take(line.rstrip("\n"))

    readers = [threading.Thread(target=hand_on, args=(stream, taker)) for stream, taker in ((job.stdout, take), (job.stderr, take_error))]
    for reader in readers:
        reader.start()
    return readers


def _check(tasks: list[str]) -> None:
    """Refuse, in words, to begin what DVC cannot do."""
    if shutil.which("dvc") is None:
        _refuse("dvc, which runs the pipeline, is not installed here.", "run: make train, which sets up the environment and uses it.")
    known = yaml.safe_load(PIPELINE.read_text(encoding="utf-8"))["stages"]["register"]["foreach"]
    if unknown := [task for task in tasks if task not in known]:
        _refuse(
            f'{PIPELINE} has no stages for the task "{unknown[0]}"; it has them for {" and ".join(known)}.',
            'a task of your own is built, fitted, evaluated and registered command by command: README.md, "Your own cohort".',
        )


def _refuse(what: str, hint: str) -> NoReturn:
    sys.exit(f"Error: {what}\nHint: {hint}")


def hold(path: Path) -> int:
    """Return the open lock; refuse, in words and with exit code 1, where another training holds it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        _refuse(
            "make train is running in this checkout already.",
            "wait until it is done, or stop it with Ctrl-C where it runs; then run make train again.",
        )
    return lock


def command_of(task: str) -> list[str]:
    """Return what brings a task up to date; without its runs in the store, everything that DVC holds of it is made anew."""
    anew = [] if runs_are_there(task) else ["--force"]
    return ["dvc", "--wait-for-lock", "repro", *anew, f"register@{task}"]


def runs_are_there(task: str) -> bool:
    """Return whether the tracking store holds every run that the task's fit names; a server is not asked."""
    path = sqlite_path()
    if path is None:
        return True
    named = set(map(_run_of, folder_of(task, FIT).glob(f"*/{RUN}")))
    if not named or not path.is_file():
        return False
    try:
        return named <= runs_there(path)
    except sqlite3.DatabaseError:
        return True  # a damaged store: the stages say so, and how to mend it


def _run_of(record: Path) -> str:
    try:
        run_id: str = json.loads(record.read_text(encoding="utf-8"))["run_id"]
        return run_id
    except ValueError:  # cut off where its training was stopped
        return ""


if __name__ == "__main__":
    sys.exit(train(sys.argv[1:]))
