"""A change between two methods is no change of the person: comparing columns see the values of one method.

Marrow plasma cells of a biopsy and of a smear differ without a change of the disease. So where a person's values of a biomarker are of
several methods, what compares values (a slope, a change, a scatter, whether noise is exceeded, evolution) is made of those that were
measured as the latest value of the window was, and of those whose method is unknown: what was at baseline does not change by what is
measured later. A latest value of unknown method is compared with all. Levels
(the latest value, its age, mean, lowest, highest, count) are those of all values.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.cohort.lines import Lines
from features.history.columns import parse_column
from features.history.figures import SD, SLOPE, SLOPE_SE, TAKE, TREND
from features.history.plan import Plan, plan_of, write_history
from features.history.series import Series, lay_out
from features.history.statistics import EVOLVING, statistic
from features.history.windows import SINCE_LINE, SINCE_NADIR
from myeloma import catalogue

_SCATTERS = (SD, SLOPE, SLOPE_SE, TREND)
Rows = NDArray[np.intp]


def compares(column: str) -> bool:
    """Return whether a column sets values against each other.

    Examples
    --------
    >>> [compares(f"bmpc__{name}__ever") for name in ("slope", "pct_min", "evolving", "last", "min")]
    [True, True, True, False, False]
    """
    name = parse_column(column).statistic or ""
    one = statistic(name)
    return one.operation != TAKE or one.figure in _SCATTERS or name == EVOLVING


def compare_like_with_like(
    series: Series,
    patient: NDArray[np.int32],
    landmark: NDArray[np.int32],
    plan: Plan,
    out: NDArray[np.float64],
    lines: Lines | None = None,
) -> None:
    """Write the comparing columns of a plan anew, for people with values of several methods; see `write_history` for the parameters."""
    if series.method is None or not series.method.any():
        return
    for name in series.biomarkers:
        for window, columns in _comparing(plan.columns, name).items() if catalogue()[name].methods else ():
            comparing, places = plan_of(columns), np.array([plan.place[column] for column in columns], dtype=np.intp)
            for at, like in by_latest_method(series, name, patient, landmark, window, lines):
                found = np.empty((comparing.width, len(at)))
                write_history(like, patient[at], landmark[at], comparing, found, lines)
                out[np.ix_(places, at)] = found[: len(columns)]


@lru_cache(maxsize=256)
def _comparing(columns: tuple[str, ...], name: str) -> dict[str, tuple[str, ...]]:
    """Return those of some columns that compare values of a biomarker, by their window."""
    found: dict[str, tuple[str, ...]] = {}
    for column in map(parse_column, columns):
        if column.biomarker == name and compares(column.name):
            found[str(column.window)] = (*found.get(str(column.window), ()), column.name)
    return found


def by_latest_method(
    series: Series, name: str, patient: NDArray[np.int32], landmark: NDArray[np.int32], window: str = "ever", lines: Lines | None = None
) -> Iterator[tuple[Rows, Series]]:
    """Yield, for landmarks of people with values of several methods, their positions and the values that are like the window's latest."""
    if not catalogue()[name].methods or series.method is None or not series.method.any():
        return
    rows, person = _rows_of(series, series.biomarkers.index(name))
    seen = np.flatnonzero(_of_several_methods(person, series.method[rows], len(series.starts))[patient])
    if not len(seen):
        return
    latest = _latest_method(series.of((name,)), patient[seen], landmark[seen], window, lines)
    for method in np.unique(latest[latest > 0]):
        yield seen[latest == method], _measured_by(series, name, rows, person, int(method))


def of_one_method(series: Series) -> Series:
    """Return the series with the values of each person that are like the latest one's."""
    everybody, found = np.arange(len(series.starts), dtype=np.int32), series
    for name in series.biomarkers:
        for people, like in by_latest_method(series, name, everybody, np.full(len(everybody), np.iinfo(np.int32).max, np.int32)):
            found = instead(found, name, like, everybody[people])
    return found


def instead(series: Series, name: str, like: Series, people: NDArray[np.int32]) -> Series:
    """Return the series with other runs of one biomarker, of some people; operators and methods are left behind."""
    starts, stops = series.starts.copy(), series.stops.copy()
    which, behind = series.biomarkers.index(name), len(series.value)
    starts[people, which], stops[people, which] = like.starts[people, 0] + behind, like.stops[people, 0] + behind
    rows = {part: np.concatenate([getattr(series, part), getattr(like, part)]) for part in ("collected", "available", "value")}
    return replace(series, starts=starts, stops=stops, operator=None, method=None, **rows)


def _rows_of(series: Series, which: int) -> tuple[Rows, NDArray[np.int32]]:
    """Return the rows of one biomarker, and the person of each."""
    starts, lengths = series.starts[:, which], series.stops[:, which] - series.starts[:, which]
    person = np.repeat(np.arange(len(starts), dtype=np.int32), lengths)
    within = np.arange(len(person)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    return within + starts[person], person


def _of_several_methods(person: NDArray[np.int32], method: NDArray[np.int8], people: int) -> NDArray[np.bool_]:
    """Return of each person whether more than one method is known."""
    known = method > 0
    pairs = np.unique(person[known].astype(np.int64) * 256 + method[known])
    several: NDArray[np.bool_] = np.bincount(pairs // 256, minlength=people) > 1
    return several


def _latest_method(
    series: Series, patient: NDArray[np.int32], landmark: NDArray[np.int32], window: str, lines: Lines | None
) -> NDArray[np.int64]:
    """Return the method of the latest value that each landmark sees, 0 where unknown: the kernel takes the latest of the methods."""
    assert series.method is not None
    # That since the lowest value is that since the start of the line; the lowest of the methods is another.
    asked = plan_of((f"{series.biomarkers[0]}__last__{SINCE_LINE if window == SINCE_NADIR else window}",))
    found = np.empty((asked.width, len(patient)))
    write_history(replace(series, value=series.method.astype(np.float64)), patient, landmark, asked, found, lines)
    latest: NDArray[np.int64] = np.nan_to_num(found[0]).astype(np.int64)
    return latest


def _measured_by(series: Series, name: str, rows: Rows, person: NDArray[np.int32], method: int) -> Series:
    """Return the series of one biomarker without the values that are known to be of another method."""
    assert series.method is not None
    chosen = np.isin(series.method[rows], (0, method))
    rows, person = rows[chosen], person[chosen]
    columns = (person, np.zeros(len(rows), np.int16), series.collected[rows], series.available[rows], series.value[rows])
    return lay_out(len(series.starts), (name,), columns, None if series.operator is None else series.operator[rows])
