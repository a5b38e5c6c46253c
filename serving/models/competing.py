"""The chance that the competing event, death, comes first within each horizon: by age, sex and the risk of the event itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np

from serving.models.base import Array, ImpossibleModelError, logistic, logit, numbers

AGE, FEMALE = "age", "female"
_TERMS = 4  # level, age in decades, sex, log-odds of the event
_DECADE = 10.0
_EDGE = 1e-6  # a risk nearer to 0 or 1 adds nothing


@dataclass(frozen=True)
class CompetingRisk:
    """A logistic regression for each horizon.

    Attributes
    ----------
    coefficients : by horizon (level, age in decades, female, log-odds of the event)
    age, female : means that stand in where they are unknown
    """

    coefficients: tuple[tuple[float, ...], ...]
    age: float
    female: float

    def risks(self, age: Array, female: Array, risks: Array) -> Array:
        """Return the chance of the competing event first (rows, horizons): at most what the event leaves, and never falling.

        Each horizon has a regression of its own, and so has the event: where a later horizon leaves less room than an earlier one took,
        the earlier one gives way.

        Parameters
        ----------
        age, female : arrays (rows,), NaN where unknown
        risks : array (rows, horizons), of the event
        """
        terms = self.terms(age, female, risks)
        found = logistic((terms * self._numbers).sum(axis=2))
        room = np.minimum(np.maximum.accumulate(found, axis=1), 1.0 - risks)
        never_falling: Array = np.minimum.accumulate(room[:, ::-1], axis=1)[:, ::-1]
        return never_falling

    @cached_property
    def _numbers(self) -> Array:
        return np.array(self.coefficients)

    def terms(self, age: Array, female: Array, risks: Array) -> Array:
        """Return the terms of the regressions (rows, horizons, 4)."""
        terms = np.empty((*risks.shape, _TERMS))
        terms[:, :, 0] = 1.0
        terms[:, :, 1] = ((np.where(np.isnan(age), self.age, age) - self.age) / _DECADE)[:, None]
        terms[:, :, 2] = (np.where(np.isnan(female), self.female, female) - self.female)[:, None]
        terms[:, :, 3] = logit(np.minimum(np.maximum(risks, _EDGE), 1.0 - _EDGE))
        return terms

    def save(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return asdict(self)

    @classmethod
    def load(cls, content: Mapping[str, Any], horizons: int) -> CompetingRisk:
        """Return what `save` wrote.

        Raises
        ------
        ImpossibleModelError
            It has another shape, or a number is not finite.
        """
        coefficients = numbers(content, "coefficients", (horizons, _TERMS))
        age, female = (float(numbers(content, name, ())) for name in (AGE, FEMALE))
        if not 0 <= female <= 1:
            raise ImpossibleModelError(f"the share of women is {female}, accepted: 0 to 1")
        return cls(tuple(map(tuple, coefficients.tolist())), age, female)
