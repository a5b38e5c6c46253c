"""The marks of a picture of the course, and the line that says what they mean."""

from __future__ import annotations

from features.course.svg import DASHED, DATA, EDGE, GROUND, INK, INK2, RAISES, TONES, Drawing, width_of

RING, DIAMOND, SQUARE, TRIANGLE = "MRD negative", "MRD positive", "not informative", "transplant"


def draw_legend(drawing: Drawing, x: float, y: float) -> None:
    """Draw what the marks mean, in one line."""
    for mark in (RING, DIAMOND, SQUARE, TRIANGLE):
        draw_mark(drawing, mark, x + 6, y - 4)
        drawing.text(x + 16, y, mark, INK2)
        x += width_of(mark) + 24
    drawing.striped(x, y - 10, 16, 12, TONES[1], TONES[1])
    drawing.text(x + 20, y, "not confirmed, or was", INK2)
    x += width_of("not confirmed, or was") + 32
    drawing.rect(x + 0.5, y - 9.5, 15, 11, GROUND, EDGE, DASHED)
    drawing.text(x + 20, y, "unknown", INK2)


def draw_mark(drawing: Drawing, mark: str, x: float, y: float) -> None:
    """Draw one of the marks around a point."""
    if mark == RING:
        drawing.dot(x, y, 5, GROUND, DATA, 2)
    elif mark == DIAMOND:
        drawing.path([(x, y - 6), (x + 6, y), (x, y + 6), (x - 6, y)], RAISES)
    elif mark == SQUARE:
        drawing.rect(x - 5, y - 5, 10, 10, GROUND, EDGE, DASHED)
    else:
        drawing.path([(x - 5, y - 5), (x + 5, y - 5), (x, y + 4)], INK)
