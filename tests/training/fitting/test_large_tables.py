"""A table that is too large for memory: whole people are drawn with weights, trees are fitted to all rows from its row groups."""

import json
import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import xgboost as xgb

from features import build_table, write_table
from features.intake.quality import clean
from features.simulation.smm import simulate
from features.table import table as tables
from myeloma.calendar import horizon_days
from serving.artifact import load_artifact
from serving.predict import predict_risk
from serving.store.champion import connect
from training.estimators import external_memory
from training.estimators.candidate import fit_candidate
from training.estimators.censoring_strata import CensoringStrata
from training.estimators.kinds.boosting import fit_boosting, over_all_rows
from training.estimators.whole import Whole
from training.evaluation.evaluate import evaluate_task
from training.fitting.fit import fit_task
from training.gate.held_out import Sources, judged_people
from training.places import ARTIFACT, RUN
from training.rows.censoring import REACH, STRATUM, FollowUp, ipcw_weights, progressed_by
from training.rows.draw import STANDS_FOR
from training.rows.large import _TIMES_CELLS, DrawnTable, read_within
from training.rows.split import HELD_OUT, evaluation_folds

BOOSTING = {
    "rounds": 30,
    "depth": 3,
    "eta": 0.1,
    "min_child_weight": 5.0,
    "subsample": 1.0,
    "l2": 5.0,
    "seed": 1,
    "colsample": 0.5,
    "parallel_trees": 1,
    "monotone": True,
    "hidden_share": 0.2,
    "weighting": "patients",
    "device": "cpu",
}


@pytest.fixture(scope="module")
def smm_table(smm_task):
    """A table of enough people for a draw of them to hold 20 events on either side.

    No column has more values than XGBoost has bins (256): of such a column the bins go by the batches in which a table is read.
    """
    table = build_table(clean(simulate(1500, 3))[0], smm_task)
    return replace(table, rows=table.rows.assign(**{name: coarse(table.rows[name].to_numpy()) for name in table.spec.columns()}))


def coarse(values, most=200):
    """Return values, each the next lower of so many quantiles of them."""
    steps = np.unique(np.nanquantile(values, np.linspace(0, 1, most))) if np.isfinite(values).any() else np.zeros(1)
    lower = steps[np.maximum(np.searchsorted(steps, values, side="right") - 1, 0)]
    return np.where(np.isnan(values), np.nan, lower)


@pytest.fixture
def path(smm_table, tmp_path, monkeypatch):
    """The table as a file of many row groups, and blocks of a few of them."""
    monkeypatch.setattr(tables, "ROW_GROUP", 700)
    monkeypatch.setattr("training.rows.large._BATCH", 1200)
    write_table(smm_table, tmp_path / "table.parquet")
    return tmp_path / "table.parquet"


