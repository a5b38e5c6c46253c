"""What a card is made of, before it is HTML or Markdown: both show the same words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Blank:
    """A place that stays empty, and why, after what is known: nothing is passed over in silence."""

    why: str
    known: str = ""


@dataclass(frozen=True)
class Link:
    """Words, and the title of the section that says more."""

    text: str
    section: str


Cell = str | Blank | Link


@dataclass(frozen=True)
class Text:
    """A paragraph; a `warning` is set apart."""

    text: Cell
    warning: bool = False


@dataclass(frozen=True)
class Bullets:
    """A list of short statements."""

    items: Sequence[Cell]


@dataclass(frozen=True)
class Code:
    """Lines to type."""

    lines: Sequence[str]


@dataclass(frozen=True)
class Part:
    """Rows of a table that stay together, under a heading of their own where it has one."""

    rows: Sequence[Sequence[Cell]]
    heading: str = ""

    @property
    def short(self) -> bool:
        """Return whether a printed page shows it in one piece."""
        return len(self.rows) <= _ROWS_KEPT_TOGETHER


@dataclass(frozen=True)
class Table:
    """A table; the first cell of each row says what the row is about. `numbers`: the other columns hold figures."""

    caption: str
    head: Sequence[str]
    parts: Sequence[Part]
    numbers: bool = True

    @property
    def long(self) -> bool:
        """Return whether it may not fit on one printed page, so that it breaks between rows."""
        return sum(len(part.rows) + bool(part.heading) for part in self.parts) > _ROWS_OF_A_PAGE


@dataclass(frozen=True)
class Picture:
    """A plot: its place among the run's artifacts, what it shows in words, and its bytes (PNG)."""

    path: str
    alt: str
    png: bytes


Block = Text | Bullets | Code | Table | Picture


@dataclass(frozen=True)
class Section:
    """A heading and what stands under it."""

    title: str
    blocks: Sequence[Block]

    @property
    def anchor(self) -> str:
        """Return the name that links point at."""
        return anchor(self.title)


@dataclass(frozen=True)
class Card:
    """The whole page."""

    title: str
    lead: str
    sections: Sequence[Section]


_ROWS_OF_A_PAGE, _ROWS_KEPT_TOGETHER = 26, 6


def spans(row: Sequence[Cell]) -> list[tuple[Cell, int]]:
    """Return the cells of a row with the number of columns each takes: a blank takes the empty ones after it.

    Examples
    --------
    >>> spans(["a", Blank("few"), "", ""]), spans(["a", "", "1"])
    ([('a', 1), (Blank(why='few', known=''), 3)], [('a', 1), ('', 1), ('1', 1)])
    """
    found: list[tuple[Cell, int]] = []
    for cell in row:
        if cell == "" and found and isinstance(found[-1][0], Blank):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((cell, 1))
    return found


def anchor(title: str) -> str:
    """Return a section's title as a name for links.

    Examples
    --------
    >>> anchor("Gate: what was demanded")
    'gate-what-was-demanded'
    """
    return re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-")


def table(caption: str, head: Sequence[str], rows: Sequence[Sequence[Cell]], numbers: bool = True) -> Table:
    """Return a table of one part."""
    return Table(caption, head, [Part(rows)], numbers)
