"""From the columns that are asked for to what the kernel is told, and the call that spreads its landmarks over the cores.

One call makes all columns that anybody asks for: the model's, those of the published scores, those an answer shows. What a line of
therapy anchors takes a call of its own for each anchor: there the kernel looks at all history of runs that begin or end at the anchor.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.cohort.lines import Lines
from features.history.anchors import of_lines, since_nadir
from features.history.below import AT, as_below
from features.history.columns import Column, parse_column
from features.history.combined import Combined, combined_of
from features.history.dense import plant
from features.history.figures import PLAIN, SD, SLOPE, SLOPE_SE, TREND
from features.history.kernel import EVER, fill
from features.history.layout import Asked
from features.history.series import Series
from features.history.statistics import ABOVE, AS_OF, BELOW_NUMBER, VALUES, Statistic, statistic
from features.history.windows import ANCHORED, SINCE_LINE, SINCE_NADIR, window_days
from myeloma.calendar import horizon_days
from myeloma.change import noise_factor

FEW = 1024  # landmarks up to which the calling thread does all: a server's requests come at the same time
_SHARE = 2048  # landmarks a thread takes at a time
_SUMS = {SLOPE: 1, TREND: 1, SD: 2, SLOPE_SE: 2}  # how much the kernel adds up for a figure; 0 for the others


@dataclass(frozen=True)
class Call:
    """One call of the kernel: the window that an anchor bounds, empty where the landmark does; what is told of results; the program.

    `rows` are those of the table of columns that it makes. Without an anchor the program writes to them itself.
    """

    anchor: str
    of: str
    number: float
    biomarkers: tuple[str, ...]
    rows: NDArray[np.int64]
    asked: Asked


@dataclass(frozen=True)
class Plan:
    """What the kernel is asked: `width` columns of the `biomarkers`, of which the first are `columns`, in their order.

    The others are what combined columns rest on; these take their place among `columns` once the kernel is done.
    """

    columns: tuple[str, ...]
    place: dict[str, int]
    biomarkers: tuple[str, ...]
    width: int
    calls: tuple[Call, ...]
    combined: tuple[Combined, ...]

    @property
    def anchored(self) -> bool:
        """Return whether lines of therapy are needed."""
        return any(call.anchor for call in self.calls)


@lru_cache(maxsize=256)
def plan_of(columns: tuple[str, ...]) -> Plan:
    """Return the plan of history columns, each named by the column grammar; a name may stand there twice.

    Raises
    ------
    ConfigError
        A name does not follow the grammar.
    """
    names = list(dict.fromkeys(columns))
    combined = [one for k, name in enumerate(names) if (one := combined_of(k, parse_column(name)))]
    every = dict.fromkeys([*names, *(needed for one in combined for needed in one.of)])
    every |= dict.fromkeys(_nadir_day(column.biomarker) for column in map(parse_column, every) if column.window == SINCE_NADIR)
    place = {name: k for k, name in enumerate(every)}
    made = {one.place for one in combined}
    plain = [(k, parse_column(name)) for name, k in place.items() if k not in made]
    calls: dict[tuple[str, str, float], list[tuple[int, Column]]] = {}
    for k, column in plain:
        window, kind = column.window or "", statistic(column.statistic or "")
        key = window if window in ANCHORED else "", kind.of, kind.number if kind.of == BELOW_NUMBER else 0.0
        calls.setdefault(key, []).append((k, column))
    ordered = sorted(calls.items(), key=lambda call: call[0][0] == SINCE_NADIR)  # stands on days that another call makes
    biomarkers = tuple(dict.fromkeys(column.biomarker for _, column in plain))
    return Plan(tuple(names), place, biomarkers, len(place), tuple(_call(*call) for call in ordered), tuple(combined))


def _nadir_day(biomarker: str) -> str:
    return f"{biomarker}__days_since_min__{SINCE_LINE}"


def _call(key: tuple[str, str, float], plain: list[tuple[int, Column]]) -> Call:
    anchor = key[0]
    biomarkers = tuple(dict.fromkeys(column.biomarker for _, column in plain))
    rows = np.array([k for k, _ in plain], dtype=np.int64)
    asked = _asked([(k, column) for k, (_, column) in enumerate(plain)] if anchor else plain, biomarkers)
    return Call(*key, biomarkers, rows, asked)


def write_history(
    series: Series,
    patient: NDArray[np.int32],
    landmark: NDArray[np.int32],
    plan: Plan,
    out: NDArray[np.float64],
    lines: Lines | None = None,
) -> None:
    """Write a plan's columns into `out`, one element a landmark.

    Parameters
    ----------
    series : Series
        Holds the biomarkers of the plan.
    patient, landmark : int32 arrays, shape (landmarks,)
        Row of the series' runs, and day.
    out : array (plan.width, landmarks)
        By column: whoever uses the columns wants each in one piece.
    lines : Lines, optional
        Lines of therapy of the people of the series; needed where the plan is `anchored`.
    """
    for call in plan.calls:
        seen = series if series.biomarkers == call.biomarkers else series.of(call.biomarkers)
        if call.of != VALUES:
            seen = as_below(seen, call.number if call.of == BELOW_NUMBER else None)
        if not call.anchor:
            _fill(seen, patient, landmark, call.asked, out)
            continue
        if lines is None:
            raise ValueError("anchored windows need the lines of therapy")
        line = lines.by(patient, landmark)
        at = np.flatnonzero(line >= 0)
        if call.anchor == SINCE_NADIR:
            days = out[[plan.place[_nadir_day(name)] for name in call.biomarkers]][:, at]
            runs, of = since_nadir(seen, patient[at], landmark[at], days), np.arange(len(at), dtype=np.int32)
        else:
            runs, of = of_lines(seen, lines, call.anchor), line[at].astype(np.int32)
        found = np.empty((len(call.rows), len(at)))
        _fill(runs, of, landmark[at], call.asked, found)
        out[call.rows] = np.nan  # also counts: without a line there is no window
        out[np.ix_(call.rows, at)] = found
    for column in plan.combined:
        column.write(out, plan.place)


def _fill(
    series: Series,
    patient: NDArray[np.int32],
    landmark: NDArray[np.int32],
    asked: Asked,
    out: NDArray[np.float64],
) -> None:
    rows = (series.collected, series.available, series.value)
    places = (series.starts, series.stops, series.lags, series.in_order)
    trees = plant(rows, series.starts, series.stops, asked[4])

    def part(first: int) -> None:
        fill(rows, places, trees, patient, landmark, asked, first, min(first + share, len(landmark)), out)

    share = len(landmark) if len(landmark) <= FEW else _SHARE
    if share == len(landmark):
        if share:
            part(0)
    else:
        with ThreadPoolExecutor(cores()) as pool:
            for done in [pool.submit(part, first) for first in range(0, len(landmark), share)]:
                done.result()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _asked(plain: list[tuple[int, Column]], biomarkers: tuple[str, ...]) -> Asked:
    """Return windows, where each biomarker's begin, where each window's columns begin, months, cut-offs, program, noise, sums, as-of.

    Windows are in order of biomarker and length; the program, one line a column, is in the order of the windows.
    """
    chosen = [(biomarkers.index(c.biomarker), window_days(c.window or ""), k, statistic(c.statistic or "")) for k, c in plain]
    chosen.sort(key=lambda one: one[:3])
    months = sorted({one.number for *_, one in chosen if AS_OF in (one.figure, one.against)})
    cut_offs = sorted({_cut_off(one) for *_, one in chosen if one.figure == ABOVE})

    def figure(kind: int | str, one: Statistic) -> int:
        if kind == AS_OF:
            return PLAIN + months.index(one.number)
        return PLAIN + len(months) + cut_offs.index(_cut_off(one)) if kind == ABOVE else int(kind)

    windows = sorted({one[:2] for one in chosen})
    window_of = [windows.index(one[:2]) for one in chosen]
    noise = [noise_factor(name) for name in biomarkers]
    sums = [max((_sums(one) for b, _, _, one in chosen if b == which), default=0) for which in range(len(biomarkers))]
    looks_back = [any(_looks_back(one) for w, (*_, one) in zip(window_of, chosen, strict=True) if w == k) for k in range(len(windows))]
    return (
        np.array([EVER if np.isinf(days) else int(days) for _, days in windows], dtype=np.int64),
        np.searchsorted([b for b, _ in windows], np.arange(len(biomarkers) + 1)),
        np.searchsorted(window_of, np.arange(len(windows) + 1)),
        np.array([horizon_days(k) for k in months], dtype=np.int64),
        np.array(cut_offs, dtype=np.float64),
        (
            np.array([one.operation for *_, one in chosen], dtype=np.int64),
            np.array([figure(one.figure, one) for *_, one in chosen], dtype=np.int64),
            np.array([figure(one.against, one) for *_, one in chosen], dtype=np.int64),
            np.array([k for _, _, k, _ in chosen], dtype=np.int64),
        ),
        np.array([np.nan if factor is None else factor for factor in noise], dtype=np.float64),
        np.array(sums, dtype=np.int64),
        np.array(looks_back, dtype=np.bool_),
    )


def _cut_off(one: Statistic) -> float:
    return one.number if one.of == VALUES else AT


def _sums(one: Statistic) -> int:
    return max(_SUMS.get(figure, 0) for figure in (one.figure, one.against) if isinstance(figure, int))


def _looks_back(one: Statistic) -> bool:
    return AS_OF in (one.figure, one.against) or one.figure == ABOVE
