"""Cells as received become text, days, numbers and categories; each distinct cell is parsed once, however often it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from features.cohort.schema import OPERATORS

BLANKS = frozenset(("", "na", "n/a", "nan", "none", "null", "nat", "<na>"))
_DAY = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:.*))?", re.ASCII | re.DOTALL)
_TIME = re.compile(r"(\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s*(.*)", re.ASCII | re.DOTALL)
_ZONE = re.compile(r"(?:Z|[+-]\d{2}(?::?\d{2})?)?", re.ASCII)
_VALUE = re.compile(rf"([{''.join(OPERATORS)}]?)\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)", re.ASCII)


@dataclass(frozen=True)
class Cells:
    """A column as text: `texts[codes]`, each distinct text once, blanks stripped, nothing for a missing cell."""

    codes: np.ndarray
    texts: np.ndarray

    def each(self, function: Callable[[str], Any], dtype: Any = object) -> np.ndarray:
        """Return the function's result for every row; it is called once per distinct text."""
        return self.of(np.array([function(text) for text in self.texts], dtype=dtype))

    def of(self, by_text: np.ndarray) -> np.ndarray:
        """Return for every row what `by_text` holds for its text."""
        return by_text[self.codes] if len(self.texts) else by_text[:0]

    def mapped(self, function: Callable[[str], str]) -> Cells:
        """Return the column with every text replaced by the function's; texts that become one are one."""
        codes, texts = pd.factorize(np.array([function(text) for text in self.texts], dtype=object))
        return Cells(self.of(codes), texts)

    def rows(self) -> np.ndarray:
        """Return the text of every row."""
        return self.of(self.texts)

    def among(self, accepted: Iterable[str]) -> np.ndarray:
        """Return for every row whether its text is one of `accepted`."""
        wanted = set(accepted)
        return self.each(wanted.__contains__, bool)

    def categorical(self, rows: np.ndarray | slice = slice(None)) -> pd.Categorical:
        """Return the chosen rows as a categorical, which holds each distinct text once."""
        return pd.Categorical.from_codes(self.codes[rows], pd.Index(self.texts, dtype=object))


def cells_of(values: pd.Series) -> Cells:
    """Return a column of any type as text. A whole float is written without its point: 17.0 and 17 are one identifier."""
    if isinstance(values.dtype, pd.CategoricalDtype):
        codes, known = values.cat.codes.to_numpy(), values.cat.categories
        present = np.zeros(len(known) + 1, dtype=bool)  # the last place is the missing cell's, whose code is -1
        present[codes] = True
        place = np.cumsum(present) - 1
        codes, distinct = place[codes], known[present[:-1]]
        texts = [_text_of(cell) for cell in distinct] + ([""] if present[-1] else [])
    else:
        codes, distinct = pd.factorize(values)
        texts = [_text_of(cell) for cell in distinct]
        if (codes < 0).any():
            codes = np.where(codes < 0, len(texts), codes)
            texts.append("")
    again, once = pd.factorize(np.array(texts, dtype=object))  # " P1 " and "P1" are one text
    return Cells(again[codes] if len(once) < len(texts) else codes, once)


def _text_of(cell: Any) -> str:
    if isinstance(cell, float | np.floating):
        return "" if cell != cell else f"{cell:.0f}" if cell.is_integer() else repr(float(cell))
    return "" if cell is None or cell is pd.NaT or cell is pd.NA else str(cell).strip()


def is_blank(text: str) -> bool:
    """Return whether a text says that nothing is known."""
    return text.casefold() in BLANKS


@dataclass(frozen=True)
class Days:
    """A column of dates: the calendar day as written, the time of day beside it, and which zones were written."""

    day: np.ndarray
    blank: np.ndarray
    bad: np.ndarray
    time: Cells
    zones: tuple[str, ...]


def days_of(values: pd.Series) -> Days:
    """Parse a column to days. A time of day, with or without a zone, keeps the calendar day as written: nothing is shifted."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return _typed_days(values)
    cells = cells_of(values)
    parts = [_DAY.fullmatch(text) for text in cells.texts]
    written = np.array([part[1] if part else "" for part in parts], dtype=object)
    codes, distinct = pd.factorize(written)
    parsed = pd.to_datetime(pd.Series(distinct, dtype=object), format="%Y-%m-%d", errors="coerce").to_numpy("datetime64[ns]")
    day = parsed[codes] if len(distinct) else np.empty(0, "datetime64[ns]")
    blank = np.array([is_blank(text) for text in cells.texts], dtype=bool)
    times = [_TIME.fullmatch(part[2]) if part and part[2] else None for part in parts]
    zones = {time[2] if _ZONE.fullmatch(time[2]) else "other" for time in times if time}
    clock = np.array([time[1] if time else "" for time in times], dtype=object)
    again, once = pd.factorize(clock)
    return Days(cells.of(day), cells.of(blank), cells.of(np.isnat(day) & ~blank), Cells(cells.of(again), once), tuple(sorted(zones)))


def _typed_days(values: pd.Series) -> Days:
    zone = str(values.dt.tz) if values.dt.tz is not None else ""
    local = values.dt.tz_localize(None) if zone else values
    blank = local.isna().to_numpy()
    beyond = ((local < pd.Timestamp.min.ceil("D")) | (local > pd.Timestamp.max.floor("D"))).to_numpy()
    instant = local.mask(beyond).to_numpy().astype("datetime64[ns]")
    day = instant.astype("datetime64[D]")
    clock = (instant - day).astype("timedelta64[ns]")
    if not (clock[~np.isnat(clock)] != np.timedelta64(0)).any():
        time = Cells(np.zeros(len(values), dtype=np.int8), np.array([""], dtype=object))
    else:
        codes, distinct = pd.factorize(clock)
        texts = [str(np.datetime64(0, "ns") + step)[11:].rstrip("0").rstrip(".") if step else "" for step in distinct]
        time = cells_of(pd.Series(pd.Categorical.from_codes(codes, texts)))
    return Days(day.astype("datetime64[ns]"), blank, beyond, time, (zone,) if zone else ())


@dataclass(frozen=True)
class Numbers:
    """A column of results: operator and number apart, and the text as received."""

    operator: np.ndarray
    value: np.ndarray
    text: Cells
    blank: np.ndarray
    bad: np.ndarray


def numbers_of(values: pd.Series) -> Numbers:
    """Parse a column of results such as `1.5` or `<0.1`; a blank or a text that is no number gives NaN and says so."""
    text = cells_of(values)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        none = np.zeros(len(values), dtype=bool)
        number = values.astype("Float64").astype(float).to_numpy() if values.dtype != np.float64 else values.to_numpy()
        return Numbers(np.zeros(len(values), dtype=np.int8), number, text, none, none)
    parts = [_VALUE.fullmatch(cell) for cell in text.texts]
    operator = np.array([("", *OPERATORS).index(part[1]) if part else 0 for part in parts], dtype=np.int8)
    number = np.array([float(part[2]) if part else np.nan for part in parts], dtype=float)
    blank = np.array([is_blank(cell) for cell in text.texts], dtype=bool)
    bad = np.array([part is None for part in parts], dtype=bool) & ~blank
    return Numbers(text.of(operator), text.of(number), text, text.of(blank), text.of(bad))
