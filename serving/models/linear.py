"""Penalised logistic regression over stacked horizons: one slope per column, one intercept per horizon."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from serving.design import LinearDesign
from serving.models.base import Array, Model, row_sums


@dataclass(frozen=True)
class HorizonLogistic(Model):
    """margin_h = intercept_h + z b. Intercepts never fall with the horizon, so neither do risks."""

    design: LinearDesign
    coefficients: Array
    intercepts: Array
    columns: list[str]

    def margins(self, x: Array) -> Array:
        return row_sums(self.design.transform(x, self.columns) * self.coefficients)[:, None] + self.intercepts

    def contributions(self, x: Array) -> Array:
        """SHAP values of a linear model: coefficient times distance from the training mean."""
        terms = self.design.transform(x, self.columns) * self.coefficients
        out = np.zeros((len(x), len(self.columns)))
        for position, source in enumerate(self.design.sources(self.columns)):
            out[:, source] += terms[:, position]
        return np.repeat(out[:, None, :], len(self.intercepts), axis=1)

    def save(self, folder: Path) -> dict[str, Any]:
        return {"design": self.design.to_dict(), "coefficients": self.coefficients.tolist(), "intercepts": self.intercepts.tolist()}

    @classmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> HorizonLogistic:
        return cls(LinearDesign.from_dict(content["design"]), np.array(content["coefficients"]), np.array(content["intercepts"]), columns)
