"""The search: seeded, taken up where it stopped, blind to the people held out, and pruned."""

from dataclasses import replace

import numpy as np
import optuna
import pytest
import yaml
from typer.testing import CliRunner

from myeloma import ConfigError
from serving.store.champion import connect
from training.__main__ import app
from training.fitting.fit import hashes_of
from training.fitting.searched import Searched, read_searched
from training.fitting.tune import Search, tune
from training.registry.compare import candidates
from training.rows.split import evaluation_folds


@pytest.fixture
def search(tmp_path):
    return Search("logistic", trials=4, outer_folds=0, seed=1, storage=tmp_path / "tune.db")


def silent(part, trial):
    pass


def few_columns(table, plan):
    """The mgus table, split in one held-out part: quick to fit."""
    return table, replace(plan, evaluation=replace(plan.evaluation, kind="held_out", test_share=0.3))


@pytest.mark.slow
def test_a_search_that_was_interrupted_ends_where_an_uninterrupted_one_does(mgus_table, mgus_plan, search, tmp_path):
    table, plan = few_columns(mgus_table, mgus_plan)
    whole = tune(table, plan, search, silent)

    interrupted = replace(search, storage=tmp_path / "other.db")

    class KilledError(Exception):
        pass

    def kill_after_two(part, trial):
        if trial.number == 1:
            raise KilledError

    with pytest.raises(KilledError):
        tune(table, plan, interrupted, kill_after_two)
    told = []
    again = tune(table, plan, interrupted, lambda part, trial: told.append(trial.number))
    assert told == [2, 3]
    assert again == whole


def test_what_a_search_ended_with_lies_beside_its_study_with_the_range_of_each_number(mgus_table, mgus_plan, search):
    table, plan = few_columns(mgus_table, mgus_plan)
    tuned = tune(table, plan, replace(search, trials=1), silent)
    searched = read_searched(search.storage.with_suffix(".json"), hashes_of(table))
    assert searched == [Searched("penalty", tuned.options["penalties"][0], 1e-5, 1.0, log=True)], "a word, such as splines, has no end"


def test_the_people_held_out_change_nothing(mgus_table, mgus_plan, search, tmp_path):
    table, plan = few_columns(mgus_table, mgus_plan)
    rows = table.rows.copy()
    held_out = evaluation_folds(rows, plan.evaluation)[0].judge
    rows.iloc[held_out, rows.columns.get_loc("m_protein__last__ever")] = np.random.default_rng(0).normal(50, 9, len(held_out))
    quick = replace(search, trials=1)
    changed = tune(replace(table, rows=rows), plan, replace(quick, storage=tmp_path / "changed.db"), silent)
    assert changed == tune(table, plan, quick, silent)


@pytest.mark.parametrize(
    "other",
    [
        lambda plan: replace(plan, task=replace(plan.task, horizons=(60, 120)), primary_horizon=120),
        lambda plan: replace(plan, task=replace(plan.task, rules=replace(plan.task.rules, treatment="ignore"))),
        lambda plan: replace(plan, models={"logistic": {"penalties": [2.0]}}),
    ],
    ids=["horizons", "treatment", "models"],
)
def test_trials_made_for_another_question_are_not_taken_for_trials_of_this_one(mgus_table, mgus_plan, search, monkeypatch, other):
    from training.fitting import tune as module

    monkeypatch.setattr(module, "check_table", lambda table, plan: None)
    monkeypatch.setattr(module, "_loss", lambda *args: 0.1)
    told = []
    for plan in (mgus_plan, other(mgus_plan), mgus_plan):
        tune(mgus_table, plan, replace(search, trials=1), lambda part, trial: told.append(trial.number))
    assert told == [0, 0]


def test_trials_on_a_table_that_was_changed_by_hand_are_not_taken_for_trials_of_the_one_built(mgus_table, mgus_plan, search, monkeypatch):
    monkeypatch.setattr("training.fitting.tune._loss", lambda *args: 0.1)
    told = []
    for rows in (mgus_table.rows, mgus_table.rows.assign(age=mgus_table.rows["age"] + 1.0), mgus_table.rows):
        tune(replace(mgus_table, rows=rows), mgus_plan, replace(search, trials=1), lambda part, trial: told.append(trial.number))
    assert told == [0, 0]


