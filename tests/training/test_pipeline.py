"""`make train`: never twice at once in one checkout, and anew for the task whose runs the store has lost."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from serving.store.champion import connect
from training import pipeline
from training.pipeline import command_of, train

SIMULATED = ["dvc", "--wait-for-lock", "repro", "register@smm"]
ANEW = [*SIMULATED[:3], "--force", SIMULATED[3]]


@pytest.fixture
def fit(store, monkeypatch):
    """Return a function that leaves the record of a candidate's fit, as training does; the runs of two are in the store."""
    monkeypatch.chdir(store.folder)

    def fit(name, record):
        folder = store.folder / "data" / "smm" / "fit" / name
        folder.mkdir(parents=True)
        (folder / "run_id.json").write_text(record)

    for name in ("cox", "logistic"):
        run = connect().create_run("0")
        fit(name, json.dumps({"run_id": run.info.run_id}))
    return fit


@pytest.mark.usefixtures("fit")
def test_a_task_whose_runs_are_all_in_the_store_does_only_what_has_changed():
    assert command_of("smm") == SIMULATED


def test_a_task_is_made_anew_where_the_store_holds_only_the_runs_of_another(fit):
    assert command_of("mgus") == [*ANEW[:4], "register@mgus"]
    fit("boosting", json.dumps({"run_id": "of a store that was deleted"}))
    assert command_of("smm") == ANEW


def test_so_it_is_where_a_run_was_deleted_its_record_is_cut_off_or_the_store_is_gone(fit, store):
    (run,) = connect().search_runs(["0"], max_results=1)
    connect().delete_run(run.info.run_id)
    assert command_of("smm") == ANEW
    connect().restore_run(run.info.run_id)
    assert command_of("smm") == SIMULATED
    fit("boosting", '{"run_id": "')
    assert command_of("smm") == ANEW
    shutil.rmtree(store.folder / "data/smm/fit/boosting")
    (store.folder / "mlruns" / "mlflow.db").unlink()
    assert command_of("smm") == ANEW


@pytest.mark.usefixtures("fit")
def test_a_server_is_not_asked_and_a_damaged_store_is_left_to_the_stages(store, monkeypatch):
    (store.folder / "mlruns" / "mlflow.db").write_text("no database")
    assert command_of("smm") == SIMULATED
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:1")
    assert command_of("mgus")[3] == "register@mgus"


@pytest.fixture
def checkout(tmp_path, monkeypatch):
    """Go to a folder with the pipeline of two tasks."""
    monkeypatch.chdir(tmp_path)
    Path("dvc.yaml").write_text("stages: {register: {foreach: [go, come]}}")


@pytest.mark.usefixtures("checkout")
def test_a_task_without_stages_is_refused_with_those_there_are_before_anything_runs(monkeypatch):
    monkeypatch.setattr(pipeline, "command_of", lambda task: pytest.fail("a job has begun"))
    with pytest.raises(SystemExit, match='no stages for the task "mine"; it has them for go and come') as refused:
        train(["go", "mine"])
    assert "Hint: a task of your own is built, fitted, evaluated and registered command by command" in refused.value.code
    assert not pipeline.LOCK.exists()


def test_the_tasks_of_the_pipeline_that_ships_are_known(root, monkeypatch):
    monkeypatch.chdir(root)
    pipeline._check(["mgus", "smm"])


@pytest.mark.usefixtures("checkout")
def test_without_dvc_it_says_what_sets_it_up(monkeypatch):
    monkeypatch.setenv("PATH", "")
    with pytest.raises(SystemExit, match="dvc, which runs the pipeline, is not installed here"):
        train(["go"])


@pytest.mark.usefixtures("checkout")
def test_a_second_training_is_refused_in_words_until_the_last_job_of_the_first_has_ended(monkeypatch, root):
    monkeypatch.setenv("PYTHONPATH", str(root))
    os.mkfifo("go")
    reading = "from training import pipeline; pipeline.command_of = lambda task: ['cat', task]; pipeline.train(['go'])"
    first = subprocess.Popen([sys.executable, "-c", reading])
    with Path("go").open("w"):  # opens when its job reads
        first.kill()
        first.wait()
        with pytest.raises(SystemExit, match=r"make train is running in this checkout already\.\nHint: wait until it is done, or stop it"):
            train([])
    for _ in range(100):
        with suppress(SystemExit):
            assert train([]) == 0
            break
        time.sleep(0.05)
    else:
        pytest.fail("the lock outlived the job")


