"""The pictures of a run that are drawn from held-out predictions, and what all pictures share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.metrics import Sample, weighted_auc
from training.metrics.calibration import CLASSES, calibration_curve
from training.metrics.figures import interval
from training.rows.censoring import FollowUp

matplotlib.use("Agg")
import matplotlib.pyplot as plt
from matplotlib.figure import Figure

Array = NDArray[np.float64]
_LEAST_GROUP = 30  # rows; a smaller group says nothing about calibration
DRAWS = 100  # for the intervals of the groups of a calibration plot


@dataclass(frozen=True)
class Shown:
    """Held-out risks at one horizon (months) with the rows they are of, and how often each row counts in each draw."""

    rows: pd.DataFrame
    risk: Array
    months: int
    counts: Array

    def sample(self, rows: NDArray[np.int64] | None = None, draws: int | None = None) -> Sample:
        """Return the sample of all rows, or of those at the given positions."""
        some = slice(None) if rows is None else rows
        return Sample.of(
            FollowUp.of(self.rows.iloc[some]), float(horizon_days(self.months)), np.ascontiguousarray(self.counts[:draws, some])
        )


def calibration(shown: list[Shown], title: str, path: Path) -> None:
    """Plot observed against predicted risk: groups of equal size (or the classes of a score) and a smoothed curve.

    The groups show their Aalen-Johansen incidence with 95 % intervals from drawing patients. The curve is the one that
    the ICI measures. The spikes at the foot show how the predicted risks are spread.
    """
    figure, axes = panels(len(shown))
    for axis, judged in zip(axes, shown, strict=False):
        groups = risk_groups(judged.risk)
        predicted = np.array([judged.risk[group].mean() for group in groups])
        observed, low, high = np.array([_incidence(judged, group) for group in groups]).T
        top = max(0.01, predicted.max(), high.max()) * 1.05
        axis.plot([0, top], [0, top], color="0.7", linewidth=1, label="perfect")
        if len(np.unique(judged.risk)) > CLASSES:
            order = np.argsort(judged.risk)
            curve = calibration_curve(judged.sample(draws=1), judged.risk)
            axis.plot(judged.risk[order], curve[order], color="C1", linewidth=1.5, label="smoothed")
        bars = [np.maximum(observed - low, 0), np.maximum(high - observed, 0)]
        axis.errorbar(predicted, observed, yerr=bars, fmt="o", color="C0", elinewidth=1, capsize=2, label=f"{len(groups)} groups")
        height, edges = np.histogram(np.clip(judged.risk, 0, top), bins=60, range=(0, top))
        axis.vlines((edges[:-1] + edges[1:]) / 2, 0, 0.12 * top * height / height.max(), color="0.5", linewidth=1.2)
        axis.set(
            xlim=(0, top),
            ylim=(0, top),
            xlabel="predicted risk",
            ylabel="observed incidence (Aalen-Johansen)",
            title=f"{judged.months} months",
        )
        axis.legend(loc="upper left", fontsize=8)
    save(figure, title, path)


def roc(shown: list[Shown], title: str, path: Path) -> None:
    """Plot sensitivity against 1 - specificity, both weighted for censoring; deaths first are non-cases."""
    figure, axes = panels(len(shown))
    for axis, judged in zip(axes, shown, strict=False):
        sample, risk = judged.sample(draws=1), judged.risk
        weight, case = sample.known[0], sample.case
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
        axis.set(xlim=(0, 1), ylim=(0, 1), xlabel="1 - specificity", ylabel="sensitivity", title=f"{judged.months} months")
        axis.legend(loc="lower right", fontsize=8)
    save(figure, title, path)


def risk_groups(risk: Array) -> list[NDArray[np.int64]]:
    """Return row positions in groups of about equal size, equal risks together; each class of a score is a group."""
    classes = np.unique(risk)
    if len(classes) <= CLASSES:
        return [np.flatnonzero(risk == value) for value in classes]
    parts = int(np.clip(len(risk) // _LEAST_GROUP, 1, CLASSES))
    edges = np.unique(np.quantile(risk, np.linspace(0, 1, parts + 1)))
    group = np.clip(np.searchsorted(edges, risk, side="right") - 1, 0, max(len(edges) - 2, 0))
    return [np.flatnonzero(group == g) for g in np.unique(group)]


def _incidence(judged: Shown, rows: NDArray[np.int64]) -> tuple[float, float, float]:
    """Return the observed incidence of a group, and its interval; people are drawn, and a draw may hold none of them."""
    sample = judged.sample(rows)
    size = sample.counts.sum(axis=1)
    return interval(np.divide(sample.known @ sample.case, size, out=np.full(len(size), np.nan), where=size > 0))


def panels(n: int):  # noqa: ANN201 - matplotlib's own pair
    """Return a figure with n panels beside each other, and the panels."""
    width = 4.6 * max(n, 1)
    figure, axes = plt.subplots(1, max(n, 1), figsize=(width, 4.6), squeeze=False)
    figure.subplots_adjust(left=1.0 / width, right=1 - 0.15 / width, bottom=0.12, top=0.84, wspace=0.28)
    return figure, axes[0]


def save(figure: Figure, title: str, path: Path, fit: bool = False) -> None:
    """Write a figure with its title, and close it; `fit` makes room for long labels, which takes longer."""
    figure.suptitle(title, fontsize=11)
    if fit:
        figure.tight_layout()
    figure.savefig(path, dpi=100)
    plt.close(figure)
