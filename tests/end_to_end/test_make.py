"""`make clean` forgets what the pipeline made, and nothing that is a person's own."""

import fcntl
import os
import re
import shutil
import subprocess

import pytest

MADE = (
    "mgus/cohort/cohort.json",
    "mgus/table.parquet",
    "smm/fit/cox/run_id.json",
    "smm/tune/cox.db",
    "smm/.cohort-work-1/0.json",
    "relapse/table.parquet",
)


@pytest.fixture(params=["checkout", "our clinic/check out"], ids=["plain", "with spaces"])
def checkout(root, tmp_path, request):
    """Return a folder with results of the tasks that ship, and a store with their models; where it lies may hold spaces."""
    tmp_path = tmp_path / request.param
    tmp_path.mkdir(parents=True)
    shutil.copy(root / "Makefile", tmp_path)
    for name in (*(f"data/{made}" for made in MADE), "data/mgus2/mgus2.csv", "mlruns/mlflow.db", "mlruns/artifacts/smm/run", "dvc.lock"):
        write(tmp_path / name)
    return tmp_path


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def make(checkout, *words):
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}  # the tests, too, run under make
    done = subprocess.run(["make", *words], cwd=checkout, capture_output=True, text=True, env=alone)
    return done.returncode, done.stdout + done.stderr


def clean(checkout, *words):
    return make(checkout, "clean", *words)


def test_setup_makes_the_environment_once_and_asks_for_its_own_programs_first(root, checkout):
    """pip is left out: the programs that it would install stand for themselves."""
    for name in ("requirements.lock", "requirements-dev.lock"):
        shutil.copy(root / name, checkout)
    code, said = make(checkout, "-n", "setup")
    assert (code, said.count("==> Setting up .venv")) == (0, 1), said
    stamps = re.findall(r"^touch (.*)$", said, re.MULTILINE)
    assert len(stamps) == 1
    assert " " not in stamps[0], "a target of make holds no space"
    write(checkout / stamps[0])
    write(checkout / ".venv/bin/python")
    (checkout / ".venv/bin/python").write_text("#!/bin/sh\necho own program: $*\n")
    (checkout / ".venv/bin/python").chmod(0o755)
    code, said = make(checkout, "score", "IN=a b", "OUT=c d.csv")
    assert (code, said) == (0, "own program: -m serving score a b --task smm --out c d.csv\n")


def files(checkout):
    return {str(path.relative_to(checkout)) for path in checkout.rglob("*") if path.is_file()}


def test_clean_leaves_no_result_and_no_folder_of_the_tasks_that_ship(checkout):
    assert clean(checkout) == (0, "")
    assert files(checkout) == {"Makefile", "data/mgus2/mgus2.csv"}
    assert [folder.name for folder in (checkout / "data").iterdir()] == ["mgus2"]


def test_clean_removes_no_file_that_the_pipeline_did_not_make(checkout):
    own = {"data/smm/patients.csv", "data/smm/my_tables/events.csv", "data/mine/cohort/cohort.json", "data/mine/fit/cox/run_id.json"}
    for name in own:
        write(checkout / name)
    assert clean(checkout) == (0, "")
    assert files(checkout) == own | {"Makefile", "data/mgus2/mgus2.csv"}


def test_clean_takes_nothing_from_under_a_training_that_runs(checkout):
    write(checkout / ".dvc/tmp/train.lock")
    before = files(checkout)
    with (checkout / ".dvc/tmp/train.lock").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        code, said = clean(checkout)
        assert code
        assert "make train is running in this checkout. Nothing was removed." in said
        assert files(checkout) == before
    assert clean(checkout) == (0, "")


def test_clean_forgets_the_models_of_a_task_of_ones_own_only_when_told_to(checkout):
    write(checkout / "mlruns/artifacts/mine/run")
    write(checkout / "data/mine/table.parquet")
    before = files(checkout)
    code, said = clean(checkout)
    assert code
    assert "also holds the models, the champion and the history of: mine. Nothing was removed." in said
    assert 'make clean FORGET="mine"' in said
    assert files(checkout) == before
    assert clean(checkout, "FORGET=mine") == (0, "")
    assert files(checkout) == {"Makefile", "data/mgus2/mgus2.csv", "data/mine/table.parquet"}
