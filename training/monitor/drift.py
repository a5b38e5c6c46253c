"""Missing values, older values, another case mix, other risks: each against the champion's reference.

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

from features.columns import FeatureSpec, group_label, window_days
from training.monitor.findings import Finding, two_sided, wilson
from training.monitor.other_unit import Suspected
from training.monitor.people import FEWEST, few
from training.monitor.quantiles import positions, variance

Array = NDArray[np.float64]
LEAST_PEOPLE = 20  # with fewer, only a change of nearly everybody could be told from chance
MISSING_CHANGE = 0.10  # of people: a smaller change is no matter, however sure (large cohorts are sure of everything)
LEVEL_CHANGE = 0.10  # of the probability to exceed the reference, from 1/2: about a third of a standard deviation
_LEVELS = ("last", "mean", "max", "min")  # the first that is among the features says how high a biomarker is


def reference_people(about: dict[str, Any]) -> int:
    """Return how many independent values the reference rests on: people, not visits, to be on the safe side."""
    return max(int(about["trained_on"]["patients"]), 1)


def level_column(spec: FeatureSpec, biomarker: str, longest: bool = True) -> str | None:
    """Return the column that says how high a biomarker is, over the longest or the shortest look-back; None without one."""
    statistic = next((name for name in _LEVELS if name in spec.statistics), None)
    windows = sorted(spec.look_backs, key=window_days)
    return f"{biomarker}__{statistic}__{windows[-1 if longest else 0]}" if statistic else None


def checks_of_inputs(rows: pd.DataFrame, spec: FeatureSpec, about: dict[str, Any], suspected: list[Suspected]) -> Iterator[Finding]:
    """Yield the checks of every biomarker and static column: missing, older, level.

    The level of a biomarker leaves out the people whose values look like another unit, so that the two are told apart.
    """
    people = reference_people(about)
    for name in (*spec.biomarkers, *spec.static):
        history = name in spec.biomarkers
        recent, level = (level_column(spec, name, longest=False), level_column(spec, name)) if history else (name, name)
        if recent is None or level is None:
            continue
        yield missing(name, np.isnan(rows[recent].to_numpy(dtype=float)), about["reference"][recent]["missing"], people)
        age = f"{name}__age_days__{level.rpartition('__')[2]}"
        if history and age in about["reference"]:
            yield exceeds("older", name, rows[age].to_numpy(dtype=float), about["reference"][age], people)
        values = rows[level].to_numpy(dtype=float)
        doubtful = [one.rows for one in suspected if one.biomarker == name]
        kept = np.delete(values, np.concatenate(doubtful)) if doubtful else values
        found = exceeds("level", name, kept, about["reference"][level], people)
        yield replace(found, words=f"{found.words}, those in doubtful units left out") if doubtful else found


def checks_of_risks(risks: Array, horizons: tuple[int, ...], about: dict[str, Any]) -> Iterator[Finding]:
    """Yield the check of the predicted risks at each horizon, against those of people left out of the fit."""
    for h, months in enumerate(horizons):
        name = f"risk_{months}m"
        grid = {"missing": 0.0, "quantiles": about["reference_risks"][name]}
        yield exceeds("risk", name, risks[:, h], grid, reference_people(about), f"Risk at {months} months")


def missing(name: str, unknown: NDArray[np.bool_], before: float, people: int) -> Finding:
    """Compare the share without a value with the reference's: Fisher's exact test, so small counts are no trouble."""
    n, count = len(unknown), int(unknown.sum())
    label = group_label(name)
    if n < LEAST_PEOPLE:
        return Finding("missing", name, label, n, reference=before, words=_too_few(n))
    past = round(before * people)
    p = float(stats.fisher_exact([[count, n - count], [past, people - past]]).pvalue)
    large = abs(count / n - before) >= MISSING_CHANGE
    if 0 < min(count, n - count) < FEWEST:  # the share would give the count away
        words = f"missing in {few(count) if count < FEWEST else f'all but <{FEWEST}'} of {n}, {before:.0%} in training"
        return Finding("missing", name, label, n, reference=before, p=p, large=large, words=words)
    lo, hi = wilson(count, n)
    words = f"missing in {count / n:.0%} ({lo:.0%} to {hi:.0%}), {before:.0%} in training"
    return Finding("missing", name, label, n, count / n, lo, hi, before, p, large, words=words)


def exceeds(kind: str, name: str, values: Array, reference: dict[str, Any], people: int, label: str = "") -> Finding:
    """Compare values with the reference's quantiles: the probability that a new value exceeds a reference value.

    The test takes the variance that positions have without a change, of the new and of the reference's people; the interval
    that of the new positions.
    """
    known, grid, label = values[~np.isnan(values)], reference["quantiles"], label or group_label(name)
    n = len(known)
    shown = f">{len(values) - FEWEST}" if 0 < len(values) - n < FEWEST else ""  # or else the few without a value could be counted
    if n < LEAST_PEOPLE or not grid:
        return Finding(kind, name, label, n, reference=0.5, shown=shown, words=_too_few(n) if grid else "never measured in training")
    at = positions(known, grid)
    estimate, spread = float(at.mean()), variance(grid)
    remembered = spread / max(people * (1.0 - reference["missing"]), 1.0)
    z = (estimate - 0.5) / np.sqrt(spread / n + remembered) if spread > 0 else 0.0
    half = stats.norm.ppf(0.975) * np.sqrt(at.var(ddof=1) / n + remembered)
    lo, hi = float(max(estimate - half, 0.0)), float(min(estimate + half, 1.0))
    found = Finding(kind, name, label, n, estimate, lo, hi, 0.5, two_sided(z), abs(estimate - 0.5) >= LEVEL_CHANGE, shown)
    if set(known) <= {0.0, 1.0} and 0 < min(known.sum(), n - known.sum()) < FEWEST:  # of yes and no, the figure is a count
        return replace(found, estimate=None, lo=None, hi=None, words=f"fewer than {FEWEST} people have one of the two values")
    what = "older" if kind == "older" else "higher"
    return replace(found, words=f"{what} than in training with probability {estimate:.2f} ({lo:.2f} to {hi:.2f})")


def _too_few(n: int) -> str:
    return f"too few to say: {few(n)} people with a value, at least {LEAST_PEOPLE} are needed"
