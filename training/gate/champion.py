"""The champion beside a candidate: on the same held-out people where that is possible, in words where it is not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from features import Task, build_features
from myeloma import StateError, UserError
from myeloma.calendar import horizon_days
from serving.artifact import Artifact, feature_matrix
from serving.predict import predict_risk
from training.gate.held_out import HeldOut
from training.gate.verdict import Comparison
from training.metrics import horizon_metrics
from training.rows.censoring import FollowUp

_COMPARED = ("auc", "brier")


def compare(task: Task, candidate: tuple[Any, HeldOut | None], champion: tuple[str, Any], load: Any) -> Comparison:
    """Return the champion's and the candidate's figures on the candidate's held-out rows, and how they were made.

    Where the champion was fitted without these people it is scored again on them. Where both were cross-validated on the
    same folds, their logged figures are of the same rows. Where the champion was made from another cohort or split, nobody
    can tell whether it has seen these people: it is scored all the same, and the words say that this flatters it.

    Parameters
    ----------
    candidate : MLflow run, and its held-out rows if they are here
    champion : version, MLflow run
    load : function that returns the champion's artifact, or raises StateError
    """
    (run, held), (version, live) = candidate, champion
    judged, kind = run.data.tags.get("judged_hash"), live.data.params.get("evaluation.kind")
    same = judged is not None and judged == live.data.tags.get("judged_hash")
    try:
        artifact = load()
    except StateError as error:
        return Comparison(version, f"champion version {version} can no longer be used: {error.what}", champion_fails=True)
    if same and (held is None or kind == "cross_validation"):
        how = "figures logged with both runs, on the very same rows" + (
            ", each judged by a fold's model that had not seen the person" if kind == "cross_validation" else ""
        )
        return Comparison(version, how, _logged(live, task), _logged(run, task))
    if held is None:
        return Comparison(version, f"champion version {version} was judged on other people, and the held-out rows are not on this machine")
    risks = _risks(artifact, held)
    if artifact.horizons != task.horizons or risks is None:
        return Comparison(version, f"champion version {version} has other horizons, or features that these people's table does not hold")
    rows, months = held.rows, list(enumerate(task.horizons))
    how = (
        f"both scored on the same {len(rows)} held-out rows, of people neither was fitted on"
        if same
        else "of another cohort or split, the champion was scored on these rows too; it may have seen these people, which flatters it"
    )
    own = rows[[f"risk_{m}m" for m in task.horizons]].to_numpy()
    return Comparison(version, how, _figures(rows, risks, months), _figures(rows, own, months))


def _risks(artifact: Artifact, held: HeldOut) -> np.ndarray | None:
    rows: pd.DataFrame = held.rows
    if any(name not in rows.columns for name in artifact.columns):
        if held.cohort is None:
            return None
        rows = build_features(held.cohort, held.rows[["patient_id", "landmark"]], artifact.spec)
    try:
        return predict_risk(artifact, feature_matrix(artifact, rows))
    except UserError:
        return None


def _figures(rows: pd.DataFrame, risks: np.ndarray, months: list[tuple[int, int]]) -> dict[str, float]:
    follow_up = FollowUp.of(rows)
    found = {m: horizon_metrics(follow_up, risks[:, k], float(horizon_days(m))) for k, m in months}
    return {f"{name}_{m}m": float(found[m][name]) for m in found for name in _COMPARED if np.isfinite(found[m][name])}


def _logged(run: Any, task: Task) -> dict[str, float]:
    names = [f"{name}_{months}m" for months in task.horizons for name in _COMPARED]
    return {name: run.data.metrics[name] for name in names if name in run.data.metrics}
