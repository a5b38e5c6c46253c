"""The pictures that set a candidate beside the others: decision curves, AUC over landmarks, Brier score over horizons."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from myeloma.scores import SCORES
from training.metrics import Draws, judged_at
from training.metrics.decision import decision_measures
from training.metrics.figures import refusal
from training.metrics.names import landmark_subset
from training.plots.style import (
    DATA,
    EDGE,
    INK2,
    LINE,
    MODEL,
    REFERENCE,
    SMALL,
    Look,
    looks,
    names_at_ends,
    panels,
    percent,
    styled,
    with_strips,
)
from training.rows.small_cells import SMALL_CELL, is_small

Array = NDArray[np.float64]
_THRESHOLDS = tuple(round(0.01 * k, 2) for k in range(5, 51))
_LETTERS = 48  # in a line of what stands in an empty panel
LEAST_SHARE = 0.5  # a score that fewer rows have would leave too few to compare all on


def decision_curves(rows: pd.DataFrame, risks: Mapping[str, Array], horizons: tuple[int, ...], draws: Draws) -> pd.DataFrame:
    """Return net benefit by model and threshold, treat-all and treat-none beside, all on the rows where every model has a risk.

    A model with a risk on fewer than half of the rows is left out.

    Returns
    -------
    DataFrame
        Columns model, horizon, threshold, net_benefit, rows.
    """
    lines: list[tuple[Any, ...]] = []
    only_sample = draws.first(0)
    for h, months in enumerate(horizons):
        shown = {name: risk[:, h] for name, risk in risks.items() if np.isfinite(risk[:, h]).mean() >= LEAST_SHARE}
        kept = np.all([np.isfinite(risk) for risk in shown.values()], axis=0) if shown else np.zeros(len(rows), dtype=bool)
        if refusal(rows[kept], months):
            continue
        judged = judged_at(rows[kept], months, only_sample)
        visits = int(judged.sample.there.sum())
        for name, risk in shown.items():
            found = decision_measures(judged.sample, risk[kept], (), _THRESHOLDS)
            lines += [(name, months, t, values[0], visits) for (what, t), values in found.items() if what == "net_benefit"]
        everybody = [(t, values[0]) for (what, t), values in found.items() if what == "net_benefit_treat_all"]
        lines += [("treat all", months, t, value, visits) for t, value in everybody]
        lines += [("treat none", months, t, 0.0, visits) for t, _ in everybody]
    return pd.DataFrame(lines, columns=["model", "horizon", "threshold", "net_benefit", "rows"])


@styled
def plot_decision(curves: pd.DataFrame, name: str, style: Mapping[str, Look | None], title: str, path: Path) -> None:
    """Plot a candidate's net benefit beside that of the others that have a look, treat-all and treat-none."""
    horizons = sorted(curves["horizon"].unique())
    figure, axes = panels(len(horizons), title)
    for axis, months in zip(axes, horizons, strict=False):
        here = curves[curves["horizon"] == months]
        best = here.loc[~here["model"].isin(["treat all"]), "net_benefit"].max()
        best = max(best, 0.01)  # where nothing is worth acting on, the axis still has a height
        axis.set(xlim=(0.05, 0.5), ylim=(-0.25 * best, 1.15 * best))
        ends = []
        for model, curve in here.groupby("model", sort=False):
            x, y = curve["threshold"].to_numpy(), curve["net_benefit"].to_numpy()
            if model in ("treat all", "treat none"):
                axis.plot(x, y, color=EDGE, linewidth=1.0, linestyle="--" if model == "treat all" else ":")
                last = len(y) - 1 if model == "treat none" else int(np.flatnonzero(y >= axis.get_ylim()[0]).max(initial=0))
            elif model in style:
                draw_line(axis, x, y, style[model], width=2.4 if model == name else 1.2, marks=False)
                last = len(y) - 1
            else:
                continue
            if model == "treat all":
                axis.annotate(model, (x[last], y[last]), xytext=(4, 4), textcoords="offset points", color=EDGE, fontsize=SMALL)
            elif (look := style.get(model)) is not None or model == "treat none":
                ends.append((x[last], y[last], str(model), look.colour if look else EDGE))
        names_at_ends(axis, ends)
        axis.set(xlabel="threshold", ylabel="net benefit", title=f"within {months} months, {here['rows'].iloc[0]} visits with every risk")
        percent(axis, "x")
    figure.savefig(path)


@styled
def plot_landmarks(
    performance: pd.DataFrame,
    name: str,
    landmarks: tuple[float, ...],
    title: str,
    path: Path,
    since: str = "diagnosis",
    alone: pd.DataFrame | None = None,
) -> None:
    """Plot a candidate's AUC with its interval at each fixed landmark, the other candidates beside; below, how many people are judged.

    Parameters
    ----------
    performance : DataFrame
        Of all candidates on the same rows (`training.evaluation.together`).
    alone : DataFrame, optional
        The candidate's own figures on all of its rows: shown, and nothing beside them, at a horizon where those same rows are too few.
    """
    at = {landmark_subset(years): years for years in landmarks}
    of_all = performance[performance["subset"].isin(list(at))]
    own = of_all.iloc[:0] if alone is None else alone[alone["subset"].isin(list(at)) & (alone["model"] == name)]
    horizons = sorted(of_all.loc[of_all["measure"] == "auc", "horizon"].unique())
    figure, axes, strips = with_strips(len(horizons), title)
    style = looks_of(name, performance["model"].unique())
    for axis, strip, months in zip(axes, strips, horizons, strict=False):
        subset, who = _landmark_figures(of_all[of_all["horizon"] == months], own[own["horizon"] == months], name)
        found = subset[subset["measure"] == "auc"]
        here = found.dropna(subset="estimate")
        axis.set(ylabel="AUC", ylim=(0.4, 1.0), title=f"within {months} months from there, {who}")
        axis.axhline(0.5, **REFERENCE)
        _beside(axis, here.assign(x=here["subset"].map(at)), name, style)
        _say_why_empty(axis, found[found["model"] == name])
        people = subset[(subset["measure"] == "patients") & (subset["model"] == name)]
        for years, count in zip(people["subset"].map(at), people["estimate"], strict=True):
            said, height = (f"<{SMALL_CELL}", 0) if is_small(count) else (f"{count:.0f}", count)
            strip.bar(years, height, 0.25, color=LINE, edgecolor=EDGE)
            strip.annotate(said, (years, height), xytext=(0, 1), textcoords="offset points", ha="center", fontsize=SMALL)
        strip.set(xlabel=f"years since {since}", ylabel="people", xticks=list(landmarks), yticks=[])
        strip.margins(y=0.5)
    figure.savefig(path)


