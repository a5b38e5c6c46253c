"""The state on the last day of a course, in words: what stands at the right of each row, and all of it for those who see no picture."""

from __future__ import annotations

import re
from datetime import date

import numpy as np

from features.course import rows
from features.course.person import Line, PersonCourse
from features.course.spectrum import QUALITY
from features.course.svg import MOST_OF_A_TEXT, fitted
from myeloma.calendar import EPOCH, NO_DAY
from myeloma.treated.mrd import status_words
from myeloma.treated.presets import presets
from myeloma.treated.quality_of_life import VERDICTS, verdict
from myeloma.treated.response.codes import CATEGORIES, NE, NONE, PATHS, PD, UNKNOWN
from myeloma.treated.spectrum import AXES, Axis

_PATHS = {UNKNOWN: "no baseline", NONE: "nothing measurable before it"}
CLOSING = 'Rules only, no model. Criteria: IMWG 2016. "Meets" means the criteria are met by the results given; it never means cured.'
NAMES = {"depth": "Depth", "duration": "Duration", "therapy": "Off therapy", "quality_of_life": "Quality of life"}
# The states of two axes are long; on bars and beside them they stand in short.
_SHORT = {
    "depth": ("< PR", "PR", "VGPR", "CR", "CR, MRD neg. 10⁻⁵", "CR, MRD neg. 10⁻⁶"),
    "duration": ("not negative", "not yet sustained", "sustained"),
}
NBSP = "\u00a0"
_SUPERSCRIPT = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def day_text(day: int) -> str:
    """Return a day counted from 1970 as it is shown, in one piece.

    Examples
    --------
    >>> day_text(19183)
    '10\xa0Jul\xa02022'
    """
    when = date.fromordinal(day + EPOCH)
    return f"{when.day}{NBSP}{_MONTHS[when.month - 1]}{NBSP}{when.year}"


def level_text(share: float) -> str:
    """Return a share of cells, or another number, by a power of ten.

    Examples
    --------
    >>> level_text(1e-5), level_text(2.5e-6)
    ('10⁻⁵', '2.5·10⁻⁶')
    """
    digits, power = f"{share:.1e}".split("e")
    head = "" if digits == "1.0" else f"{digits.removesuffix('.0')}·"
    return f"{head}10{str(int(power)).translate(_SUPERSCRIPT)}"


def state_words(name: str, low: int, high: int, stale: bool) -> str:
    """Return a state of an axis in short: its least and its most possible, `was` where it is old, unknown where all is possible.

    Examples
    --------
    >>> state_words("depth", 2, 3, False), state_words("depth", 2, 2, True), state_words("duration", 0, 2, False)
    ('VGPR to CR', 'was VGPR', 'unknown')
    """
    words = _SHORT.get(name, AXES[name])
    if (low, high) == (0, len(words) - 1):
        return "unknown"
    return f"{'was ' if stale else ''}{words[low] if low == high else f'{words[low]} to {words[high]}'}"


def marker_now(person: PersonCourse, marker: rows.Marker) -> str:
    """Return the last value, and its change from before the line that goes on."""
    if not marker.values:
        return "no result"
    last, now = marker.values[-1], person.lines[-1].first
    said = f"{'none found' if last.value is None else f'{last.value:.3g} {marker.unit}'} on {day_text(last.day)}"
    baseline = [value for first, _, value in marker.baselines if first == now]
    if last.value is not None and baseline and last.day > now:
        said += f", {100 * (last.value / baseline[0] - 1):+.0f}{NBSP}% from before line {person.lines[-1].number}".replace("-", "−")
    return said + ("; may be the antibody" if last.drug else "")


