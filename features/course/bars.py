"""Rows of a picture of the course that are bars: response, therapy, the axes of the spectrum. A span of days is a bar with its word."""

from __future__ import annotations

from features.course import rows
from features.course.marks import TRIANGLE, draw_mark
from features.course.now import day_text, regimens_of, state_words
from features.course.plot import Plot
from features.course.svg import DASHED, EDGE, GROUND, INK, INK2, MOST_OF_A_TEXT, OFF, RAISES, TEXT_ON, TONES, fitted, width_of
from myeloma.treated.response.codes import CR, MR, PD, PR, SCR, SD, VGPR

_LIGHT, _MIDDLE, _FULL = TONES
_OF_RESPONSE = {PD: RAISES, SD: OFF, MR: OFF, PR: _LIGHT, VGPR: _MIDDLE, CR: _FULL, SCR: _FULL}
# The tone of the least state of an axis; `off` only where it is the most possible one too.
_OF_AXIS = {
    "depth": (OFF, _LIGHT, _MIDDLE, _FULL, _FULL, _FULL),
    "duration": (OFF, _LIGHT, _FULL),
    "therapy": (OFF, _FULL),
    "quality_of_life": (OFF, OFF, _LIGHT, _MIDDLE, _FULL),
}
_LEAST = 4  # pixels: what began on the last day is seen too
_ROOM_FOR_NAMES = 60  # pixels; a narrower bar of a line holds its number alone


def draw_response(plot: Plot, spans: list[rows.Span], y: float, height: float) -> None:
    """Draw categories; what is not confirmed is striped."""
    for span in spans:
        code, open_one, _ = span.what
        word = rows.category(span)
        about = f"{word}{', not confirmed' if open_one else ''}, from {day_text(span.first)}"
        with plot.drawing.named(about):
            _bar(plot, span, y, height, word, _OF_RESPONSE.get(code, ""), bool(open_one))


def draw_axis(plot: Plot, name: str, spans: list[rows.Span], y: float, height: float) -> None:
    """Draw the states of an axis of the spectrum: off, tones, striped where the evidence is old, hollow where unknown."""
    for span in spans:
        low, high, stale = span.what
        word = state_words(name, low, high, bool(stale))
        tone = _OF_AXIS[name][low]
        unknown = tone == OFF and _OF_AXIS[name][high] != OFF
        with plot.drawing.named(f"{word}, from {day_text(span.first)}"):
            _bar(plot, span, y, height, word, "" if unknown else tone, bool(stale))


def draw_therapy(plot: Plot, y: float, height: float) -> None:
    """Draw a bar a line with its number and, where there is room, its regimens; a triangle at each transplant."""
    drawing = plot.drawing
    for line in plot.person.lines:
        x, width = plot.x(line.first), max(plot.x(line.last) - plot.x(line.first), 2.0)
        said = regimens_of(line)
        with drawing.named(f"Line {line.number}: {fitted(said, MOST_OF_A_TEXT)}, {day_text(line.first)} to {day_text(line.last)}"):
            drawing.rect(x, y, width - 1, height, OFF, EDGE)
            words = fitted(f"{line.number} {said}", width - 7) if width >= _ROOM_FOR_NAMES else str(line.number)
            if width_of(words) + 7 <= width:
                drawing.text(x + 4, y + height / 2 + 4, words)
    for day in plot.person.transplants:
        x = plot.x(day)
        if plot.left <= x <= plot.right:
            with drawing.named(f"Transplant, {day_text(day)}"):
                draw_mark(drawing, TRIANGLE, x, y - 6)


def draw_antibody(plot: Plot, spans: list[rows.Span], y: float) -> None:
    """Draw the spans in which CR cannot be told from the antibody, with the words once."""
    for span in spans:
        first, last = plot.x(span.first), max(plot.x(span.last), plot.x(span.first) + 2)
        plot.drawing.line(first, y, last, y, RAISES, 3, "" if span.what[0] else DASHED)
    if spans:
        longest = max(spans, key=lambda span: span.last - span.first)
        words = f"CR {'not' if longest.what[0] else 'may not be'} assessable under {_antibody(plot)}"
        x = max(min(plot.x(longest.first), plot.right - width_of(words)), plot.left)
        plot.drawing.rect(x - 2, y + 4, width_of(words), 13, GROUND)
        plot.drawing.text(x, y + 14, words, INK2)


def _antibody(plot: Plot) -> str:
    of = plot.person.of
    return "anti-CD38" if (of.treated.holds("anti-CD38", of.asked.line, of.asked.day) == 1).any() else "an antibody"


def _bar(plot: Plot, span: rows.Span, y: float, height: float, word: str, tone: str, striped: bool) -> None:
    """Draw one span: filled, striped, or hollow without a tone, with its word where there is room for it."""
    drawing, x = plot.drawing, min(plot.x(span.first), plot.x(plot.person.end) - _LEAST)
    width = max(plot.x(span.last) - x, _LEAST)
    if not tone:
        drawing.rect(x + 0.5, y + 0.5, width - 1, height - 1, GROUND, EDGE, DASHED)
    elif striped:
        drawing.striped(x, y, width, height, tone, EDGE if tone == OFF else tone)
    else:
        drawing.rect(x, y, width - 1, height, tone)
    if word and width_of(word) + 8 <= width:
        if striped and tone:
            drawing.rect(x + 3, y + 2, width_of(word) + 4, height - 4, GROUND)
        drawing.text(x + 5, y + height / 2 + 4, word, INK if striped or not tone else TEXT_ON[tone])
