"""The columns a linear model sees: log where skewed, clipped to what training saw, standardised, missing made explicit."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
_TINY = 1e-6  # below any measured value; a log needs a positive number


@dataclass(frozen=True)
class LinearDesign:
    """Frozen at fit time, so that a missing value is handled alike in training and in use.

    For each feature used: whether the log is taken, the limits it is clipped to, the value that stands in for a
    missing one (the training median, all after the log), then mean and standard deviation. `indicated` lists the
    features that also get a 0/1 column "is missing", centred on its training share.
    """

    features: tuple[str, ...]
    log: tuple[bool, ...]
    lower: tuple[float, ...]
    upper: tuple[float, ...]
    fill: tuple[float, ...]
    mean: tuple[float, ...]
    sd: tuple[float, ...]
    indicated: tuple[str, ...]
    missing_share: tuple[float, ...]

    def transform(self, x: Array, columns: list[str]) -> Array:
        """Return the design matrix (rows, features + indicators) from a matrix with the named columns."""
        used = x[:, [columns.index(name) for name in self.features]]
        z = np.where(np.array(self.log), np.log(np.maximum(used, _TINY)), used)
        z = np.clip(z, self.lower, self.upper)
        z = np.where(np.isnan(z), self.fill, z)
        z = (z - np.array(self.mean)) / np.array(self.sd)
        flags = np.isnan(x[:, [columns.index(name) for name in self.indicated]]) - np.array(self.missing_share)
        return np.hstack([z, flags])

    def sources(self, columns: list[str]) -> NDArray[np.int64]:
        """Return, for each design column, the position of the feature it comes from."""
        return np.array([columns.index(name) for name in (*self.features, *self.indicated)])

    def to_dict(self) -> dict[str, Any]:
        """Return the design as JSON can hold it."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> LinearDesign:
        """Return the design that `to_dict` wrote."""
        return cls(**{name: tuple(values) for name, values in content.items()})
