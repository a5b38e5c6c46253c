"""Missing values, older values, another case mix, other risks: each against the champion's reference at like time since diagnosis.

Own code rather than a drift library: those compare two tables, and here the training table is not there, only quantiles; and they
give distances with fixed thresholds, which in forty people alarm at random. Here each check has an interval, a smallest count
and a share in one false-alarm rate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from features.history.columns import FeatureSpec, group_label
from training.monitor.findings import Finding, two_sided
from training.monitor.post_stratification import post_stratified, share_missing
from training.monitor.suspected_units import Suspected
from training.monitor.verdict import MOVES_ALONE
from training.reference.by_time import BandReference, time_band
from training.reference.columns import watched_columns
from training.rows.small_cells import SMALL_CELL, SUPPRESSED, is_small, written

Array = NDArray[np.float64]
LEAST_PEOPLE = 20  # with fewer, only a change of nearly everybody could be told from chance
MISSING_CHANGE = 0.10  # of people: a smaller change is no matter, however sure (large cohorts are sure of everything)
LEVEL_CHANGE = 0.10  # of the probability to exceed the reference, from 1/2: about a third of a standard deviation


def checks_of_inputs(rows: pd.DataFrame, spec: FeatureSpec, about: dict[str, Any], suspected: list[Suspected]) -> Iterator[Finding]:
    """Yield the checks of every biomarker and static column: missing, older, level.

    The level of a biomarker leaves out the people whose values look like another unit, so that the two are told apart.
    """
    bands, time = about["reference_by_time"]["figures"], time_band(rows, about["reference_by_time"]["months"])
    for name, (recent, level, age) in watched_columns(spec).items():
        yield missing(name, np.isnan(rows[recent].to_numpy(dtype=float)), time, bands[recent])
        if age:
            yield exceeds("older", name, rows[age].to_numpy(dtype=float), time, bands[age])
        values = rows[level].to_numpy(dtype=float)
        if name in MOVES_ALONE:  # itself the time since diagnosis: against all of training
            found = exceeds("level", name, values, np.zeros(len(rows), dtype=int), [_whole(about, name)])
            yield replace(found, words=f"{found.words}; no matter in itself: all else is compared at like time")
            continue
        doubtful = [one.rows for one in suspected if one.biomarker == name]
        kept = np.delete(np.arange(len(rows)), np.concatenate(doubtful)) if doubtful else np.arange(len(rows))
        found = exceeds("level", name, values[kept], time[kept], bands[level])
        yield replace(found, words=f"{found.words}, those in doubtful units left out") if doubtful else found


def _whole(about: dict[str, Any], name: str) -> BandReference:
    people = about["trained_on"]["patients"]  # not visits, to be on the safe side
    whole: BandReference = about["reference"][name] | {"people": people, "known": people}
    return whole


def checks_of_risks(rows: pd.DataFrame, risks: Array, horizons: tuple[int, ...], about: dict[str, Any]) -> Iterator[Finding]:
    """Yield the check of the predicted risks at each horizon, against those of people left out of the fit."""
    bands, time = about["reference_by_time"]["figures"], time_band(rows, about["reference_by_time"]["months"])
    for h, months in enumerate(horizons):
        name = f"risk_{months}m"
        yield exceeds("risk", name, risks[:, h], time, bands[name], f"Risk at {months} months")


def missing(name: str, unknown: NDArray[np.bool_], time: NDArray[np.int64], bands: list[BandReference | None]) -> Finding:
    """Compare the share without a value with the reference's at like time: Fisher's exact test, so small counts are no trouble."""
    alike, before, people = share_missing(time, bands)
    n, count, label = int(alike.sum()), int(unknown[alike].sum()), group_label(name)
    shown, alone = _shown(n, len(unknown) - n), _alone(len(unknown) - n)
    if n < LEAST_PEOPLE:
        return Finding("missing", name, label, n, reference=before, shown=shown, words=_too_few(n) + alone)
    usual = f"{before:.0%} in training at like time{alone}"
    past, of = round(before * people), round(people)
    p = float(stats.fisher_exact([[count, n - count], [past, of - past]]).pvalue)
    large = abs(count / n - before) >= MISSING_CHANGE
    lo, hi = stats.binomtest(count, n).proportion_ci(method="wilson")
    within = bool(max(before - lo, hi - before) < MISSING_CHANGE)
    if is_small(min(count, n - count)):  # the share would give the count away
        words = f"missing in {written(count) if count < SMALL_CELL else f'all but {SUPPRESSED}'} of {shown or n}, {usual}"
        return Finding("missing", name, label, n, reference=before, p=p, large=large, within=within, shown=shown, words=words)
    words = f"missing in {count / n:.0%} ({lo:.0%} to {hi:.0%}), {usual}"
    return Finding("missing", name, label, n, count / n, lo, hi, before, p, large, within, shown, words=words)


def exceeds(kind: str, name: str, values: Array, time: NDArray[np.int64], bands: list[BandReference | None], label: str = "") -> Finding:
    """Compare values with the reference's quantiles: the probability that a new value exceeds a reference value of like time.

    The test takes the variance that positions have without a change, of the new and of the reference's people; the interval
    that of the new positions.
    """
    label, place = label or group_label(name), post_stratified(values, time, bands)
    at, known = (every[~np.isnan(place.positions)] for every in (place.positions, values))
    n = len(at)
    shown, alone = _shown(n, place.unmatched, len(values) - n - place.unmatched), _alone(place.unmatched)
    if n < LEAST_PEOPLE:
        return Finding(kind, name, label, n, reference=0.5, shown=shown, words=_too_few(n) + alone)
    estimate = float(at.mean())
    z = (estimate - 0.5) / np.sqrt(place.spread / n + place.reference_variance) if place.spread > 0 else 0.0
    half = stats.norm.ppf(0.975) * np.sqrt(at.var(ddof=1) / n + place.reference_variance)
    lo, hi = float(max(estimate - half, 0.0)), float(min(estimate + half, 1.0))
    large, within = abs(estimate - 0.5) >= LEVEL_CHANGE, max(0.5 - lo, hi - 0.5) < LEVEL_CHANGE
    found = Finding(kind, name, label, n, estimate, lo, hi, 0.5, two_sided(z), large, within, shown)
    if set(known) <= {0.0, 1.0} and is_small(min(known.sum(), n - known.sum())):  # of yes and no, the figure is a count
        words = f"{SUPPRESSED} people have one of the two values"
        return replace(found, estimate=None, lo=None, hi=None, words=words + alone)
    what = "older" if kind == "older" else "higher"
    return replace(found, words=f"{what} than in training with probability {estimate:.2f} ({lo:.2f} to {hi:.2f}){alone}")


def _shown(n: int, *others: int) -> str:
    """Return the number of people as it may be shown: a small number of others could be computed from the exact one."""
    hidden = [count for count in others if is_small(count)]
    return f">{n + sum(hidden) - SMALL_CELL * len(hidden)}" if hidden else ""


def _alone(people: int) -> str:
    return f"; {written(people)} left out: nobody to compare with" if people else ""


def _too_few(n: int) -> str:
    return f"too few to say: {written(n)} people to compare, at least {LEAST_PEOPLE} are needed"