def response_now(person: PersonCourse, spans: list[rows.Span]) -> str:
    """Return the response in the latest line, since when, whether it is confirmed, and by what it is followed.

    A response stays until progression is confirmed; where the last visit by itself shows less, that is said.
    """
    last = spans[-1]
    said = f"{rows.category(last)} since {day_text(last.first)}"
    said = f"was {said}; old evidence" if person.axes["depth"].stale[-1] else said
    said += ", not confirmed" if last.what[1] else ""
    by_results = int(person.of.at_sample(person.of.response.known, NE)[-1])
    said += ", as recorded" if person.recorded[-1] != NO_DAY and by_results != PD else ""
    said += f", in line {person.lines[-1].number}" if len(person.lines) > 1 else ""
    path = int(person.of.response.path[person.of.views.of[-1]])
    said += f", {_PATHS.get(path) or f'by {PATHS[path]}'}"
    alone = int(person.of.at_sample(person.of.response.best, NE)[-1])
    return said + (f"; last visit alone at best {CATEGORIES[alone]}" if last.what[0] > PD and NE < alone < last.what[0] else "")


def residual_now(person: PersonCourse) -> str:
    """Return the status of residual disease."""
    said = status_words(person.of.mrd, len(person.day) - 1)
    said = re.sub(r"\d(\.\d+)?e-\d+|0\.00\d+", lambda found: level_text(float(found[0])), said)
    return re.sub(r"\d{4}-\d\d-\d\d", lambda found: day_text(date.fromisoformat(found[0]).toordinal() - EPOCH), said)


def therapy_now(person: PersonCourse) -> str:
    """Return all lines with what was given in them, the latest first."""
    return "; ".join(f"{one.number}{NBSP}{fitted(regimens_of(one), MOST_OF_A_TEXT)}" for one in reversed(person.lines))


def regimens_of(line: Line) -> str:
    """Return what was given in a line, as it was received."""
    return ", ".join(line.regimens) or "not named"


def quality_now(person: PersonCourse) -> str:
    """Return the last score since the line began, and its change from before."""
    before, now = (float(person.view[f"{QUALITY}__last__{when}"][-1]) for when in ("baseline", "since_line"))
    if np.isnan(now):
        return "never asked" if np.isnan(before) else "not asked since the line began"
    said = f"{now:.0f} of 100 on {day_text(int(person.evidence.quality_day[-1]))}"
    if np.isnan(before):
        return f"{said}; not asked before the line"
    told = float(verdict(QUALITY, before, now))
    change = f"{now - before:+.0f} from" if round(now - before) else "as"
    return f"{said}, {change} before the line: {VERDICTS[int(told)]}".replace("-", "−")


def axis_now(person: PersonCourse, name: str) -> str:
    """Return the state of an axis, the month since when, whether that is old, and what is missing."""
    axis: Axis = person.axes[name]
    low, high = int(axis.low[-1]), int(axis.high[-1])
    said = state_words(name, low, high, bool(axis.stale[-1]))
    if (low or low == high) and axis.since[-1] != NO_DAY:
        said += f" since {day_text(int(axis.since[-1])).split(NBSP, 1)[1]}"
    missing = [what.replace("mrd", "MRD") for what, where in axis.missing.items() if where[-1]]
    return said + (f"; {', '.join(missing)} missing" if missing else "")


def criteria_now(person: PersonCourse) -> str:
    """Return which criteria of the first definition that ships, our own, are met."""
    name = next(iter(presets().values())).name
    said = person.criteria()[0].replace(f" ({name})", "").replace("_1e5", " at 10⁻⁵").replace("_1e6", " at 10⁻⁶").replace("_", " ")
    return f"by {name} definition, {said}"


def in_words(person: PersonCourse) -> str:
    """Return the whole state, for those who see no picture."""
    marker = rows.marker(person)
    told = {
        marker.name: marker_now(person, marker),
        "Response": response_now(person, rows.response(person)),
        "MRD": residual_now(person),
        "Lines of therapy": therapy_now(person),
        "Quality of life": quality_now(person),
    }
    told |= {f"Axis {name.lower()}": person.axis_words()[key] for key, name in NAMES.items()}
    return ". ".join(
        [f"{name}: {said}" for name, said in told.items()] + [f"By the results given, {one}" for one in person.criteria()] + [CLOSING]
    )
