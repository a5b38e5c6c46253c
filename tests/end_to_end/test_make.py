"""`make clean` forgets what the pipeline made, and nothing that is a person's own."""

import fcntl
import os
import shutil
import subprocess

import pytest

MADE = ("mgus/cohort/cohort.json", "mgus/table.parquet", "smm/fit/cox/run_id.json", "smm/tune/cox.db", "smm/.cohort-work-1/0.json")


@pytest.fixture
def checkout(root, tmp_path):
    """Return a folder with results of the tasks that ship, and a store with their models."""
    shutil.copy(root / "Makefile", tmp_path)
    for name in (*(f"data/{made}" for made in MADE), "data/mgus2/mgus2.csv", "mlruns/mlflow.db", "mlruns/artifacts/smm/run", "dvc.lock"):
        write(tmp_path / name)
    return tmp_path


def write(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")


def clean(checkout, *words):
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("MAKE", "MFLAGS"))}  # the tests, too, run under make
    done = subprocess.run(["make", "clean", *words], cwd=checkout, capture_output=True, text=True, env=alone)
    return done.returncode, done.stdout + done.stderr


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
