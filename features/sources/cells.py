"""Columns as received become text, days and results in arrays; each distinct cell is parsed once, however often it stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.sources.parsing import NUMBER, day_of, result_of, text_of
from myeloma.calendar import BAD_DAY, FIRST_DAY, LAST_DAY, NO_DAY

_NONE = np.iinfo(np.int64).min  # where NumPy and pandas keep a missing time


@dataclass(frozen=True)
class Cells:
    """A column as text: `texts[codes]`, each distinct text once, blanks stripped, nothing for a missing cell."""

    codes: NDArray[Any]
    texts: NDArray[Any]

    def each(self, function: Callable[[str], Any], dtype: Any = object) -> NDArray[Any]:
        """Return the function's result for every row; it is called once per distinct text."""
        return self.of(np.array([function(text) for text in self.texts], dtype=dtype))

    def of(self, by_text: NDArray[Any]) -> NDArray[Any]:
        """Return for every row what `by_text` holds for its text."""
        return by_text[self.codes] if len(self.texts) else by_text[:0]

    def mapped(self, function: Callable[[str], str]) -> Cells:
        """Return the column with every text replaced by the function's; texts that become one are one."""
        codes, texts = pd.factorize(np.array([function(text) for text in self.texts], dtype=object))
        return Cells(self.of(codes), texts)

    def rows(self) -> NDArray[Any]:
        """Return the text of every row."""
        return self.of(self.texts)

    def categorical(self, rows: NDArray[Any] | slice = slice(None)) -> pd.Categorical:
        """Return the chosen rows as a categorical, which holds each distinct text once."""
        codes = cast("Sequence[int]", self.codes[rows])  # pandas takes an array; its stubs do not say so
        return pd.Categorical.from_codes(codes, pd.Index(self.texts, dtype=object))


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
        codes, distinct = distinct_of(values)
        texts = [_text_of(cell) for cell in distinct]
        if (codes < 0).any():
            codes = np.where(codes < 0, len(texts), codes)
            texts.append("")
    again, once = pd.factorize(np.array(texts, dtype=object))  # " P1 " and "P1" are one text
    return Cells(again[codes] if len(once) < len(texts) else codes, once)


def distinct_of(values: pd.Series) -> tuple[NDArray[np.intp], Any]:
    """Return the distinct cells and each row's among them, -1 where missing. True, which equals 1, is told apart from it.

    Examples
    --------
    >>> distinct_of(pd.Series([1, True, None, 1.0], dtype=object))
    (array([ 0,  1, -1,  0]), Index([1, 'True'], dtype='object'))
    """
    if values.dtype == object and pd.api.types.infer_dtype(values, skipna=True).startswith("mixed"):
        values = pd.Series([str(cell) if isinstance(cell, bool | np.bool_) else cell for cell in values], dtype=object)
    return pd.factorize(values)


def _text_of(cell: Any) -> str:
    """Return a cell as text; pandas has missing cells of its own, and NumPy floats of other widths."""
    if cell is pd.NaT or cell is pd.NA:
        return ""
    return text_of(float(cell) if isinstance(cell, np.floating) else cell)


@dataclass(frozen=True)
class Days:
    """A column of dates: the calendar day as written (int32, see `parsing`), the time of day beside it, and which zones were written."""

    day: NDArray[np.int32]
    time: Cells
    zones: tuple[str, ...]


def days_of(values: pd.Series) -> Days:
    """Parse a column to days. A time of day, with or without a zone, keeps the calendar day as written: nothing is shifted."""
    if pd.api.types.is_datetime64_any_dtype(values):
        return _typed_days(values)
    cells = cells_of(values)
    parsed = [day_of(text) for text in cells.texts]
    day = np.array([each.day for each in parsed], dtype=np.int32)
    again, once = pd.factorize(np.array([each.time for each in parsed], dtype=object))
    return Days(cells.of(day), Cells(cells.of(again), once), tuple(sorted({each.zone for each in parsed if each.zone is not None})))


def _typed_days(values: pd.Series) -> Days:
    zone = str(values.dt.tz) if values.dt.tz is not None else ""
    local = (values.dt.tz_localize(None) if zone else values).to_numpy()
    day = local.astype("datetime64[D]").astype(np.int64)
    wrong = (day < FIRST_DAY) | (day > LAST_DAY)
    within = np.where(wrong, np.datetime64("NaT"), local).astype("datetime64[ns]")
    clock = within - within.astype("datetime64[D]")
    parsed: NDArray[np.int32] = np.where(wrong, np.where(day == _NONE, NO_DAY, BAD_DAY), day).astype(np.int32)
    if not (clock[~wrong] != np.timedelta64(0)).any():
        time = Cells(np.zeros(len(values), dtype=np.int8), np.array([""], dtype=object))
    else:
        codes, distinct = pd.factorize(clock)  # where any row has a time of day, midnight is one
        texts = [str(np.datetime64(0, "ns") + step)[11:].rstrip("0").rstrip(".") for step in distinct]
        time = cells_of(pd.Series(pd.Categorical.from_codes(codes, pd.Index(texts, dtype=object))))
    return Days(parsed, time, (zone,) if zone else ())


def as_dates(days: NDArray[np.int32]) -> NDArray[np.datetime64]:
    """Return days as dates of nanoseconds, what is no day as a missing one.

    Examples
    --------
    >>> as_dates(np.array([16467, NO_DAY], dtype=np.int32))
    array(['2015-02-01T00:00:00.000000000',                           'NaT'],
          dtype='datetime64[ns]')
    """
    dates = days.astype(np.int64).astype("datetime64[D]").astype("datetime64[ns]")
    dates[days <= BAD_DAY] = np.datetime64("NaT")
    return dates


@dataclass(frozen=True)
class Numbers:
    """A column of results: operator and number apart, NUMBER, BLANK or BAD of each row, and the text as received."""

    operator: NDArray[np.int8]
    value: NDArray[np.float64]
    kind: NDArray[np.int8]
    text: Cells


def numbers_of(values: pd.Series) -> Numbers:
    """Parse a column of results such as `1.5` or `<0.1`; a blank or a text that is no number gives NaN and says so."""
    text = cells_of(values)
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        floats = values if values.dtype == np.float64 else values.astype("Float64").astype(float)
        number = np.asarray(floats, dtype=np.float64)
        return Numbers(np.zeros(len(values), dtype=np.int8), number, np.full(len(values), NUMBER, dtype=np.int8), text)
    parsed = [result_of(cell) for cell in text.texts]
    operator, kind = (np.array([result[place] for result in parsed], dtype=np.int8) for place in (0, 2))
    return Numbers(text.of(operator), text.of(np.array([result.value for result in parsed], dtype=float)), text.of(kind), text)