@pytest.mark.parametrize(("jobs", "code"), [(["true", "true"], 0), (["true", "false"], 1), (["kill -9 $$", "true"], 1)])
@pytest.mark.usefixtures("checkout")
def test_training_fails_where_one_of_its_jobs_does(jobs, code, monkeypatch):
    commands = dict(zip(("go", "come"), jobs, strict=True))
    monkeypatch.setattr(pipeline, "command_of", lambda task: ["sh", "-c", commands[task]])
    assert train(list(commands)) == code


DVC = """
Running stage 'fit@go':
> python -m training fit
go: cox: fitting
Updating lock file 'dvc.lock'

Running stage 'register@go':
> python -m training register
the verdicts
Updating lock file 'dvc.lock'
Use `dvc push` to send your updates to remote storage.
"""


@pytest.mark.usefixtures("checkout")
def test_people_see_a_line_for_each_stage_and_the_verdicts_and_the_log_holds_all_that_was_said(monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "command_of", lambda task: ["sh", "-c", f"cat <<'E'\n{DVC}E\necho 'Error: no such table' >&2"])
    assert train(["go"]) == 0
    shown = capsys.readouterr()
    assert re.fullmatch(r"go: fit +0:00\ngo: register +0:00\nthe verdicts\n", shown.out)
    assert shown.err == "Error: no such table\n"
    log = pipeline.LOG.read_text()
    assert [line for line in (*DVC.splitlines(), "Error: no such table") if f"go: {line}\n" not in log] == []


@pytest.mark.usefixtures("checkout")
def test_a_stage_that_breaks_off_is_named_and_where_none_runs_this_is_said(monkeypatch, capsys):
    breaks = "echo \"Running stage 'fit@go':\"; exit 1"
    commands = {"go": breaks, "come": "echo \"Stage 'fit@come' didn't change, skipping\""}
    monkeypatch.setattr(pipeline, "command_of", lambda task: ["sh", "-c", commands[task]])
    assert train(["go", "come"]) == 1
    assert capsys.readouterr().out == "go: fit       failed after 0:00\ncome: nothing has changed since it was trained\n"


@pytest.fixture
def simulated(monkeypatch):
    """Return a task whose true risks are known and which is judged; what sets it beside them writes what it was told."""
    folder = Path("data/go")
    (folder / "evaluation").mkdir(parents=True)
    for name in ("truth.parquet", "evaluation/metrics.json"):
        (folder / name).touch()
    monkeypatch.setattr(pipeline, "command_of", lambda task: ["true"])
    monkeypatch.setattr(pipeline, "TRUTH", "truth.parquet")
    monkeypatch.setattr(pipeline, "BESIDE", ["echo", "beside"])
    return folder


@pytest.mark.usefixtures("checkout")
def test_a_task_with_known_risks_is_set_beside_them_once_its_stages_are_done_and_again_only_after_another_evaluation(simulated, capsys):
    assert train(["go", "come"]) == 0
    assert (simulated / "truth.txt").read_text() == "beside --task go --truth data/go/truth.parquet\n"
    assert not Path("data/come").exists()
    assert "go: truth     0:00\n" in capsys.readouterr().out
    now = (simulated / "truth.txt").stat().st_mtime
    os.utime(simulated / "evaluation/metrics.json", (now - 10, now - 10))
    (simulated / "truth.txt").write_text("kept")
    assert train(["go"]) == 0
    assert (simulated / "truth.txt").read_text() == "kept"
    os.utime(simulated / "evaluation/metrics.json", (now + 10, now + 10))
    assert train(["go"]) == 0
    assert (simulated / "truth.txt").read_text().startswith("beside")


@pytest.mark.usefixtures("checkout")
def test_where_a_stage_or_the_comparison_fails_training_fails_and_no_comparison_is_left(simulated, monkeypatch, capsys):
    monkeypatch.setattr(pipeline, "BESIDE", ["sh", "-c", "echo half; echo 'Error: no' >&2; exit 3"])
    assert train(["go"]) == 1
    assert not (simulated / "truth.txt").exists()
    shown = capsys.readouterr()
    assert ("go: truth     failed after 0:00" in shown.out, shown.err) == (True, "Error: no\n")
    monkeypatch.setattr(pipeline, "command_of", lambda task: ["false"])
    monkeypatch.setattr(pipeline, "BESIDE", ["touch", "begun"])
    assert train(["go"]) == 1
    assert not Path("begun").exists()
