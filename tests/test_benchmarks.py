"""The feature benchmark at a small size: it runs to its end, and all who compute the same find the same."""

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import xgboost as xgb

from benchmarks import contestants, explain, fit
from benchmarks.features import CONTESTANTS, goals, measure
from benchmarks.histories import write_histories
from training.plan import DEFAULT_PARAMS, load_plan


@pytest.mark.slow
def test_the_peers_find_the_same_cells(tmp_path):
    write_histories(tmp_path, 60)
    code = (
        "import sys, json; from pathlib import Path; from benchmarks.features import compare; print(json.dumps(compare(Path(sys.argv[1]))))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    differences = json.loads(done.stdout.splitlines()[-1])
    assert differences.keys() == {"kernel", "written", "polars_streaming", "timeseriesflattener"}
    assert max(differences.values()) < 1e-9


@pytest.mark.slow
def test_every_contestant_runs_as_the_race_runs_it(tmp_path):
    write_histories(tmp_path, 60)
    rows = {name: measure(name, tmp_path, tmp_path)["rows"] for name in CONTESTANTS}
    assert set(rows.values()) == {rows["ours"]} and rows["ours"] > 60


def test_blocks_do_not_show(tmp_path, monkeypatch):
    write_histories(tmp_path, 60)
    tables = []
    for block in (500, 10**6):
        monkeypatch.setattr(contestants, "BLOCK", block)
        parts = []
        contestants.ours(tmp_path, lambda part, parts=parts: parts.append(part.copy()))
        tables.append(np.vstack(parts))
    assert tables[0].tobytes() == tables[1].tobytes()


@pytest.mark.slow
def test_whoever_explains_the_same_trees_finds_the_same(monkeypatch):
    monkeypatch.setattr(explain, "TREES", 20)
    booster, x = explain.grown(3), explain.rows(200)
    said = {name: say(x) for name, say in explain.contestants(booster, explain.forest_of(booster, (explain.MONTHS,))).items()}
    assert said.keys() == {"ours", "pred_contribs", "woodelf"}
    for one in said.values():
        assert one == pytest.approx(said["pred_contribs"], abs=1e-5)


def test_a_goal_that_is_missed_is_told():
    def run(cpu, peak=1e9):
        return {"wall": cpu, "cpu": cpu, "peak": peak, "rows": 1}

    results = {
        10: {"ours": run(1), "kernel": run(0.6), "polars_streaming": run(20), "timeseriesflattener": run(99)},
        100: {"ours": run(10, 4e9), "kernel": run(4), "polars_streaming": run(101)},
    }
    held = [held for held, _ in goals(results, {"polars_streaming": 1e-12}).values()]
    assert held == [False, True, False, True, False, True]


def test_the_bare_fit_grows_as_many_trees_on_as_many_columns():
    rows, plan = fit.table(400), load_plan("smm", DEFAULT_PARAMS)
    plan.models["boosting"] |= {"rounds": 20, "parallel_trees": 3}
    ours, bare = fit.ours(rows, plan)().booster, fit.bare(rows, plan)()
    assert (bare.num_boosted_rounds(), bare.num_features()) == (ours.num_boosted_rounds(), ours.num_features())
    assert len(bare.get_dump()) == len(ours.get_dump()) == 3 * bare.num_boosted_rounds()


def test_the_bare_fit_weighs_the_same_rows_alike_and_leaves_none_out(monkeypatch):
    rows, plan = fit.table(400), load_plan("smm", DEFAULT_PARAMS)
    given, matrix = [], xgb.QuantileDMatrix
    monkeypatch.setattr(xgb, "QuantileDMatrix", lambda x, **of: given.append(of["weight"]) or matrix(x, **of))
    fit.ours(rows, plan)()
    fit.bare(rows, plan)()
    assert given[0].tolist() == given[1].tolist()
    assert given[0].min() > 0


def test_a_whole_candidate_is_fitted_to_the_same_table():
    plan = load_plan("smm", DEFAULT_PARAMS)
    small = replace(plan, interval_fits=2, models={"boosting": {**plan.models["boosting"], "rounds": 3}})
    assert fit.whole(fit.table(2000), small)().artifact.horizons == plan.task.horizons
