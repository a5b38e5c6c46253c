"""The parameters of the burden's state space: numbers of a group of people, fitted without their outcomes."""

from __future__ import annotations

from functools import cached_property
from typing import Annotated, NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

from features.cohort.provenance import People
from myeloma import ConfigError

Array = NDArray[np.float64]
MARKERS = ("m_protein", "flc_ratio", "bmpc", "hemoglobin", "creatinine")
MEASURE = MARKERS[0]  # the burden is measured by it, and unknown without it
# What less counts as, since logarithms have no 0: the limit of electrophoresis, g/dL (clinlabnavigator.com), and the percent of the marrow
# that a 0 in whole percent is below. Of the other markers 0 is no result.
LEAST = tuple({"m_protein": 0.1, "bmpc": 0.5}.get(marker, 0.0) for marker in MARKERS)
STATES = 2 + len(MARKERS)  # burden, growth, then each marker's level
_Number = Annotated[float, Field(strict=True, ge=-20, le=20)]  # logarithms: beyond it is another unit
_Positive = Annotated[float, Field(strict=True, gt=0, le=20)]
_Growth = Annotated[float, Field(strict=True, ge=-2, le=2)]  # a year, of the logarithm: 0.09 is 9 %
_Markers = Field(min_length=len(MARKERS), max_length=len(MARKERS))
_PAIRS = len(MARKERS) * (len(MARKERS) + 1) // 2


class StateSpace(NamedTuple):
    """The parameters as the filter takes them, a plain tuple to numba.

    Attributes
    ----------
    mean, cov : arrays (states,) and (states, states), at a person's first result
    loading, noise, drift : arrays (markers,), (markers,), (2,); the last two are variances
    """

    mean: Array
    cov: Array
    loading: Array
    noise: Array
    drift: Array


@dataclass(frozen=True, config=ConfigDict(extra="forbid"))
class Burden:
    """How markers follow a common burden, on the logarithmic scale, with time in years from a person's first result.

    A result is the person's own level of that marker + loading x burden + noise. The burden is 0 at first and grows by the person's
    growth; both drift (Brownian). Growth and levels are normal among people. The burden is measured by M-protein, whose loading is 1.

    Attributes
    ----------
    growth, growth_sd : per year, of people at their first result
    level, level_sd : by marker (`MARKERS`), of people at their first result
    correlation : of growth and the levels, below the diagonal, row by row: level 1 with growth; level 2 with growth, with level 1; ...
    loading, noise : by marker; the noise is the standard deviation of one result
    drift : standard deviation of what is added in a year to the burden and to its growth
    people : of whom the parameters are; `unknown` where nobody says
    """

    growth: _Growth
    growth_sd: _Positive
    level: Annotated[tuple[_Number, ...], _Markers]
    level_sd: Annotated[tuple[_Positive, ...], _Markers]
    correlation: Annotated[tuple[_Number, ...], Field(min_length=_PAIRS, max_length=_PAIRS)]
    loading: Annotated[tuple[_Number, ...], _Markers]
    noise: Annotated[tuple[_Positive, ...], _Markers]
    drift: Annotated[tuple[_Positive, ...], Field(min_length=2, max_length=2)]
    people: People = "unknown"

    def __post_init__(self) -> None:
        if self.loading[0] != 1.0:
            what = f"The burden's loading of {MEASURE} is {self.loading[0]:g}, accepted: 1."
            raise ConfigError(what, f"the burden is measured by {MEASURE}: put the others in proportion to it.")
        if np.linalg.eigvalsh(self._correlations()).min() <= 0:
            what = "The correlations of the burden's growth and levels are those of no people: their matrix is not positive definite."
            raise ConfigError(what, "python -m training burden prints all parameters as they are accepted.")

    def _correlations(self) -> Array:
        below = np.zeros((STATES - 1, STATES - 1))
        below[np.tril_indices(STATES - 1, -1)] = self.correlation
        matrix: Array = below + below.T + np.eye(STATES - 1)
        return matrix

    @cached_property
    def state_space(self) -> StateSpace:
        """Return the parameters as the filter takes them."""
        sd = np.array([self.growth_sd, *self.level_sd])
        cov = np.zeros((STATES, STATES))
        cov[1:, 1:] = self._correlations() * np.outer(sd, sd)
        squares = np.square(np.array(self.noise)), np.square(np.array(self.drift))
        return StateSpace(np.array([0.0, self.growth, *self.level]), cov, np.array(self.loading), *squares)

    @classmethod
    def of(cls, space: StateSpace, people: People = "unknown") -> Burden:
        """Return the parameters of a state space, to four digits, so that they are the same once written and read."""
        sd = np.sqrt(np.diag(space.cov)[1:])
        correlation = (space.cov[1:, 1:] / np.outer(sd, sd))[np.tril_indices(STATES - 1, -1)]
        told = [_written(part) for part in (space.mean[1:], sd, correlation, space.loading, np.sqrt(space.noise), np.sqrt(space.drift))]
        (growth, *level), (growth_sd, *level_sd), pairs, loading, noise, drift = told
        return cls(growth, growth_sd, tuple(level), tuple(level_sd), tuple(pairs), tuple(loading), tuple(noise), tuple(drift), people)


def _written(values: Array) -> list[float]:
    return [float(f"{value:.4g}") for value in values]
