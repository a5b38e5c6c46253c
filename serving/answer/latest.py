"""The latest value of a biomarker as the model reads it: what an answer shows beside a contribution is what could have moved the risk.

A model whose look-backs begin with a line of therapy never sees what was drawn before it, however lately that was.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from features.history.columns import FeatureSpec
from features.history.rows import View
from features.history.sides import Sides

Array = NDArray[np.float64]
_EVER = "ever"
_STATISTICS = ("last", "age_days", "delta_previous")


@dataclass(frozen=True)
class LatestRead:
    """The latest value of a biomarker that the model reads (rows,), NaN where it reads none.

    Attributes
    ----------
    value, age_days, change : since the value before it, of those that the model reads
    sides : on which side the truth lies where the value is a limit; None where none is
    """

    value: Array
    age_days: Array
    change: Array
    sides: Sides | None

    @property
    def reported(self) -> NDArray[np.object_]:
        """Return how the values were reported (rows,): `<` or `>` where the truth lies there, else empty."""
        if self.sides is None:
            return np.full(len(self.value), "", dtype=object)
        return np.select([self.sides.below & ~self.sides.above, self.sides.above & ~self.sides.below], ["<", ">"], "").astype(object)


@lru_cache(maxsize=256)
def latest_columns(biomarker: str, windows: tuple[str, ...]) -> tuple[str, ...]:
    """Return the columns that `latest_read` is made of.

    Examples
    --------
    >>> latest_columns("bmpc", ("ever",))
    ('bmpc__last__ever', 'bmpc__age_days__ever', 'bmpc__delta_previous__ever')
    """
    own = tuple(f"{biomarker}__{statistic}__{window}" for window in windows for statistic in _STATISTICS)
    return own if _EVER in windows else (*own, f"{biomarker}__age_days__{_EVER}")


def latest_read(view: View, spec: FeatureSpec, limits: Mapping[str, Sides], biomarker: str) -> LatestRead:
    """Return the latest values of a biomarker that the columns of a specification read.

    Parameters
    ----------
    view : View
        Holds `latest_columns`.
    limits : mapping
        The sides of the latest values of all.
    """
    columns = latest_columns(biomarker, spec.windows)
    value, age, change = (view[column] for column in columns[:3])
    limit = limits.get(biomarker)
    if columns[0].endswith(_EVER):
        return LatestRead(value, age, change, limit)
    for k in range(3, len(columns) - 1, 3):  # of several windows the one whose value is the latest
        other = [view[column] for column in columns[k : k + 3]]
        later = ~(age <= other[1]) & ~np.isnan(other[1])
        value, age, change = (np.where(later, theirs, own) for theirs, own in zip(other, (value, age, change), strict=True))
    return LatestRead(value, age, change, _sides(view, biomarker, age, limit))


def last_in_training(spec: FeatureSpec, biomarker: str) -> tuple[str, ...]:
    """Return the columns that may hold the latest values in training, by which a value is judged; the widest window first."""
    return tuple(f"{biomarker}__last__{window}" for window in spec.windows)


def _sides(view: View, biomarker: str, age: Array, limit: Sides | None) -> Sides | None:
    """Return the sides of values of some age: mostly they are the latest of all, but one that came late may not be."""
    operator = view.series.operator
    if operator is None:
        return None
    nowhere = np.zeros(len(age), bool)
    of_all = Sides(nowhere, nowhere) if limit is None else limit
    is_same = age == view[f"{biomarker}__age_days__{_EVER}"]
    below, above = of_all.below & is_same, of_all.above & is_same
    for row in np.flatnonzero(~is_same & ~np.isnan(age)).tolist():
        below[row], above[row] = (bool(side[0]) for side in Sides.of(_operator_at(view, biomarker, row, int(age[row]))))
    return Sides(below, above)


def _operator_at(view: View, biomarker: str, row: int, age: int) -> NDArray[np.int8]:
    series, person = view.series, view.patient[row]
    assert series.operator is not None
    k, day = series.biomarkers.index(biomarker), int(view.landmark[row])
    run = slice(series.starts[person, k], series.stops[person, k])
    here = (series.collected[run] == day - age) & (series.available[run] <= day)
    found: NDArray[np.int8] = series.operator[run][here][-1:]
    return found
