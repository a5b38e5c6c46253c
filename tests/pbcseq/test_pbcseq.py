"""Real repeated measurements go the same way, with a catalogue and a task file of their own and nothing else.

Reference (R, survival 3.5-3): at the landmark of 2 years 278 people are at risk; 76 die within the next 5 years; the
concordance of log bilirubin with the time to death is 0.798 for the first value and 0.826 for the last.
"""

import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lifelines.utils import concordance_index

HERE = Path(__file__).parent
HORIZON = 1826  # 60 months in days


@pytest.fixture(scope="module")
def run(root, prepare, empty_database, tmp_path_factory):
    """A folder in which the commands ingest and build were run; gives a function that runs a further one.

    They run in a process of their own, since the catalogue is read when the program starts, and in one, which starts once.
    """
    folder = tmp_path_factory.mktemp("pbcseq")
    shutil.copy(empty_database, folder / "mlruns.db")
    prepare(root / "data" / "pbcseq" / "pbcseq.csv", folder / "raw")
    own = {"MYELOMA_CATALOGUE": str(HERE / "catalogue.yaml"), "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlruns.db'}"}
    path = os.pathsep.join([str(root), os.environ.get("PYTHONPATH", "")])

    process = subprocess.Popen(
        [sys.executable, HERE / "commands.py"],
        cwd=folder,
        env={**os.environ, **own, "PYTHONPATH": path},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def command(*arguments):
        process.stdin.write(json.dumps(arguments) + "\n")
        process.stdin.flush()
        code, out, err = json.loads(process.stdout.readline())
        assert code == 0, err
        return out

    def path_of(name):
        return folder / name

    command("features", "ingest", "--source", "tabular", "raw", "cohort")
    command("features", "build", "cohort", "table.parquet", "--task", "pbcseq", "--params", str(HERE / "params.yaml"))
    yield command, path_of
    process.stdin.close()
    process.stdout.close()
    process.wait(60)


def test_the_file_is_the_one_named_by_its_checksum(root):
    folder = root / "data" / "pbcseq"
    assert hashlib.sha256((folder / "pbcseq.csv").read_bytes()).hexdigest() in (folder / "README.md").read_text()
    assert "GNU LIBRARY GENERAL PUBLIC LICENSE" in (folder / "LICENSE").read_text()


def test_nothing_is_lost_on_the_way_in(run, root):
    about = json.loads(run[1]("cohort/cohort.json").read_text())
    raw = pd.read_csv(root / "data" / "pbcseq" / "pbcseq.csv")
    values = raw[["bili", "albumin", "alk.phos", "ast", "platelet", "protime"]].notna().sum().sum()
    assert about["counts"]["patients"] == {"read": 312, "kept": 312, "quarantined": 0}
    assert about["counts"]["measurements"] == {"read": values, "kept": values, "quarantined": 0}


def test_the_landmark_at_two_years_has_the_people_and_the_deaths_of_the_reference(run):
    with_catalogue = run[0](
        "features", "build", "cohort", "again.parquet", "--task", "pbcseq", "--params", str(HERE / "params.yaml"), "--json"
    )
    summary = json.loads(with_catalogue)
    rows = pd.read_parquet(run[1]("table.parquet"))
    assert summary["landmarks"] == len(rows) == 278
    assert ((rows["event"] == "event") & (rows["time_to_event"] <= HORIZON)).sum() == 76


def test_the_last_bilirubin_beats_the_first_as_in_the_reference(run):
    rows = pd.read_parquet(run[1]("table.parquet"))
    died = (rows["event"] == "event") & (rows["time_to_event"] <= HORIZON)
    time = rows["time_to_event"].clip(upper=HORIZON)
    last = rows["bilirubin__last__ever"]
    first = last - rows["bilirubin__delta_first__ever"].fillna(0.0)
    concordance = {name: concordance_index(time, -np.log(value), died) for name, value in (("first", first), ("last", last))}
    assert concordance["first"] == pytest.approx(0.798, abs=0.002)
    assert concordance["last"] == pytest.approx(0.826, abs=0.002)


@pytest.mark.slow
def test_models_are_fitted_judged_and_asked_what_change_adds(run):
    command, path = run
    params = ("--task", "pbcseq", "--params", str(HERE / "params.yaml"))
    command("training", "fit", "table.parquet", *params, "--fitted", "fit")
    again = ("--refit", "history", "--model", "cox", "--model", "logistic")
    command("training", "evaluate", *params, "--fitted", "fit", "--evaluated", "evaluation", *again)
    metrics = {name: result["metrics"] for name, result in json.loads(path("evaluation/metrics.json").read_text()).items()}
    assert set(metrics) == {"boosting", "logistic", "cox", "ensemble"}
    for name, found in metrics.items():
        assert found["rows_60m"] == 278
        assert 0.75 < found["auc_60m_lo"] < found["auc_60m"] < 0.95, name
        assert 0.7 < found["oe_ratio_60m"] < 1.4, name
    about = json.loads((path("fit") / "cox" / "artifact" / "model.json").read_text())["about"]
    assert (about["event"], about["competing_event"]) == ("death", "transplant")
    said = "".join(file.read_text() for file in path("evaluation").rglob("*history*"))
    assert said, "the report says what the change since the first value adds, with its interval"
    assert {file.parts[-3] for file in path("evaluation").rglob("history.csv")} == {"cox", "logistic"}
    outcome = json.loads(command("training", "register", *params, "--evaluated", "evaluation", "--cohort", "cohort", "--json"))
    # Nobody at low risk dies within a year: the spline of the calibration curve has no finite estimate there, and a person decides.
    for verdict in outcome["verdicts"].values():
        asked = {check["name"]: check["holds"] for check in verdict["checks"] if check["applies"] and check["holds"] is not True}
        assert verdict["verdict"] == "hold"
        assert "ici_12m" in asked, "and what 278 visits do not show"
        assert set(asked.values()) == {None}, "nothing is shown to be wrong"
    command("training", "promote", *params, "--model", "cox", "--reason", "calibrated in the large at 12 months")
    command("serving", "score", "cohort", "--task", "pbcseq", "--out", "risks.csv")
    assert (pd.read_csv(path("risks.csv"))["status"] == "scored").sum() > 200
    watched = command("training", "monitor", "cohort", *params, "--until", "1984-12-31")
    assert "stage" not in watched  # the task is for whatever stage
