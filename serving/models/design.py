"""The columns a linear model sees: log where skewed, clipped to what training saw, standardised, curved, missing made explicit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from functools import cached_property, lru_cache
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
        matrix: Array = self._alone.transform(x, columns)[0]
        return matrix

    def completed(self, z: Array, x: Array, columns: list[str]) -> Array:
        """Return the design matrix of standardised features, however these were filled, of a matrix with the named columns."""
        matrix: Array = self._alone.completed(z[None], x, columns)[0]
        return matrix

    @cached_property
    def _alone(self) -> Designs:
        return Designs([self])

    def is_like(self, other: LinearDesign) -> bool:
        """Return whether another design makes the same columns of the same features, by other numbers."""
        mine, others = ((each.features, each.scale, each.indicated, _lengths(each.knots)) for each in (self, other))
        return mine == others

    def standardised(self, x: Array, columns: list[str]) -> Array:
        """Return the features alone: filled, clipped, with mean 0 and standard deviation 1 over the training rows."""
        alone: Array = self._alone.standardised(x, columns)[0]
        return alone

    def sources(self, columns: list[str]) -> NDArray[np.int64]:
        """Return, for each design column, the position of the feature it comes from."""
        curved = [name for name, knots in self.knots.items() for _ in range(len(knots) - 2)]
        return _places((*self.features, *curved, *self.indicated), tuple(columns))

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


class Designs:
    """Designs that are like one another, which make their columns in one pass: elementwise, so each number is what its own would make."""

    def __init__(self, designs: Sequence[LinearDesign]) -> None:
        def of_each(values: Callable[[LinearDesign], Sequence[float]]) -> Array:
            return np.array([values(design) for design in designs], dtype=float)[:, None]  # (designs, 1, columns)

        self._like = designs[0]
        self._lower, self._upper = of_each(lambda d: d.lower), of_each(lambda d: d.upper)
        self._fill, self._mean, self._sd = of_each(lambda d: d.fill), of_each(lambda d: d.mean), of_each(lambda d: d.sd)
        self._spline_mean, self._share = of_each(lambda d: d.spline_mean), of_each(lambda d: d.missing_share)
        self._flag_sd = np.sqrt(self._share * (1.0 - self._share))
        # Features that are curved, those with as many knots together, as long as they follow one another.
        alike = [[name for name, _ in some] for _, some in groupby(self._like.knots.items(), key=lambda one: len(one[1]))]
        places = [np.array([self._like.features.index(name) for name in names]) for names in alike]
        knots = [np.array([[design.knots[name] for name in names] for design in designs])[:, None] for names in alike]
        self._curves = list(zip(places, knots, strict=True))

    def transform(self, x: Array, columns: list[str]) -> Array:
        """Return the design matrices (designs, rows, design columns)."""
        return self.completed(self.standardised(x, columns), x, columns)

    def completed(self, z: Array, x: Array, columns: list[str]) -> Array:
        """Return the design matrices of standardised features (designs, rows, features): with what is curved, and what is missing."""
        curves = [spline(z[:, :, some], knots).reshape(*z.shape[:2], knots.shape[2] * (knots.shape[3] - 2)) for some, knots in self._curves]
        parts = [z, *([np.concatenate(curves, axis=2) - self._spline_mean] if curves else [])]
        if self._like.indicated:
            parts.append((np.isnan(x[:, _places(self._like.indicated, tuple(columns))]) - self._share) / self._flag_sd)
        return np.concatenate(parts, axis=2)

    def standardised(self, x: Array, columns: list[str]) -> Array:
        """Return the features alone (designs, rows, features): filled, clipped, and on the standardised scale."""
        used = rescaled(x[:, _places(self._like.features, tuple(columns))], self._like.scale)
        z = np.minimum(np.maximum(used, self._lower), self._upper)
        standard: Array = (np.where(np.isnan(z), self._fill, z) - self._mean) / self._sd
        return standard


@lru_cache(maxsize=256)
def _places(names: tuple[str, ...], columns: tuple[str, ...]) -> NDArray[np.int64]:
    """Return the positions of names among columns."""
    place = {name: k for k, name in enumerate(columns)}
    return np.array([place[name] for name in names], dtype=np.int64)


def _lengths(knots: dict[str, tuple[float, ...]]) -> list[tuple[str, int]]:
    return [(name, len(each)) for name, each in knots.items()]


@lru_cache(maxsize=256)
def _scales(scale: tuple[Scale, ...]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return which columns are percent, and which are linear."""
    kinds = np.array(scale)
    return kinds == "percent", kinds == "linear"


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
    percent, linear = _scales(scale)
    ratio = np.where(percent, 1.0 + x / 100.0, x)
    scaled: Array = np.log(np.maximum(ratio, _TINY), out=ratio, where=~linear)
    return scaled


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
    first, inner, penultimate, last = knots[..., :1], knots[..., :-2], knots[..., -2:-1], knots[..., -1:]
    above = np.maximum(z[..., None] - knots, 0.0)
    cubed = above * above * above  # not ** 3, a power that costs ten times as much
    ends = (cubed[..., -2:-1] * (last - inner) - cubed[..., -1:] * (penultimate - inner)) / (last - penultimate)
    curved: Array = (cubed[..., :-2] - ends) / (last - first) ** 2
    return curved
