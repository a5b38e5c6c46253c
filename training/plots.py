"""The pictures of a run. Each is drawn from held-out predictions, or from the contributions of a sample of people."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import parse_column
from features.columns import group_label
from features.tasks import horizon_days
from training.censoring import FollowUp, ipcw_weights, progressed_by
from training.metrics.bootstrap import patient_draws
from training.metrics.incidence import aalen_johansen
from training.metrics.risk import weighted_auc

matplotlib.use("Agg")
import matplotlib.pyplot as plt

Array = NDArray[np.float64]
_GROUPS = 10
_LEAST_GROUP = 30  # rows; a smaller group says nothing about calibration
_DRAWS = 100
_SHOWN_FEATURES = 15


@dataclass(frozen=True)
class Judged:
    """Held-out risks at one horizon, with what happened and to whom."""

    follow_up: FollowUp
    risk: Array
    patient_id: pd.Series


ByHorizon = dict[int, Judged]


def calibration(by_horizon: ByHorizon, title: str, path: Path) -> None:
    """Plot observed (Aalen-Johansen) against mean predicted risk in groups of equal size, or per class of a score.

    Bars are 95 % intervals from drawing patients within the group.
    """
    figure, axes = _panels(len(by_horizon))
    for axis, (months, judged) in zip(axes, by_horizon.items(), strict=False):
        groups = _risk_groups(judged.risk)
        predicted = np.array([judged.risk[group].mean() for group in groups])
        observed, low, high = np.array([_incidence(judged, group, months) for group in groups]).T
        top = max(0.01, predicted.max(), high.max()) * 1.05
        axis.plot([0, top], [0, top], color="0.7", linewidth=1, label="perfect")
        bars = [np.maximum(observed - low, 0), np.maximum(high - observed, 0)]
        axis.errorbar(predicted, observed, yerr=bars, fmt="o-", color="C0", elinewidth=1, capsize=2, label=f"{len(groups)} groups")
        axis.set(
            xlim=(0, top),
            ylim=(0, top),
            xlabel="mean predicted risk",
            ylabel="observed incidence (Aalen-Johansen)",
            title=f"{months} months",
        )
        axis.legend(loc="upper left", fontsize=8)
    _save(figure, title, path)


def roc(by_horizon: ByHorizon, title: str, path: Path) -> None:
    """Plot sensitivity against 1 - specificity, both weighted for censoring; deaths first are non-cases."""
    figure, axes = _panels(len(by_horizon))
    for axis, (months, judged) in zip(axes, by_horizon.items(), strict=False):
        follow_up, risk, days = judged.follow_up, judged.risk, float(horizon_days(months))
        weight, case = ipcw_weights(follow_up, days), progressed_by(follow_up, days)
        order = np.argsort(-risk, kind="stable")
        sensitivity, fall_out = (np.cumsum((weight * chosen)[order]) / max((weight * chosen).sum(), 1e-12) for chosen in (case, ~case))
        ends = np.flatnonzero(np.append(np.diff(risk[order]) != 0, True))  # ties move together
        axis.plot([0, 1], [0, 1], color="0.7", linewidth=1)
        axis.plot(
            np.append(0, fall_out[ends]),
            np.append(0, sensitivity[ends]),
            color="C0",
            label=f"AUC {weighted_auc(risk, weight * case, weight * ~case):.3f}",
        )
        axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="1 - specificity", ylabel="sensitivity", title=f"{months} months")
        axis.legend(loc="lower right", fontsize=8)
    _save(figure, title, path)


def shap_beeswarm(values: Array, x: Array, columns: list[str], title: str, path: Path) -> None:
    """Plot each person's contribution of the most important features, coloured by the feature's value."""
    _shap_plot("beeswarm", values, x, columns, title, path)


def shap_bar(values: Array, columns: list[str], title: str, path: Path) -> None:
    """Plot the mean absolute contribution of the most important features."""
    _shap_plot("bar", values, None, columns, title, path)


def biomarker_bar(importance: dict[str, float], title: str, path: Path) -> None:
    """Plot the mean absolute contribution of each biomarker, all of its features together."""
    figure, axis = plt.subplots(figsize=(8, 0.45 * len(importance) + 1.6))
    names = list(importance)[::-1]
    axis.barh([group_label(name) for name in names], [importance[name] for name in names], color="C0")
    axis.set(xlabel="mean |contribution| (log-odds)")
    _save(figure, title, path)


def _shap_plot(kind: str, values: Array, x: Array | None, columns: list[str], title: str, path: Path) -> None:
    import shap  # seconds to import

    used = np.flatnonzero(np.abs(values).max(axis=0) > 0)
    values, x, columns = values[:, used], None if x is None else x[:, used], [columns[j] for j in used]
    labels = [parse_column(name).label for name in columns]
    explanation = shap.Explanation(values=values, data=x, feature_names=labels)
    shown = min(_SHOWN_FEATURES, len(columns))
    if kind == "beeswarm":
        shap.plots.beeswarm(explanation, max_display=shown, show=False, group_remaining_features=False)
    else:
        shap.plots.bar(explanation, max_display=shown, show=False)
    figure = plt.gcf()
    figure.set_size_inches(11, 0.42 * shown + 2)
    figure.axes[0].set_xlabel("contribution (log-odds)" if kind == "beeswarm" else "mean |contribution| (log-odds)")
    _save(figure, title, path)


def _risk_groups(risk: Array) -> list[NDArray[np.int64]]:
    """Return row positions in groups of about equal size, equal risks together; each class of a score is a group."""
    classes = np.unique(risk)
    if len(classes) <= _GROUPS:
        return [np.flatnonzero(risk == value) for value in classes]
    parts = int(np.clip(len(risk) // _LEAST_GROUP, 1, _GROUPS))
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, parts + 1)))
    group = np.clip(np.searchsorted(edges, risk, side="right") - 1, 0, max(len(edges) - 2, 0))
    return [np.flatnonzero(group == g) for g in np.unique(group)]


def _incidence(judged: Judged, rows: NDArray[np.int64], months: int) -> tuple[float, float, float]:
    """Return the observed incidence of a group, and its interval."""
    group, horizon = FollowUp.from_arrays(judged.follow_up.time[rows], judged.follow_up.event[rows]), [float(horizon_days(months))]
    drawn = [aalen_johansen(group, horizon, weight=count)[0] for count in patient_draws(judged.patient_id.iloc[rows], _DRAWS, seed=1)]
    return (float(aalen_johansen(group, horizon)[0]), *np.percentile(drawn, [2.5, 97.5]))


def _panels(n: int):  # noqa: ANN202 - matplotlib's own pair
    figure, axes = plt.subplots(1, max(n, 1), figsize=(4.6 * max(n, 1), 4.6), squeeze=False)
    return figure, axes[0]


def _save(figure: plt.Figure, title: str, path: Path) -> None:
    figure.suptitle(title, fontsize=11)
    figure.tight_layout()
    figure.savefig(path, dpi=110, bbox_inches="tight")
    plt.close(figure)
