"""Training remembered apart by time since diagnosis, so that people of today are compared with people as long after theirs.

A clinic's people are not spread over the years since diagnosis as the visits of training are, and what is measured changes over
these years: the marrow of diagnosis grows older, leaves the look-back and is seldom taken again. So each value takes its place
among those of training at the same time, and the mean of the places weights the times of training as the clinic has them
(post-stratification). The same people of training stand at many times; how far their figures at these go together is not
remembered, so their standard errors are added, which is the most it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.tasks import DAYS_PER_MONTH
from training.monitor.quantiles import positions, quantiles_of, variance

Array = NDArray[np.float64]
Then = dict[str, Any]  # what training remembers of one figure at one time: people, known (people with a value), missing, quantiles
# Months since diagnosis at which a time begins. The first holds what comes in soon after; half-years, the usual time between
# visits, as long as the look-back of a year and the age of the marrow change by the month; longer ones later.
MONTHS = (0.0, 1.0, 6.0, 12.0, 18.0, 24.0, 36.0, 48.0, 60.0, 84.0, 120.0)
LEAST_THEN = 20  # people of training at a time; the quantiles of fewer are nearly single people's values


def time_of(rows: pd.DataFrame, months: Sequence[float]) -> NDArray[np.int64]:
    """Return which time since diagnosis each row of patient, index_date and landmark belongs to."""
    since = (rows["landmark"] - rows["index_date"]).dt.days.to_numpy() / DAYS_PER_MONTH
    return np.searchsorted(months, since, side="right") - 1


def remembered(rows: pd.DataFrame, figures: dict[str, Array]) -> dict[str, Any]:
    """Return the months that times begin at, and of each figure of the rows what is to be compared with, by time; None of too few."""
    time, patient = time_of(rows, MONTHS), rows["patient_id"].to_numpy()

    def at(values: Array, k: int) -> Then | None:
        here, known = time == k, (time == k) & ~np.isnan(values)
        people, with_value = len(np.unique(patient[here])), len(np.unique(patient[known]))
        if people < LEAST_THEN:
            return None
        quantiles = quantiles_of(values[known]) if with_value >= LEAST_THEN else []
        return {"people": people, "known": with_value, "missing": float(1.0 - known.sum() / here.sum()), "quantiles": quantiles}

    return {"months": list(MONTHS), "figures": {name: [at(values, k) for k in range(len(MONTHS))] for name, values in figures.items()}}


@dataclass(frozen=True)
class Placed:
    """Where values lie among those of training at like time.

    Attributes
    ----------
    at : their positions; not a number without a value, and where training has nobody to compare with
    spread : variance of a position when nothing has changed
    remembered : variance of the mean of the positions that comes from training's number of people
    alone : how many people, with a value or without, are seen at times of which training remembers no value
    """

    at: Array
    spread: float
    remembered: float
    alone: int


def placed(values: Array, time: NDArray[np.int64], then: list[Then | None]) -> Placed:
    """Return the place of each known value among training's at like time."""
    at, spread, error, alone = np.full(len(values), np.nan), 0.0, 0.0, 0
    for k, one in enumerate(then):
        here = time == k
        if not one or not one["quantiles"]:
            alone += int(here.sum())
            continue
        inside = here & ~np.isnan(values)
        at[inside] = positions(values[inside], one["quantiles"])
        of_one = variance(one["quantiles"])
        spread += inside.sum() * of_one
        error += inside.sum() * np.sqrt(of_one / one["known"])
    n = max(int((~np.isnan(at)).sum()), 1)
    return Placed(at, spread / n, float(error / n) ** 2, alone)


def share_missing(time: NDArray[np.int64], then: list[Then | None]) -> tuple[NDArray[np.bool_], float, float]:
    """Return who can be compared, the share that training misses at their times, and how many people this share rests on."""
    with_people = np.array([one is not None for one in then])
    alike = with_people[time]
    counts = np.bincount(time[alike], minlength=len(then))
    n = max(int(alike.sum()), 1)
    before = sum(count * one["missing"] for count, one in zip(counts, then, strict=True) if one) / n
    error = sum(count / np.sqrt(one["people"]) for count, one in zip(counts, then, strict=True) if one) / n
    return alike, float(before), float(1.0 / error**2) if error else 0.0


def times_alone(time: NDArray[np.int64], reference: dict[str, Any]) -> tuple[int, str]:
    """Return how many people are seen at times of which training remembers nothing, and these times in words."""
    months, then = reference["months"], next(iter(reference["figures"].values()))
    alone = [k for k in np.unique(time) if then[k] is None]
    ends = [f"{months[k]:g} to {months[k + 1]:g}" if k + 1 < len(months) else f"{months[k]:g} or more" for k in alone]
    return int(np.isin(time, alone).sum()), ", ".join(ends)