@pytest.fixture
def plan(small_smm_plan, smm_table):
    """A plan with memory for a fit to two thirds of the table."""
    cells = len(smm_table.rows) * len(smm_table.rows.columns)
    return replace(small_smm_plan, memory=cells * 8 * _TIMES_CELLS * 2 // 3)


@pytest.fixture
def drawn(path, plan):
    return read_within(path, plan)


def test_a_table_that_fits_is_read_as_ever(path, small_smm_plan, smm_table):
    read = read_within(path, small_smm_plan)
    assert not isinstance(read, DrawnTable)
    assert read.content_hash() == smm_table.content_hash()


def test_of_one_that_does_not_whole_people_are_drawn_as_the_file_has_them(drawn, smm_table):
    assert isinstance(drawn, DrawnTable)
    rows = drawn.rows.drop(columns=[STANDS_FOR, HELD_OUT])
    assert 0.25 * len(smm_table.rows) < len(rows) < 0.4 * len(smm_table.rows)  # half of the memory, which is enough for two thirds
    theirs = smm_table.rows[smm_table.rows["patient_id"].isin(set(rows["patient_id"]))].reset_index(drop=True)
    pd.testing.assert_frame_equal(rows, theirs, check_dtype=False)


def test_it_says_how_many_were_drawn(drawn, smm_table):
    told = drawn.about["drawn"]
    assert (told["rows"], told["people"]) == (len(smm_table.rows), smm_table.rows["patient_id"].nunique())
    assert (told["rows_drawn"], told["people_drawn"]) == (len(drawn.rows), drawn.rows["patient_id"].nunique())
    assert f"{told['people_drawn']:,} of {told['people']:,} people" in drawn.said


def test_the_same_plan_draws_the_same_people(path, plan, drawn):
    assert read_within(path, plan).content_hash() == drawn.content_hash()


def test_people_are_parted_as_those_of_the_whole_table(drawn, plan, smm_table):
    whole, part = (evaluation_folds(rows, plan.evaluation)[0] for rows in (smm_table.rows, drawn.rows))
    for of_whole, of_part in ((whole.fit, part.fit), (whole.judge, part.judge)):
        assert set(drawn.rows["patient_id"].iloc[of_part]) <= set(smm_table.rows["patient_id"].iloc[of_whole])


def test_those_judged_have_equal_chances_and_those_fitted_on_have_events_first(drawn, plan, smm_table):
    fold = evaluation_folds(drawn.rows, plan.evaluation)[0]
    assert drawn.rows[STANDS_FOR].iloc[fold.judge].nunique() == 1
    fitted_on = drawn.rows.iloc[fold.fit]
    with_event = fitted_on["event"] == "event"
    assert fitted_on.loc[with_event, STANDS_FOR].max() < fitted_on.loc[~with_event, STANDS_FOR].max()
    people = fitted_on.groupby("patient_id")[STANDS_FOR].first()
    everybody = smm_table.rows["patient_id"].iloc[evaluation_folds(smm_table.rows, plan.evaluation)[0].fit].nunique()
    assert people.sum() == pytest.approx(everybody)  # those drawn stand for all


def test_with_cross_validation_everybody_has_equal_chances(path, plan):
    read = read_within(path, replace(plan, evaluation=replace(plan.evaluation, kind="cross_validation")))
    assert HELD_OUT not in read.rows
    assert read.rows[STANDS_FOR].nunique() == 1


def test_nobody_judged_or_held_out_is_among_the_rows_fitted_on(drawn, plan, smm_table):
    fold = evaluation_folds(drawn.rows, plan.evaluation)[0]
    there = drawn.large.but(fold.judge)
    of_whole = evaluation_folds(smm_table.rows, plan.evaluation)[0]
    assert np.flatnonzero(there).tolist() == of_whole.fit.tolist()


def test_of_turns_all_rows_but_those_of_the_people_judged_are_fitted_on(path, plan, smm_table):
    read = read_within(path, replace(plan, evaluation=replace(plan.evaluation, kind="cross_validation")))
    judged = np.arange(30)
    there = read.large.but(judged)
    assert set(smm_table.rows["patient_id"][~there]) == set(read.rows["patient_id"].iloc[judged])


@pytest.fixture
def whole(drawn, plan):
    fold = evaluation_folds(drawn.rows, plan.evaluation)[0]
    strata = CensoringStrata.of(drawn.rows.iloc[fold.fit], drawn.spec)
    return Whole.of(drawn.large, drawn.large.but(fold.judge), fold.fit, strata)


@pytest.fixture
def fit_rows(smm_table, plan, whole):
    """The rows that may be fitted on, in memory, in the strata that the drawn rows gave."""
    rows = smm_table.rows.iloc[evaluation_folds(smm_table.rows, plan.evaluation)[0].fit].reset_index(drop=True)
    return rows.assign(**{name: whole.rows[name].to_numpy() for name in (STRATUM, REACH)})


def test_the_rows_drawn_stand_where_it_is_said(whole, drawn, plan, fit_rows):
    fold = evaluation_folds(drawn.rows, plan.evaluation)[0]
    keys = ["patient_id", "landmark"]
    assert fit_rows.loc[whole.drawn, keys].to_numpy().tolist() == drawn.rows[keys].iloc[fold.fit].to_numpy().tolist()


def test_trees_from_row_groups_are_those_of_a_fit_in_memory(whole, fit_rows, smm_table, plan):
    columns, horizons = smm_table.spec.columns(), plan.task.horizons
    with over_all_rows(whole, columns, horizons, **BOOSTING) as fit_on:
        found = fit_on(np.ones(len(fit_rows), dtype=bool))
    x = fit_rows[columns].to_numpy(dtype=float)
    in_memory = fit_boosting(x, fit_rows, columns, horizons, **BOOSTING)
    assert np.abs(found.margins(x) - in_memory.margins(x)).max() < 1e-4  # the same bins and rows: only the order of sums differs


def test_trees_of_a_part_are_those_of_a_fit_to_it_in_memory_with_the_bins_of_all(whole, fit_rows, smm_table, plan, monkeypatch):
    columns, horizons, options = smm_table.spec.columns(), plan.task.horizons, BOOSTING | {"hidden_share": 0.0}  # parts have other copies
    there = (whole.rows["patient_id"] % 2 == 0).to_numpy()
    with over_all_rows(whole, columns, horizons, **options) as fit_on:
        found = fit_on(there)
    x, matrices, binned = fit_rows[columns].to_numpy(dtype=float), [], xgb.QuantileDMatrix

    def kept(*given, **named):
        matrices.append(binned(*given, **named, ref=matrices[0] if matrices else None))
        return matrices[-1]

    monkeypatch.setattr(xgb, "QuantileDMatrix", kept)
    fit_boosting(x, fit_rows, columns, horizons, **options)
    in_memory = fit_boosting(x[there], fit_rows[there], columns, horizons, **options)
    assert np.abs(found.margins(x) - in_memory.margins(x)).max() < 1e-4


def test_the_outcomes_of_rows_left_out_have_no_say(whole, fit_rows, smm_table, plan, monkeypatch):
    columns, horizons = smm_table.spec.columns(), plan.task.horizons
    there = (whole.rows["patient_id"] % 2 == 0).to_numpy()
    x = fit_rows[columns].to_numpy(dtype=float)
    with over_all_rows(whole, columns, horizons, **BOOSTING) as fit_on:
        before = fit_on(there).margins(x)

    def other_outcomes(of, horizons, weighting, part=None):
        weight, progressed = weights(of, horizons, weighting, part)
        if part is None:
            progressed[~there] = ~progressed[~there]
        return weight, progressed

    weights = external_memory._weights
    monkeypatch.setattr(external_memory, "_weights", other_outcomes)
    with over_all_rows(whole, columns, horizons, **BOOSTING) as fit_on:
        assert np.array_equal(fit_on(there).margins(x), before)
        assert not np.array_equal(fit_on(np.ones(len(there), dtype=bool)).margins(x), before)


def test_no_bins_are_left_behind(whole, smm_table, plan, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    with over_all_rows(whole, smm_table.spec.columns(), plan.task.horizons, **BOOSTING):
        assert list(tmp_path.glob("myeloma-bins-*/bins*"))
    assert not list(tmp_path.glob("myeloma-bins-*"))


@pytest.mark.slow
def test_an_ensemble_of_a_large_table_is_as_good_as_one_in_memory(drawn, whole, fit_rows, smm_table, plan):
    fold = evaluation_folds(drawn.rows, plan.evaluation)[0]
    rows = drawn.rows.iloc[fold.fit]
    rows = rows.assign(**{name: whole.rows[name].to_numpy()[whole.drawn] for name in (STRATUM, REACH)})
    large = fit_candidate(rows, drawn.spec, plan, "ensemble", {"task": "smm"}, {}, 2, whole).artifact
    memory = fit_candidate(fit_rows, drawn.spec, plan, "ensemble", {"task": "smm"}, {}, 2).artifact
    judged = smm_table.rows.iloc[evaluation_folds(smm_table.rows, plan.evaluation)[0].judge]
    x, days = judged[drawn.spec.columns()].to_numpy(dtype=float), float(horizon_days(plan.task.horizons[1]))
    weight, y = ipcw_weights(FollowUp.of(judged), days), progressed_by(FollowUp.of(judged), days)
    large_brier, memory_brier = (np.average((predict_risk(a, x)[:, 1] - y) ** 2, weights=weight) for a in (large, memory))
    assert large_brier == pytest.approx(memory_brier, rel=0.05)
    risks = [np.average(predict_risk(a, x)[:, 1]) for a in (large, memory)]
    assert risks[0] == pytest.approx(risks[1], rel=0.1)
    assert len(large.resampled) == 2


@pytest.mark.slow
@pytest.mark.usefixtures("nothing_drawn")
def test_from_fit_to_gate_a_drawn_table_goes_the_way_of_any_other(drawn, path, plan, empty_database, tmp_path, monkeypatch):
    (tmp_path / "mlruns").mkdir()
    shutil.copy(empty_database, tmp_path / "mlruns" / "mlflow.db")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    said = []
    runs = fit_task(drawn, plan, tmp_path / "fit", "boosting", said.append, path)
    assert said[0] == drawn.said
    record = json.loads((tmp_path / "fit" / "boosting" / RUN).read_text())
    assert connect().get_run(runs["boosting"]).data.tags["drawn"] == drawn.said
    artifact = load_artifact(tmp_path / "fit" / "boosting" / ARTIFACT)
    assert artifact.about["drawn"] == drawn.about["drawn"]
    assert artifact.about["trained_on"]["landmarks"] == len(drawn.large.person), "everybody's, when nobody is judged any more"
    results = evaluate_task(read_within(path, plan), plan, tmp_path / "fit", tmp_path / "evaluation", said.append)
    assert results["boosting"]["metrics"]["auc_24m"] > 0.6
    held = judged_people(record, plan.task, Sources(path, tmp_path, plan))
    assert held is not None
    assert len(held.rows) == drawn.rows[HELD_OUT].sum()
