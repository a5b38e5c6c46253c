"""The pictures of an explanation, drawn from the contributions of a sample of visits at one horizon."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.ticker import LogLocator, NullFormatter
from numpy.typing import NDArray

from features import parse_column
from features.history.columns import group_label
from myeloma import catalogue
from training.plots.held_out import plt, save

Array = NDArray[np.float64]
_SHOWN_FEATURES = 15


def beeswarm(values: Array, x: Array, columns: list[str], title: str, path: Path) -> None:
    """Plot each visit's contribution of the most important features, coloured by the feature's value."""
    import shap  # seconds to import

    used = np.flatnonzero(np.abs(values).max(axis=0) > 0)
    labels = [parse_column(columns[j]).label for j in used]
    explanation = shap.Explanation(values=values[:, used], data=x[:, used], feature_names=labels)
    shown = min(_SHOWN_FEATURES, len(used))
    figure, axis = plt.subplots(figsize=(11, 0.42 * shown + 2))
    shap.plots.beeswarm(explanation, max_display=shown, show=False, group_remaining_features=False, ax=axis, plot_size=None)
    axis.tick_params(axis="y", labelsize=10)  # the longest label leaves room for the points
    axis.set_xlabel("contribution, log-odds; grey: value missing", fontsize=11)
    save(figure, title, path, fit=True)


def biomarker_bar(weights: pd.DataFrame, title: str, path: Path) -> None:
    """Plot the share of each biomarker in the mean |contributions|, with a line from the lowest to the highest of the fits to halves.

    Parameters
    ----------
    weights : DataFrame
        The lines of one horizon of `training.explanation.importance.Weights.table`.
    """
    figure, axis = plt.subplots(figsize=(9, 0.45 * len(weights) + 2.2))
    place, fits = np.arange(len(weights))[::-1], weights["fits"].max()
    axis.barh(place, 100 * weights["share"], color="C0", tick_label=[group_label(name) for name in weights["biomarker"]])
    axis.set_xlabel("share of all together, %")
    if fits:
        axis.hlines(place, 100 * weights["share_lo"], 100 * weights["share_hi"], color="black")
        axis.set_xlabel(f"share of all together, %\nlines: lowest to highest of {fits} fits to halves of the patients")
    total = weights["log_odds"].sum() / 100
    above = axis.secondary_xaxis("top", functions=(lambda share: share * total, lambda value: value / total if total else value))
    above.set_xlabel("mean |contribution|, log-odds")
    save(figure, title, path, fit=True)


def dependence(points: dict[str, tuple[Array, Array]], title: str, path: Path) -> None:
    """Plot the contribution of a biomarker, all its columns together, against its latest value, a panel for each.

    Visits without a value are ticks at the right edge of the panel, and counted.

    Parameters
    ----------
    points : latest values and contributions (rows each), by biomarker
    """
    lines = (len(points) + 1) // 2
    figure, axes = plt.subplots(lines, 2, figsize=(11, 3.2 * lines + 0.6), sharey=True, squeeze=False)
    for axis in axes.flat[len(points) :]:
        axis.remove()
    for axis, (name, (value, contribution)) in zip(axes.flat, points.items(), strict=False):
        missing = np.isnan(value)
        axis.axhline(0, color="0.7", linewidth=1)
        axis.scatter(value, contribution, s=9, alpha=0.4, color="C0", linewidths=0)
        at_edge = np.ones(missing.sum())
        axis.plot(at_edge, contribution[missing], "_", color="C1", markersize=12, transform=axis.get_yaxis_transform(), clip_on=False)
        if catalogue()[name].scale == "log" and np.nanmin(value) > 0:
            axis.set_xscale("log")
            axis.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            axis.xaxis.set_major_formatter("{x:g}")
            axis.xaxis.set_minor_formatter(NullFormatter())
        without = f"orange ticks: missing in {missing.sum()} of {len(value)}" if missing.any() else "missing in none"
        axis.set(title=group_label(name), xlabel=f"latest value, {catalogue()[name].unit.strip('{}')}; {without}")
    for axis in axes[:, 0]:
        axis.set_ylabel("contribution of all\nits columns, log-odds")
    save(figure, title, path, fit=True)
