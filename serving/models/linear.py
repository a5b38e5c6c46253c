"""Penalised logistic regression over stacked horizons: one slope per column, one level per horizon and time since diagnosis."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from serving.models.base import Array, Model, numbers, row_sums
from serving.models.design import Designs, LinearDesign
from serving.models.time_varying import MONTHS, TimeVaryingIntercept, levels_together


@dataclass(frozen=True)
class HorizonLogistic(Model, kind="logistic"):
    """margin_h = level_h(months since diagnosis) + z b. Levels never fall with the horizon, so neither do risks."""

    design: LinearDesign
    coefficients: Array
    intercepts: Array
    columns: list[str]
    time_varying: TimeVaryingIntercept = field(default_factory=TimeVaryingIntercept)

    def margins(self, x: Array) -> Array:
        return row_sums(self.design.transform(x, self.columns) * self.coefficients)[:, None] + self._levels(x)

    @classmethod
    def together(cls, models: Sequence[HorizonLogistic]) -> Callable[[Array], Array]:
        first = models[0]
        scales = {len(model.time_varying.scales) for model in models}
        if len(scales) > 1 or not all(first.design.is_like(model.design) and first.columns == model.columns for model in models):
            return super().together(models)
        varying, intercepts = [model.time_varying for model in models], np.array([model.intercepts for model in models])
        designs = Designs([model.design for model in models])
        coefficients = np.array([model.coefficients for model in models])[:, None]

        def margins(x: Array) -> Array:
            levels = levels_together(varying, intercepts, x, first.columns)
            return row_sums(designs.transform(x, first.columns) * coefficients)[:, :, None] + levels

        return margins

    def contributions(self, x: Array) -> Array:
        """SHAP values of an additive model: coefficient times distance from the training mean, and the level's from its own there."""
        terms = self.design.transform(x, self.columns) * self.coefficients
        out = np.zeros((len(x), len(self.columns)))
        np.add.at(out, np.s_[:, self.design.sources(self.columns)], terms)  # type: ignore[arg-type]  # its stubs know no slice in a tuple
        out = np.repeat(out[:, None, :], len(self.intercepts), axis=1)
        if self.time_varying.scales:
            average = self.time_varying.levels(self.intercepts, np.array([self.time_varying.mean]))
            out[:, :, self.columns.index(MONTHS)] += self._levels(x) - average
        return out

    def _levels(self, x: Array) -> Array:
        return self.time_varying.levels(self.intercepts, self.time_varying.fading(x, self.columns))

    def save(self, folder: Path) -> dict[str, Any]:
        return {
            "design": self.design.to_dict(),
            "coefficients": self.coefficients.tolist(),
            "intercepts": self.intercepts.tolist(),
            "course": self.time_varying.to_dict(),
        }

    @classmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> HorizonLogistic:
        varying = content.get("course")  # a model of before there was one has none; the name is that of the first to have it
        time_varying = TimeVaryingIntercept.from_dict(varying, columns, len(horizons)) if varying else TimeVaryingIntercept()
        design = LinearDesign.from_dict(content["design"], columns)
        coefficients = numbers(content, "coefficients", (design.width,))
        return cls(design, coefficients, numbers(content, "intercepts", (len(horizons),)), columns, time_varying)
