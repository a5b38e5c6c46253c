"""Two cause-specific Cox models, of progression and of death, joined into the cumulative incidence of progression.

risk_h = sum over months k <= h of S(k-1) * P(an event in month k) * share of progression in it,
with hazards constant within a month: death competes, it does not censor (Prentice et al., Biometrics 1978;34:541).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from serving.models.base import Array, ImpossibleModelError, Model, logit, numbers, row_sums
from serving.models.design import Designs, LinearDesign
from serving.models.shapley import MOST_PLAYERS, shapley_values

_CHUNK = 256
_SMALLEST_RISK = 1e-9


@dataclass(frozen=True)
class CauseSpecificCox(Model, kind="cox"):
    """Coefficients of both causes (rows: progression, death) and their baseline hazard in each month."""

    design: LinearDesign
    coefficients: Array  # (2, design columns)
    monthly_hazard: Array  # (2, months)
    columns: list[str]
    horizons: tuple[int, ...]

    def margins(self, x: Array) -> Array:
        z = self.design.transform(x, self.columns)
        progression, death = (row_sums(z * beta) for beta in self.coefficients)
        return logit(self._incidence(progression, death))

    @classmethod
    def together(cls, models: Sequence[CauseSpecificCox]) -> Callable[[Array], Array]:
        if not all(models[0].design.is_like(model.design) for model in models):
            return super().together(models)
        designs, columns = Designs([model.design for model in models]), models[0].columns
        coefficients = np.array([model.coefficients for model in models])[:, :, None]  # (models, causes, 1, design columns)

        def margins(x: Array) -> Array:
            z = designs.transform(x, columns)
            progression, death = (row_sums(z * coefficients[:, cause]) for cause in (0, 1))
            return logit(np.array([model._incidence(progression[k], death[k]) for k, model in enumerate(models)]))

        return margins

    def contributions(self, x: Array) -> Array:
        """Exact Shapley values of the logit risk, against a person with the training mean in every covariate.

        The risk depends on the covariates through two sums that compete, so it is not additive; the values
        average the effect of each covariate over every order in which covariates can be made known.
        """
        out = np.zeros((len(x), len(self.horizons), len(self.columns)))
        sources = self.design.sources(self.columns)
        players = np.unique(sources)
        member = (players[:, None] == sources).astype(float)  # design columns of one feature move together
        masks = (np.arange(2 ** len(players))[:, None] >> np.arange(len(players))) & 1
        for start in range(0, len(x), _CHUNK):
            z = self.design.transform(x[start : start + _CHUNK], self.columns)
            terms = [row_sums((z * beta)[:, None, :] * member) for beta in self.coefficients]  # (rows, players) of each cause
            sums = [row_sums(masks[:, None, :] * term).ravel() for term in terms]  # (coalitions x rows)
            values = logit(self._incidence(*sums)).reshape(len(masks), len(z), len(self.horizons))
            out[start : start + _CHUNK, :, players] = np.moveaxis(shapley_values(values), 0, 2)
        return out

    def _incidence(self, progression: Array, death: Array) -> Array:
        """Return the cumulative incidence (rows, horizons) from the linear predictors of both causes."""
        relative = np.exp(np.clip(progression, -20, 20)), np.exp(np.clip(death, -20, 20))
        out = np.empty((len(progression), len(self.horizons)))
        _add_up(*relative, self.monthly_hazard, np.array(self.horizons), out)
        return np.clip(out, _SMALLEST_RISK, 1.0 - _SMALLEST_RISK)

    def save(self, folder: Path) -> dict[str, Any]:
        return {
            "design": self.design.to_dict(),
            "coefficients": self.coefficients.tolist(),
            "monthly_hazard": self.monthly_hazard.tolist(),
        }

    @classmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> CauseSpecificCox:
        design = LinearDesign.from_dict(content["design"], columns)
        coefficients = numbers(content, "coefficients", (2, design.width))
        monthly_hazard = numbers(content, "monthly_hazard", (2, horizons[-1]))
        if (monthly_hazard < 0).any():
            raise ImpossibleModelError("monthly_hazard holds a negative hazard")
        if len(set(design.sources(columns))) > MOST_PLAYERS:
            raise ImpossibleModelError(f"it has more than {MOST_PLAYERS} covariates")
        return cls(design, coefficients, monthly_hazard, columns, horizons)


@njit(cache=True, nogil=True)
def _add_up(progression: Array, death: Array, monthly_hazard: Array, horizons: NDArray[np.int64], incidence: Array) -> None:
    """Fill the cumulative incidence (rows, horizons) from the hazards of both causes relative to the baseline's (rows,)."""
    for row in range(len(progression)):
        survival, total, h = 1.0, 0.0, 0
        for month in range(monthly_hazard.shape[1]):
            first, second = progression[row] * monthly_hazard[0, month], death[row] * monthly_hazard[1, month]
            both = first + second
            if both > 0.0:
                leaving = -math.expm1(-both)
                total += survival * leaving * (first / both)
                survival *= 1.0 - leaving
            if month + 1 == horizons[h]:
                incidence[row, h] = total
                h += 1
