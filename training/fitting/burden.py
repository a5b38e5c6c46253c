"""The burden's parameters for a task, fitted to people whom its models are not judged by."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd

from features import FeatureTable
from features.cohort.schema import Cohort
from features.history.burden.fit import fit_burden
from features.history.burden.parameters import Burden
from myeloma import ConfigError, DataError
from training.plan import Plan
from training.rows.split import evaluation_folds

Say = Callable[[str], None]
_ENDS = ("progression", "treatment_start", "transplant")  # once treated, a person's markers follow another course


def burden_of(cohort: Cohort, table: FeatureTable, plan: Plan, say: Say) -> Burden:
    """Return the parameters fitted to the people of a task's cohort who are not held out for judging.

    Results count as far as they were known at a person's last landmark: once treated, a person's markers follow another course.

    Raises
    ------
    ConfigError
        Everybody is judged in turn, so nobody is left.
    DataError
        The table is of another cohort, or too few people have results.
    """
    if plan.evaluation.kind != "held_out":
        what = f"Everybody is judged in turn in {plan.task.name}, so the burden's parameters can be fitted to nobody of its cohort."
        hint = f"name another cohort with --other, or set `kind: held_out` in training.{plan.task.name}.evaluation of params.yaml."
        raise ConfigError(what, hint)
    (fold,) = evaluation_folds(table.rows, plan.evaluation)
    last = table.rows.iloc[fold.fit].groupby("patient_id")["landmark"].max()
    people = people_of(cohort, last.index.tolist())
    return fit_burden(_known(people, people.measurements["available_at"] <= people.measurements["patient_id"].map(last)), say)


def burden_of_others(cohort: Cohort, say: Say) -> Burden:
    """Return the parameters fitted to everybody of another cohort, by results that were known before treatment or progression."""
    ends = cohort.events[cohort.events["kind"].isin(_ENDS)].groupby("patient_id")["occurred_at"].min()
    treated = cohort.measurements["available_at"] >= cohort.measurements["patient_id"].astype(str).map(ends)
    return fit_burden(_known(cohort, ~treated), say)


def _known(cohort: Cohort, which: pd.Series) -> Cohort:
    return replace(cohort, measurements=cohort.measurements[which].reset_index(drop=True))


def people_of(cohort: Cohort, ids: list[str]) -> Cohort:
    """Return some people of a cohort.

    Raises
    ------
    DataError
        One is not in it.
    """
    if strangers := len(set(ids) - set(cohort.patients["patient_id"])):
        what = f"The table is of another cohort: {strangers} of its {len(ids)} people to fit on are not in it."
        raise DataError(what, "name the cohort that the table was built from.", "other_cohort")
    patients, measurements, events = (of[of["patient_id"].isin(ids)].reset_index(drop=True) for of in cohort.tables().values())
    return replace(cohort, patients=patients, measurements=measurements, events=events)
