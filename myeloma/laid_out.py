"""Inputs by name become the rows of one array, as the compiled rules take them: one call judges a person or a cohort."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]


def laid_out(values: Mapping[str, ArrayLike], names: tuple[str, ...]) -> tuple[tuple[int, ...], Array]:
    """Return the shape that the inputs have together, and their values, (names, elements); NaN for what is absent.

    Examples
    --------
    >>> shape, rows = laid_out({"bmpc": [10.0, 60.0], "age": 70.0}, ("bmpc", "age", "creatinine"))
    >>> shape, rows.tolist()
    ((2,), [[10.0, 60.0], [70.0, 70.0], [nan, nan]])
    """
    given = [values.get(name, np.nan) for name in names]
    shapes = {np.shape(one) for one in given if not isinstance(one, float)} - {()}
    shape = shapes.pop() if len(shapes) == 1 else np.broadcast_shapes(*shapes)
    rows = np.empty((len(names), *shape))
    for k, one in enumerate(given):
        rows[k] = one
    return shape, rows.reshape(len(names), -1)
