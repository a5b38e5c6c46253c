"""What the kernels are told, as numba takes it: plain tuples of arrays. Days are whole days since 1970."""

from __future__ import annotations

from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

Int: TypeAlias = int | np.int64  # the same to numba
Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]
Days: TypeAlias = NDArray[np.int32]
Flags: TypeAlias = NDArray[np.bool_]
Codes: TypeAlias = NDArray[np.integer[Any]]
Chosen: TypeAlias = Flags | NDArray[np.integer[Any]] | slice  # rows: a mask, positions, a piece

Rows: TypeAlias = tuple[Days, Days, Floats]  # of results: collected, available, value
Places: TypeAlias = tuple[Whole, Whole, Days, Flags]  # of runs (people, biomarkers): starts, stops, lags, in order
Nodes: TypeAlias = tuple[Floats, Whole, Whole]  # of trees: sums, earliest and latest availability, first row of a leaf
Trees: TypeAlias = tuple[Whole, Nodes]  # where the tree of each run begins (people, biomarkers), -1 for none
Program: TypeAlias = tuple[Whole, Whole, Whole, Whole]  # a line a column: operation, figure, what it is set against, column
Asked: TypeAlias = tuple[Whole, Whole, Whole, Whole, Floats, Program, Floats, Whole, Flags]  # see `features.history.plan`
