"""What every kind of model can do, and the kinds that there are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
AVERAGE_VALUES = "the risk at average values of the people of training"
KINDS: dict[str, type[Model]] = {}  # by the name that artifacts and params.yaml have; a class enters itself


def logit(p: Array) -> Array:
    """Return log(p / (1 - p))."""
    odds: Array = np.log(p) - np.log1p(-p)
    return odds


def logistic(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)).

    Examples
    --------
    >>> float(logistic(np.array(0.0)))
    0.5
    """
    share: Array = 1.0 / (1.0 + np.exp(-np.minimum(np.maximum(x, -40.0), 40.0)))
    return share


def row_sums(terms: Array) -> Array:
    """Return the sum of each row, the same to the last bit however many rows come together (BLAS gives no such promise)."""
    sums: Array = np.ascontiguousarray(terms).sum(axis=-1)
    return sums


class ImpossibleModelError(ValueError):
    """A part of a model that no fit writes; the words say which, and what is accepted."""


def numbers(content: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Array:
    """Return the finite numbers of that shape that a model keeps under a name.

    Raises
    ------
    ImpossibleModelError
        They have another shape, or one is not finite.
    """
    try:
        found: Array = np.array(content[name], dtype=float)
    except (TypeError, ValueError):
        raise ImpossibleModelError(f"{name} are no numbers in rows of one length") from None
    if found.shape != shape:
        raise ImpossibleModelError(f"{name} has the shape {found.shape}, accepted: {shape}")
    if not np.isfinite(found).all():
        raise ImpossibleModelError(f"{name} holds a number that is not finite")
    return found


class Model(ABC):
    """A fitted model: margins (log-odds before calibration) per horizon, never falling with the horizon.

    `class Mine(Model, kind="mine")` makes a kind that artifacts can hold. What it has to keep, beside these methods, is in
    `tests/serving/models/test_contract.py`, which runs over every kind: a row's answer is the same to the last bit whatever
    other rows come with it and however many threads there are, and a missing value (NaN) is taken.
    """

    def __init_subclass__(cls, kind: str) -> None:
        """Enter the class among the kinds.

        Raises
        ------
        ValueError
            Another class has the name.
        """
        if kind in KINDS:
            raise ValueError(f'two classes are the model kind "{kind}": {KINDS[kind].__name__} and {cls.__name__}')
        KINDS[kind] = cls

    @abstractmethod
    def margins(self, x: Array) -> Array:
        """Return log-odds (rows, horizons) for features (rows, features)."""

    @classmethod
    def together(cls, models: Sequence[Any]) -> Callable[[Array], Array]:
        """Return a function: features -> margins of several models of this kind, (models, rows, horizons), each to the last bit its own."""
        return lambda x: np.array([model.margins(x) for model in models])

    @classmethod
    def explaining(cls, models: Sequence[Any]) -> Callable[[Array], tuple[Array, Array]]:
        """Return a function: features -> margins of several models as `together` gives them, and contributions of the first."""
        margins = cls.together(models)
        return lambda x: (margins(x), models[0].contributions(x))

    @abstractmethod
    def contributions(self, x: Array) -> Array:
        """Return SHAP values (rows, horizons, features) in log-odds. What they leave of the margin is the base."""

    @property
    def start(self) -> str:
        """What the base is, in words: where contributions start from."""
        return AVERAGE_VALUES

    def check(self, columns: int, horizons: int) -> None:
        """Refuse a model that cannot answer for a person of whom nothing is known, as every fitted one can.

        Raises
        ------
        ImpossibleModelError
            The answer has another shape, is not finite, or falls as the horizon grows.
        """
        margins = self.margins(np.full((1, columns), np.nan))
        if margins.shape != (1, horizons) or not np.isfinite(margins).all() or (np.diff(margins) < 0).any():
            raise ImpossibleModelError("for a person of whom nothing is known it gives no finite risks that rise with the horizon")

    @abstractmethod
    def save(self, folder: Path) -> dict[str, Any]:
        """Write what JSON cannot hold into the folder; return the rest."""

    @classmethod
    @abstractmethod
    def load(cls, folder: Path, content: dict[str, Any], columns: list[str], horizons: tuple[int, ...]) -> Model:
        """Return the model that `save` wrote."""
