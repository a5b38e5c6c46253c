"""How one person's risk comes about: from where the model starts with everybody, biomarker by biomarker."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import wrap
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from features.history.columns import group_label
from myeloma import DataError
from serving.answer.shown import percent_text
from serving.artifact import Artifact
from serving.models import AVERAGE_VALUES, logistic, logit
from serving.predict import Explained, by_biomarker
from training.plots.style import EDGE, INK, INK2, LOWERS, RAISES, SMALL, Picture, picture, styled

MOST = 7  # biomarkers; the others are one row together
_TICKS = np.array([0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99])
_NOTE = "It is not the average of their risks. Each bar is one biomarker with its history. The scale is stretched so that bars add up."
_WIDE = 100  # letters in a line below the picture


@styled
def waterfall(
    base: float,
    contributions: Mapping[str, float],
    *,
    start: str = AVERAGE_VALUES,
    details: Mapping[str, str] | None = None,
    within: str = "",
    foot: str = "",
) -> Picture:
    """Return the waterfall of one person's risk at one horizon.

    Parameters
    ----------
    base : float
        Log-odds that the contributions start from (`Explained.base` of the person and horizon).
    contributions : mapping of biomarker to log-odds
        As `serving.predict.by_biomarker` sums them; base and contributions add up to the log-odds of the shown risk.
    start : str
        What `base` is, in words (`Model.start`).
    details : mapping of biomarker to text, optional
        What stands below its name: value, change, age of the result.
    within : str
        The horizon in words, such as "2 years".
    foot : str
        Date, model and version, simulated or not, what is missing.

    Returns
    -------
    Picture
        A matplotlib Figure; `savefig` writes it.

    Raises
    ------
    DataError
        There is no contribution, or a number is not finite.

    Examples
    --------
    >>> waterfall(-2.3, {"m_protein": 0.6, "flc_ratio": 0.4, "hemoglobin": -0.2}, within="2 years").alt
    'Risk within 2 years: from 9 % at the start to 18 % for this person. Serum M-protein +0.60, Free light chain ratio +0.40, Hemoglobin −0.20 log-odds.'
    >>> waterfall(-2.3, {"m_protein": float("nan")})
    Traceback (most recent call last):
    ...
    myeloma.errors.DataError: The contribution of m_protein is nan, accepted: a finite number of log-odds.
    """  # noqa: E501 - the words are one line
    for name, value in {"the start": base, **contributions}.items():
        if not np.isfinite(value):
            raise DataError(f"The contribution of {name} is {value}, accepted: a finite number of log-odds.")
    if not contributions:
        raise DataError("There is no contribution to show.", "give one for each biomarker, in log-odds.")
    ranked = sorted(contributions.items(), key=lambda item: -abs(item[1]))
    bars = [(_label(name), value, (details or {}).get(name, "")) for name, value in ranked[:MOST]]
    if rest := ranked[MOST:]:
        bars.append((f"{len(rest)} others" if len(rest) > 1 else _label(rest[0][0]), sum(value for _, value in rest), ""))
    total = base + sum(contributions.values())
    before, end = (percent_text(float(logistic(np.array(log_odds)))) for log_odds in (base, total))
    when = f" within {within}" if within else ""
    said = ", ".join(f"{name} {_signed(value)}" for name, value, _ in bars)
    figure = picture(
        6.4,
        1.2 + 0.36 * (len(bars) + 2),
        f"Why this risk{when}: {end}",
        "\n".join([*wrap(f"Start: {start}. {_NOTE}", _WIDE), foot]).strip(),
        f"Risk{when}: from {before} at the start to {end} for this person. {said} log-odds.",
    )
    _draw(figure.subplots(), base, bars, (f"Start {before}", f"This person {end}"))
    return figure


def waterfall_of(artifact: Artifact, explained: Explained, months: int, row: int = 0, **words: Any) -> Picture:
    """Return the waterfall of one explained person.

    Parameters
    ----------
    explained : Explained
        As `serving.explain` returns it.
    months : int
        One of the artifact's horizons.
    row : int
        Which person.
    **words
        `details`, `within` and `foot` of `waterfall`.

    Raises
    ------
    DataError
        The artifact has no such horizon.
    """
    if months not in artifact.horizons:
        raise DataError(f"The model has no horizon of {months} months.", f"it has {', '.join(map(str, artifact.horizons))}.")
    at = artifact.horizons.index(months)
    together = by_biomarker(artifact, explained.contributions[row : row + 1])
    contributions = {name: float(values[0, at]) for name, values in together.items()}
    return waterfall(float(explained.base[row, at]), contributions, **{"within": f"{months} months", "start": artifact.model.start} | words)


def _draw(axis: Axes, base: float, bars: list[tuple[str, float, str]], ends: tuple[str, str]) -> None:
    edges = base + np.concatenate([[0.0], np.cumsum([value for _, value, _ in bars])])
    low, high = edges.min(), edges.max()
    room = max(high - low, 1.2)  # log-odds: a small step is to look small
    axis.set(xlim=((low + high) / 2 - 0.66 * room, (low + high) / 2 + 0.66 * room), ylim=(len(bars) + 1.6, -0.6))
    tip = 0.02 * room
    for row, (_, value, _) in enumerate(bars, start=1):
        left, right = edges[row - 1], edges[row]
        point = min(abs(value), tip) * np.sign(value)
        shape = [(left, row - 0.28), (right - point, row - 0.28), (right, row), (right - point, row + 0.28), (left, row + 0.28)]
        axis.add_patch(Polygon(shape, facecolor=RAISES if value > 0 else LOWERS, linewidth=0))
        axis.plot([right, right], [row + 0.28, row + 0.72], color=EDGE, linewidth=0.8)
        side = 1 if value > 0 else -1
        axis.annotate(
            _signed(value), (right, row), xytext=(4 * side, 0), textcoords="offset points", va="center", ha="left" if side > 0 else "right"
        )
    axis.plot([edges[0]] * 2, [0.3, 0.72], color=EDGE, linewidth=0.8)
    for row, (edge, marker) in enumerate(((edges[0], "o"), (edges[-1], "D"))):
        axis.plot([edge], [row * (len(bars) + 1)], marker=marker, color=INK, markersize=6)
    axis.axvline(edges[0], color=EDGE, linewidth=0.8, linestyle=":", zorder=0)
    _label_rows(axis, bars, ends)
    _risk_ticks(axis)


def _label_rows(axis: Axes, bars: list[tuple[str, float, str]], ends: tuple[str, str]) -> None:
    rows = [(ends[0], ""), *((name, detail) for name, _, detail in bars), (ends[1], "")]
    axis.set_yticks(range(len(rows)), [f"{name}\n " if detail else name for name, detail in rows], fontweight="bold", color=INK)
    for row, (_, detail) in enumerate(rows):
        if detail:
            axis.annotate(
                detail,
                (0, row),
                xytext=(-3.5, -1.5),
                xycoords=("axes fraction", "data"),
                textcoords="offset points",
                ha="right",
                va="top",
                fontsize=SMALL,
                color=INK2,
                annotation_clip=False,
            )
    axis.grid(visible=False, axis="y")


def _risk_ticks(axis: Axes) -> None:
    """Label the axis of log-odds by the risks they stand for, not nearer than a ninth of its width."""
    low, high = axis.get_xlim()
    kept: list[float] = []
    for risk in _TICKS:
        at = float(logit(risk))
        if low <= at <= high and (not kept or at - float(logit(np.array(kept[-1]))) > 0.11 * (high - low)):
            kept.append(float(risk))
    axis.set_xticks([float(logit(np.array(risk))) for risk in kept], [f"{100 * risk:g} %" for risk in kept])
    axis.set_xlabel("risk (spaced by log-odds)", loc="left")


def _label(name: str) -> str:
    return group_label(name).split(",")[0]  # what follows is the unit, or which of two: there is little room


def _signed(value: float) -> str:
    return f"{'+' if value >= 0 else '−'}{abs(value):.2f}"
