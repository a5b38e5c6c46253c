"""The picture of one person's course: rows over the months since the start of therapy, their state now in words. Rules only, no model."""

from __future__ import annotations

from pathlib import Path

from features.cohort.files import whole_file
from features.cohort.schema import Cohort
from features.course import bars, panels, rows
from features.course.marks import draw_legend
from features.course.now import (
    CLOSING,
    NAMES,
    axis_now,
    criteria_now,
    day_text,
    in_words,
    marker_now,
    quality_now,
    residual_now,
    response_now,
    therapy_now,
)
from features.course.person import PersonCourse, course_of_person
from features.course.plot import Plot
from features.course.svg import EDGE, INK, INK2, LEADING, LINE, RAISES, Drawing, fitted, width_of, wrapped
from myeloma import ConfigError

WIDTH, HEIGHT = 768, 614  # 8 x 6.4 inches
_MARGIN, _LEFT, _RIGHT, _WORDS = 14, 122, 506, 566
_ROOM = WIDTH - 8 - _WORDS
_TOP, _BOTTOM, _SPECTRUM, _AXIS_ROW = 70, 508, 364, 36
_OF_TITLE = 1.5  # how much wider its letters are: 16 pixels, bold
_NAME_BESIDE_TICKS = 76
_LEAST_MONTHS = 3  # a course of one day has a width too


def draw_course(person: PersonCourse) -> str:
    """Return the picture as SVG, in light colours."""
    drawing = Drawing(WIDTH, HEIGHT, fitted(_title(person), WIDTH), in_words(person))
    marker, answers, tests = rows.marker(person), rows.quality(person), rows.tests(person)
    earliest = min([person.start, *(one.day for one in marker.values), *(day for day, _ in answers), *(one.day for one in tests)])
    plot = Plot(drawing, person, _LEFT, _RIGHT, person.month(earliest), max(person.month(person.end), _LEAST_MONTHS))
    drawing.text(_MARGIN, 24, fitted(_title(person), (WIDTH - 2 * _MARGIN) / _OF_TITLE), bold=True, size=16)
    drawing.text(_MARGIN, 43, _subtitle(person), INK2)
    _months(plot)
    _happened(plot)
    _row(drawing, 84, marker.name, marker_now(person, marker), marker.unit)
    panels.draw_marker(plot, marker, _TOP + 4, 170)
    spans = rows.response(person)
    _row(drawing, 190, "Response", response_now(person, spans))
    bars.draw_response(plot, spans, 182, 24)
    _row(drawing, 232, "MRD", residual_now(person))
    panels.draw_tests(plot, tests, 229)
    _row(drawing, 280, "Therapy", therapy_now(person))
    bars.draw_therapy(plot, 266, 20)
    bars.draw_antibody(plot, rows.antibody(person), 291)
    _row(drawing, 324, "Quality", quality_now(person), "of life")
    panels.draw_quality(plot, answers, 316, 354)
    for k, (name, label) in enumerate(NAMES.items()):
        y = _SPECTRUM + k * _AXIS_ROW
        _row(drawing, y + 16, label, axis_now(person, name), most=2)
        bars.draw_axis(plot, name, rows.axis_spans(person, name), y + 4, 22)
    draw_legend(drawing, _MARGIN, 545)
    drawing.lines(_MARGIN, 564, f"As of {day_text(person.end)}, {criteria_now(person)}.", WIDTH - 2 * _MARGIN, 2)
    drawing.lines(_MARGIN, 593, f"{CLOSING} Research software, not a medical device.", WIDTH - 2 * _MARGIN, 2, INK2)
    return str(drawing)


def write_picture(cohort: Cohort, patient: str, path: Path) -> int:
    """Write the picture of one person of a cohort, whole or not at all, and return how many months it shows since the start.

    Raises
    ------
    ConfigError
        The ending is not .svg.
    DataError
        The cohort has no such person, or no start of therapy of theirs.
    """
    if path.suffix != ".svg":
        raise ConfigError(f'The picture "{path.name}" does not end in .svg.', "with --plot only a picture is written, as SVG.")
    person = course_of_person(cohort, patient)
    with whole_file(path) as work:
        work.write_text(draw_course(person), encoding="utf-8")
    return round(person.month(person.end))


def _title(person: PersonCourse) -> str:
    return f"Course since the start of treatment: {person.patient}"


def _subtitle(person: PersonCourse) -> str:
    known = f"Months since {day_text(person.start)}; state at the right as of {day_text(person.end)}"
    return known + (" (simulated person)" if person.simulated else "")


def _row(drawing: Drawing, y: float, name: str, now: str, unit: str = "", most: int = 3) -> None:
    """Write the name of a row at its left, and its state now at its right."""
    names = wrapped(name, _NAME_BESIDE_TICKS if unit else _LEFT - _MARGIN, 2)
    for k, part in enumerate(names):
        drawing.text(_MARGIN, y + k * LEADING, part, bold=True)
    if unit:
        drawing.text(_MARGIN, y + len(names) * LEADING, unit, INK2)
    drawing.lines(_WORDS, y, now, _ROOM, most)


def _months(plot: Plot) -> None:
    """Draw the axis, and through all rows its grid."""
    drawing = plot.drawing
    for month in plot.ticks():
        drawing.line(plot.at(month), _TOP, plot.at(month), _BOTTOM, LINE)
        drawing.text(plot.at(month), _BOTTOM + 16, str(month), INK2, "middle")
    drawing.line(plot.left, _BOTTOM, plot.right, _BOTTOM, EDGE)
    drawing.text(_MARGIN, _BOTTOM + 16, "months", INK2)


def _happened(plot: Plot) -> None:
    """Draw when progression was recorded, and death, through all rows; of words that would overlap, that of death is kept."""
    drawing, free, until = plot.drawing, float(plot.left), float(WIDTH - _MARGIN)
    if plot.person.death is not None:
        x = plot.x(plot.person.death)
        drawing.line(x, _TOP - 6, x, _BOTTOM, INK)
        drawing.text(x, _TOP - 9, "death", INK, "middle")
        until = x - width_of("death") / 2 - 4
    for day in plot.person.progressions:
        x, half = plot.x(day), width_of("progression") / 2
        drawing.line(x, _TOP - 6, x, _BOTTOM, RAISES, dashes="4 3")
        middle = min(x, until - half)
        if middle - half >= free:
            drawing.text(middle, _TOP - 9, "progression", RAISES, "middle")
            free = middle + half + 4
