"""From the columns that are asked for to what the kernel is told, and the call that spreads its landmarks over the cores.

One call makes all columns that anybody asks for: the model's, those of the published scores, those an answer shows.
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.history.columns import Column, parse_column, window_days
from features.history.dense import plant
from features.history.evolving import Flag, flag_of, write_flags
from features.history.figures import PLAIN, SD, SLOPE, SLOPE_SE, TREND
from features.history.kernel import EVER, fill
from features.history.layout import Asked
from features.history.series import Series
from features.history.statistics import ABOVE, AS_OF, EVOLVING, Statistic, statistic
from myeloma.calendar import horizon_days
from myeloma.change import reference_change_value

FEW = 1024  # landmarks up to which the calling thread does all: a server's requests come at the same time
_SHARE = 2048  # landmarks a thread takes at a time
_SUMS = {SLOPE: 1, TREND: 1, SD: 2, SLOPE_SE: 2}  # how much the kernel adds up for a figure; 0 for the others


@dataclass(frozen=True)
class Plan:
    """What the kernel is asked: `width` columns of the `biomarkers`, of which the first are `columns`, in their order.

    The others are what evolving flags rest on; these take their place among `columns` once the kernel is done.
    """

    columns: tuple[str, ...]
    place: dict[str, int]
    biomarkers: tuple[str, ...]
    width: int
    asked: Asked
    flags: tuple[Flag, ...]


@lru_cache(maxsize=256)
def plan_of(columns: tuple[str, ...]) -> Plan:
    """Return the plan of history columns, each named by the column grammar; a name may stand there twice.

    Raises
    ------
    ConfigError
        A name does not follow the grammar.
    """
    names = list(dict.fromkeys(columns))
    flags = [flag_of(names.index(name), parse_column(name)) for name in names if parse_column(name).statistic == EVOLVING]
    every = list(dict.fromkeys([*names, *(needed for flag in flags for needed in flag.needs())]))
    plain = [(k, parse_column(name)) for k, name in enumerate(every) if parse_column(name).statistic != EVOLVING]
    biomarkers = tuple(dict.fromkeys(column.biomarker for _, column in plain))
    place = {name: k for k, name in enumerate(names)}
    return Plan(tuple(names), place, biomarkers, len(every), _asked(plain, biomarkers), tuple(flag.among(every) for flag in flags))


def write_history(series: Series, patient: NDArray[np.int32], landmark: NDArray[np.int32], plan: Plan, out: NDArray[np.float64]) -> None:
    """Write a plan's columns into `out`, one element a landmark.

    Parameters
    ----------
    series : Series
        Holds the biomarkers of the plan.
    patient, landmark : int32 arrays, shape (landmarks,)
        Row of the series' runs, and day.
    out : array (plan.width, landmarks)
        By column: whoever uses the columns wants each in one piece.
    """
    if not plan.width:
        return
    if series.biomarkers != plan.biomarkers:
        series = series.of(plan.biomarkers)
    rows = (series.collected, series.available, series.value)
    places = (series.starts, series.stops, series.lags, series.in_order)
    trees = plant(rows, series.starts, series.stops, plan.asked[4])

    def part(first: int) -> None:
        fill(rows, places, trees, patient, landmark, plan.asked, first, min(first + share, len(landmark)), out)

    share = len(landmark) if len(landmark) <= FEW else _SHARE
    if share == len(landmark):
        if share:
            part(0)
    else:
        with ThreadPoolExecutor(cores()) as pool:
            for done in [pool.submit(part, first) for first in range(0, len(landmark), share)]:
                done.result()
    write_flags(plan.flags, out)


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
    cut_offs = sorted({one.number for *_, one in chosen if one.figure == ABOVE})

    def figure(kind: int | str, number: float) -> int:
        if kind == AS_OF:
            return PLAIN + months.index(number)
        return PLAIN + len(months) + cut_offs.index(number) if kind == ABOVE else int(kind)

    windows = sorted({one[:2] for one in chosen})
    window_of = [windows.index(one[:2]) for one in chosen]
    noise = [reference_change_value(name) for name in biomarkers]
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
            np.array([figure(one.figure, one.number) for *_, one in chosen], dtype=np.int64),
            np.array([figure(one.against, one.number) for *_, one in chosen], dtype=np.int64),
            np.array([k for _, _, k, _ in chosen], dtype=np.int64),
        ),
        np.array([np.nan if limit is None else limit for limit in noise], dtype=np.float64),
        np.array(sums, dtype=np.int64),
        np.array(looks_back, dtype=np.bool_),
    )


def _sums(one: Statistic) -> int:
    return max(_SUMS.get(figure, 0) for figure in (one.figure, one.against) if isinstance(figure, int))


def _looks_back(one: Statistic) -> bool:
    return AS_OF in (one.figure, one.against) or one.figure == ABOVE
