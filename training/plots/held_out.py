"""The pictures of a run that are drawn from held-out predictions."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from myeloma.calendar import horizon_days
from training.metrics import Sample, weighted_auc
from training.metrics.calibration import CLASSES, calibration_curve
from training.metrics.figures import interval
from training.plots.style import DATA, EDGE, INK, OFF, RAISES, REFERENCE, SMALL, panels, percent, styled, with_strips
from training.rows.censoring import FollowUp

Array = NDArray[np.float64]
_LEAST_GROUP = 30  # rows; a smaller group says nothing about calibration
_FEW = 20  # visits; fewer in a part of the strip are dotted
_MIDDLE, MIDDLE_IN_WORDS = (0.02, 0.98), "2nd to 98th percentile"  # of the risks: where a smoothed curve is drawn
DRAWS = 100  # for the intervals of the groups of a calibration plot


@dataclass(frozen=True)
class Shown:
    """Held-out risks at one horizon (months) with the rows they are of, and how often each row counts in each draw."""

    rows: pd.DataFrame
    risk: Array
    months: int
    counts: Array

    @classmethod
    def of(cls, rows: pd.DataFrame, risk: Array, months: int, counts: Array) -> Shown:
        """Return those of some rows that have a risk, within the study's reach: what is predicted is the mean of those observed."""
        kept = np.isfinite(risk) & FollowUp.of(rows).reachable(float(horizon_days(months)))
        return cls(rows[kept], risk[kept], months, np.compress(kept, counts, axis=1))

    def sample(self, rows: NDArray[np.int64] | None = None, draws: int | None = None) -> Sample:
        """Return the sample of all rows, or of those at the given positions."""
        counts = self.counts[:draws]
        if rows is None:
            return Sample.of(FollowUp.of(self.rows), float(horizon_days(self.months)), counts)
        return Sample.of(FollowUp.of(self.rows.iloc[rows]), float(horizon_days(self.months)), np.take(counts, rows, axis=1))


def middle(risk: Array) -> NDArray[np.intp]:
    """Return the positions of the risks from the 2nd to the 98th percentile, the lowest first: beyond, too few hold up a smoothed curve.

    Examples
    --------
    >>> risk = np.arange(101.0)
    >>> middle(risk)[[0, -1]].tolist(), middle(np.array([0.2, 0.1])).tolist()
    ([2, 98], [])
    """
    low, high = np.quantile(risk, _MIDDLE)
    order = np.argsort(risk)
    kept: NDArray[np.intp] = order[(risk[order] >= low) & (risk[order] <= high)]
    return kept


@styled
def calibration(shown: list[Shown], title: str, path: Path) -> None:
    """Plot observed against predicted risk: groups of equal size (or the classes of a score) and a smoothed curve where most risks are.

    The groups show their Aalen-Johansen incidence with 95 % intervals from drawing patients. The curve is the one that
    the ICI measures. The strip below shows how many visits have which risk.
    """
    figure, axes, strips = with_strips(len(shown), title)
    for axis, strip, judged in zip(axes, strips, shown, strict=False):
        groups = risk_groups(judged.risk)
        predicted = np.array([judged.risk[group].mean() for group in groups])
        observed, low, high = np.array([_incidence(judged, group) for group in groups]).T
        risk, curve = _smoothed(judged)
        top = float(np.nanmax([0.01, predicted.max(), *observed, *high, *curve])) * 1.05
        axis.plot([0, top], [0, top], **REFERENCE, label="perfect")
        if len(curve):
            axis.plot(risk, curve, color=RAISES, linestyle=(0, (6, 2)), label=f"smoothed, {MIDDLE_IN_WORDS}")
        bars = [np.maximum(observed - low, 0), np.maximum(high - observed, 0)]
        axis.errorbar(predicted, observed, yerr=bars, fmt="o", color=DATA, elinewidth=1, label=f"{len(groups)} groups, 95 % interval")
        axis.set(xlim=(0, top), ylim=(0, top), ylabel="observed (Aalen-Johansen)", title=f"within {judged.months} months")
        axis.legend(loc="upper left")
        _spread(strip, judged.risk, top)
        percent(axis, "xy", 0 if top > 0.1 else 1)
    figure.savefig(path)


def _smoothed(judged: Shown) -> tuple[Array, Array]:
    """Return the risks where a smoothed curve is drawn, the lowest first, and the curve there; none of the classes of a score."""
    if len(np.unique(judged.risk)) <= CLASSES:
        return np.zeros(0), np.zeros(0)
    order = middle(judged.risk)
    return judged.risk[order], calibration_curve(judged.sample(draws=1), judged.risk)[order]


def _spread(strip: Axes, risk: Array, top: float) -> None:
    """Draw how many visits have which risk; parts with few are dotted."""
    height, edges = np.histogram(np.clip(risk, 0, top), bins=30, range=(0, top))
    few = height < _FEW
    width = edges[1] - edges[0]
    strip.bar(edges[:-1][~few], height[~few], width, align="edge", color=OFF, edgecolor=EDGE)
    strip.bar(edges[:-1][few], height[few], width, align="edge", color="none", edgecolor=EDGE, linestyle=":")
    strip.set(xlabel="predicted risk", ylabel="visits", yticks=[int(height.max())])
    strip.yaxis.label.set_fontsize(SMALL)


@styled
def roc(shown: list[Shown], title: str, path: Path) -> None:
    """Plot sensitivity against 1 - specificity, both weighted for censoring; deaths first are non-cases."""
    figure, axes = panels(len(shown), title)
    for axis, judged in zip(axes, shown, strict=False):
        sample, risk = judged.sample(draws=1), judged.risk
        weight, case = sample.known[0], sample.case
        axis.plot([0, 1], [0, 1], **REFERENCE)
        axis.plot(*roc_points(risk, weight, case), color=DATA)
        auc = weighted_auc(risk, weight * case, weight * ~case)
        axis.text(0.97, 0.05, f"AUC {auc:.3f}", ha="right", color=INK, fontweight="bold", transform=axis.transAxes)
        axis.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="1 - specificity", ylabel="sensitivity", title=f"within {judged.months} months")
        percent(axis)
    figure.savefig(path)


def roc_points(risk: Array, weight: Array, case: NDArray[np.bool_]) -> tuple[Array, Array]:
    """Return 1 - specificity and sensitivity as the cut-off falls from above every risk to below it; equal risks move together."""
    order = np.argsort(-risk, kind="stable")
    fall_out, sensitivity = (np.cumsum((weight * chosen)[order]) / max((weight * chosen).sum(), 1e-12) for chosen in (~case, case))
    ends = np.flatnonzero(np.append(np.diff(risk[order]) != 0, True))
    return np.append(0, fall_out[ends]), np.append(0, sensitivity[ends])


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
