"""Rows of a picture of the course that are points: values on a log scale, tests of residual disease, quality of life."""

from __future__ import annotations

import math

from features.course import rows
from features.course.marks import DIAMOND, RING, SQUARE, draw_mark
from features.course.now import day_text, level_text
from features.course.plot import Plot
from features.course.svg import DATA, EDGE, GROUND, INK2, LINE, width_of


def draw_marker(plot: Plot, marker: rows.Marker, top: float, bottom: float) -> None:
    """Draw values on a log scale; below it, the line on which none was found."""
    drawing, floor = plot.drawing, bottom - 4
    seen = [one.value for one in marker.values if one.value is not None]
    lines = [
        (first, until, share * value, label)
        for first, until, value in marker.baselines
        for share, label in ((0.5, "−50 %"), (0.1, "−90 %"))
    ]
    every = [*seen, *(value for _, _, value, _ in lines)] or [1.0]
    low, high = math.log10(min(every)) - 0.08, math.log10(max(every)) + 0.08
    none_found = len(seen) < len(marker.values)
    base = floor - 16 if none_found else floor

    def y(value: float) -> float:
        return base - (math.log10(value) - low) / (high - low) * (base - top)

    for value in _log_ticks(low, high) if seen else []:
        drawing.line(plot.left, y(value), plot.right, y(value), LINE)
        drawing.text(plot.left - 6, y(value) + 4, f"{value:g}" if value < 10_000 else level_text(value), INK2, "end")
    labels = {}
    for first, until, value, label in lines:
        drawing.line(plot.x(first), y(value), plot.x(until), y(value), EDGE, dashes="6 3")
        labels[label] = y(value)
    if none_found:
        drawing.line(plot.left, floor, plot.right, floor, EDGE)
        labels["none found"] = floor
    for label, height in labels.items():
        drawing.text(plot.right + 6, height + 4, label, INK2)
    places = [(one.day, floor if one.value is None else y(one.value)) for one in marker.values]
    plot.joined(places)
    for one, (day, height) in zip(marker.values, places, strict=True):
        hollow = one.value is None or one.drug
        drawing.dot(plot.x(day), height, 3, GROUND if hollow else DATA, DATA, 1.5)


def _log_ticks(low: float, high: float) -> list[float]:
    decades = [10.0**k for k in range(math.ceil(low), math.floor(high) + 1)]
    if len(decades) > 1:
        return decades if len(decades) < 5 else decades[::2]
    finer = [step * 10.0**k for k in range(math.floor(low), math.ceil(high) + 1) for step in (1, 2, 5)]
    return [value for value in finer if low <= math.log10(value) <= high]


def draw_tests(plot: Plot, tests: list[rows.Tested], y: float) -> None:
    """Draw residual disease: a ring is negative, a diamond positive, a dashed square not informative; the limit stands below."""
    drawing, free = plot.drawing, -math.inf
    if not tests:
        drawing.text(plot.left + 5, y + 4, "never tested", INK2)
    for one in tests:
        x, said = plot.x(one.day), level_text(one.level)
        what = "positive at" if one.positive else "negative at a limit of" if one.informative else "not informative: negative at a limit of"
        with drawing.named(f"MRD {what} {one.level:.2g}, {day_text(one.day)}"):
            draw_mark(drawing, DIAMOND if one.positive else RING if one.informative else SQUARE, x, y)
        half = width_of(said) / 2
        if not one.positive and x - half >= free:
            drawing.text(x, y + 20, said, INK2, "middle")
            free = x + half + 4


def draw_quality(plot: Plot, answers: list[tuple[int, float]], top: float, bottom: float) -> None:
    """Draw scores from 0 to 100."""
    drawing = plot.drawing
    for score in (0, 50, 100):
        y = bottom - score / 100 * (bottom - top)
        drawing.line(plot.left, y, plot.right, y, LINE)
        drawing.text(plot.left - 6, y + 4, str(score), INK2, "end")
    places = [(day, bottom - score / 100 * (bottom - top)) for day, score in answers]
    plot.joined(places)
    for day, y in places:
        drawing.dot(plot.x(day), y, 2.5, DATA)
    if not answers:
        drawing.text(plot.left + 5, (top + bottom) / 2 + 4, "never asked", INK2)
