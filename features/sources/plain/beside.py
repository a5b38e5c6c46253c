"""What an export holds beside the tables that are recognised: nothing of it may vanish without a word."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import pandas as pd

from features.cohort.schema import EVENT_KINDS
from features.sources.cells import cells_of
from features.sources.plain.layout import COLUMNS
from features.sources.plain.names import common_names, key, table_of
from features.sources.plain.written import DATE_FORMS, fits

_RESULT = re.compile(r"^[<>]?=?\s*[+-]?\d+([.,]\d+)*$")
_NEARLY = re.compile(r"^(ca\.?|circa|about|~|≈|[<>≤≥]=?)?\s*\d+([.,]\d+)?\s*(-|–|bis|to)?\s*(\d+([.,]\d+)?)?\s*%?$", re.IGNORECASE)
_MOST = 0.5
_DAYS = tuple(form for form in DATE_FORMS if form not in ("EXCEL", "YYYYMMDD"))  # whose digits could be results as well


def results_beside(frame: pd.DataFrame, name: str, wide: dict[str, Any]) -> dict[str, str]:
    """Return the columns of a wide table that nothing reads though they hold results, such as 1.2, <0,1 or 10-15.

    The value is what disturbs: a cell that is no number, and how many there are; empty where all are numbers.
    """
    read = {*COLUMNS[name], "source_row", *(one["column"] for one in wide.values())}
    found = {}
    for column in frame.columns:
        texts = [] if column in read else _said(frame[column])
        others = [text for text in texts if not _RESULT.match(text)]
        if (any(map(_NEARLY.match, texts)) or len(others) < len(texts)) and not _are_days(texts):
            found[str(column)] = f'"{others[0]}" is no number ({len(others)} of {len(texts)} cells are none)' if others else ""
    return found


def events_beside(frame: pd.DataFrame, read: Iterable[str]) -> dict[str, str]:
    """Return the columns that nothing reads and that are called as an event is, such as a day of death -> the kind of event."""
    known = table_of(common_names()["words"]["kind"], EVENT_KINDS) | table_of(common_names()["event_days"], EVENT_KINDS)
    fillers = set(common_names()["day_words"])
    found = {}
    for column in (str(column) for column in frame.columns if column not in {*read, "source_row"}):
        words = [word for word in key(column).split() if word not in fillers]
        if (kind := known.get(key(column)) or known.get(" ".join(words))) is not None:
            found[column] = kind
    return found


def holds_days(cells: pd.Series) -> bool:
    """Return whether most cells that say something are days; true where none says anything."""
    return cells.dtype.kind == "M" or not (texts := _said(cells)) or _are_days(texts)


def _said(cells: pd.Series) -> list[str]:
    return [text for text in map(str, cells_of(cells).rows()) if text]


def _are_days(texts: list[str]) -> bool:
    return bool(texts) and sum(any(fits(text, form) for form in _DAYS) for text in texts) > _MOST * len(texts)
