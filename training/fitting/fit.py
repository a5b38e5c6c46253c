"""Fit the candidates of a task, keep their held-out predictions and their artifacts, and open a run for each."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import FeatureTable, Task
from features.cohort.files import removed_unless_done, whole_file
from features.cohort.locks import only_writer
from features.table.outcomes import EVENT, in_former_words
from features.table.score_inputs import PREFIX
from features.table.table import KEYS, OUTCOMES
from myeloma import ConfigError
from myeloma.calendar import horizon_days
from myeloma.errors import nearest
from myeloma.scores import POINT_SCORES, SCORES
from serving.artifact import Artifact, feature_matrix, save_artifact
from serving.predict import predict_die_first, predict_risk
from training import tracking
from training.estimators import Fitted, check_models, fit_candidate
from training.estimators.censoring_strata import CensoringStrata, with_censoring_strata
from training.estimators.whole import Whole
from training.fitting.held_out import ORDER, ROW, die_first_columns, risk_columns
from training.fitting.hidden import risks_without
from training.fitting.suitable import check_table, few_halves, thin_horizons, without_values
from training.fitting.unfitted import ASKED, asked_in_words
from training.places import ARTIFACT, EVERYBODY, FITTED_TO, OUT_OF_FOLD, PREDICTIONS, RUN
from training.plan import Plan
from training.rows.censoring import FollowUp, censoring_columns, ipcw_weights
from training.rows.large import DrawnTable
from training.rows.split import Fold, evaluation_folds

Say = Callable[[str], None]


def fit_task(table: FeatureTable, plan: Plan, out: Path, only: str | None, say: Say, table_path: Path) -> dict[str, str]:
    """Fit every candidate (or only one) and return the run id of each.

    For each candidate, `out/<name>/` gets the artifact, the held-out predictions with the outcomes they are
    judged by, and `run_id.json`, which also remembers where the table lies. The artifact is fitted to everybody; what was
    judged are models fitted in the same way to the people of each fold, or to those not held out.

    Raises
    ------
    ConfigError
        No such model, or the table was built for other features.
    DataError
        Too few events, an outcome that cannot be, or a horizon nobody is followed to.
    """
    check_table(table, plan.task)
    folds = evaluation_folds(table.rows, plan.evaluation)
    names = [*plan.models, *plan.scores]
    if only is not None and only not in names:
        raise ConfigError(f'Task {plan.task.name} has no model "{only}".', nearest(only, names))
    check_models(plan)
    drawn = [table.said] if isinstance(table, DrawnTable) else []
    for told in (*drawn, *without_values(table, plan.task), *thin_horizons(table, plan.task), *few_halves(plan.interval_fits)):
        say(told)
    hashes = hashes_of(table)
    _forget_other_tables(out, hashes, names)
    people = _judged_people(table, folds, plan.task.horizons)
    parts = [_Part(fold.fit, table, plan.task.horizons) for fold in folds]
    everybody = _Part(np.arange(len(table.rows)), table, plan.task.horizons)
    runs, wanted = {}, [only] if only else names
    with tracking.training(plan.task, table, only) as training_id:
        training = {"training_id": training_id, "table": str(table_path), ASKED: asked_in_words(wanted), **hashes}
        for name in wanted:
            say(f"{name}: fitting")
            if name in SCORES:
                artifact, found = None, [published_risks(name, table.rows.iloc[f.judge], plan.task) for f in folds]
            else:
                artifact, found = _fit_and_judge(name, table, plan, folds, parts, everybody, say)
            judged = people.assign(**_order(name, table, folds, plan.task))
            judged = pd.concat([judged, pd.concat(found, ignore_index=True)], axis=1)
            with only_writer(out / name, wait=True), removed_unless_done(out / name):
                runs[name] = _keep(name, table, plan, artifact, judged, training, out / name)
    return runs


class _Part:
    """Rows to fit on, with their groups of censoring, and the candidates fitted to them: an ensemble takes its members there."""

    def __init__(self, positions: np.ndarray, table: FeatureTable, horizons: tuple[int, ...]) -> None:
        self._positions, self._table, self._fitted, self._horizons = positions, table, dict[str, Fitted](), horizons

    @cached_property
    def _strata(self) -> CensoringStrata:
        return CensoringStrata.of(self._table.rows.iloc[self._positions], self._table.spec)

    @cached_property
    def _weighed(self) -> pd.DataFrame:
        return self._strata.beside(self._table.rows.iloc[self._positions], self._table.spec, self._horizons)

    @cached_property
    def _whole(self) -> Whole | None:
        if not isinstance(self._table, DrawnTable):
            return None
        large, judged = self._table.large, np.setdiff1d(np.arange(len(self._table.rows)), self._positions)
        return Whole.of(large, large.but(judged), self._positions, self._strata)

    def fit(self, name: str, plan: Plan, halves: int) -> Artifact:
        rows = self._weighed
        about = _about(self._table, plan.task, rows if self._whole is None else self._whole.rows)
        self._fitted[name] = fit_candidate(rows, self._table.spec, plan, name, about, self._fitted, halves, self._whole)
        return self._fitted[name].artifact


def _fit_and_judge(
    name: str, table: FeatureTable, plan: Plan, folds: list[Fold], parts: list[_Part], everybody: _Part, say: Say
) -> tuple[Artifact, list[pd.DataFrame]]:
    """Return a candidate fitted to everybody, and what those fitted to a part of the people predict for the rows that each fold judges."""
    found = []
    for k, (fold, part) in enumerate(zip(folds, parts, strict=True), start=1):
        found.append(_predicted(part.fit(name, plan, 0), table.rows.iloc[fold.judge], plan.task))
        say(f"{name}: judged, fold {k} of {len(folds)}" if len(folds) > 1 else f"{name}: judged")
    return everybody.fit(name, plan, plan.interval_fits), found


def _predicted(artifact: Artifact, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    x = feature_matrix(artifact, rows)
    risks = predict_risk(artifact, x)
    both = np.hstack([risks, predict_die_first(artifact, x, risks)])
    predicted = pd.DataFrame(both, columns=[*risk_columns(task), *die_first_columns(task)])
    return pd.concat([predicted, risks_without(artifact, x, task)], axis=1)


def published_risks(name: str, rows: pd.DataFrame, task: Task) -> pd.DataFrame:
    """Return the risks that a published score gives the rows, one column a horizon; NaN where it gives none."""
    score = SCORES[name]
    inputs = {name: rows[f"{PREFIX}{name}"].to_numpy() for name in score.inputs}
    risks = [score.risk(months, **inputs) for months in task.horizons]
    return pd.DataFrame(dict(zip(risk_columns(task), risks, strict=True)))


def _order(name: str, table: FeatureTable, folds: list[Fold], task: Task) -> dict[str, np.ndarray]:
    return published_order(name, table.rows.iloc[np.concatenate([fold.judge for fold in folds])], task) if name in POINT_SCORES else {}


def published_order(name: str, rows: pd.DataFrame, task: Task) -> dict[str, np.ndarray]:
    """Return the order in which a score that publishes no risk for this task ranks the rows; of any other candidate nothing."""
    score = POINT_SCORES.get(name)
    if score is None or set(score.risks) & set(task.horizons):
        return {}
    return {ORDER: score.order(**{name: rows[f"{PREFIX}{name}"].to_numpy() for name in score.inputs})}


def _about(table: FeatureTable, task: Task, rows: pd.DataFrame) -> dict[str, Any]:
    return {
        "task": task.name,
        "title": task.title,
        **task.rules.as_json(),
        "words": asdict(task.said),
        **table.provenance.as_json(),
        "attrition": table.about["attrition"],
        **({"drawn": table.about["drawn"]} if "drawn" in table.about else {}),
        "trained_on": {
            "patients": int(rows["patient_id"].nunique()),
            "landmarks": len(rows),
            "patients_progressing": int(rows.loc[rows["event"] == EVENT, "patient_id"].nunique()),
        },
        "versions": {package: tracking.mlflow_version(package) for package in ("xgboost", "numpy", "pandas")},
    }


def _judged_people(table: FeatureTable, folds: list[Fold], horizons: tuple[int, ...]) -> pd.DataFrame:
    """Return the rows judged, fold by fold, with their outcomes and whom each can stand in for; every candidate is judged on these."""
    judged = [table.rows.iloc[fold.judge].assign(fold=k) for k, fold in enumerate(folds)]
    rows = with_censoring_strata(pd.concat(judged, ignore_index=True), table.spec, horizons)
    return rows[[*KEYS, *OUTCOMES, *censoring_columns(rows), "fold"]]


def judged_hash(judged: pd.DataFrame) -> str:
    """Return a hash of rows, split and outcomes: figures of two runs with the same one compare."""
    seen = in_former_words(judged[["patient_id", "landmark", "fold", "event", "time_to_event"]])
    return hashlib.sha256(pd.util.hash_pandas_object(seen, index=False).to_numpy().tobytes()).hexdigest()[:16]


def weighing_hash(judged: pd.DataFrame, horizons: tuple[int, ...]) -> str:
    """Return a hash of what each row counts for at each horizon: figures of the same rows compare where it is the same, too.

    To a thousandth, since the last digits of what weights are fitted by differ between machines.
    """
    follow_up = FollowUp.of(judged)
    weights = np.column_stack([ipcw_weights(follow_up, float(horizon_days(months))) for months in horizons])
    return hashlib.sha256(np.rint(1000 * weights).astype(np.int64).tobytes()).hexdigest()[:16]


def _keep(
    name: str, table: FeatureTable, plan: Plan, artifact: Artifact | None, judged: pd.DataFrame, training: dict[str, str], folder: Path
) -> str:
    """Write a candidate's results to its folder, open its run, and return the run's id."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    judged.to_parquet(folder / PREDICTIONS, index=False)
    how = {"judged_hash": judged_hash(judged), "weighing_hash": weighing_hash(judged, plan.task.horizons)}
    training = {**training, **how, "folder": str(folder)}
    run_id = tracking.start_run(plan.task, name, training["training_id"], table, how)
    params = {
        "horizons": list(plan.task.horizons),
        **{f"evaluation.{k}": v for k, v in asdict(plan.evaluation).items()},
        **plan.models.get(name, {}),
    }
    record = {"run_id": run_id, "name": name, "model_uri": None, "horizons": list(plan.task.horizons), **training}
    with tracking.taken_back_unless_done(run_id):
        tracking.log_params(run_id, {**params, "features": len(table.spec.columns()), "treatment": plan.task.rules.treatment})
        tracking.tag_run(run_id, ASKED, training[ASKED])
        if isinstance(table, DrawnTable):
            tracking.tag_run(run_id, "drawn", table.said)
        if artifact is not None:
            save_artifact(artifact, folder / ARTIFACT)
            uri = tracking.log_model(run_id, folder / ARTIFACT, artifact)
            tracking.tag_run(run_id, "model_uri", uri)
            tracking.tag_run(run_id, FITTED_TO, EVERYBODY)
            record["model_uri"] = uri
            judged.sort_values(ROW)[risk_columns(plan.task)].to_parquet(folder / OUT_OF_FOLD, index=False)
            tracking.log_file(run_id, folder / OUT_OF_FOLD)
        with whole_file(folder / RUN) as work:
            work.write_text(json.dumps(record, indent=1), encoding="utf-8")
    return run_id


def _forget_other_tables(out: Path, hashes: dict[str, str], names: list[str]) -> None:
    """Remove results of another table, or of models no longer asked for."""
    for path in out.glob(f"*/{RUN}"):
        record = json.loads(path.read_text(encoding="utf-8"))
        if path.parent.name not in names or not hashes.items() <= record.items():
            shutil.rmtree(path.parent)


def hashes_of(table: FeatureTable) -> dict[str, str]:
    """Return what a record of a fit knows its table by: of what people and features it is, and every value in it."""
    return {name: table.about[name] for name in ("cohort_hash", "feature_hash")} | {"table_hash": table.content_hash()}
