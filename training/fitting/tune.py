"""Search for the options of one model with Optuna, by patient-grouped, nested cross-validation.

The people that the task holds out for judging take no part. The inner folds choose among options; the outer folds
say what choosing is worth: on people whom neither the choice nor the fit has seen, tuned options against present ones.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import FloatDistribution, IntDistribution
from optuna.trial import BaseTrial, TrialState

from features import FeatureTable
from myeloma import ConfigError
from myeloma.errors import nearest
from serving.models import logistic
from training.estimators import KINDS, checked_model
from training.estimators.censoring_strata import with_censoring_strata
from training.estimators.stacking import stack
from training.fitting.fit import hashes_of
from training.fitting.searched import Searched, write_searched
from training.fitting.suitable import check_table
from training.plan import Plan
from training.rows.split import Fold, evaluation_folds, patient_folds

_INNER_FOLDS = 3
_STARTUP_TRIALS = 8


@dataclass(frozen=True)
class Search:
    """What to search for, where trials are kept, and how hard to look."""

    model: str
    trials: int
    outer_folds: int
    seed: int
    storage: Path


@dataclass(frozen=True)
class Tuned:
    """The best options, their inner loss, and for each outer fold the losses of present and of tuned options.

    `options` is the model's whole section, as it was judged: what was not searched for is what `params.yaml` says.
    """

    options: dict[str, Any]
    loss: float
    outer: list[tuple[float, float]]


def tune(table: FeatureTable, plan: Plan, search: Search, told: Callable[[str, optuna.trial.FrozenTrial], None]) -> Tuned:
    """Run, or take up again, the search; a search that was interrupted ends where an uninterrupted one does.

    Parameters
    ----------
    told : function
        Called with the study's name and each trial that is done.

    Raises
    ------
    ConfigError
        The model is none of the task's, or has nothing to search.
    """
    possible = [name for name, kind in KINDS.items() if kind.space is not None and name in plan.models]
    if search.model not in possible:
        raise ConfigError(f'Nothing to tune for "{search.model}" in task {plan.task.name}.', nearest(search.model, possible))
    check_table(table, plan.task)
    rows = table.rows
    if plan.evaluation.kind == "held_out":
        rows = rows.iloc[evaluation_folds(rows, plan.evaluation)[0].fit]
    rows = with_censoring_strata(rows, table.spec, plan.task.horizons)
    present = checked_model(search.model, plan)
    outer: list[tuple[float, float]] = []
    for k, fold in enumerate(patient_folds(rows, search.outer_folds, search.seed) if search.outer_folds else [], start=1):
        study = _studied(f"outer_{k}", rows.iloc[fold.fit], table, plan, search, present, told)
        options = present | _searched(search.model, optuna.trial.FixedTrial(study.best_params))
        before = _loss(rows, fold, table, plan, search.model, present)
        outer.append((before, _loss(rows, fold, table, plan, search.model, options)))
    study = _studied("final", rows, table, plan, search, present, told)
    best = _searched(search.model, optuna.trial.FixedTrial(study.best_params))
    write_searched(search.storage.with_suffix(".json"), _ranges(study.best_trial), hashes_of(table))
    return Tuned(plan.models[search.model] | best, float(study.best_value), outer)


def _ranges(best: optuna.trial.FrozenTrial) -> list[Searched]:
    """Return the best value of each number that was searched for, with its range."""
    return [
        Searched(name, float(best.params[name]), float(drawn.low), float(drawn.high), drawn.log)
        for name, drawn in best.distributions.items()
        if isinstance(drawn, IntDistribution | FloatDistribution)
    ]


def _studied(
    part: str,
    rows: pd.DataFrame,
    table: FeatureTable,
    plan: Plan,
    search: Search,
    present: dict[str, Any],
    told: Callable[[str, optuna.trial.FrozenTrial], None],
) -> optuna.Study:
    """Return the study of some rows, with as many trials as were asked for. Its name holds what it depends on."""
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    search.storage.parent.mkdir(parents=True, exist_ok=True)
    name = f"{search.model} {part} {' '.join(hashes_of(table).values())} {_asked(plan, present)} seed {search.seed}"
    study = optuna.create_study(
        storage=f"sqlite:///{search.storage}",
        study_name=name,
        load_if_exists=True,
        direction="minimize",
        pruner=optuna.pruners.MedianPruner(n_startup_trials=_STARTUP_TRIALS, n_warmup_steps=0),
    )
    folds = patient_folds(rows, _INNER_FOLDS, search.seed)
    while (done := len(study.get_trials(states=(TrialState.COMPLETE, TrialState.PRUNED)))) < search.trials:
        # A sampler of its own for each trial: what was drawn does not depend on where the search was interrupted.
        study.sampler = optuna.samplers.TPESampler(seed=search.seed * 10_000 + done, n_startup_trials=_STARTUP_TRIALS)
        trial = study.ask()
        options, losses, state = present | _searched(search.model, trial), [], TrialState.COMPLETE
        for step, fold in enumerate(folds):
            losses.append(_loss(rows, fold, table, plan, search.model, options))
            trial.report(float(np.mean(losses)), step)
            if step + 1 < len(folds) and trial.should_prune():
                state = TrialState.PRUNED
                break
        study.tell(trial, None if state is TrialState.PRUNED else float(np.mean(losses)), state)
        told(part, study.trials[trial.number])
    return study


def _searched(model: str, trial: BaseTrial) -> dict[str, Any]:
    space = KINDS[model].space
    assert space is not None, f"{model} has nothing to search"
    return space(trial)


def _asked(plan: Plan, present: dict[str, Any]) -> str:
    """Return a hash of what a loss depends on beside the table: trials under other horizons do not compare."""
    asked = {**plan.task.rules.as_json(), "horizons": plan.task.horizons, "evaluation": asdict(plan.evaluation), "options": present}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()[:16]


def _loss(rows: pd.DataFrame, fold: Fold, table: FeatureTable, plan: Plan, model: str, options: dict[str, Any]) -> float:
    """Return the mean IPCW-weighted log loss, over all horizons, on the people that a fold judges."""
    columns = table.spec.columns()
    fit_rows, judged = rows.iloc[fold.fit], rows.iloc[fold.judge]
    fitted = KINDS[model].fit(fit_rows[columns].to_numpy(dtype=float), fit_rows, columns, plan.task.horizons, **options)
    stacked = stack(judged, plan.task.horizons)
    risk = logistic(fitted.margins(judged[columns].to_numpy(dtype=float)))[stacked.row, stacked.horizon]
    risk = np.clip(risk, 1e-9, 1.0 - 1e-9)
    log_likelihood = np.where(stacked.y == 1, np.log(risk), np.log1p(-risk))
    return float(-np.average(log_likelihood, weights=stacked.weight))
