"""A card as one HTML file that opens without a network, and as Markdown; both are written whole, and logged to the version's run."""

from __future__ import annotations

import base64
import functools
import re
import tempfile
from pathlib import Path
from typing import Any

import jinja2

from features.cohort.files import whole_file
from serving.store.champion import connect
from training.card.document import Blank, Block, Bullets, Card, Cell, Code, Link, Picture, Table, Text, anchor, spans
from training.places import CARD_HTML, CARD_MD, COMPARISON

_SPECIAL = re.compile(r"([\\`*\[\]|#])")


def as_html(card: Card) -> str:
    """Return the card as one HTML page: no script, no network, every word escaped."""
    return _page().render(card=card)


def as_markdown(card: Card) -> str:
    """Return the card as Markdown, the same words; pictures are named by their place among the run's artifacts."""
    lines = [f"# {_literal(card.title)}", "", _literal(card.lead), ""]
    for section in card.sections:
        lines += [f"## {_literal(section.title)}", ""]
        for block in section.blocks:
            lines += [*_lines(block), ""]
    return "\n".join(lines)


def write_card(card: Card, folder: Path) -> tuple[Path, Path]:
    """Write both files into a folder, each whole or not at all; return where they are."""
    written = (folder / CARD_HTML, folder / CARD_MD)
    for path, content in zip(written, (as_html(card), as_markdown(card)), strict=True):
        with whole_file(path) as work:
            work.write_text(content, encoding="utf-8")
    return written


def log_card(card: Card, run_id: str) -> None:
    """Log both files to a run, at the same place in every run."""
    with tempfile.TemporaryDirectory() as work:
        for path in write_card(card, Path(work)):
            connect().log_artifact(run_id, str(path))


def log_comparison(card: Card, run_id: str) -> None:
    """Log the page of a training to its run."""
    with tempfile.TemporaryDirectory() as work:
        path = Path(work) / COMPARISON
        path.write_text(as_html(card), encoding="utf-8")
        connect().log_artifact(run_id, str(path))


@functools.cache
def _page() -> jinja2.Template:
    place = jinja2.FileSystemLoader(Path(__file__).parent)
    environment = jinja2.Environment(loader=place, autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined)
    environment.tests |= {"blank": lambda cell: isinstance(cell, Blank), "link": lambda cell: isinstance(cell, Link)}
    environment.filters.update(kind=lambda block: type(block).__name__, anchor=anchor, spans=spans, unbroken=_unbroken, base64=_base64)
    return environment.get_template("card.html")


def _lines(block: Block) -> list[str]:
    lines: list[str] = _WRITERS[type(block)](block)
    return lines


def _table(block: Table) -> list[str]:
    width = len(block.head)
    rule = "|---|" + ("---:|" if block.numbers else "---|") * (width - 1)
    lines = [f"{_literal(block.caption)}:", "", _row(list(block.head)), rule]
    for part in block.parts:
        lines += [_row([f"**{_literal(part.heading)}**", *[""] * (width - 1)], raw=True)] if part.heading else []
        lines += [_row(list(row)) for row in part.rows]
    return lines


def _row(cells: list[Any], raw: bool = False) -> str:
    return "| " + " | ".join(cell if raw else _cell(cell) for cell in cells) + " |"


def _cell(cell: Cell) -> str:
    if isinstance(cell, Blank):
        return f"{_literal(cell.known)} **not reported**: {_literal(cell.why)}".strip()
    if isinstance(cell, Link):
        return _literal(cell.text)
    return _literal(cell)


def _literal(text: str) -> str:
    """Return text as Markdown shows it literally, on one line."""
    escaped = _SPECIAL.sub(r"\\\1", " ".join(text.split()))
    return escaped.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _unbroken(cell: Cell) -> Cell:
    """Return a figure whose interval stays on one line."""
    return cell.replace(" to ", "\u00a0to\u00a0") if isinstance(cell, str) else cell


def _base64(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")


_WRITERS: dict[type, Any] = {
    Text: lambda block: [f"**Warning.** {_cell(block.text)}" if block.warning else _cell(block.text)],
    Bullets: lambda block: [f"- {_cell(item)}" for item in block.items],
    Code: lambda block: ["```", *block.lines, "```"],
    Table: _table,
    Picture: lambda block: [f"Picture `{block.path}` among the run's artifacts: {_literal(block.alt)}"],
}
