"""Held-out figures of one model at every horizon, with intervals from resampling patients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tasks import horizon_days
from training.censoring import FollowUp, progressed_by
from training.metrics.risk import horizon_metrics

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Interval:
    """An estimate and its 95 % percentile interval."""

    estimate: float
    lo: float
    hi: float


def evaluate_risks(rows: pd.DataFrame, risks: Array, horizons: tuple[int, ...], draws: int, seed: int) -> dict[str, float]:
    """Return metrics by name (`auc_24m`, `auc_24m_lo`, `auc_24m_hi`, ...) of held-out risks.

    Rows whose risk is NaN (a score that cannot be computed) are left out and counted in `share_computable`.

    Parameters
    ----------
    rows : DataFrame
        patient_id, event, time_to_event of the judged rows.
    risks : array (rows, horizons)
    horizons : months
    draws : int
        Bootstrap samples of patients; with a patient come all of their rows.
    """
    out: dict[str, float] = {}
    for h, months in enumerate(horizons):
        computable = np.isfinite(risks[:, h])
        suffix = f"_{months}m"
        out[f"share_computable{suffix}"] = float(computable.mean())
        if not computable.any():
            continue
        kept = rows[computable]
        follow_up = FollowUp.of(kept)
        risk, horizon = risks[computable, h], float(horizon_days(months))
        out[f"rows{suffix}"] = float(len(kept))
        out[f"patients{suffix}"] = float(kept["patient_id"].nunique())
        out[f"events{suffix}"] = float(kept.loc[progressed_by(follow_up, horizon), "patient_id"].nunique())
        for name, interval in _with_intervals(kept, follow_up, risk, horizon, draws, seed).items():
            out |= {f"{name}{suffix}": interval.estimate, f"{name}{suffix}_lo": interval.lo, f"{name}{suffix}_hi": interval.hi}
    return {name: value for name, value in out.items() if np.isfinite(value)}


def _with_intervals(rows: pd.DataFrame, follow_up: FollowUp, risk: Array, horizon: float, draws: int, seed: int) -> dict[str, Interval]:
    estimates = horizon_metrics(follow_up, risk, horizon)
    samples: dict[str, list[float]] = {name: [] for name in estimates}
    for count in patient_draws(rows["patient_id"], draws, seed):
        for name, value in horizon_metrics(follow_up, risk, horizon, count).items():
            samples[name].append(value)
    return {name: Interval(estimate, *_percentiles(samples[name])) for name, estimate in estimates.items()}


def patient_draws(patient_ids: pd.Series, draws: int, seed: int):  # noqa: ANN201 - a generator of arrays
    """Yield, for each draw, how often each row counts when patients are drawn with replacement."""
    codes, ids = pd.factorize(patient_ids)
    rng = np.random.default_rng(seed)
    for _ in range(draws):
        drawn = np.bincount(rng.integers(0, len(ids), len(ids)), minlength=len(ids))
        yield drawn[codes].astype(float)


def _percentiles(values: list[float]) -> tuple[float, float]:
    finite = np.array([v for v in values if np.isfinite(v)])
    return (float(np.percentile(finite, 2.5)), float(np.percentile(finite, 97.5))) if len(finite) else (float("nan"), float("nan"))
