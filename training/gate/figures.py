"""What evaluation found of a candidate, as the gate reads it: subgroups, the worst of them, and why a horizon has no figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from training.gate.verdict import Accepted, Check, Subgroup
from training.metrics.estimate import lines_of
from training.metrics.names import Metric
from training.places import GATE, PERFORMANCE, SUBGROUPS
from training.tracking.run import Run

if TYPE_CHECKING:
    from training.plan import Gate

_COLUMNS = ("grouping", "group", "horizon", "measure", "estimate", "lo", "hi")
_MEASURES = ("oe_ratio", "expected_events")
_ENDS = {"": "estimate", "_lo": "lo", "_hi": "hi"}


@dataclass(frozen=True)
class Worst:
    """The subgroup in which a candidate is most wrong: its name, observed / expected, and how many people were expected to progress."""

    name: str
    ratio: float
    expected: float


def subgroups(run: Run, months: int) -> dict[str, Subgroup]:
    """Return observed / expected of each subgroup that evaluation judged, with the events that were expected there."""
    content = (run.file(SUBGROUPS) or b"").decode()
    lines = csv.DictReader(io.StringIO(content))  # `compare` reads them, and pandas takes long to import
    found: dict[str, dict[str, float]] = {}
    for line in lines if set(_COLUMNS) <= set(lines.fieldnames or ()) else ():
        if line["measure"] not in _MEASURES or float(line["horizon"] or 0) != months:
            continue
        of = found.setdefault(f"{line['grouping']}: {line['group']}", {})
        of |= {f"{line['measure']}{end}": float(line[column]) for end, column in _ENDS.items() if line[column]}
    return {
        name: Subgroup(of["oe_ratio"], of.get("oe_ratio_lo"), of.get("oe_ratio_hi"), of["expected_events"])
        for name, of in found.items()
        if {"oe_ratio", "expected_events"} <= of.keys()
    }


def most_wrong(subgroups: Mapping[str, Subgroup], least: int, accepted: Accepted) -> str | None:
    """Return the subgroup, of those where so many events are expected at the least, in which a candidate is most wrong.

    One that is shown to be wrong comes before one that is not shown to be right, and that before the others; of equal ones the one
    whose observed / expected is furthest from 1 either way.

    Examples
    --------
    >>> found = {"men": Subgroup(1.2, 1.0, 1.4, 60.0), "women": Subgroup(0.8, 0.7, 0.9, 60.0), "site B": Subgroup(3.0, 2.0, 4.0, 40.0)}
    >>> most_wrong(found, 50, Accepted(0.5, 2.0)), most_wrong(found, 50, Accepted(0.5, 1.3))
    ('women', 'men')
    """

    def wrong(name: str) -> tuple[int, float]:
        of = subgroups[name]
        shown = accepted.finding((of.ratio, of.lo, of.hi))
        return {False: 2, None: 1, True: 0}[shown], max(of.ratio, 1 / of.ratio)

    enough = [name for name, of in subgroups.items() if of.expected >= least and of.ratio > 0]
    return max(enough, key=wrong, default=None)


def worst_check(months: int) -> str:
    """Return the name of the gate's demand on the subgroup where a candidate is most wrong."""
    return f"{Metric('oe_ratio', months).name} of the worst subgroup"


def worst_subgroup(run: Run, months: int, gate: Gate) -> Worst | None:
    """Return the subgroup that the gate found a candidate most wrong in; before it is judged, found by the same rule in the same table."""
    judged = subgroups(run, months)
    said = next((Check(**check) for check in run.json(GATE).get("checks", []) if check["name"] == worst_check(months)), None)
    name = said.note if said is not None else most_wrong(judged, gate.subgroup_events_at_least, Accepted(*gate.subgroup_oe_ratio_between))
    if name is None or name not in judged:
        return None
    return Worst(name, judged[name].ratio, judged[name].expected)


def unjudged(run: Run) -> dict[int, str]:
    """Return why evaluation gave no figures over all visits, by horizon."""
    table = run.table(PERFORMANCE, ("subset", "horizon", "measure", "why"))
    lines = table[table["subset"].isna() & (table["measure"] == "auc") & table["why"].notna()]
    return {int(line.horizon): str(line.why).partition(";")[0].rstrip(".") for line in lines_of(lines)}
