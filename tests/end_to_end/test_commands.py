"""The commands as a person types them, on a small cohort: each works, and each mistake is a message, not a traceback."""

import json
import re
import shutil
import socket

import pandas as pd
import pytest
import yaml

from features.__main__ import app as features_app
from features.console import run
from serving.__main__ import app as serving_app
from tests.pictures import draw_one_of_a_kind
from training.__main__ import app as training_app

APPS = {"features": features_app, "training": training_app, "serving": serving_app}
# The line from nothing to a champion: each command, and a file that is there once it has run.
TO_A_TABLE = (
    ("features simulate data/smm/cohort --patients 250 --seed 3", "data/smm/cohort/cohort.json"),
    ("features build data/smm/cohort data/smm/table.parquet --task smm", "data/smm/table.parquet"),
)
TO_A_CHAMPION = (
    *TO_A_TABLE,
    ("training fit data/smm/table.parquet --task smm", "data/smm/fit/cox/run_id.json"),
    ("training evaluate --task smm --refit time --refit history --model cox", "data/smm/evaluation/metrics.json"),
    ("training register --task smm --out data/smm/registered.json", "data/smm/registered.json"),
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory, root):
    """A folder with quick parameters: small models, few bootstrap draws, an easy gate."""
    folder = tmp_path_factory.mktemp("work")
    params = yaml.safe_load((root / "params.yaml").read_text())
    smm = params["training"]["smm"]
    smm["models"]["boosting"]["rounds"] = 20
    smm["models"]["logistic"]["penalties"] = [0.01]
    smm["evaluation"]["bootstrap"] = 20
    smm["interval_fits"] = 2
    few = {"worst_subgroup": "250 people have no subgroup of 50 events"}
    doubt = dict.fromkeys(("auc", "ipa", "oe_ratio", "ici"), "250 people show little")
    bounds = {"auc_at_least": 0.5, "oe_ratio_between": [0.3, 3.0], "ici_at_most": 0.5, "harm_of_top": 0}
    smm["gate"] = {**bounds, "not_applicable": few, "doubt_accepted": doubt}
    (folder / "params.yaml").write_text(yaml.safe_dump(params))
    return folder


@pytest.fixture
def command(folder, monkeypatch, capsys):
    """Run a command line in the folder; return its exit code, output and error output."""
    monkeypatch.chdir(folder)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)

    def call(line):
        package, *arguments = line.split()
        with pytest.raises(SystemExit) as exited:
            run(APPS[package], arguments)
        captured = capsys.readouterr()
        assert "Traceback" not in captured.out + captured.err
        return exited.value.code or 0, captured.out, captured.err

    return call


@pytest.fixture
def run_once(command, folder):
    """Run those of some commands that no test has run in the folder before; any test can be run alone."""

    def run_once(steps):
        for line, made in steps:
            if not (folder / made).is_file():
                code, _, err = command(line)
                assert (line, code, err) == (line, 0, "")

    return run_once


@pytest.fixture
def table(run_once):
    run_once(TO_A_TABLE)


@pytest.fixture
def champion(run_once):
    """Of each candidate's pictures that differ in the horizon alone, one is drawn."""
    with pytest.MonkeyPatch.context() as patch:
        draw_one_of_a_kind(patch, lambda file: re.sub(r"/\d+m/", "/", str(file)))
        run_once(TO_A_CHAMPION)