def test_the_options_are_the_whole_section_that_was_judged(mgus_table, mgus_plan, search, monkeypatch):
    judged = []
    monkeypatch.setattr("training.fitting.tune._loss", lambda *args: judged.append(args[-1]) or 0.1)
    there = {"penalties": [0.01], "backgrounds": [0.0, 0.008], "even_horizons": True, "weighting": "visits"}
    tuned = tune(mgus_table, replace(mgus_plan, models={"logistic": there}), replace(search, trials=1), silent)
    assert {name: tuned.options[name] for name in ("backgrounds", "even_horizons", "weighting")} == {
        name: there[name] for name in ("backgrounds", "even_horizons", "weighting")
    }
    assert (judged[-1]["even_horizons"], judged[-1]["penalties"]) == (True, tuned.options["penalties"])


@pytest.mark.slow
def test_outer_folds_compare_tuned_with_present_options_on_people_neither_has_seen(mgus_table, mgus_plan, search):
    table, plan = few_columns(mgus_table, mgus_plan)
    plan = replace(plan, models={**plan.models, "logistic": {"penalties": [100.0]}})  # so strong that any other is better
    tuned = tune(table, plan, replace(search, outer_folds=2), silent)
    assert len(tuned.outer) == 2
    present, chosen = np.mean(tuned.outer, axis=0)
    assert chosen < present
    assert tuned.options["penalties"][0] < 1.0


def test_a_hopeless_trial_is_pruned(mgus_table, mgus_plan, search, monkeypatch):
    from training.fitting import tune as module

    table, plan = few_columns(mgus_table, mgus_plan)
    monkeypatch.setattr(module, "_STARTUP_TRIALS", 2)
    losses = iter([0.1] * 6 + [0.9] * 9)
    monkeypatch.setattr(module, "_loss", lambda *args: next(losses))
    states = []
    tune(table, plan, search, lambda part, trial: states.append(trial.state))
    complete, pruned = optuna.trial.TrialState.COMPLETE, optuna.trial.TrialState.PRUNED
    assert states == [complete, complete, pruned, pruned]


def test_a_model_without_a_search_is_refused(mgus_table, mgus_plan, search):
    with pytest.raises(ConfigError, match="Nothing to tune"):
        tune(mgus_table, mgus_plan, replace(search, model="ensemble"), silent)


@pytest.mark.slow
def test_every_trial_is_a_run_under_the_search_and_no_candidate(trained, root, tmp_path, monkeypatch, small_smm_plan):
    monkeypatch.chdir(tmp_path)
    arguments = ["tune", "--task", "smm", "--model", "cox", "--trials", "2", "--outer", "0", "--table", trained.folder / "table.parquet"]
    before = {candidate.run_id for candidate in candidates(small_smm_plan)}
    ran = CliRunner().invoke(app, [*map(str, arguments), "--params", str(root / "params.yaml")])
    assert ran.exit_code == 0, ran.output
    section = yaml.safe_load(ran.output.partition("there:\n")[2])["cox"]
    as_it_is = yaml.safe_load((root / "params.yaml").read_text())["training"]["smm"]["models"]["cox"]
    assert section == as_it_is | {"penalty": section["penalty"]} != as_it_is
    client = connect()
    experiment = client.get_experiment_by_name("smm").experiment_id
    runs = client.search_runs([experiment], "tags.kind = 'search'")
    parents = [run for run in runs if "mlflow.parentRunId" not in run.data.tags]
    assert len(parents) == 1
    children = [run for run in runs if run.data.tags.get("mlflow.parentRunId") == parents[0].info.run_id]
    assert {run.data.params["state"] for run in children} == {"COMPLETE"}
    assert len(children) == 2
    assert {candidate.run_id for candidate in candidates(small_smm_plan)} == before
