"""From a specification to what the kernel is asked, and the call that spreads its landmarks over the cores."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.history.columns import FeatureSpec, window_days
from features.history.dense import plant
from features.history.kernel import EVER, PLAIN, fill
from features.history.series import Series
from features.history.statistics import ABOVE, AS_OF, EVOLVING, statistic
from myeloma.calendar import horizon_days
from myeloma.change import reference_change_value
from myeloma.scores.evolving import PANGEA_RULES

Asked = tuple[NDArray, NDArray, NDArray, NDArray, tuple[NDArray, NDArray, NDArray], NDArray]
FEW = 1024  # landmarks up to which the calling thread does all: a server's requests come at the same time
_SHARE = 2048  # landmarks a thread takes at a time
_RULES = {rule.biomarker: rule for rule in PANGEA_RULES.values()}


def write_history(
    series: Series, patient: NDArray[np.int32], landmark: NDArray[np.int32], spec: FeatureSpec, out: NDArray[np.float64]
) -> None:
    """Write a specification's history columns into `out`, after its static ones, one row per landmark.

    Parameters
    ----------
    series : Series
        Holds the biomarkers of the specification, in its order.
    patient, landmark : int32 arrays, shape (landmarks,)
        Row of the series' runs, and day.
    """
    if not spec.statistics or not spec.look_backs:
        return
    run(series, patient, landmark, _asked(spec), len(spec.static), out)
    if EVOLVING in spec.statistics:
        _write_evolving(series, patient, landmark, spec, out)


def run(series: Series, patient: NDArray, landmark: NDArray, asked: Asked, skip: int, out: NDArray[np.float64]) -> None:
    """Run the kernel; many landmarks are shared out over the cores, which changes no bit."""
    rows = (series.collected, series.available, series.value)
    places = (series.starts, series.stops, series.lags, series.in_order)
    trees = plant(rows, series.starts, series.stops, asked[3])

    def part(first: int) -> None:
        fill(rows, places, trees, patient, landmark, asked, first, min(first + share, len(landmark)), skip, out)

    share = len(landmark) if len(landmark) <= FEW else _SHARE
    if share == len(landmark):
        if share:
            part(0)
        return
    with ThreadPoolExecutor(cores()) as pool:
        for done in [pool.submit(part, first) for first in range(0, len(landmark), share)]:
            done.result()


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _write_evolving(series: Series, patient: NDArray, landmark: NDArray, spec: FeatureSpec, out: NDArray[np.float64]) -> None:
    """Compare the latest value with the extreme of the rule's own window, as far as the look-back reaches."""
    names, columns = tuple(name for name in spec.biomarkers if name in _RULES), spec.columns()
    windows = {w: {name: int(min(window_days(w), _RULES[name].look_back_days)) for name in names} for w in spec.look_backs}
    lengths = sorted({days for by_name in windows.values() for days in by_name.values()})
    latest = FeatureSpec(spec.biomarkers, spec.look_backs, ("last",), ())
    extremes = FeatureSpec(names, tuple(f"{days}d" for days in lengths), ("min", "max"), ())
    found = [np.empty((len(landmark), len(one.columns()))) for one in (latest, extremes)]
    for one, into in zip((latest, extremes), found, strict=True):
        run(series.of(one.biomarkers), patient, landmark, _asked(one), 0, into)
    places = [{column: k for k, column in enumerate(one.columns())} for one in (latest, extremes)]
    for name in spec.biomarkers:
        for w in spec.look_backs:
            column = columns.index(f"{name}__{EVOLVING}__{w}")
            out[:, column] = np.nan
            if name in names:
                rule = _RULES[name]
                extreme = f"{name}__{'min' if rule.direction == 'rise' else 'max'}__{windows[w][name]}d"
                out[:, column] = rule.met(found[0][:, places[0][f"{name}__last__{w}"]], found[1][:, places[1][extreme]])


@lru_cache(maxsize=64)
def _asked(spec: FeatureSpec) -> Asked:
    """Return windows, their place among the columns, months, cut-offs, operations, and the noise of each biomarker."""
    days = np.array([window_days(w) for w in spec.look_backs])
    order = np.argsort(days, kind="stable")
    chosen = [statistic(name) for name in spec.statistics]
    months = sorted({one.number for one in chosen if AS_OF in (one.figure, one.against)})
    cut_offs = sorted({one.number for one in chosen if one.figure == ABOVE})

    def figure(kind: int | str, number: float) -> int:
        if kind == AS_OF:
            return PLAIN + months.index(number)
        return PLAIN + len(months) + cut_offs.index(number) if kind == ABOVE else int(kind)

    program = (
        np.array([one.operation for one in chosen], dtype=np.int64),
        np.array([figure(one.figure, one.number) for one in chosen], dtype=np.int64),
        np.array([figure(one.against, one.number) for one in chosen], dtype=np.int64),
    )
    noise = [reference_change_value(name) for name in spec.biomarkers]
    return (
        np.where(np.isinf(days), EVER, days).astype(np.int64)[order],
        order.astype(np.int64),
        np.array([horizon_days(k) for k in months], dtype=np.int64),
        np.array(cut_offs, dtype=np.float64),
        program,
        np.array([np.nan if limit is None else limit for limit in noise], dtype=np.float64),
    )
