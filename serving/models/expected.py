"""What a test would probably show in a person: the distribution of its next result, given what else is known of the person.

It serves to say what a missing or an old test is worth: how far the risk would move, and how often it would cross a limit.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from serving.models.base import Array, ImpossibleModelError, numbers

LEVELS = tuple(k / 20 for k in range(1, 20))  # of the distribution: its 5th, 10th, ... 95th percentile
_TINY = 1e-6


@dataclass(frozen=True)
class Regression:
    """A linear regression of a result on its own scale, and the percentiles of what it leaves (`LEVELS`).

    Attributes
    ----------
    columns : names of the columns that it rests on
    scales : of each column, the scale that it enters by: linear or log
    fill, lower, upper : of each column, on that scale, what stands in where it is unknown, and the range that it was fitted to
    """

    columns: tuple[str, ...]
    scales: tuple[str, ...]
    fill: tuple[float, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    coefficients: tuple[float, ...]
    intercept: float
    residuals: tuple[float, ...]

    def at(self, x: Array) -> Array:
        """Return the expectation (rows,) for columns (rows, columns), NaN where unknown."""
        z = on_scales(x, self.scales)
        known = np.where(np.isnan(z), self.fill, np.clip(z, self.lower, self.upper))
        found: Array = self.intercept + (known * self.coefficients).sum(axis=1)
        return found

    def percentiles(self, x: Array) -> Array:
        """Return the percentiles (rows, levels) of the result, on its own scale."""
        found: Array = self.at(x)[:, None] + np.array(self.residuals)
        return found


@dataclass(frozen=True)
class ExpectedResult:
    """The next result of a biomarker: of a person who never had one, and of one who had."""

    biomarker: str
    scale: Literal["linear", "log"]
    first: Regression | None
    repeated: Regression | None

    @property
    def beside(self) -> tuple[str, ...]:
        """Return the biomarkers and static columns that tell of the result beside itself, in the order of `values`."""
        columns = self.first.columns if self.first else self.repeated.columns[:-2] if self.repeated else ()
        return tuple(name.partition("__")[0] for name in columns)

    def values(self, x: Array, last: float, years: float) -> Array | None:
        """Return percentiles of the result (`LEVELS`) in the canonical unit; None where the like was not seen often enough.

        Parameters
        ----------
        x : array, of `beside`, NaN where unknown
        last, years : the latest result and the years since then; NaN where there is none
        """
        regression = self.first if np.isnan(last) else self.repeated
        if regression is None:
            return None
        own = [] if np.isnan(last) else [last, years]
        found: Array = regression.percentiles(np.array([[*x, *own]]))[0]
        return from_scale(found, self.scale)

    def save(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def load(cls, content: Mapping[str, Any]) -> ExpectedResult:
        """Return what `save` wrote.

        Raises
        ------
        ImpossibleModelError
            It has another shape, or a number is not finite.
        """
        if content["scale"] not in ("linear", "log"):
            raise ImpossibleModelError(f"the scale of a result is {content['scale']!r}, accepted: linear, log")
        first, repeated = (None if content[name] is None else _loaded(content[name]) for name in ("first", "repeated"))
        return cls(str(content["biomarker"]), content["scale"], first, repeated)


def on_scale(values: Array, scale: str) -> Array:
    """Return values on the scale that they are expected on."""
    return np.log(np.maximum(values, _TINY)) if scale == "log" else values


def from_scale(values: Array, scale: str) -> Array:
    """Return values from the scale that they are expected on."""
    found: Array = np.exp(values) if scale == "log" else values
    return found


def on_scales(x: Array, scales: Sequence[str]) -> Array:
    """Return columns (rows, columns), each on its scale."""
    return np.column_stack([on_scale(x[:, k], scale) for k, scale in enumerate(scales)])


def _loaded(content: Mapping[str, Any]) -> Regression:
    columns, scales = tuple(map(str, content["columns"])), tuple(map(str, content["scales"]))
    if len(scales) != len(columns) or not set(scales) <= {"linear", "log"}:
        raise ImpossibleModelError("the columns of an expected result have other scales than linear and log")
    fill, lower, upper, coefficients = (
        tuple(numbers(content, name, (len(columns),)).tolist()) for name in ("fill", "lower", "upper", "coefficients")
    )
    residuals = numbers(content, "residuals", (len(LEVELS),))
    if (np.diff(residuals) < 0).any():
        raise ImpossibleModelError("the percentiles of a result fall")
    intercept = float(numbers(content, "intercept", ()))
    return Regression(columns, scales, fill, lower, upper, coefficients, intercept, tuple(residuals.tolist()))
