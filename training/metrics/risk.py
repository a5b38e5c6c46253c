"""AUC, Brier score and calibration in the large at one horizon, weighted for censoring."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.censoring import FollowUp, ipcw_weights, progressed_by
from training.metrics.incidence import aalen_johansen

Array = NDArray[np.float64]


def horizon_metrics(follow_up: FollowUp, risk: Array, horizon: float, weight: Array | None = None) -> dict[str, float]:
    """Return the measures of predicted risks at one horizon.

    Parameters
    ----------
    risk : array (rows,)
        Predicted probability of progression within the horizon.
    horizon : float
        Days.
    weight : array (rows,), optional
        How often each row counts (a bootstrap's draws).

    Returns
    -------
    dict
        auc : probability that a row which progresses within the horizon has a higher risk than one known not
        to (survivors and those who died first), Blanche 2013.
        brier : mean squared error of the risk, Graf 1999. ipa : 1 - brier / brier of the Aalen-Johansen average.
        observed : Aalen-Johansen incidence. mean_risk : mean prediction. oe_ratio : observed / mean_risk.
    """
    count = np.ones(len(risk)) if weight is None else weight
    known = count * ipcw_weights(follow_up, horizon, weight)
    case = progressed_by(follow_up, horizon)
    total = count.sum()
    observed = float(aalen_johansen(follow_up, [horizon], weight=weight)[0])
    brier = float(known @ (case - risk) ** 2 / total)
    brier_null = float(known @ (case - observed) ** 2 / total)
    mean_risk = float(count @ risk / total)
    return {
        "auc": weighted_auc(risk, known * case, known * ~case),
        "brier": brier,
        "ipa": 1.0 - brier / brier_null if brier_null > 0 else np.nan,
        "observed": observed,
        "mean_risk": mean_risk,
        "oe_ratio": observed / mean_risk if mean_risk > 0 else np.nan,
    }


def weighted_auc(risk: Array, case_weight: Array, control_weight: Array) -> float:
    """Return the probability that a case outranks a control, ties counting half; NaN without both.

    Examples
    --------
    >>> weighted_auc(np.array([0.1, 0.2, 0.2]), np.array([0.0, 0, 1]), np.array([1.0, 1, 0]))
    0.75
    """
    _, level = np.unique(risk, return_inverse=True)
    cases = np.bincount(level, weights=case_weight)
    controls = np.bincount(level, weights=control_weight)
    below = np.cumsum(controls) - controls
    pairs = cases.sum() * controls.sum()
    return float((cases @ (below + 0.5 * controls)) / pairs) if pairs > 0 else float("nan")
