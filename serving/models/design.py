"""The columns a linear model sees: log where skewed, clipped to what training saw, standardised, curved, missing made explicit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import cached_property
from itertools import groupby
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from serving.models.base import ImpossibleModelError, numbers

Array = NDArray[np.float64]
Scale = Literal["linear", "log", "percent"]
_FEWEST_KNOTS = 3  # of a spline that curves
_TINY = 1e-6  # below any measured value; a log needs a positive number


@dataclass(frozen=True)
class LinearDesign:
    """Frozen at fit time, so that a missing value is handled alike in training and in use.

    For each feature used: its scale (`log` takes the logarithm, `percent` that of 1 + percent / 100), the limits it is
    clipped to, the value that stands in for a missing one (the training mean, on that scale), then mean and standard
    deviation. `knots` gives some features, by name, the knots of a restricted cubic spline on the standardised scale,
    with the means of its columns over the training rows. `indicated` lists the features that also get a 0/1 column
    "is missing", standardised by its training share: a penalty then bears on it as on any other column.
    """

    features: tuple[str, ...]
    scale: tuple[Scale, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    fill: tuple[float, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    knots: dict[str, tuple[float, ...]]
    spline_mean: tuple[float, ...]
    indicated: tuple[str, ...]
    missing_share: tuple[float, ...]

    def transform(self, x: Array, columns: list[str]) -> Array:
        """Return the design matrix (rows, features + spline columns + indicators) from a matrix with the named columns."""
        place = {name: k for k, name in enumerate(columns)}
        z = self._standardised(x, place)
        curves = [spline(z[:, some], knots).reshape(len(x), len(some) * (knots.shape[1] - 2)) for some, knots in self._curves]
        curved = np.hstack([*curves, np.empty((len(x), 0))]) - np.array(self.spline_mean)
        share = np.array(self.missing_share)
        flags = np.isnan(x[:, [place[name] for name in self.indicated]]) - share
        return np.hstack([z, curved, flags / np.sqrt(share * (1.0 - share))])

    @cached_property
    def _curves(self) -> list[tuple[list[int], Array]]:
        """Return the features that are curved, those with as many knots together, as long as they follow one another."""
        alike = [list(some) for _, some in groupby(self.knots.items(), key=lambda one: len(one[1]))]
        return [([self.features.index(name) for name, _ in some], np.array([knots for _, knots in some])) for some in alike]

    def standardised(self, x: Array, columns: list[str]) -> Array:
        """Return the features alone: filled, clipped, with mean 0 and standard deviation 1 over the training rows."""
        return self._standardised(x, {name: k for k, name in enumerate(columns)})

    def _standardised(self, x: Array, place: dict[str, int]) -> Array:
        used = x[:, [place[name] for name in self.features]]
        z = np.clip(rescaled(used, self.scale), self.lower, self.upper)
        z = np.where(np.isnan(z), self.fill, z)
        standard: Array = (z - np.array(self.mean)) / np.array(self.sd)
        return standard

    def sources(self, columns: list[str]) -> NDArray[np.int64]:
        """Return, for each design column, the position of the feature it comes from."""
        curved = [name for name, knots in self.knots.items() for _ in range(len(knots) - 2)]
        return np.array([columns.index(name) for name in (*self.features, *curved, *self.indicated)])

    def to_dict(self) -> dict[str, Any]:
        """Return the design as JSON can hold it."""
        return asdict(self)

    @property
    def width(self) -> int:
        """Return how many columns the design matrix has."""
        return len(self.features) + len(self.spline_mean) + len(self.indicated)

    @classmethod
    def from_dict(cls, content: dict[str, Any], columns: list[str]) -> LinearDesign:
        """Return the design that `to_dict` wrote.

        Raises
        ------
        ImpossibleModelError
            It names a column that the model has not, or one twice; its numbers are of another shape, not finite, or out of order.
        """
        knots = {name: tuple(values) for name, values in content["knots"].items()}
        for group in ("features", "indicated"):
            _check_names(group, content[group], columns)
        _check_names("knots", list(knots), content["features"])
        if unknown := set(content["scale"]) - set(get_args(Scale)):
            raise ImpossibleModelError(f"scale holds {min(unknown)!r}, accepted: {', '.join(get_args(Scale))}")
        n = len(content["features"])
        if len(content["scale"]) != n:
            raise ImpossibleModelError(f"scale has {len(content['scale'])} entries for {n} features")
        lower, upper, _, _, sd = (numbers(content, name, (n,)) for name in ("lower", "upper", "fill", "mean", "sd"))
        if (lower > upper).any() or (sd <= 0).any():
            raise ImpossibleModelError("a lower limit is above the upper one, or a standard deviation is not positive")
        if any(len(each) < _FEWEST_KNOTS or any(np.diff(numbers(knots, name, (len(each),))) <= 0) for name, each in knots.items()):
            raise ImpossibleModelError(f"knots are fewer than {_FEWEST_KNOTS}, or do not rise")
        numbers(content, "spline_mean", (sum(len(each) - 2 for each in knots.values()),))
        share = numbers(content, "missing_share", (len(content["indicated"]),))
        if ((share <= 0) | (share >= 1)).any():
            raise ImpossibleModelError("missing_share holds a share that is not between 0 and 1")
        return cls(**{name: tuple(values) for name, values in content.items() if name != "knots"}, knots=knots)


def _check_names(group: str, names: list[str], accepted: list[str]) -> None:
    if wrong := [name for k, name in enumerate(names) if name not in accepted or name in names[:k]]:
        raise ImpossibleModelError(f"{group} names {wrong[0]!r}, which the model has not, or has twice")


def rescaled(x: Array, scale: tuple[Scale, ...]) -> Array:
    """Return columns on the scale they enter by: a change in percent as the logarithm of the ratio, so that +100 % undoes -50 %.

    Examples
    --------
    >>> rescaled(np.array([[0.0, 100.0, 3.0], [1.0, -50.0, 3.0]]), ("log", "percent", "linear")).round(2).tolist()
    [[-13.82, 0.69, 3.0], [0.0, -0.69, 3.0]]
    """
    kinds = np.array(scale)
    ratio = np.where(kinds == "percent", 1.0 + x / 100.0, x)
    return np.where(kinds == "linear", x, np.log(np.maximum(ratio, _TINY)))


def spline(z: Array, knots: Array) -> Array:
    """Return the curved columns (rows, knots - 2) of a restricted cubic spline, straight beyond the outer knots.

    Harrell, Regression Modeling Strategies, 2nd edition, 2015, section 2.4.5.

    Parameters
    ----------
    z : array (rows,), or (rows, features) for many at once: then (rows, features, knots - 2) is returned
    knots : array (knots,), or (features, knots)

    Examples
    --------
    >>> spline(np.array([-1.0, 0.0, 0.5, 1.0, 2.0, 3.0]), np.array([0.0, 1.0, 2.0])).ravel().tolist()
    [0.0, 0.0, 0.03125, 0.25, 1.5, 3.0]
    """
    first, penultimate, last = knots[..., :1], knots[..., -2:-1], knots[..., -1:]

    def cubed(knot: Array) -> Array:
        return np.maximum(z[..., None] - knot, 0.0) ** 3

    inner = knots[..., :-2]
    ends = (cubed(penultimate) * (last - inner) - cubed(last) * (penultimate - inner)) / (last - penultimate)
    return (cubed(inner) - ends) / (last - first) ** 2