def _landmark_figures(of_all: pd.DataFrame, own: pd.DataFrame, name: str) -> tuple[pd.DataFrame, str]:
    """Return the figures to show at a horizon, and whose they are: of all on the same rows, or, where those are too few, its own alone."""

    def has_figures(table: pd.DataFrame) -> bool:
        return bool(table.loc[(table["model"] == name) & (table["measure"] == "auc"), "estimate"].notna().any())

    if not has_figures(of_all) and len(own):
        return own, f"all people ({name} alone)" if has_figures(own) else "all people"
    return of_all, "people with every risk"


@styled
def plot_brier(performance: pd.DataFrame, name: str, title: str, path: Path) -> None:
    """Plot a candidate's Brier score and scaled Brier score with intervals over the horizons, all visits together, the others beside.

    Parameters
    ----------
    performance : DataFrame
        Of all candidates on the same rows (`training.evaluation.together`).
    """
    figure, axes = panels(2, title)
    style = looks_of(name, performance["model"].unique())
    everything = performance[performance["subset"] == ""]
    pooled, own = everything.dropna(subset="estimate"), everything[everything["model"] == name]
    shares = everything[everything["measure"] == "share_computable"].groupby("horizon")["estimate"].max()
    of = {months: f"\n{share:.0%}" for months, share in shares.items() if share > 0}
    ticks = sorted(everything["horizon"].unique())
    for axis, (measure, label) in zip(axes, (("brier", "Brier score"), ("ipa", "scaled Brier score")), strict=True):
        here = pooled[pooled["measure"] == measure]
        axis.set(xlabel="horizon, months; below: visits with every risk", title=label)
        axis.set_xticks(ticks, [f"{months:g}{of.get(months, '')}" for months in ticks])
        if measure == "ipa":
            axis.axhline(0.0, **REFERENCE)
        _beside(axis, here.assign(x=here["horizon"]), name, style)
        _say_why_empty(axis, own[own["measure"].isin([measure, "auc"])])
    figure.savefig(path)


def looks_of(name: str, models: Iterable[str]) -> dict[str, Look | None]:
    """Return the look of each model: published scores before other candidates, in one order, so that each looks alike in every picture."""
    models = list(models)
    return looks(name, [*(score for score in SCORES if score in models), *sorted(model for model in models if model not in SCORES)])


def _beside(axis: Axes, figures: pd.DataFrame, name: str, style: dict[str, Look | None]) -> None:
    """Draw one line per model over `x`: the chosen one with intervals, the others in looks of their own, named at their ends."""
    ends = []
    for model, line in figures.groupby("model", sort=False):
        look, line = style[str(model)], line.sort_values("x")
        x, y = line["x"].to_numpy(), line["estimate"].to_numpy()
        if model != name:
            draw_line(axis, x, y, look, width=1.2, marks=True)
        if look is not None:
            ends.append((x[-1], y[-1], str(model), look.colour))
    chosen = figures[figures["model"] == name].sort_values("x")
    if len(chosen):
        bars = [(chosen["estimate"] - chosen["lo"]).clip(lower=0), (chosen["hi"] - chosen["estimate"]).clip(lower=0)]
        x, y = chosen["x"].to_numpy(), chosen["estimate"].to_numpy()
        axis.errorbar(x, y, yerr=np.array(bars), **MODEL.of_line(), linewidth=2.2, zorder=3)
    names_at_ends(axis, ends)
    if any(style[str(model)] is None for model in figures["model"].unique()):
        axis.text(0.01, 0.01, "grey: other candidates", transform=axis.transAxes, color=INK2, fontsize=SMALL)


def _say_why_empty(axis: Axes, own: pd.DataFrame) -> None:
    """Write into a panel that holds nothing of the candidate why, given the lines of its figure: each reason once."""
    if own["estimate"].notna().any():
        return
    said = dict.fromkeys(str(why).partition(";")[0].rstrip(".") for why in own["why"] if why)
    text = "\n".join(textwrap.fill(why, _LETTERS) for why in said) or "no figure"
    axis.text(0.5, 0.6, text, transform=axis.transAxes, ha="center", va="center", color=INK2, fontsize=SMALL)


def draw_line(axis: Axes, x: Array, y: Array, look: Look | None, width: float, *, marks: bool) -> None:
    """Draw the line of a model in its look, thin and grey where it has none."""
    if look is None:
        axis.plot(x, y, color=EDGE, linewidth=0.7, alpha=0.6, zorder=1)
        return
    drawn = look.of_line() if marks else look.of_line() | {"marker": ""}
    axis.plot(x, y, **drawn, linewidth=width, markersize=4, zorder=3 if look.colour == DATA else 2)
