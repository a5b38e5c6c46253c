"""Change against noise: when is a difference between two values, or a trend, more than a stable person shows?

Noise is log-normal: the logarithm of a value has the standard deviation sqrt(ln(CV^2 + 1)), CV being the within-person coefficient
of variation; the catalogue says of which kind it is. The reference change value (95 %, two-sided) is a rise by exp(1.96 x sqrt 2 x
sd) - 1, or the fall that undoes such a rise: of light chains +116 % or -54 % (the form of Fokkema, Clin Chem 2006;52:1602). The
noise-aware trend is a least-squares slope of the logarithm, whose error is known from the same standard deviation, shrunk towards
no change.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from math import exp, isfinite, log1p, sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from myeloma.calendar import DAYS_PER_YEAR
from myeloma.catalogue import catalogue
from myeloma.compiled import compiled
from myeloma.errors import DataError

Z_95 = 1.96
# Assumed spread of true yearly log-slopes among people with a precursor: it only weighs how much few values are believed.
PRIOR_SD_PER_YEAR = 0.3


@dataclass(frozen=True)
class ReferenceChange:
    """How far a stable person's value rises and falls by noise alone, as fractions of the earlier value."""

    rise: float
    fall: float


@dataclass(frozen=True)
class Change:
    """The difference between two values of a biomarker, in its canonical unit.

    `exceeds_noise` is None where no source gives the biomarker's variation.
    """

    biomarker: str
    unit: str
    difference: float
    relative: float
    reference_change: ReferenceChange | None
    exceeds_noise: bool | None


@dataclass(frozen=True)
class Trend:
    """The yearly relative change of a biomarker, shrunk towards none: log-slope, its standard error, and the verdict."""

    slope: float
    standard_error: float
    values: int

    @property
    def rises(self) -> bool:
        """Return whether the rise exceeds noise (two-sided 95 %)."""
        return self.slope > Z_95 * self.standard_error

    @property
    def falls(self) -> bool:
        """Return whether the fall exceeds noise (two-sided 95 %)."""
        return self.slope < -Z_95 * self.standard_error


def noise_factor(biomarker: str) -> float | None:
    """Return how many times the earlier value the later one is at the edge of noise, or the later the earlier; None where not known.

    One number holds both ways: a change exceeds noise where `later > factor * earlier` or `factor * later < earlier`.
    """
    cv = catalogue()[biomarker].cv
    return None if cv is None else _factor(cv)


@cache
def _factor(cv: float) -> float:
    return exp(Z_95 * sqrt(2) * _log_sd(cv))


def reference_change_value(biomarker: str) -> ReferenceChange | None:
    """Return the reference change value, None where the variation is not known.

    Examples
    --------
    >>> found = reference_change_value("m_protein")
    >>> round(found.rise, 3), round(found.fall, 3)
    (0.251, 0.201)
    """
    factor = noise_factor(biomarker)
    return None if factor is None else ReferenceChange(factor - 1.0, 1.0 - 1.0 / factor)


def change(biomarker: str, earlier: float, current: float) -> Change:
    """Return the change between two values in the canonical unit, and whether it exceeds noise.

    Raises
    ------
    DataError
        A value is not a finite number, or the earlier one is not positive.

    Examples
    --------
    >>> change("m_protein", 2.0, 2.2).exceeds_noise
    False
    """
    entry = catalogue()[biomarker]
    if not (isfinite(earlier) and isfinite(current) and earlier > 0 and current >= 0):
        raise DataError(
            f"{biomarker}: no change can be computed from {earlier} to {current} {entry.unit}.",
            "two finite values, the earlier one above zero.",
            "out_of_range",
        )
    beyond = exceeds_noise(biomarker, earlier, current)
    return Change(biomarker, entry.unit, current - earlier, current / earlier - 1.0, reference_change_value(biomarker), beyond)


def exceeds_noise(biomarker: str, earlier: float, current: float) -> bool | None:
    """Return whether a value differs from an earlier one, above zero, by more than noise; None where the variation is not known."""
    factor = noise_factor(biomarker)
    return None if factor is None else current > factor * earlier or factor * current < earlier


def trend(biomarker: str, days: ArrayLike, values: ArrayLike) -> Trend | None:
    """Return the noise-aware trend of a series, None with fewer than two days or without a known variation.

    Parameters
    ----------
    days, values : sequences
        Any origin of days; values in the canonical unit, NaN where not measured.
    """
    cv = catalogue()[biomarker].cv
    if cv is None:
        return None
    found = np.empty(3)
    _fit(np.asarray(days, dtype=float), np.asarray(values, dtype=float), _log_sd(cv), found)
    slope, error, known = found.tolist()
    return None if known < 0 else Trend(*_shrink(slope, error), values=int(known))


@compiled
def _fit(days: NDArray[np.float64], values: NDArray[np.float64], sd: float, found: NDArray[np.float64]) -> None:
    """Write the least-squares slope of the logarithm in years, its standard error, and the number of values; -1 with fewer than two days.

    `sd` is that of one log-value.
    """
    n, total = 0, 0.0
    for i in range(len(values)):
        if np.isfinite(values[i]) and values[i] > 0:
            n += 1
            total += days[i] / DAYS_PER_YEAR
    spread = along = 0.0
    for i in range(len(values)):
        if np.isfinite(values[i]) and values[i] > 0:
            centred = days[i] / DAYS_PER_YEAR - total / n
            spread += centred * centred
            along += centred * np.log(values[i])
    several, first = False, np.nan
    for i in range(len(values)):
        if np.isfinite(values[i]) and values[i] > 0:
            several = several or (not np.isnan(first) and days[i] != first)
            first = days[i]
    found[0], found[1], found[2] = (along / spread, sd / np.sqrt(spread), float(n)) if several else (np.nan, np.nan, -1.0)


def _log_sd(cv: float) -> float:
    """Return the standard deviation of the logarithm of a value with that coefficient of variation."""
    return sqrt(log1p(cv**2))


def _shrink(slope: float, error: float) -> tuple[float, float]:
    """Return posterior mean and standard deviation under a normal prior around no change."""
    belief = PRIOR_SD_PER_YEAR**2 / (PRIOR_SD_PER_YEAR**2 + error**2)
    return slope * belief, error * sqrt(belief)
