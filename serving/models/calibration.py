"""Logistic recalibration of a model's log-odds."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from serving.models.base import Array, ImpossibleModelError


@dataclass(frozen=True)
class Calibration:
    """Logistic recalibration: logit risk_h = intercept_h + slope * margin_h.

    One positive slope and intercepts that never fall keep both the order of the horizons and the
    additivity of the contributions.
    """

    slope: float
    intercepts: tuple[float, ...]

    def __post_init__(self) -> None:
        finite = np.isfinite([self.slope, *self.intercepts]).all()
        if not finite or self.slope <= 0 or any(np.diff(self.intercepts) < 0):
            raise ImpossibleModelError("a calibration needs a positive slope and intercepts that do not fall, all of them finite")

    def log_odds(self, margins: Array) -> Array:
        """Return the log-odds (..., horizons) of the recalibrated risks."""
        found: Array = self._numbers + self.slope * margins
        return found

    @cached_property
    def _numbers(self) -> Array:
        return np.array(self.intercepts)

    def moved(self, shift: Array, slope: float) -> Calibration:
        """Return the calibration whose log-odds are shift + slope x what these are; they do not fall with the horizon.

        Parameters
        ----------
        shift : array (horizons,)
        """
        intercepts = np.maximum.accumulate(shift + slope * self._numbers)
        return Calibration(slope * self.slope, tuple(intercepts.tolist()))

    @classmethod
    def load(cls, content: dict[str, Any], horizons: int) -> Calibration:
        """Return the calibration that an artifact holds.

        Raises
        ------
        ImpossibleModelError
            It has not one intercept for each horizon, or is otherwise none that a fit writes.
        """
        calibration = cls(content["slope"], tuple(content["intercepts"]))
        if len(calibration.intercepts) != horizons:
            raise ImpossibleModelError(f"the calibration has {len(calibration.intercepts)} intercepts for {horizons} horizons")
        return calibration

    @classmethod
    def identity(cls, horizons: tuple[int, ...]) -> Calibration:
        """Return the calibration that changes nothing."""
        return cls(1.0, (0.0,) * len(horizons))
