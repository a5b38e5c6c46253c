"""The pictures of an explanation, drawn from the contributions of a sample of visits at one horizon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray
from scipy.stats import rankdata

from features import parse_column
from features.history.columns import group_label
from myeloma import catalogue
from training.plots.style import DATA, EDGE, INK, LOWERS, RAISES, picture, styled

Array = NDArray[np.float64]
_SHOWN_FEATURES = 15
_LOW_TO_HIGH = LinearSegmentedColormap.from_list("low_to_high", [LOWERS, "#B9C2CB", RAISES])


@styled
def beeswarm(values: Array, x: Array, columns: list[str], title: str, path: Path) -> None:
    """Plot each visit's contribution of the most important features, coloured by the feature's value; unknown ones are hollow."""
    weight = np.abs(values).mean(axis=0)
    shown = [j for j in np.argsort(-weight, kind="stable")[:_SHOWN_FEATURES] if weight[j] > 0]
    foot = "Left lowers, right raises the risk. Hollow: value unknown."  # under the panel, which long names make narrow, it would be cut
    figure = picture(10.0, max(0.36 * len(shown) + 1.6, 3.4), title, foot)  # the words beside the colours need so much
    axis = figure.subplots()
    axis.axvline(0.0, color=EDGE, linewidth=0.8)
    for row, j in enumerate(shown):
        known = np.isfinite(x[:, j])
        spread = row + _swarm(values[:, j], np.ptp(values[:, shown]))
        axis.scatter(values[~known, j], spread[~known], s=7, facecolors="none", edgecolors=EDGE, linewidths=0.5, zorder=2)
        rank = rankdata(x[known, j]) / max(known.sum(), 1)
        drawn = axis.scatter(values[known, j], spread[known], s=7, c=rank, cmap=_LOW_TO_HIGH, vmin=0, vmax=1, linewidths=0, zorder=3)
    axis.set_yticks(range(len(shown)), [parse_column(columns[j]).label for j in shown], color=INK)
    axis.set(ylim=(len(shown) - 0.4, -0.6), xlabel="contribution, log-odds")
    if shown:
        bar = figure.colorbar(drawn, ax=axis, aspect=40, pad=0.01, ticks=[0, 1])
        bar.set_ticklabels(["lowest", "highest"])
        bar.set_label("value among these visits", labelpad=-25)
        bar.outline.set_visible(False)
    figure.savefig(path)


def _swarm(values: Array, span: float) -> Array:
    """Return by how much each point is moved up or down so that points of about one value stand beside each other."""
    bins = np.round(80.0 * values / max(span, 1e-12)).astype(int)
    order = np.lexsort((np.arange(len(bins)), bins))
    _, start, count = np.unique(bins[order], return_index=True, return_counts=True)
    place = np.empty(len(values))
    place[order] = np.arange(len(values)) - np.repeat(start, count)
    side = np.where(place % 2 == 0, 1.0, -1.0) * np.ceil(place / 2)
    offset: Array = 0.42 * side / max(np.ceil(count.max() / 2), 6.0)
    return offset


@styled
def biomarker_bar(weights: pd.DataFrame, title: str, path: Path) -> None:
    """Plot the share of each biomarker in the mean |contributions|, with a line from the lowest to the highest of the fits to halves.

    Parameters
    ----------
    weights : DataFrame
        The lines of one horizon of `training.explanation.importance.Weights.table`.
    """
    figure = picture(8.0, 0.36 * len(weights) + 2.2, title)
    axis = figure.subplots()
    place, fits = np.arange(len(weights))[::-1], weights["fits"].max()
    axis.barh(place, 100 * weights["share"], 0.6, color=DATA)
    axis.set_yticks(place, [group_label(name) for name in weights["biomarker"]], color=INK)
    axis.grid(visible=False, axis="y")
    axis.set_xlabel("share of all together, %")
    if fits:
        axis.hlines(place, 100 * weights["share_lo"], 100 * weights["share_hi"], color=INK, linewidth=1.6)
        axis.set_xlabel(f"share of all together, %\nlines: lowest to highest of {fits} fits to halves of the patients")
    if total := weights["log_odds"].sum() / 100:  # of a model that uses nothing there is no scale
        above = axis.secondary_xaxis("top", functions=(lambda share: share * total, lambda value: value / total))
        above.set_xlabel("mean |contribution|, log-odds")
    figure.savefig(path)


@styled
def dependence(points: dict[str, tuple[Array, Array]], title: str, path: Path) -> None:
    """Plot the contribution of a biomarker, all its columns together, against its latest value, a panel for each.

    Visits without a value are ticks at the right edge of the panel, and counted.

    Parameters
    ----------
    points : latest values and contributions (rows each), by biomarker
    """
    across = min(2, len(points))
    lines = (len(points) + 1) // 2
    figure = picture(5.0 * across, 3.2 * lines + 0.5, title)
    axes = figure.subplots(lines, across, sharey=True, squeeze=False)
    for axis in axes.flat[len(points) :]:
        axis.set_visible(False)
    for axis, (name, (value, contribution)) in zip(axes.flat, points.items(), strict=False):
        missing = np.isnan(value)
        axis.axhline(0, color=EDGE, linewidth=1)
        axis.scatter(value, contribution, s=9, alpha=0.4, color=DATA, linewidths=0)
        if missing.any():  # no line without points, whose extent would have no bounds
            at_edge, ticks = np.ones(missing.sum()), {"color": RAISES, "markersize": 12, "clip_on": False}
            axis.plot(at_edge, contribution[missing], "_", transform=axis.get_yaxis_transform(), **ticks)
        if catalogue()[name].scale == "log" and np.nanmin(value) > 0:
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter("{x:g}")
            axis.xaxis.set_minor_formatter(NullFormatter())
        without = f"orange ticks: missing in {missing.sum()} of {len(value)}" if missing.any() else "missing in none"
        axis.set(title=group_label(name), xlabel=f"latest value, {catalogue()[name].unit.strip('{}')}; {without}")
    for axis in axes[:, 0]:
        axis.set_ylabel("contribution of all\nits columns, log-odds")
    figure.savefig(path)
