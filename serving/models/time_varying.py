"""A time-varying intercept: how the log-odds go with the time since diagnosis, at each horizon in a way of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from serving.models.base import Array, ImpossibleModelError, numbers, row_sums

MONTHS = "months_since_index"


@dataclass(frozen=True)
class TimeVaryingIntercept:
    """At each horizon a sum of effects that fade: effect x exp(-months / scale). From `latest` on it is constant.

    Attributes
    ----------
    scales : months
    latest : months; hardly a visit of training is later, and later ones are taken for it
    effects : one for each scale, at each horizon; without any the time since diagnosis plays no part of its own
    mean : of each exp(-months / scale) over the training rows; it stands in where the months are not known
    """

    scales: tuple[float, ...] = ()
    latest: float = 0.0
    effects: tuple[tuple[float, ...], ...] = ()
    mean: tuple[float, ...] = ()

    @cached_property
    def _numbers(self) -> tuple[Array, Array, Array]:
        return np.array(self.scales), np.array(self.mean), np.array(self.effects)

    def fading(self, x: Array, columns: list[str]) -> Array:
        """Return exp(-months / scale): (rows, scales)."""
        if not self.scales:
            return np.empty((len(x), 0))
        scales, mean, _ = self._numbers
        fading = np.exp(-np.minimum(x[:, [columns.index(MONTHS)]], self.latest) / scales)
        return np.where(np.isnan(fading), mean, fading)

    def levels(self, intercepts: Array, fading: Array) -> Array:
        """Return the log-odds (rows, horizons) of somebody whom nothing else tells from the average; they do not fall with the horizon."""
        effects = self._numbers[2].reshape(len(intercepts), len(self.scales))
        return np.maximum.accumulate(intercepts + row_sums(fading[:, None, :] * effects), axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Return the intercept as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any], columns: list[str], horizons: int) -> TimeVaryingIntercept:
        """Return the intercept that `to_dict` wrote.

        Raises
        ------
        ImpossibleModelError
            Its numbers are of another shape or not finite, or the model does not know the time since diagnosis.
        """
        n = len(content["scales"])
        scales, latest = numbers(content, "scales", (n,)), numbers(content, "latest", ())
        if n and (MONTHS not in columns or (scales <= 0).any() or latest < 0):
            raise ImpossibleModelError("its course needs months_since_index, positive scales and a latest month that is not negative")
        effects = numbers(content, "effects", (horizons, n) if n else (0,))
        return cls(
            tuple(scales.tolist()), float(latest), tuple(map(tuple, effects.tolist())), tuple(numbers(content, "mean", (n,)).tolist())
        )


class Levels:
    """The levels of several intercepts that have as many scales, in one pass, each to the last bit its own.

    Parameters
    ----------
    intercepts : array (models, horizons)
    """

    def __init__(self, varying: Sequence[TimeVaryingIntercept], intercepts: Array, columns: list[str]) -> None:
        self._intercepts, self._fade = intercepts[:, None], bool(varying[0].scales)
        if self._fade:
            self._column = columns.index(MONTHS)
            self._latest = np.array([[one.latest] for one in varying])
            self._scales, self._mean, self._effects = (np.array([one._numbers[k] for one in varying])[:, None] for k in range(3))

    def at(self, x: Array) -> Array:
        """Return the levels (models, rows, horizons)."""
        if not self._fade:
            return np.maximum.accumulate(np.repeat(self._intercepts, len(x), axis=1), axis=2)
        fading = np.exp(-np.minimum(x[:, self._column], self._latest)[:, :, None] / self._scales)
        fading = np.where(np.isnan(fading), self._mean, fading)
        return np.maximum.accumulate(self._intercepts + row_sums(fading[:, :, None] * self._effects), axis=2)
