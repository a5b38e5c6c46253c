"""One picture of all findings, how far each lies from no change, and one of the charts of outcomes over time."""

from __future__ import annotations

import base64
import io
import textwrap

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import dates_of
from training.monitor.cusum import Cusum
from training.monitor.findings import Finding
from training.monitor.over_time import OverTime, too
from training.plots.style import DATA, EDGE, RAISES, SMALL, STOP, Picture, panels, styled

_LOOKS = {"changed": (RAISES, "D"), "steady": (DATA, "o"), "not shown": (EDGE, "o"), "too few": (EDGE, "o")}
_PANELS = (
    (("level", "risk"), "probability to exceed training", (0.0, 1.0)),
    (("missing",), "share missing\n(line: in training at like time)", (0.0, 1.0)),
    (("outcome",), "observed / expected", None),
)
_LABEL = 26  # letters on a line


@styled
def picture(findings: list[Finding]) -> str:
    """Return a PNG in base64; empty where there is no figure to show."""
    drawn = [([f for f in findings if f.kind in kinds and f.estimate is not None], title, limits) for kinds, title, limits in _PANELS]
    drawn = [panel for panel in drawn if panel[0]]
    if not drawn:
        return ""
    figure, axes = panels(len(drawn), "", max(0.8 + 0.36 * max(len(panel[0]) for panel in drawn), 1.8), 4.2)
    for axis, (shown, title, limits) in zip(axes, drawn, strict=True):
        for row, finding in enumerate(reversed(shown)):
            colour, marker = _LOOKS[finding.status]
            axis.plot([finding.lo, finding.hi], [row, row], color=colour, linewidth=1.5)
            axis.plot([finding.estimate], [row], marker, color=colour, markersize=5)
            axis.plot([finding.reference] * 2, [row - 0.35, row + 0.35], color=EDGE, linewidth=1)
        labels = [textwrap.fill(f.label.removeprefix("Observed / expected "), _LABEL) for f in reversed(shown)]
        axis.set_yticks(range(len(shown)), labels, fontsize=SMALL)
        axis.set(ylim=(-0.7, len(shown) - 0.3))
        axis.set_title(title, fontsize=SMALL)
        axis.grid(visible=False, axis="y")
        if limits:
            axis.set_xlim(*limits)
    return _as_text(figure)


@styled
def charts(found: OverTime) -> str:
    """Return the CUSUM charts as a PNG in base64: too many upwards, too few downwards, each as a share of its limit; empty without them."""
    if not found.charts or not len(found.told):
        return ""
    figure, (axis,) = panels(1, "", 3.2, 9.0)
    ends = dates_of(np.floor(found.counted.ends).astype(np.int64))
    for one, side, colour, marker in zip(found.charts, (1, -1), (RAISES, DATA), ("o", "s"), strict=True):
        months, shares = _line(one, found.told)
        label = f"{too(one)} (looks for {one.factor:.2g} times the expected)"
        axis.plot(ends[months], side * shares, color=colour, label=label, marker=marker, markevery=_shown(shares), clip_on=False)
        axis.axhline(side, color=STOP, linewidth=1.0, linestyle="--")
        axis.annotate(f"limit, {too(one)}", (ends[0], side), xytext=(2, 3), textcoords="offset points", color=STOP, fontsize=SMALL)
    if alarms := [(day, side) for one, side in zip(found.charts, (1, -1), strict=True) for day in ends[1:][one.alarms]]:
        axis.plot(*zip(*alarms, strict=True), "D", color=STOP, markersize=8, clip_on=False, label="alarm")
    axis.axhline(0.0, color=EDGE, linewidth=1.0)
    axis.set(ylim=(-1.5, 1.5), xlim=(ends[0], ends[-1]), yticks=(-1.0, -0.5, 0.0, 0.5, 1.0), ylabel="share of the limit")
    axis.set_yticklabels(["100 %", "50 %", "0", "50 %", "100 %"])
    figure.legend(loc="outside upper center", ncols=3)
    return _as_text(figure)


def _line(one: Cusum, told: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the months' ends, counted from 0 at the beginning, and the share of the limit: at an alarm all of it, then nothing."""
    points = [(0, 0.0)]
    for month in sorted({*told.tolist(), *np.flatnonzero(one.alarms).tolist()}):
        points += [(month + 1, 1.0), (month + 1, 0.0)] if one.alarms[month] else [(month + 1, float(one.values[month] / one.limits[month]))]
    return np.array([month for month, _ in points]), np.array([share for _, share in points])


def _shown(shares: NDArray[np.float64]) -> list[int]:
    """Return which points have a mark: not those of an alarm, which has its own, and the one after it."""
    return [k for k in range(len(shares)) if shares[k] < 1.0 and not (k and shares[k - 1] == 1.0 and shares[k] == 0.0)]


def _as_text(figure: Picture) -> str:
    held = io.BytesIO()
    figure.savefig(held, format="png", metadata={"Software": None})
    return base64.b64encode(held.getvalue()).decode()
