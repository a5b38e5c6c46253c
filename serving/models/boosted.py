"""Gradient boosting over stacked horizons: one tree ensemble, the horizon a monotone feature."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xgboost as xgb

from serving.models.base import Array, ImpossibleModelError, Model
from serving.models.few_rows import WholeTrees
from serving.models.forest import FEW, Forest, forest_of

_FILE = "booster.ubj"


def stack_horizons(x: Array, horizons: tuple[int, ...]) -> Array:
    """Return x once per horizon (months, the last column): rows of one horizon together, horizons in order."""
    return np.vstack([np.hstack([x, np.full((len(x), 1), float(h))]) for h in horizons])


@dataclass(frozen=True)
class Boosted(Model, kind="boosting"):
    """An XGBoost ensemble over features and horizon, constrained not to fall as the horizon grows."""

    booster: xgb.Booster
    columns: list[str]
    horizons: tuple[int, ...]
    threads: int = field(default_factory=lambda: os.cpu_count() or 1)

    @property
    def start(self) -> str:
        return "the mean log-odds of the people of training, with this person's share of the horizon"

    @cached_property
    def forest(self) -> Forest | None:
        """The trees as arrays; None where XGBoost itself has to be asked: of trees deeper than the tables take, or of another objective."""
        return forest_of(self.booster, self.horizons)

    def margins(self, x: Array) -> Array:
        if forest := self.forest:
            return forest.margins(x, self.threads)
        margins = self.booster.inplace_predict(stack_horizons(x, self.horizons), predict_type="margin")
        return margins.astype(float).reshape(len(self.horizons), len(x)).T

    @classmethod
    def together(cls, models: Sequence[Boosted]) -> Callable[[Array], Array]:
        forests = [forest for model in models if (forest := model.forest)]
        if len(forests) < len(models):
            return super().together(models)

        whole = WholeTrees(forests)

        def margins(x: Array) -> Array:
            return whole.margins(x) if len(x) <= FEW else np.array([forest.margins(x, models[0].threads) for forest in forests])

        return margins

    def contributions(self, x: Array) -> Array:
        """Exact TreeSHAP of the booster. The horizon's own share stays in the base: a patient cannot act on it."""
        if forest := self.forest:
            return forest.contributions(x, self.threads)
        if not len(x):  # XGBoost's answer would have another shape
            return np.empty((0, len(self.horizons), len(self.columns)))
        matrix = xgb.DMatrix(stack_horizons(x, self.horizons), nthread=1 if len(x) == 1 else None)  # threads cost more than a row
        values = self.booster.predict(matrix, pred_contribs=True, strict_shape=True)[:, 0, : len(self.columns)]
        return values.astype(float).reshape(len(self.horizons), len(x), len(self.columns)).transpose(1, 0, 2)

    def save(self, folder: Path) -> dict[str, Any]:
        (folder / _FILE).write_bytes(self.booster.save_raw("ubj"))  # of a full disk Python says what it is, XGBoost shows its stack
        return {"file": _FILE}

    @classmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> Boosted:
        if (name := content["file"]) != Path(name).name or name in (".", ".."):
            raise ImpossibleModelError(f"its trees lie in {name!r}, a path that leaves its own folder")
        booster = xgb.Booster()
        booster.load_model(folder / name)
        if booster.num_features() != len(columns) + 1:
            raise ImpossibleModelError(f"its trees know {booster.num_features()} columns, accepted: {len(columns)} and the horizon")
        booster.set_param({"nthread": content["threads"]})
        return cls(booster, columns, horizons, content["threads"])
