"""What evaluation noticed about the fit, each with its code, and what is known and accepted."""

from __future__ import annotations

from training.card.document import Blank, Block, Cell, Section, Text, table
from training.card.facts import Facts
from training.metrics.estimate import lines_of
from training.places import DIAGNOSES

NOTICED = "Diagnoses"
_COLUMNS = ("code", "found", "why", "do", "muted")


def noticed(facts: Facts) -> Section:
    """Return what was found, why it matters and what to do; of what is muted, the reason."""
    if DIAGNOSES not in facts.files:
        again = f"python -m training evaluate --task {facts.task.name}"
        return Section(NOTICED, [Text(Blank(f"this run was evaluated before diagnoses were made; {again}"))])
    found = facts.frame(DIAGNOSES, _COLUMNS).fillna({"muted": ""})
    heard, muted = found[found["muted"] == ""], found[found["muted"] != ""]
    blocks: list[Block] = [Text("Nothing was noticed that is not muted.")] if heard.empty else []
    if len(heard):
        rows: list[list[Cell]] = [[line.code, line.found, line.why, line.do] for line in lines_of(heard)]
        blocks.append(table("Noticed by evaluation", ("code", "what was found", "why it matters", "what to do"), rows, numbers=False))
    if len(muted):
        rows = [[line.code, line.found, line.why, line.muted] for line in lines_of(muted)]
        blocks.append(table("Muted: known and accepted", ("code", "what was found", "why it matters", "reason"), rows, numbers=False))
    return Section(NOTICED, [*blocks, Text("How each is found: docs/diagnoses.md.")])
