"""The rows of another cohort that the live model and the published scores are judged on, and when figures of them say something."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Cohort, Task, build_table
from features.table.outcomes import EVENT
from myeloma import DataError
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_die_first, predict_risk
from training.estimators.censoring_strata import with_censoring_strata
from training.evaluation.expected_events import with_expected
from training.fitting.fit import published_order, published_risks
from training.fitting.held_out import ORDER
from training.plan import Plan
from training.rows.small_cells import written

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Judged:
    """The rows of a cohort at risk, every visit, with their outcomes and what is predicted for them; nothing was fitted to them.

    Attributes
    ----------
    rows : keys, outcomes, features and inputs of the scores, censoring strata, and `expected_24m` and so on
    risks : arrays (rows, horizons) by model, the champion first; NaN where a published score has none
    orders : arrays (rows,) by score that ranks people without a risk
    die_first : array (rows, horizons), the champion's chance that the competing event comes first
    """

    rows: pd.DataFrame
    risks: dict[str, Array]
    orders: dict[str, Array]
    die_first: Array

    def at(self, chosen: NDArray[np.bool_]) -> Judged:
        """Return some of the rows; the groups of censoring are those of all."""
        risks, orders = ({name: of_one[chosen] for name, of_one in every.items()} for every in (self.risks, self.orders))
        return Judged(self.rows[chosen].reset_index(drop=True), risks, orders, self.die_first[chosen])


def plan_of(artifact: Artifact, plan: Plan) -> Plan:
    """Return the plan with the question that the model answers: its own features and horizons, the task's rules, which are the same."""
    task = replace(plan.task, features=artifact.spec, horizons=artifact.horizons)
    primary = plan.primary_horizon if plan.primary_horizon in artifact.horizons else artifact.horizons[-1]
    return replace(plan, task=task, primary_horizon=primary)


def judged_rows(cohort: Cohort, artifact: Artifact, plan: Plan, champion: str) -> Judged:
    """Return the rows of a cohort with the risks of the champion, as it is, and of the task's published scores.

    Raises
    ------
    DataError
        The cohort is empty, of people of another stage, without outcomes, or nobody has a visit at risk.
    """
    check_cohort(cohort, plan.task)
    table = build_table(cohort, plan.task)
    progressing = int((table.rows["event"] == EVENT).sum())
    if not progressing:
        _refuse_without_outcomes(cohort, plan.task, table.rows)
    rows = with_censoring_strata(table.rows, artifact.spec, artifact.horizons)
    x = feature_matrix(artifact, rows)
    risk = predict_risk(artifact, x)
    risks = {champion: risk} | {name: published_risks(name, rows, plan.task).to_numpy() for name in plan.scores}
    orders = {name: order[ORDER] for name in plan.scores if (order := published_order(name, rows, plan.task))}
    orders = {name: order for name, order in orders.items() if np.isfinite(order).any()}
    return Judged(with_expected(rows, risk, artifact.horizons), risks, orders, predict_die_first(artifact, x, risk))


def check_cohort(cohort: Cohort, task: Task) -> None:
    """Refuse a cohort that holds nobody, nobody of the task's stage, or no events.

    Raises
    ------
    DataError
        It says what is there, what is accepted, and what to do.
    """
    if cohort.patients.empty:
        raise DataError(
            "The cohort holds 0 patients, accepted: one or more.", "ingest a cohort with patients, measurements, events.", "empty_cohort"
        )
    wanted, stages = task.rules.population, cohort.patients["stage"]
    if wanted and not stages.isin([wanted, ""]).any():
        found = ", ".join(f"{written(count)} {stage}" for stage, count in stages.value_counts().items())
        raise DataError(
            f"Nobody of this cohort has the stage of task {task.name}: received {found}, accepted: {wanted}, or no recorded stage.",
            "name the task of that stage (--task), or correct the column `stage` and ingest again.",
            "cohort_of_other_stage",
        )
    if cohort.events.empty:
        _refuse_without_outcomes(cohort, task)


def _of_other_stages(cohort: Cohort, task: Task) -> str:
    """Return how many people of another stage than the task's there are, who do not count; empty where there are none."""
    wanted, stages = task.rules.population, cohort.patients["stage"]
    others = stages[~stages.isin([wanted, ""])] if wanted else stages.iloc[:0]
    if others.empty:
        return ""
    said = ", ".join(f"{written(count)} {stage}" for stage, count in others.value_counts().items())
    return f"; of {written(len(stages))} people these are of another stage than {wanted} and do not count: {said}"


def _refuse_without_outcomes(cohort: Cohort, task: Task, rows: pd.DataFrame | None = None) -> None:
    found = ", ".join(f"{written(count)} {kind}" for kind, count in cohort.events["kind"].value_counts().items()) or "no event"
    at_risk = 0 if rows is None else rows["patient_id"].nunique()
    people = f", and nobody of {written(at_risk)} people at risk has {task.said.event} after a visit" if at_risk else ""
    people += _of_other_stages(cohort, task)
    raise DataError(
        f"The cohort has no outcome to judge by: received {found}{people}; accepted: events of the kind {task.rules.event}, "
        f"with {task.rules.competing_event} and last_contact beside them.",
        "ingest the table events, with the last contact of everybody to whom nothing happened. Risks alone: python -m serving score.",
        "no_outcomes",
    )
