"""The pictures of a training: all candidates in one panel, each in its own look, so that they can be told apart at a glance."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from training.metrics import weighted_auc
from training.metrics.calibration import CLASSES, calibration_curve
from training.plots.candidates import draw_line
from training.plots.held_out import MIDDLE_IN_WORDS, Shown, middle, roc_points
from training.plots.style import EDGE, REFERENCE, Look, names_at_ends, percent, picture, styled

_SIZE = (7.5, 5.0)  # inches
_WIDTH = 1.6  # points
_TOP_OF_RISKS = 0.995  # quantile; a few largest risks would leave the rest no room


@styled
def calibration_of_all(shown: Mapping[str, Shown], style: Mapping[str, Look | None], title: str, path: Path) -> None:
    """Plot the smoothed observed risk of every candidate against the risk it predicts; of a score with few classes, a mark a class."""
    figure = picture(*_SIZE, title)
    axis = figure.subplots()
    top = min(1.0, max(float(np.quantile(judged.risk, _TOP_OF_RISKS)) for judged in shown.values()) * 1.1)
    axis.plot([0, top], [0, top], **REFERENCE)
    axis.set(xlim=(0, top), ylim=(0, top), xlabel=f"predicted risk (lines: {MIDDLE_IN_WORDS})", ylabel="observed (smoothed)")
    ends, highest = [], top
    for name, judged in shown.items():
        look, classes = style[name], len(np.unique(judged.risk)) <= CLASSES
        order = np.argsort(judged.risk) if classes else middle(judged.risk)
        risk, curve = judged.risk[order], calibration_curve(judged.sample(draws=1), judged.risk)[order]
        inside = risk <= top
        risk, curve = risk[inside], curve[inside]
        if classes:
            risk, first = np.unique(risk, return_index=True)
            curve = curve[first]
        draw_line(axis, risk, curve, look, _WIDTH, marks=classes)
        highest = float(np.nanmax([highest, *curve]))
        ends.append((risk[-1], curve[-1], name, look.colour if look else EDGE))
    axis.set(ylim=(0, highest))  # no curve leaves the panel
    names_at_ends(axis, ends)
    percent(axis)
    figure.savefig(path)


@styled
def roc_of_all(shown: Mapping[str, Shown], style: Mapping[str, Look | None], title: str, path: Path) -> None:
    """Plot sensitivity against 1 - specificity of every candidate, with the AUC beside its name."""
    figure = picture(*_SIZE, title)
    axis = figure.subplots()
    axis.plot([0, 1], [0, 1], **REFERENCE)
    axis.set(xlim=(0, 1), ylim=(0, 1.01), xlabel="1 - specificity", ylabel="sensitivity")
    ends = []
    for name, judged in shown.items():
        sample, look = judged.sample(draws=1), style[name]
        weight, case = sample.known[0], sample.case
        draw_line(axis, *roc_points(judged.risk, weight, case), look, _WIDTH, marks=False)
        auc = weighted_auc(judged.risk, weight * case, weight * ~case)
        ends.append((1.0, auc, f"{name} {auc:.3f}", look.colour if look else EDGE))
    names_at_ends(axis, ends)
    percent(axis)
    figure.savefig(path)
