"""The registry's commands: what they say, and what they refuse with a message and exit code 1, never a traceback."""

import json
import re
from dataclasses import asdict, replace

import pytest
from rich.console import Console

from serving.store.champion import connect
from training.commands.candidates import _next
from training.commands.verdicts import verdict_table
from training.gate.verdict import Check
from training.registry.compare import Candidate

pytestmark = pytest.mark.slow


def test_a_wrong_version_alias_or_reason_is_refused_and_a_right_one_is_taken(store, command, refused):
    store.register()
    held, _ = store.register(brier=0.11)
    rejected, _ = store.register(auc=0.5)
    refused("promote --task smm --version 99 --reason r", "smm has no version 99", "versions there are: 1, 2, 3")
    refused("promote --task smm --version best --reason r", 'has the alias "best"')
    refused(f"promote --task smm --version {rejected} --reason r", "The gate rejects", "--force")
    refused(f"promote --task smm --version {rejected} --force", "Forcing a promotion needs a reason")
    refused(f"promote --task smm --version {held}", "The gate holds", "--reason")
    refused("promote --task smm --version 1 --model cox", "exclude each other")
    refused("promote --task smm --model nobody --reason r", "not a fitted candidate")
    refused("rollback --task smm", "no earlier champion")
    code, text = command("promote --task smm --version challenger --reason simpler")
    assert (code, f"version {held} (logistic) is live, replacing version 1" in text) == (0, True)
    assert command("rollback --task smm --reason mistaken")[0] == 0
    code, text = command("history --task smm")
    assert [word in text for word in ("simpler", "mistaken", "now", "live from")] == [True] * 4
    assert command("doctor --task smm")[0] == 0
    refused("promote --task smm --reason '  ' --version 2", "blank")


def test_what_may_follow_on_the_table_names_the_task_of_ones_own(smm_plan, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    mine = replace(smm_plan, task=replace(smm_plan.task, name="mine"))

    def after(champion=None, gate=""):
        return _next([(mine, [Candidate("cox", "run", champion, {}, "tabular", "models:/m", gate=gate)])])

    assert "make score TASK=mine IN=COHORT OUT=mine_risks.parquet" in after("1", "promote")
    assert "training register --task mine" in after()
    assert "training promote --task mine --model NAME --force --reason" in after(gate="reject")
    assert "training promote --task mine --model NAME --reason" in after(gate="hold")
    (tmp_path / "data" / "mine" / "cohort").mkdir(parents=True)
    assert "IN=data/mine/cohort" in after("1", "promote")


def test_where_the_gate_rejects_all_register_says_what_that_means_and_what_may_be_done(store, command):
    results = store.fitted(auc=0.5)
    (store.folder / "metrics.json").write_text(json.dumps(results))
    code, text = command("register --task smm --evaluated .")
    assert code == 0
    assert re.search(r"auc_24m +│ >= 0.6 +│ NOT MET: 0.5 ", text)
    assert "no candidate passed the gate; there is no champion, and nothing scores until there is one" in text
    assert "training promote --task smm --model NAME --force --reason" in text


def test_where_only_published_scores_were_judged_register_says_so(store, command):
    scores = {"mayo_2018": {"run_id": "0" * 32, "model_uri": None, "published": True, "metrics": {}}}
    (store.folder / "only_scores").mkdir()
    (store.folder / "only_scores" / "metrics.json").write_text(json.dumps(scores))
    code, text = command("register --task smm --evaluated only_scores")
    assert (code, "no model is fitted, only published scores, which are never registered; there is no champion" in text) == (0, True), text
    assert "training.smm.models of params.yaml" in text
    assert "passed the gate" not in text
    store.register()
    code, text = command("register --task smm --evaluated only_scores")
    assert (code, "champion is still logistic, version 1" in text) == (0, True), text
    assert "as good" not in text


def test_an_evaluation_of_another_store_is_refused_before_anything_is_registered(store, refused):
    (store.folder / "metrics.json").write_text(json.dumps({"cox": {"run_id": "0" * 32, "model_uri": "models:/m-0", "published": False}}))
    refused("register --task smm --evaluated .", "is not in the tracking store", "MLFLOW_TRACKING_URI")
    assert connect().search_registered_models() == []


def test_every_demand_stands_once_in_the_table_of_verdicts_and_so_does_every_reason(capsys):
    def checks(**missed):
        unknown = Check("net_benefit minus the best published score's", None, "> 0", None, "no score is computable")
        notes = {name: f"{value} against 0 of version 1; on the same rows" for name, value in missed.items()}
        compared = [Check(f"{name} minus the champion's", value, "<= 0", False, notes[name]) for name, value in missed.items()]
        return [asdict(check) for check in (unknown, *compared)]

    verdicts = {
        "cox": {"version": "1", "verdict": "promote", "checks": checks()},
        "logistic": {"version": "2", "verdict": "hold", "checks": checks(brier_24m=0.25)},
        "boosting": {"version": "3", "verdict": "hold", "checks": checks(brier_24m=0.5)},
    }
    Console(width=180).print(verdict_table("smm", verdicts))
    text = capsys.readouterr().out
    assert [text.count(words) for words in ("net_benefit minus", "no score is computable", "on the same rows")] == [2, 1, 1]
    (row,) = [line.split("│")[1:-1] for line in text.splitlines() if "brier_24m" in line]
    missed = ["NOT MET: 0.25 (0.25 against 0)", "NOT MET: 0.5 (0.5 against 0)"]
    assert [cell.strip() for cell in row] == ["brier_24m minus the champion's", "<= 0", "-", *missed]
    assert "the champion's, version 1: on the same rows" in text


def test_why_a_doubt_is_accepted_is_said_once_with_the_demands_it_is_of(capsys):
    few = [Check(name, 1.0, "0.8 to 1.25", None, lo=0.7, hi=1.4, doubt="few events") for name in ("oe_ratio_12m", "oe_ratio_24m")]
    Console(width=180).print(verdict_table("smm", {"cox": {"version": "1", "verdict": "promote", "checks": [asdict(c) for c in few]}}))
    text = capsys.readouterr().out
    assert "oe_ratio_12m, oe_ratio_24m: few events" in text
    assert text.count("not shown, accepted: 1 (0.7 to 1.4)") == 2