@pytest.mark.slow
@pytest.mark.usefixtures("champion")
def test_from_nothing_to_scores_and_back(command, run_once, folder):
    scored = ("serving score data/smm/cohort --task smm --out risks.csv", "risks.csv")
    run_once((scored, ("training report --task smm", "data/smm/model_card.md")))
    risks = pd.read_csv(folder / "risks.csv")
    assert len(risks) == 250
    assert (risks.loc[risks["status"] == "scored", "risk_12m"] <= risks.loc[risks["status"] == "scored", "risk_60m"]).all()
    assert "Fitted to simulated histories" in (folder / "data/smm/model_card.md").read_text()

    assert {path.name for path in (folder / "data/smm/evaluation/cox/refits").iterdir()} == {"time.csv", "history.csv"}
    champion = next(row for row in json.loads(command("training compare --task smm --json")[1]) if row["champion_version"])
    assert champion["metrics"]["auc_24m_lo"] <= champion["metrics"]["auc_24m"] <= champion["metrics"]["auc_24m_hi"]
    code, out, _ = command("training compare --task smm")
    assert "champion, version 1" in out
    assert "make score TASK=smm IN=data/smm/cohort OUT=smm_risks.parquet" in out
    code, out, _ = command("training compare")
    assert (code, "Nothing is evaluated for mgus." in out) == (0, True)
    assert "mayo_2018" in out

    other = next(n for n in ("boosting", "logistic", "cox") if n != champion["estimator"])
    assert command(f"training promote --task smm --model {other} --reason simpler")[0] == 0
    assert command("training rollback --task smm --reason mistaken")[0] == 0
    actions = [entry["action"] for entry in json.loads(command("training history --task smm --json")[1])]
    assert actions == ["promote", "promote", "rollback"]
    assert command("training doctor --task smm")[0] == 0
    assert (folder / "mlruns" / "mlflow.db").is_file()
    assert not (folder / "mlflow.db").exists()


@pytest.mark.slow
@pytest.mark.usefixtures("champion", "nothing_drawn")
def test_one_model_can_be_fitted_again_alone_and_its_run_is_the_one_compared(command):
    def compared():
        return {row["estimator"]: row["run_id"] for row in json.loads(command("training compare --task smm --json")[1]) if not row["note"]}

    before = compared()
    code, out, _ = command("training fit data/smm/table.parquet --task smm --model logistic --json")
    assert (code, list(json.loads(out))) == (0, ["logistic"])
    code, out_of_evaluate, _ = command("training evaluate --task smm --refit patients --model cox")
    assert (code, "cox: its model card was written before this; to write it anew: python -m training register" in out_of_evaluate) == (
        0,
        True,
    )
    after = compared()
    assert after["logistic"] == json.loads(out)["logistic"] != before["logistic"]
    assert after["cox"] == before["cox"]


@pytest.mark.slow
@pytest.mark.usefixtures("champion")
@pytest.mark.parametrize(
    ("line", "says"),
    [
        ("training fit nowhere.parquet --task smm", "No feature table nowhere.parquet"),
        ("training fit params.yaml --task smm", "not a Parquet file"),
        ("training fit data/smm/cohort/patients.parquet --task smm", "not a feature table"),
        ("training fit data/smm/table.parquet --task mgus", "feature_hash"),
        ("training fit data/smm/table.parquet --task smn", 'did you mean "smm"'),
        ("training fit data/smm/table.parquet --task smm --model bosting", 'did you mean "boosting"'),
        ("training evaluate --task mgus", "Nothing is fitted"),
        ("training evaluate --task smm --refit sites --model coxx", 'did you mean "cox"'),
        ("training evaluate --task smm --refit sites --model cox --model logistik", 'did you mean "logistic"'),
        ("training register --task mgus", "No evaluation"),
        ("serving score data/smm/cohort --task mgus --out r.csv --model data/smm/fit/cox/artifact", "was made for the task smm"),
        ("serving score data/smm/cohort --task smm --out r.csv --at 2100-01-01", "lies in the future"),
        ("serving score data/smm/cohort --task smm --out params.yaml/r.csv", "params.yaml"),
        ("features build data/smm/cohort t.csv --task smm", "does not end in .parquet"),
        ("training compare --task mgus", "Nothing is evaluated for mgus"),
        ("training rollback --task mgus", "no earlier champion"),
        ("training promote --task smm --model cox --force", "Forcing a promotion needs a reason"),
        ("training report --task mgus", "mgus has no champion"),
        ("serving score nowhere --task smm --out r.csv", "No cohort folder nowhere"),
        ("serving score data --task smm --out r.csv", "ingest it first"),
        ("serving score data/smm/cohort --task smm --out r.txt", "neither in .parquet nor in .csv"),
        ("serving score data/smm/cohort --task mgus --out r.csv", "mgus has no champion"),
        ("serving score data/smm/cohort --task smm --out r.csv --at yesterday", '"yesterday" is not a date'),
        ("serving score data/smm/cohort --task smm --out r.csv --at 2020-01-01 --every-visit", "exclude each other"),
        ("serving score data/smm/cohort --task smm --out r.csv --model data", "No model in data"),
        ("serving api --task nobody --port FREE", "nobody has no champion"),
    ],
)
def test_a_mistake_is_a_message_with_a_hint_and_exit_code_1(command, line, says):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    code, _, err = command(line.replace("FREE", str(port)))
    assert code == 1
    assert says in err
    assert err.startswith("Error: ")
    assert "Hint: " in err


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_too_few_events_and_a_horizon_nobody_reaches_are_refused(command, folder):
    assert command("features simulate tiny --patients 20 --seed 1")[0] == 0
    assert command("features build tiny tiny.parquet --task smm")[0] == 0
    code, _, err = command("training fit tiny.parquet --task smm --fitted tiny_fit")
    assert (code, "needs at least 20" in err) == (1, True)
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["tasks"]["smm"]["horizons"] = [12, 24, 600]
    (folder / "far.yaml").write_text(yaml.safe_dump(params))
    code, _, err = command("training fit data/smm/table.parquet --task smm --params far.yaml --fitted far_fit")
    assert (code, "Nobody is followed for 600 months" in err) == (1, True)


