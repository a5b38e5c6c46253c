"""Everything that is noticed about the candidates of a task, as it is said, written and muted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import pandas as pd

from features import FeatureTable
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_risk
from training.evaluation.diagnoses.catalogue import CATALOGUE
from training.evaluation.diagnoses.diagnosis import Diagnosis
from training.evaluation.diagnoses.of_data import borrowed_burden, outcome_like, same_person, thin_horizons
from training.evaluation.diagnoses.of_fit import adds_nothing, no_better_than_score, one_input, overfitting, search_edge
from training.evaluation.diagnoses.of_sites import site_outcomes
from training.fitting.held_out import HeldOut
from training.fitting.searched import read_searched
from training.metrics import Draws, judged_at
from training.metrics.figures import Judged, refusal
from training.metrics.risk import auc
from training.places import DIFFERENCES, PERFORMANCE, TUNE, folder_of
from training.plan import Plan
from training.rows.split import evaluation_folds

COLUMNS = ("code", "found", "why", "do", "muted")


class Noticed:
    """What is noticed: first about the table, then about one model after the other.

    Attributes
    ----------
    of_data : the same for every candidate
    """

    def __init__(self, held: HeldOut, table: FeatureTable, plan: Plan, hashes: dict[str, str]) -> None:
        """Look at the table, whose hashes are given, and at the people judged."""
        self._held, self._table, self._plan, self._hashes = held, table, plan, hashes
        columns = table.spec.columns()
        self._empty = [name for name in columns if table.rows[name].isna().all()]
        self._judged = None if refusal(held.rows, plan.primary_horizon) else _judged(held.rows, plan.primary_horizon)
        part = np.full(len(table.rows), -1)
        for k, fold in enumerate(evaluation_folds(table.rows, plan.evaluation)):
            part[fold.judge] = k
        thin = thin_horizons({months: refusal(held.rows, months) for months in plan.task.horizons})
        found = [same_person(table.rows, part), thin, borrowed_burden(table)]
        if self._judged is not None:
            case = self._judged.sample.known[0] * self._judged.sample.case
            control = self._judged.sample.known[0] - case
            found.append(outcome_like(held.rows[columns], held.rows["patient_id"], case, control, plan.primary_horizon))
        at = plan.task.horizons.index(plan.primary_horizon)
        found.append(site_outcomes(held.rows, {name: risk[:, at] for name, risk in held.risks.items()}, plan.primary_horizon))
        self.of_data = [diagnosis for diagnosis in found if diagnosis]

    def of_model(self, name: str, artifact: Artifact, own: Mapping[str, pd.DataFrame], weights: pd.DataFrame) -> list[Diagnosis]:
        """Return what is noticed about one fitted candidate.

        Parameters
        ----------
        own : its own performance and differences, by the name of their file
        weights : of its inputs, as `explain_model` writes them
        """
        plan, months = self._plan, self._plan.primary_horizon
        offered = plan.models[name].get("covariates") or self._table.spec.columns()
        searched = read_searched(folder_of(plan.task.name, TUNE) / f"{name}.json", self._hashes)
        found = [
            self._overfitting(artifact, own[PERFORMANCE]),
            one_input(weights, offered, months),
            adds_nothing(weights, offered, self._empty),
            search_edge(name, searched),
            no_better_than_score(own[DIFFERENCES], plan.scores, months, plan.gate.net_benefit_at),
        ]
        return [diagnosis for diagnosis in found if diagnosis]

    def _overfitting(self, artifact: Artifact, performance: pd.DataFrame) -> Diagnosis | None:
        months = self._plan.primary_horizon
        line = performance[(performance["measure"] == "auc") & (performance["subset"] == "") & (performance["horizon"] == months)]
        if self._judged is None or line.empty:
            return None
        risk = predict_risk(artifact, feature_matrix(artifact, self._held.rows))[:, self._plan.task.horizons.index(months)]
        seen = float(auc(self._judged.sample, risk)[0])
        return overfitting(seen, float(line["estimate"].iloc[0]), float(line["hi"].iloc[0]), months)


def as_table(found: Iterable[Diagnosis], muted: Mapping[str, str]) -> pd.DataFrame:
    """Return diagnoses with what the catalogue says of each, and why it is muted; empty where it is not."""
    lines = [(each.code, each.found, CATALOGUE[each.code].why, CATALOGUE[each.code].do, muted.get(each.code, "")) for each in found]
    return pd.DataFrame(lines, columns=list(COLUMNS))


def in_words(found: Diagnosis, muted: Mapping[str, str]) -> str:
    """Return a diagnosis in one line: what to do, or why it is muted."""
    if found.code in muted:
        return f"{found.code}, muted ({muted[found.code]}): {found.found}"
    return f"{found.code}: {found.found}; do: {CATALOGUE[found.code].do}"


def _judged(rows: pd.DataFrame, months: int) -> Judged:
    return judged_at(rows, months, Draws.of(rows["patient_id"], 0, 0))
