"""Penalised logistic regression over stacked horizons: one slope per column, and for each horizon a steepness and a level of its own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.columns import group_of_each
from serving.models.background import above
from serving.models.base import Array, ImpossibleModelError, Model, numbers, row_sums
from serving.models.design import Designs, LinearDesign
from serving.models.shapley import MOST_PLAYERS, shapley_with_background
from serving.models.time_varying import MONTHS, Levels, TimeVaryingIntercept


@dataclass(frozen=True)
class HorizonLogistic(Model, kind="logistic"):
    """margin_h = level_h(months since diagnosis) + steepness_h x z b, and no less than at an earlier horizon.

    With a background it is log(background_h + exp(these)).

    Attributes
    ----------
    steepness : array (horizons,), above 0; of a model of before there was any it is 1
    background : array (horizons,), odds, not negative; of a model of before there was any it is 0
    """

    design: LinearDesign
    coefficients: Array
    intercepts: Array
    columns: list[str]
    time_varying: TimeVaryingIntercept = field(default_factory=TimeVaryingIntercept)
    steepness: Array | None = None
    background: Array | None = None

    @cached_property
    def _alone(self) -> _Alike:
        return _Alike([self])

    def margins(self, x: Array) -> Array:
        margins: Array = self._alone.margins(*self._alone.parts(x))[0]
        return margins

    @classmethod
    def together(cls, models: Sequence[HorizonLogistic]) -> Callable[[Array], Array]:
        asked = _asked_together(models)
        return lambda x: asked(x)[0]

    @classmethod
    def explaining(cls, models: Sequence[HorizonLogistic]) -> Callable[[Array], tuple[Array, Array]]:
        asked = _asked_together(models)

        def explained(x: Array) -> tuple[Array, Array]:
            margins, terms, levels = asked(x)
            return margins, models[0]._shares(terms, levels, margins[0])

        return explained

    def contributions(self, x: Array) -> Array:
        """SHAP values of an additive model: coefficient times distance from the training mean, and the level's from its own there.

        With a background they are exact Shapley values of biomarkers, and of static columns, against that mean
        (`serving.models.shapley`). Where a horizon has the margin of an earlier one, since its own would be less, it has the reasons for
        that.
        """
        terms, levels = self._alone.parts(x)
        return self._shares(terms[0], levels[0], self._alone.margins(terms, levels)[0])

    def _shares(self, terms: Array, levels: Array, margins: Array) -> Array:
        width = len(self.columns)
        place = np.arange(len(terms))[:, None] * width + self._sources  # bincount adds up in the order of the terms
        out: Array = np.bincount(place.ravel(), terms.ravel(), len(terms) * width).reshape(-1, width).astype(np.float64, copy=False)
        out = out[:, None, :] * self._steepness[:, None]
        if self.time_varying.scales:
            out[:, :, self.columns.index(MONTHS)] += levels - self._average_level
        shapley_with_background(out, self._average_level[0], self._background, self._group)
        for h in range(1, margins.shape[1]):
            same = margins[:, h] == margins[:, h - 1]
            out[same, h] = out[same, h - 1]
        return out

    @cached_property
    def _steepness(self) -> Array:
        return np.ones(len(self.intercepts)) if self.steepness is None else self.steepness

    @cached_property
    def _background(self) -> Array:
        return np.zeros(len(self.intercepts)) if self.background is None else self.background

    @cached_property
    def _sources(self) -> NDArray[np.int64]:
        return self.design.sources(self.columns)

    @cached_property
    def _group(self) -> NDArray[np.int64]:
        return group_of_each(self.columns)

    @cached_property
    def _average_level(self) -> Array:
        return self.time_varying.levels(self.intercepts, np.array([self.time_varying.mean]))

    def save(self, folder: Path) -> dict[str, Any]:
        return {
            "design": self.design.to_dict(),
            "coefficients": self.coefficients.tolist(),
            "intercepts": self.intercepts.tolist(),
            "course": self.time_varying.to_dict(),
            "steepness": self._steepness.tolist(),
            "background": self._background.tolist(),
        }

    @classmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> HorizonLogistic:
        varying = content.get("course")  # a model of before there was one has none; the name is that of the first to have it
        time_varying = TimeVaryingIntercept.from_dict(varying, columns, len(horizons)) if varying else TimeVaryingIntercept()
        design = LinearDesign.from_dict(content["design"], columns)
        coefficients = numbers(content, "coefficients", (design.width,))
        steepness = numbers(content, "steepness", (len(horizons),)) if "steepness" in content else None
        if steepness is not None and (steepness <= 0).any():
            raise ImpossibleModelError("its steepness is to be above 0 at each horizon")
        background = numbers(content, "background", (len(horizons),)) if "background" in content else None
        if background is not None and (background < 0).any():
            raise ImpossibleModelError("the odds of its background are not to be negative")
        if background is not None and background.any() and group_of_each(columns).max() >= MOST_PLAYERS:
            raise ImpossibleModelError(f"it has a background, and more than {MOST_PLAYERS} biomarkers and static columns")
        intercepts = numbers(content, "intercepts", (len(horizons),))
        return cls(design, coefficients, intercepts, columns, time_varying, steepness, background)


def _asked_together(models: Sequence[HorizonLogistic]) -> Callable[[Array], tuple[Array, Array, Array]]:
    """Return a function: features -> margins of all models (models, rows, horizons); terms and levels of the first.

    Those that are like one another are asked in one pass: a half in which a rare finding never varies has a design of its own.
    """
    groups: list[list[int]] = []
    for k, model in enumerate(models):
        like = next((group for group in groups if _are_alike(models[group[0]], model)), None)
        groups.append([k]) if like is None else like.append(k)
    first, *others = [(group, _Alike([models[k] for k in group])) for group in groups]

    def asked(x: Array) -> tuple[Array, Array, Array]:
        terms, levels = first[1].parts(x)
        margins = np.empty((len(models), *levels.shape[1:]))
        margins[first[0]] = first[1].margins(terms, levels)
        for group, alike in others:
            margins[group] = alike.margins(*alike.parts(x))
        return margins, terms[0], levels[0]

    return asked


def _are_alike(one: HorizonLogistic, other: HorizonLogistic) -> bool:
    same_course = len(one.time_varying.scales) == len(other.time_varying.scales)
    return same_course and one.columns == other.columns and one.design.is_like(other.design)


class _Alike:
    """Models whose designs are like one another, in one pass: each number is what its own model would make."""

    def __init__(self, models: Sequence[HorizonLogistic]) -> None:
        self._columns = models[0].columns
        self._designs = Designs([model.design for model in models])
        self._coefficients = np.array([model.coefficients for model in models])[:, None]
        self._steepness = np.array([model._steepness for model in models])[:, None]
        self._background = np.array([model._background for model in models])[:, None]
        self._levels = Levels([model.time_varying for model in models], np.array([model.intercepts for model in models]), self._columns)

    def parts(self, x: Array) -> tuple[Array, Array]:
        """Return the terms (models, rows, design columns) and the levels (models, rows, horizons) that a margin is made of."""
        return self._designs.transform(x, self._columns) * self._coefficients, self._levels.at(x)

    def margins(self, terms: Array, levels: Array) -> Array:
        """Return the margins (models, rows, horizons)."""
        own = row_sums(terms)[:, :, None] * self._steepness + levels
        return np.maximum.accumulate(above(own, self._background), axis=2)