@pytest.mark.slow
@pytest.mark.usefixtures("champion")
def test_a_moved_checkout_is_found_and_not_passed_over(command, folder, tmp_path, monkeypatch):
    shutil.copytree(folder, tmp_path / "moved")
    (folder / "mlruns" / "artifacts").rename(folder / "mlruns" / "elsewhere")
    try:
        monkeypatch.chdir(tmp_path / "moved")
        code, _, err = command("serving score data/smm/cohort --task smm --out r.csv")
        assert (code, "not where the store says" in err) == (1, True)
        code, out, _ = command("training doctor --task smm")
        assert (code, "checkout was moved" in out) == (1, True)
    finally:
        (folder / "mlruns" / "elsewhere").rename(folder / "mlruns" / "artifacts")


@pytest.mark.parametrize("package", ["features", "training", "serving"])
def test_help_shows_an_example_for_every_command(command, package):
    assert command(f"{package} --help")[0] == 0
    for name in (registered.name or registered.callback.__name__.replace("_", "-") for registered in APPS[package].registered_commands):
        assert f"Example: python -m {package} {name}" in " ".join(command(f"{package} {name} --help")[1].replace("│", " ").split())


@pytest.mark.slow
@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"round": 5}, 'unknown option "round"'),
        ({"depth": 3.5}, "depth is 3.5, accepted: a whole number"),
        ({"rounds": -5}, "rounds is -5, accepted: more than 0"),
    ],
)
def test_a_wrong_option_of_a_model_names_it(command, folder, change, says):
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["training"]["smm"]["models"]["boosting"] |= change
    (folder / "wrong.yaml").write_text(yaml.safe_dump(params))
    code, _, err = command("training fit data/smm/table.parquet --task smm --params wrong.yaml --model boosting --fitted wrong_fit")
    assert (code, says in err) == (1, True)


@pytest.mark.slow
@pytest.mark.usefixtures("champion")
def test_horizons_that_changed_after_the_fit_are_refused_and_so_is_a_run_of_another_store(command, folder, empty_database, monkeypatch):
    params = yaml.safe_load((folder / "params.yaml").read_text())
    params["tasks"]["smm"]["horizons"] = [12, 24, 36]
    (folder / "changed.yaml").write_text(yaml.safe_dump(params))
    code, _, err = command("training evaluate --task smm --params changed.yaml")
    assert (code, "was fitted for the horizons [12, 24, 60]" in err) == (1, True)
    assert command("training fit data/smm/table.parquet --task smm --model cox --fitted other_fit")[0] == 0
    (folder / "other").mkdir()
    shutil.copy(empty_database, folder / "other")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{folder / 'other' / 'mlflow.db'}")
    assert command("training fit data/smm/table.parquet --task smm --model cox --fitted newest_fit")[0] == 0
    code, _, err = command("training evaluate --task smm --fitted other_fit --evaluated other_evaluation")
    assert (code, "is not in the tracking store" in err) == (1, True)
