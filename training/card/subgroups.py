"""Whom the model does worse for, and how it does elsewhere and later: as evaluation wrote it, with what it kept back."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pandas as pd

from training.card.cells import KEPT_BACK, people, short, with_interval, withheld
from training.card.document import Blank, Block, Cell, Part, Section, Table, Text
from training.card.facts import Facts
from training.metrics.estimate import MAIN, Estimate, lines_of
from training.places import SUBGROUPS as SUBGROUPS_FILE
from training.places import refit
from training.rows.small_cells import SMALL_CELL

SUBGROUPS, ELSEWHERE = "Subgroups", "Elsewhere, later, on less"
_COLUMNS = ("horizon", "measure", "estimate", "lo", "hi", "why")
_HEAD = ("people", "with the event", *(words for _, words, _ in MAIN))
_FOLLOWS = (
    "Where that is one group alone, or they hold few together, so are those of the next smallest: the others and the whole would tell."
)
_REFITS = {
    "sites": "Each site judged by a model that saw none of it",
    "time": "People diagnosed late, judged by a model that saw the early ones",
    "patients": "Fitted on fewer people",
}


def subgroups(facts: Facts) -> Section:
    """Return the main figures in each subgroup at the primary horizon."""
    found = facts.frame(SUBGROUPS_FILE, ("grouping", "group", *_COLUMNS))
    if found.empty:
        return Section(SUBGROUPS, [Text(Blank(f"the run has no {SUBGROUPS_FILE}"))])
    parts = [
        Part([_row(str(group), lines) for group, lines in of.groupby("group", sort=False)], str(grouping).replace("_", " "))
        for grouping, of in found.groupby("grouping", sort=False)
    ]
    hidden = int((found["estimate"].isna() & (found["measure"] == "patients")).sum())
    blocks: list[Block] = [
        Text(f'"{KEPT_BACK}" ({hidden} here): the counts of groups of fewer than {SMALL_CELL} people, or events. {_FOLLOWS}'),
        Table(f"At {facts.primary} months, all visits of the group", ("group", *_HEAD), parts),
    ]
    return Section(SUBGROUPS, blocks)


def elsewhere(facts: Facts) -> Section:
    """Return what the model loses at other sites, later, and with fewer people or less history, where it was fitted again for that."""
    blocks: list[Block] = []
    for kind, words in _REFITS.items():
        found = facts.frame(refit(kind), ("subset", *_COLUMNS))
        found = found[found["horizon"] == facts.primary]
        if found.empty:
            blocks.append(_not_done(facts, kind, words))
            continue
        rows = [_row(str(subset).replace("_", " "), lines) for subset, lines in found.groupby("subset", sort=False)]
        blocks.append(Table(f"{words}, at {facts.primary} months", ("part", *_HEAD), [Part(rows)]))
    return Section(ELSEWHERE, [*blocks, _history(facts)])


def _history(facts: Facts) -> Block:
    words, found = "Gain over the latest values alone", facts.frame(refit("history"), ("measure", "difference", "lo", "hi", "horizon"))
    rows = [
        [line.measure, with_interval(Estimate(line.difference, line.lo, line.hi), 4)]
        for line in lines_of(found[(found["horizon"] == facts.primary) & found["measure"].isin(["auc", "brier"])])
    ]
    if not rows and refit("history") in facts.files:
        return Text(Blank(f"too few people have the event within {facts.primary} months, or stay free of it", f"{words}:"))
    if not rows:
        return _not_done(facts, "history", words)
    return Table(f"{words}, at {facts.primary} months (Brier: below 0 is better)", ("measure", "difference"), [Part(rows)])


def _not_done(facts: Facts, kind: str, words: str) -> Block:
    """Return the blank of a refit: a card is not written again by itself when more is known."""
    how = f"python -m training evaluate --task {facts.task.name} --refit {kind}, then register, which writes this page anew"
    return Text(Blank(f"not done when this page was written; {how}", f"{words}:"))


def _row(name: str, lines: pd.DataFrame) -> list[Cell]:
    """Return the cells of one group; what evaluation left empty stays empty, with its reason."""
    by = {str(line.measure): line for line in lines_of(lines)}
    refused = next((short(line.why) for line in by.values() if line.measure == "auc" and isinstance(line.why, str) and line.why), "")
    counts: list[Cell] = [_count(by.get(what)) for what in ("patients", "events")]
    if refused:
        return [name, *counts, Blank(refused), "", ""]
    return [name, *counts, *_figures(by)]


def _count(line: Any) -> Cell:
    if line is None:
        return Blank("no count")
    if math.isnan(line.estimate):
        return withheld(line.why)
    return people(line.estimate)


def _figures(by: dict[str, Any]) -> Iterator[Cell]:
    for what, _, decimals in MAIN:
        line = by.get(what)
        yield with_interval(Estimate(line.estimate, line.lo, line.hi), decimals) if line is not None else Blank("no such figure")
