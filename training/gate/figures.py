"""What evaluation found of a candidate, as the gate reads it: subgroups, the worst of them, and why a horizon has no figures."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING

from training.gate.verdict import Check
from training.metrics.estimate import lines_of
from training.metrics.names import Metric
from training.places import GATE, PERFORMANCE, SUBGROUPS
from training.tracking.run import Run

if TYPE_CHECKING:
    from training.fitting.held_out import HeldOut

_COLUMNS = ("grouping", "group", "horizon", "measure", "estimate")


@dataclass(frozen=True)
class Subgroup:
    """One subgroup: its name, observed / expected, and how many people progress; None where that is not written down."""

    name: str
    ratio: float
    events: int | None


def subgroups(run: Run, months: int, held: HeldOut | None, since: str = "diagnosis") -> dict[str, tuple[float, float]]:
    """Return observed / expected and events of each subgroup that evaluation judged.

    Events that are kept back there are counted again among the people held out. Where these are not here, such a subgroup
    counts as large enough: nothing passes because its count is kept back.
    """
    from training.evaluation.subgroups import people_progressing

    ratios, written = _written(run, months)
    counted = people_progressing(held.rows, months, since) if held is not None and not ratios.keys() <= written.keys() else {}
    return {name: (ratio, written.get(name, float(counted.get(name, inf)))) for name, ratio in ratios.items()}


def most_wrong(subgroups: Mapping[str, tuple[float, float]], least: int) -> str | None:
    """Return the subgroup, of those with so many events at the least, whose observed / expected is furthest from 1 either way.

    Examples
    --------
    >>> most_wrong({"men": (1.2, 60.0), "women": (0.8, 60.0), "site B": (3.0, 40.0)}, 50)
    'women'
    """
    enough = {group: ratio for group, (ratio, events) in subgroups.items() if events >= least and ratio > 0}
    return max(enough, key=lambda group: max(enough[group], 1 / enough[group]), default=None)


def worst_check(months: int) -> str:
    """Return the name of the gate's demand on the subgroup where a candidate is most wrong."""
    return f"{Metric('oe_ratio', months).name} of the worst subgroup"


def worst_subgroup(run: Run, months: int, least: int) -> Subgroup | None:
    """Return the subgroup that the gate found a candidate most wrong in; before it is judged, found by the same rule in the same table."""
    said = next((Check(**check) for check in run.json(GATE).get("checks", []) if check["name"] == worst_check(months)), None)
    if said is None:
        judged = subgroups(run, months, None)
        name = most_wrong(judged, least)
        ratio = judged[name][0] if name is not None else None
    else:
        name, ratio = said.note, said.value
    if name is None or ratio is None:
        return None
    events = _written(run, months)[1].get(name)
    return Subgroup(name, ratio, None if events is None else int(events))


def unjudged(run: Run) -> dict[int, str]:
    """Return why evaluation gave no figures over all visits, by horizon."""
    table = run.table(PERFORMANCE, ("subset", "horizon", "measure", "why"))
    lines = table[table["subset"].isna() & (table["measure"] == "auc") & table["why"].notna()]
    return {int(line.horizon): str(line.why).partition(";")[0].rstrip(".") for line in lines_of(lines)}


def _written(run: Run, months: int) -> tuple[dict[str, float], dict[str, float]]:
    """Return observed / expected and events by subgroup, as in `sex: female`, where they are written down."""
    lines = csv.DictReader(io.StringIO((run.file(SUBGROUPS) or b"").decode()))  # `compare` reads them, and pandas takes long to import
    found: dict[str, dict[str, float]] = {"oe_ratio": {}, "events": {}}
    for line in lines if set(_COLUMNS) <= set(lines.fieldnames or ()) else ():
        if line["measure"] in found and float(line["horizon"] or 0) == months and line["estimate"]:
            found[line["measure"]][f"{line['grouping']}: {line['group']}"] = float(line["estimate"])
    return found["oe_ratio"], found["events"]
