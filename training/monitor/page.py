"""The report as one HTML file: no script, nothing loaded from elsewhere, fit for printing."""

from __future__ import annotations

from html import escape

from serving.answer.columns import NOTICE
from training.monitor.cusum import WRONG_BY
from training.monitor.drift import LEAST_PEOPLE, LEVEL_CHANGE, MISSING_CHANGE
from training.monitor.findings import FALSE_ALARMS, Finding
from training.monitor.over_time import OverTime, as_date, too
from training.monitor.picture import charts, picture
from training.monitor.suspected_units import LEAST_AT_SITE
from training.monitor.verdict import LOOK, RETRAIN
from training.monitor.watch import Watched
from training.reference.by_time import LEAST_IN_BAND
from training.rows.small_cells import SMALL_CELL, written
from training.rows.split import LEAST_EVENTS

_STYLE = """
body { font: 15px/1.45 system-ui, sans-serif; color: #1a1a1a; max-width: 62em; margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.5em; margin-bottom: 0.2em; } h2 { font-size: 1.1em; margin-top: 1.6em; }
table { border-collapse: collapse; width: 100%; font-size: 0.92em; break-inside: avoid; }
th, td { text-align: left; padding: 0.3em 0.6em; border-bottom: 1px solid #ccc; vertical-align: top; }
.verdict { padding: 0.7em 1em; border-left: 6px solid #2a7; background: #f4f8f5; }
.look { border-color: #d90; background: #fdf8ec; } .retrain { border-color: #c22; background: #fbefef; }
.changed { font-weight: bold; color: #a11; } .few { color: #666; } td:last-child { white-space: nowrap; }
img { max-width: 100%; break-inside: avoid; } .wide { overflow-x: auto; } small { color: #444; }
@media (max-width: 45em) { .wide img { max-width: none; width: 42em; } }
@media print { body { margin: 0; max-width: none; font-size: 11px; } }
"""
_TITLES = (
    ("unit", "Units", "No group of values looks like another unit."),
    ("missing", "Missing values (in the shortest look-back)", ""),
    ("older", "Age of the latest values", ""),
    ("level", "Case mix: level of the latest values, and the people", ""),
    ("risk", "Predicted risks", ""),
    ("outcome", "Outcomes: observed / expected", ""),
)


def page(watched: Watched) -> str:
    """Return the report."""
    verdict = watched.verdict
    tone = {LOOK: " look", RETRAIN: " retrain"}.get(verdict.verdict, "")
    title = f"{watched.task}: watch of {watched.model} version {watched.version}"
    drawn = picture(watched.findings)
    alt = (
        "Each figure with its interval: levels and risks against training, share missing, observed over expected; the tables say the same."
    )
    parts = [
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title><style>{_STYLE}</style></head><body>',
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(written(watched.people))} people, each at the last visit from {escape(watched.period.in_words())}. "
        f"Cohort {escape(watched.cohort_hash)}. {escape(NOTICE)}</p>",
        f'<div class="verdict{tone}"><strong>{escape(verdict.verdict.capitalize())}.</strong> {escape(verdict.why)}</div>',
        *([f"<ul>{''.join(f'<li>{escape(note)}</li>' for note in watched.notes)}</ul>"] if watched.notes else []),
        *([f'<p class="wide"><img alt="{escape(alt)}" src="data:image/png;base64,{drawn}"></p>'] if drawn else []),
        *(_table([f for f in watched.findings if f.kind == kind], title, empty) for kind, title, empty in _TITLES),
        *_charts(watched.over_time),
        _method(watched.over_time),
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _charts(found: OverTime) -> list[str]:
    """Return the charts with what they say in words; nothing where there is nothing to draw."""
    if not (drawn := charts(found)):
        return []
    said = [
        f"{too(one)}: {one.values[-1]:.1f} of {one.limits[-1]:.1f} on {as_date(found.counted.ends[-1])}, "
        f"{f'alarms {dates}' if (dates := ', '.join(as_date(day) for which, day in found.alarms() if which is one)) else 'no alarm'}"
        for one in found.charts
    ]
    alt = f"CUSUM charts of observed against expected events from {as_date(found.counted.ends[0])}; {'; '.join(said)}."
    return [
        "<h2>Outcomes month by month</h2>",
        f'<p class="wide"><img alt="{escape(alt)}" src="data:image/png;base64,{drawn}"></p>',
        f"<p>{escape(alt)} Shown at month ends between which {SMALL_CELL} people or more had the event.</p>",
    ]


def _table(findings: list[Finding], title: str, empty: str) -> str:
    if not findings:
        return f"<h2>{escape(title)}</h2><p>{escape(empty)}</p>" if empty else ""
    rows = "".join(_row(finding) for finding in findings)
    return f"<h2>{escape(title)}</h2><table><tr><th>what</th><th>people</th><th>finding</th><th>state</th></tr>{rows}</table>"


def _row(finding: Finding) -> str:
    kind = {"changed": ' class="changed"', "too few": ' class="few"', "not shown": ' class="few"'}.get(finding.status, "")
    cells = (finding.label, finding.shown or written(finding.people), finding.words)
    return f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in cells)}<td{kind}>{escape(finding.status)}</td></tr>"


def _method(found: OverTime) -> str:
    at_rate = f" Both charts together give {found.false_alarms:.2g} false alarms a year while the risks are right." if found.charts else ""
    return (
        "<h2>How to read this</h2><small>One visit per person, so people are independent. Each is compared with people of training at "
        "like time since diagnosis, since a marrow grows older and is seldom taken again; units, and that time itself, with all of "
        f"training. Left out are people seen at times at which fewer than {LEAST_IN_BAND} people of training have a value. A probability "
        "of 0.50 is no change: a new value is as often above as below one of training. Intervals are 95 %, not corrected. "
        f"<em>Changed</em> is corrected for the number of checks (Holm): a clinic in which nothing changes is called changed in at most "
        f"{FALSE_ALARMS:.1%} of periods for inputs and risks together, and as often for outcomes; and the change must matter: "
        f"{MISSING_CHANGE:.0%} of people missing, or a probability {LEVEL_CHANGE:.2f} away from 0.50. "
        f"Fewer than {LEAST_PEOPLE} people with a value, or {LEAST_EVENTS} who progress, is too few to say; "
        f"a unit is looked at in sites with {LEAST_AT_SITE} people. Counts below {SMALL_CELL} are not written down. "
        "Outcomes are those of people first seen in a period that lies the horizon back, of at least a year; deaths compete, "
        "and those lost are weighted for. <em>Steady</em> means that the interval lies within "
        "what does not matter; where it reaches further, the change is <em>not shown</em>, and neither is that there is none. "
        "In person-time "
        "everybody scored counts from the visit on, under the latest risk; the charts add up the evidence for a rate wrong by "
        f"{WRONG_BY:g} times, and begin again after an alarm.{at_rate}</small>"
    )
