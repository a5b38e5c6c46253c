"""Post-stratification by time since diagnosis: people of today are compared with training's people equally long after diagnosis.

A clinic's visits are spread over the years since diagnosis in another way than training's, and what is measured changes over
these years. The marrow result of the diagnosis grows older, leaves the look-back and is seldom repeated. Each value therefore
gets its quantile among training's values of the same time band. The mean of these quantiles weights the bands as the clinic has
them. A person of training stands in several bands. How a person's figures correlate between bands is not stored, so the standard
errors of the bands are added, which is an upper bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from training.reference.by_time import BandReference
from training.reference.quantiles import positions, variance

Array = NDArray[np.float64]


@dataclass(frozen=True)
class PostStratified:
    """Quantiles of values among training's values of the same time band.

    Attributes
    ----------
    positions : the quantiles; NaN without a value, and where training has nobody to compare with
    spread : variance of a quantile when nothing has changed
    reference_variance : variance of their mean that comes from training's number of people
    unmatched : how many people, with a value or without, stand in a band in which training has no value
    """

    positions: Array
    spread: float
    reference_variance: float
    unmatched: int


def post_stratified(values: Array, time: NDArray[np.int64], bands: list[BandReference | None]) -> PostStratified:
    """Return the quantile of each known value among training's values of the same time band."""
    at, spread, error, unmatched = np.full(len(values), np.nan), 0.0, 0.0, 0
    for k, one in enumerate(bands):
        here = time == k
        if not one or not one["quantiles"]:
            unmatched += int(here.sum())
            continue
        inside = here & ~np.isnan(values)
        at[inside] = positions(values[inside], one["quantiles"])
        of_one = variance(one["quantiles"])
        spread += inside.sum() * of_one
        error += inside.sum() * np.sqrt(of_one / one["known"])
    n = max(int((~np.isnan(at)).sum()), 1)
    return PostStratified(at, spread / n, float(error / n) ** 2, unmatched)


def share_missing(time: NDArray[np.int64], bands: list[BandReference | None]) -> tuple[NDArray[np.bool_], float, float]:
    """Return who can be compared, the share missing in training in their bands, and how many people this share rests on."""
    with_people = np.array([one is not None for one in bands])
    alike = with_people[time]
    counts = np.bincount(time[alike], minlength=len(bands))
    n = max(int(alike.sum()), 1)
    before = sum(count * one["missing"] for count, one in zip(counts, bands, strict=True) if one) / n
    error = sum(count / np.sqrt(one["people"]) for count, one in zip(counts, bands, strict=True) if one) / n
    return alike, float(before), float(1.0 / error**2) if error else 0.0


def bands_unmatched(time: NDArray[np.int64], reference: dict[str, Any]) -> tuple[int, str]:
    """Return how many people stand in bands that the reference does not have, and these bands in words."""
    months, bands = reference["months"], next(iter(reference["figures"].values()))
    missing = [k for k in np.unique(time) if bands[k] is None]
    ends = [f"{months[k]:g} to {months[k + 1]:g}" if k + 1 < len(months) else f"{months[k]:g} or more" for k in missing]
    return int(np.isin(time, missing).sum()), ", ".join(ends)
