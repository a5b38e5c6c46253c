"""A weighted mean of other models' log-odds. Contributions of a weighted mean are the weighted mean of contributions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from pathlib import Path
from typing import Any

import numpy as np

from serving.models.base import KINDS, Array, ImpossibleModelError, Model

_ROUNDED = 1e-9  # by how much weights that sum to 1 may miss it


@dataclass(frozen=True)
class Ensemble(Model, kind="ensemble"):
    """Members by kind, with weights that are not negative and sum to 1, so the order of the horizons is kept."""

    members: dict[str, Model]
    weights: dict[str, float]

    def margins(self, x: Array) -> Array:
        return self._mean([member.margins(x) for member in self._used()])

    @classmethod
    def together(cls, models: Sequence[Ensemble]) -> Callable[[Array], Array]:
        if not (kinds := _kinds_of(models)):
            return super().together(models)
        members = [KINDS[kind].together([model.members[kind] for model in models]) for kind in kinds]
        weights = _weights(models, kinds)
        return lambda x: _weighted(weights, [of_kind(x) for of_kind in members])

    @classmethod
    def explaining(cls, models: Sequence[Ensemble]) -> Callable[[Array], tuple[Array, Array]]:
        if not (kinds := _kinds_of(models)):
            return super().explaining(models)
        members = [KINDS[kind].explaining([model.members[kind] for model in models]) for kind in kinds]
        weights = _weights(models, kinds)

        def explained(x: Array) -> tuple[Array, Array]:
            margins, contributions = zip(*(of_kind(x) for of_kind in members), strict=True)
            return _weighted(weights, margins), _weighted([weight[0] for weight in weights], contributions)

        return explained

    def contributions(self, x: Array) -> Array:
        return self._mean([member.contributions(x) for member in self._used()])

    @property
    def start(self) -> str:
        """What the base is, in words; those of several kinds, of which it is the weighted mean."""
        kinds = list(dict.fromkeys(member.start for member in self._used()))
        return kinds[0] if len(kinds) == 1 else f"a weighted mean of {' and of '.join(kinds)}"

    def _used(self) -> list[Model]:
        return [member for kind, member in self.members.items() if self.weights[kind] > 0]

    def _mean(self, parts: Sequence[Array]) -> Array:
        return _weighted([weight for weight in self.weights.values() if weight > 0], parts)

    def save(self, folder: Path) -> dict[str, Any]:
        contents = {}
        for kind, member in self.members.items():
            (folder / kind).mkdir(exist_ok=True)
            contents[kind] = member.save(folder / kind)
        return {"members": contents, "weights": self.weights}

    @classmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> Ensemble:
        weights, possible = content["weights"], KINDS.keys() - {"ensemble"}
        if weights.keys() != content["members"].keys() or not weights.keys() <= possible:
            raise ImpossibleModelError(f"it weighs {', '.join(weights)}, its members are {', '.join(content['members'])}")
        values = np.array(list(weights.values()), dtype=float)
        if not (values >= 0).all() or not abs(values.sum() - 1.0) < _ROUNDED:
            raise ImpossibleModelError(f"the weights of its members are {values.tolist()}, accepted: none negative, 1 in all")
        members = {
            kind: KINDS[kind].load(folder / kind, {**member, "threads": content["threads"]}, columns, horizons)
            for kind, member in content["members"].items()
        }
        return cls(members, weights)


def _kinds_of(models: Sequence[Ensemble]) -> tuple[str, ...]:
    """Return the kinds of members that any of the models uses; none where they have not the same members.

    A member that one of them gives no weight adds exactly 0 to it.
    """
    if len({tuple(model.members) for model in models}) > 1:
        return ()
    return tuple(kind for kind in models[0].members if any(model.weights[kind] > 0 for model in models))


def _weights(models: Sequence[Ensemble], kinds: tuple[str, ...]) -> list[Array]:
    """Return the weights (models, 1, 1) of each kind."""
    return [np.array([model.weights[kind] for model in models])[:, None, None] for kind in kinds]


def _weighted(weights: Sequence[Any], parts: Sequence[Array]) -> Array:
    return reduce(np.add, [weight * part for weight, part in zip(weights, parts, strict=True)])
