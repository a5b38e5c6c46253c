"""Training remembered apart by time since diagnosis, so that people of today are compared with people as long after theirs.

A clinic's people are not spread over the years since diagnosis as the visits of training are, and what is measured changes over
these years: the marrow of diagnosis grows older, leaves the look-back and is seldom taken again. So each value takes its place
among those of training at the same time, and the mean of the places weights the times of training as the clinic has them
(post-stratification). The same people of training stand at many times; how far their figures at these go together is not
remembered, so their standard errors are added, which is the most it can be.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.reference.by_time import Then
from training.reference.quantiles import positions, variance

Array = NDArray[np.float64]


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
