"""One person's history: the risk at each visit, and the biomarkers it was made from."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.dates import DateFormatter, MonthLocator, YearLocator, date2num
from matplotlib.ticker import LogLocator, MaxNLocator, NullFormatter
from numpy.typing import ArrayLike, NDArray

from myeloma import DataError, catalogue
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.change import reference_change_value
from serving.answer.sentences import figure as with_digits
from serving.answer.shown import percent_text
from training.plots.style import (
    BAND,
    DATA,
    EDGE,
    GROUND,
    INK,
    INK2,
    SMALL,
    Picture,
    percent,
    picture,
    styled,
)

Array = NDArray[np.float64]
MOST = 6  # panels of biomarkers
LONG_GAP_DAYS = 548  # 18 months: what lies between is joined by dots
_NOISE = "Bar at the right: how far two results have to lie apart to exceed the noise of a stable person."
_LATER = "Hollow: known later, not used."
_CAPTION = 34  # letters on a line
_NOISE_LIMITS = 3  # the least that a panel spans, so that noise never looks like a trend


@dataclass(frozen=True)
class Trend:
    """The results of one biomarker, as they are drawn.

    Attributes
    ----------
    name, unit : str
    when : array of dates (results,)
    values : array (results,)
        In `unit`; of a result below the limit of detection, that limit.
    below : bool array (results,)
        Which results were given as below a limit ("<0.1").
    reference : lower and upper limit in health; None where none is sourced
    noise : float or None
        The smallest relative rise that exceeds the noise of a stable person; a fall that undoes it does too.
    log : bool
        Whether it is drawn on a logarithmic scale.
    """

    name: str
    unit: str
    when: NDArray[np.datetime64]
    values: Array
    below: NDArray[np.bool_]
    reference: tuple[float, float] | None
    noise: float | None
    log: bool

    @classmethod
    def of(cls, biomarker: str, when: ArrayLike, values: ArrayLike, below: ArrayLike | None = None) -> Trend:
        """Return the results of a biomarker in its canonical unit; name, reference, noise and scale are the catalogue's.

        Raises
        ------
        DataError
            The lengths differ, or a value is not known.

        Examples
        --------
        >>> Trend.of("hemoglobin", ["2021-03-01", "2022-03-01"], [13.1, 12.4]).name
        'Hemoglobin'
        >>> Trend.of("hemoglobin", ["2021-03-01"], [13.1, 12.4])
        Traceback (most recent call last):
        ...
        myeloma.errors.DataError: hemoglobin has 1 dates and 2 values. Hint: one date a value.
        """
        entry = catalogue()[biomarker]
        days, numbers = np.asarray(when, dtype="datetime64[D]"), np.asarray(values, dtype=float)
        flags = np.zeros(len(numbers), dtype=bool) if below is None else np.asarray(below, dtype=bool)
        if not len(days) == len(numbers) == len(flags):
            raise DataError(f"{biomarker} has {len(days)} dates and {len(numbers)} values.", "one date a value.")
        if not len(numbers) or not np.isfinite(numbers).all():
            raise DataError(f"{biomarker} has no value, or one that is not known.", "leave it out.")
        order = np.argsort(days, kind="stable")
        reference = (float(entry.expected[0]), float(entry.expected[1])) if entry.expected else None
        log = entry.scale == "log" and bool((numbers > 0).all())
        unit, change = entry.unit.strip("{}"), reference_change_value(biomarker)
        return cls(entry.name, unit, days[order], numbers[order], flags[order], reference, change.rise if change else None, log)


@dataclass(frozen=True)
class Course:
    """The risk at one horizon as of each visit, with its interval; NaN where the model says nothing (treated, a criterion met)."""

    when: NDArray[np.datetime64]
    risk: Array
    low: Array
    high: Array

    @classmethod
    def of(cls, when: ArrayLike, risk: ArrayLike, low: ArrayLike, high: ArrayLike) -> Course:
        """Return the course, by date.

        Raises
        ------
        DataError
            The lengths differ, or a risk is no probability.
        """
        days = np.asarray(when, dtype="datetime64[D]")
        risks = [np.asarray(each, dtype=float) for each in (risk, low, high)]
        if any(len(each) != len(days) for each in risks):
            raise DataError(f"The course has {len(days)} dates and {len(risks[0])} risks.", "a risk and its interval at each date.")
        if any(((each < 0) | (each > 1)).any() for each in risks):
            raise DataError("A risk of the course lies outside 0 to 1.", "divide percent by 100.")
        order = np.argsort(days, kind="stable")
        return cls(days[order], *(each[order] for each in risks))


@styled
def trajectory(course: Course, trends: Sequence[Trend], *, within: str = "", landmark: str | None = None, foot: str = "") -> Picture:
    """Return the risk at each visit over panels of up to six biomarkers, all on one axis of time.

    Parameters
    ----------
    course : Course
    trends : sequence of Trend
        The most important first: those beyond six are not drawn, and the foot says how many.
    within : str
        The horizon in words, such as "2 years".
    landmark : date, optional
        The day the risk in the title is of; the last of the course by default. Later results are hollow: known later, not used.
    foot : str
        Date, model and version, simulated or not, what is missing.

    Returns
    -------
    Picture
        A matplotlib Figure; `savefig` writes it.

    Raises
    ------
    DataError
        The course has no risk at all, or none at the landmark.
    """
    at = _position(course, landmark)
    shown, more = trends[:MOST], len(trends) - MOST
    rows = (len(shown) + 2) // 3
    now, *ends = (percent_text(share).removesuffix(" %") for share in (course.risk[at], course.low[at], course.high[at]) if isfinite(share))
    now += f", between {' and '.join(ends)}" if len(ends) == 2 else ""
    title = f"Risk of progression{f' within {within}' if within else ''} (%): {now}"
    extra = f"{more} more biomarkers are not drawn. " if more > 0 else ""
    span, day = _span(course, shown), course.when[at]
    said = "; ".join(filter(None, (_latest(trend, day) for trend in shown)))
    keys = [_NOISE] if any(trend.noise is not None for trend in shown) else []
    keys += [_LATER] if (course.when > day).any() or any((trend.when > day).any() for trend in shown) else []
    foot = "\n".join(line for line in (" ".join(keys), f"{extra}{foot}".strip()) if line)
    figure = picture(8.0, 2.0 + 2.2 * rows, title, foot, f"{title}. Latest results: {said}." if said else title)
    above, *below = figure.subfigures(2, 1, squeeze=False, height_ratios=(1.0, rows))[:, 0] if rows else [figure]
    _draw_course(above.subplots(), course, at, span)
    if rows:
        axes = list(below[0].subplots(rows, 3, squeeze=False).flat)
        for axis, trend in zip(axes, shown, strict=False):
            _draw_trend(axis, trend, day, span)
        for axis in axes[len(shown) :]:
            axis.set_visible(False)
    return figure


def _position(course: Course, landmark: str | None) -> int:
    known = np.isfinite(course.risk)
    if landmark is None:
        if not known.any():
            raise DataError("The course has no risk at any visit.", "nothing to draw: show the biomarkers' results as a table.")
        return int(np.flatnonzero(known)[-1])
    found = np.flatnonzero(known & (course.when == np.datetime64(landmark, "D")))
    if not len(found):
        raise DataError(f"The course has no risk on {landmark}.", "name one of its dates at which there is a risk.")
    return int(found[0])


def _span(course: Course, trends: Sequence[Trend]) -> tuple[float, float]:
    days = np.concatenate([course.when, *(trend.when for trend in trends)])
    first, last = (float(date2num(pd.Timestamp(day))) for day in (days.min(), days.max()))
    room = max(last - first, DAYS_PER_YEAR)
    return min(first, last - room) - 0.04 * room, last + 0.07 * room


def _numbers(when: NDArray[np.datetime64]) -> Array:
    return np.asarray(date2num(when.astype("datetime64[ms]").astype(object)), dtype=np.float64)


def _time_axis(axis: Axes, span: tuple[float, float], day: np.datetime64) -> None:
    axis.set_xlim(*span)
    years = (span[1] - span[0]) / DAYS_PER_YEAR
    if years > 2.5:
        axis.xaxis.set_major_locator(YearLocator(int(np.ceil(years / 5))))
        axis.xaxis.set_major_formatter(DateFormatter("%Y"))
    else:
        axis.xaxis.set_major_locator(MonthLocator(interval=12 if years > 1.2 else 6))
        axis.xaxis.set_major_formatter(DateFormatter("%b %Y"))
    axis.axvline(_numbers(np.array([day]))[0], color=INK, linewidth=0.8, linestyle="--", zorder=1)
    axis.grid(visible=False, axis="x")


def _draw_course(axis: Axes, course: Course, at: int, span: tuple[float, float]) -> None:
    x = _numbers(course.when)
    used = np.arange(len(x)) <= at
    axis.fill_between(x[used], course.low[used], course.high[used], color=DATA, alpha=0.22, linewidth=0)
    _join(axis, course.when[used], course.risk[used], used[used])
    axis.plot(x[used], course.risk[used], "o", color=DATA, markersize=6, markeredgecolor=GROUND, zorder=3)
    axis.plot(x[~used], course.risk[~used], "o", markerfacecolor=GROUND, markeredgecolor=EDGE, markersize=5)
    below = course.risk[at] > 0.8  # above it there is no room
    axis.annotate(
        percent_text(course.risk[at]),
        (x[at], course.risk[at]),
        xytext=(-6, -18 if below else 6),
        textcoords="offset points",
        ha="right",
        fontweight="bold",
    )
    top = np.nanmax([*course.high[used], *course.risk])
    axis.set_ylim(0.0, 1.05 if top > 0.97 else max(0.1, np.ceil(top * 10.0) / 10.0))
    axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]))
    percent(axis, "y")
    _time_axis(axis, span, course.when[at])


def _join(axis: Axes, when: NDArray[np.datetime64], values: Array, used: NDArray[np.bool_]) -> None:
    """Join points by lines, dotted over a long gap and to what was known later only."""
    x = _numbers(when)
    for k, gap in enumerate(np.diff(when).astype(int)):
        colour, width = (DATA, 2.0) if used[k + 1] else (EDGE, 1.2)
        dotted = gap > LONG_GAP_DAYS or not used[k + 1]
        axis.plot(x[k : k + 2], values[k : k + 2], color=colour, linewidth=width, linestyle=":" if dotted else "-")


def _draw_trend(axis: Axes, trend: Trend, day: np.datetime64, span: tuple[float, float]) -> None:
    x, used = _numbers(trend.when), trend.when <= day
    _scale(axis, trend)
    if trend.reference:
        axis.axhspan(*trend.reference, color=BAND, linewidth=0, zorder=0)
    for k in range(len(x) - 1):
        apart = (trend.when[k + 1] - trend.when[k]).astype(int) > LONG_GAP_DAYS
        colour, dotted = (DATA if used[k + 1] else EDGE), apart or not used[k + 1]
        axis.plot(
            x[k : k + 2], trend.values[k : k + 2], color=colour, linewidth=2.0 if used[k + 1] else 1.2, linestyle=":" if dotted else "-"
        )
    for some, fill, edge in ((used & ~trend.below, DATA, GROUND), (~used & ~trend.below, GROUND, EDGE)):
        axis.plot(x[some], trend.values[some], "o", markersize=6, markerfacecolor=fill, markeredgecolor=edge, zorder=3)
    for some, edge in ((used & trend.below, DATA), (~used & trend.below, EDGE)):
        axis.plot(x[some], trend.values[some], "v", markersize=6, markerfacecolor=GROUND, markeredgecolor=edge, zorder=3)
    latest = np.flatnonzero(used)
    axis.set_title(_caption(trend, int(latest[-1])) if len(latest) else f"{trend.name} ({trend.unit})", fontsize=SMALL)
    _time_axis(axis, span, day)
    if trend.noise is not None and len(latest):
        _bracket(axis, trend, float(trend.values[latest[-1]]))


def _caption(trend: Trend, k: int) -> str:
    low, high = trend.reference or (-np.inf, np.inf)
    value, is_limit = trend.values[k], trend.below[k]  # below which the truth lies: low it may be for certain, high never
    where = " ▲ high" if value > high and not is_limit else " ▼ low" if value < low else ""
    unit = "" if trend.unit == "ratio" else f" ({trend.unit})"
    return textwrap.fill(f"{trend.name}{unit}: {_written(trend, k)}{where}", _CAPTION)


def _written(trend: Trend, k: int) -> str:
    return f"{'<' if trend.below[k] else ''}{with_digits(float(trend.values[k]))}"


def _latest(trend: Trend, day: np.datetime64) -> str:
    """Return the latest result by a day in words; empty where there is none."""
    used = np.flatnonzero(trend.when <= day)
    unit = "" if trend.unit == "ratio" else f" {trend.unit}"
    return f"{trend.name} {_written(trend, int(used[-1]))}{unit}" if len(used) else ""


def _scale(axis: Axes, trend: Trend) -> None:
    """Set the scale and span: all values, a reference limit that is near, and at least three noise limits."""
    low, high = trend.values.min(), trend.values.max()
    if trend.log:
        axis.set_yscale("log")
        least = np.log1p(trend.noise or 0.1) * _NOISE_LIMITS
        lack = max(least - np.log(high / low), 0.0) / 2
        low, high = low * np.exp(-lack), high * np.exp(lack)
        limits = [v for v in trend.reference or () if v > 0 and low / (high / low) ** 0.6 < v < high * (high / low) ** 0.6]
        low, high = min([low, *limits]), max([high, *limits])
        pad = (high / low) ** 0.12
        axis.set_ylim(low / pad, high * pad)
        rounds = np.outer(10.0 ** np.arange(-4, 7), (1, 2, 5))
        few = ((rounds > low / pad) & (rounds < high * pad)).sum() < 3
        axis.yaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 5, 10]) if few else LogLocator(subs=(1, 2, 5), numticks=6))
        axis.yaxis.set_major_formatter("{x:g}")
        axis.yaxis.set_minor_formatter(NullFormatter())
        return
    least = (trend.noise or 0.1) * max(abs(trend.values[-1]), 0.1) * _NOISE_LIMITS
    lack = max(least - (high - low), 0.0) / 2
    floor = 0.0 if trend.values.min() >= 0 else -np.inf
    low, high = max(low - lack, floor), high + lack
    limits = [v for v in trend.reference or () if low - 0.6 * (high - low) < v < high + 0.6 * (high - low)]
    low, high = min([low, *limits]), max([high, *limits])
    pad = 0.12 * (high - low)
    axis.set_ylim(max(low - pad, floor - 0.02 * (high - low) if floor == 0 else floor), high + pad)
    axis.yaxis.set_major_locator(MaxNLocator(4))


def _bracket(axis: Axes, trend: Trend, value: float) -> None:
    """Draw at the right edge how far apart two values have to lie for their difference to exceed noise."""
    if trend.noise is None or value <= 0:
        return
    left, right = axis.get_xlim()
    edge = right - 0.012 * (right - left)
    lower = value / (1 + trend.noise)
    axis.plot([edge, edge], [lower, value], color=INK2, linewidth=2.5)
