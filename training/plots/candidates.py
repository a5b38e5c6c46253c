"""The pictures that set a candidate beside the others: decision curves, AUC over landmarks, Brier score over horizons."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from training.metrics import Draws, judged_at
from training.metrics.decision import decision_measures
from training.metrics.figures import refusal
from training.metrics.names import landmark_subset
from training.plots.held_out import panels, save

Array = NDArray[np.float64]
_THRESHOLDS = tuple(round(0.01 * k, 2) for k in range(5, 51))
_LEAST_SHARE = 0.5  # a score that fewer rows have would leave too few to compare all on


def decision_curves(rows: pd.DataFrame, risks: Mapping[str, Array], horizons: tuple[int, ...], draws: Draws) -> pd.DataFrame:
    """Return net benefit by model and threshold, treat-all and treat-none beside, all on the rows where every model has a risk.

    A model with a risk on fewer than half of the rows is left out.

    Returns
    -------
    DataFrame
        Columns model, horizon, threshold, net_benefit, rows.
    """
    lines: list[tuple] = []
    only_sample = draws.first(0)
    for h, months in enumerate(horizons):
        shown = {name: risk[:, h] for name, risk in risks.items() if np.isfinite(risk[:, h]).mean() >= _LEAST_SHARE}
        kept = np.all([np.isfinite(risk) for risk in shown.values()], axis=0) if shown else np.zeros(len(rows), dtype=bool)
        if refusal(rows[kept], months):
            continue
        judged = judged_at(rows[kept], months, only_sample)
        for name, risk in shown.items():
            found = decision_measures(judged.sample, risk[kept], (), _THRESHOLDS)
            lines += [(name, months, t, values[0], kept.sum()) for (what, t), values in found.items() if what == "net_benefit"]
        everybody = [(t, values[0]) for (what, t), values in found.items() if what == "net_benefit_treat_all"]
        lines += [("treat all", months, t, value, kept.sum()) for t, value in everybody]
        lines += [("treat none", months, t, 0.0, kept.sum()) for t, _ in everybody]
    return pd.DataFrame(lines, columns=["model", "horizon", "threshold", "net_benefit", "rows"])


def plot_decision(curves: pd.DataFrame, name: str, published: set[str], title: str, path: Path) -> None:
    """Plot a candidate's net benefit beside the published scores, treat-all and treat-none."""
    horizons = sorted(curves["horizon"].unique())
    figure, axes = panels(len(horizons))
    for axis, months in zip(axes, horizons, strict=False):
        here = curves[curves["horizon"] == months]
        for k, (model, curve) in enumerate(here.groupby("model", sort=True)):
            if model in ("treat all", "treat none"):
                axis.plot(
                    curve["threshold"],
                    curve["net_benefit"],
                    color="0.3",
                    linewidth=1,
                    linestyle="--" if model == "treat all" else ":",
                    label=model,
                )
            elif model == name or model in published:
                chosen = model == name
                axis.plot(
                    curve["threshold"],
                    curve["net_benefit"],
                    color="C0" if chosen else f"C{1 + k % 9}",
                    linewidth=2.5 if chosen else 0.9,
                    label=model,
                )
        best = here.loc[~here["model"].isin(["treat all"]), "net_benefit"].max()
        axis.set(
            xlim=(0.05, 0.5), ylim=(-0.25 * best, 1.15 * best), xlabel="threshold", ylabel="net benefit",
            title=f"{months} months, {here['rows'].iloc[0]} rows with every risk",
        )  # fmt: skip
        axis.title.set_fontsize(9)
        axis.legend(fontsize=7, loc="upper right")
    save(figure, title, path)


def plot_landmarks(performance: pd.DataFrame, name: str, landmarks: tuple[float, ...], title: str, path: Path) -> None:
    """Plot a candidate's AUC with its interval at each fixed landmark; the other candidates are grey."""
    figures = performance[(performance["measure"] == "auc") & performance["subset"].isin([landmark_subset(years) for years in landmarks])]
    at = {landmark_subset(years): years for years in landmarks}
    horizons = sorted(figures["horizon"].unique())
    figure, axes = panels(len(horizons))
    for axis, months in zip(axes, horizons, strict=False):
        here = figures[figures["horizon"] == months].dropna(subset="estimate")
        _beside(axis, here.assign(x=here["subset"].map(at)), name, "lower right")
        axis.set(xlabel="years since diagnosis", ylabel="AUC", ylim=(0.4, 1.0), xticks=list(landmarks), title=f"{months} months from there")
    save(figure, title, path)


def plot_brier(performance: pd.DataFrame, name: str, title: str, path: Path) -> None:
    """Plot a candidate's Brier score and scaled Brier score with intervals over the horizons, all visits together."""
    figure, axes = panels(2)
    pooled = performance[performance["subset"] == ""].dropna(subset="estimate")
    for axis, (measure, label) in zip(axes, (("brier", "Brier score"), ("ipa", "scaled Brier score")), strict=True):
        here = pooled[pooled["measure"] == measure]
        _beside(axis, here.assign(x=here["horizon"]), name, "best")
        axis.set(xlabel="horizon, months", ylabel=label, xticks=sorted(pooled["horizon"].unique()))
    axes[1].axhline(0.0, color="0.3", linewidth=1, linestyle="--")
    save(figure, title, path)


def _beside(axis: Axes, figures: pd.DataFrame, name: str, place: str) -> None:
    """Draw one line per model over `x`: the chosen one with intervals, the others in grey."""
    for model, line in figures.groupby("model"):
        if model != name:
            axis.plot(line["x"], line["estimate"], color="0.8", linewidth=1, marker=".", zorder=1)
    chosen = figures[figures["model"] == name]
    if len(chosen):
        bars = [(chosen["estimate"] - chosen["lo"]).clip(lower=0), (chosen["hi"] - chosen["estimate"]).clip(lower=0)]
        axis.errorbar(
            chosen["x"].to_numpy(),
            chosen["estimate"].to_numpy(),
            yerr=np.array(bars),
            fmt="o-",
            color="C0",
            capsize=3,
            label=name,
            zorder=2,
        )
    axis.plot([], [], color="0.8", label="other candidates")
    axis.legend(fontsize=8, loc=place)
