"""Latest values that were reported as limits: `<12` and `>50` leave a range, and what not all of it says is unknown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from features.history.plan import plan_of, write_history
from features.history.rows import View
from features.history.sides import Sides
from myeloma import catalogue

Array = NDArray[np.float64]


class Leaves(Protocol):
    """What is left of some values: by how they were reported (`Sides`), or by others (`features.table.unsettled.Range`)."""

    def range_of(self, value: Array) -> tuple[Array, Array]:
        """Return the least and the most that each value may be."""


def limits_of(view: View, biomarkers: tuple[str, ...]) -> dict[str, Sides]:
    """Return the limits among the latest values, by biomarker; those of which no latest value is a limit are left out.

    The kernel takes the latest of the operators as it takes the latest of the values.

    Parameters
    ----------
    view : View
        Holds the latest value of the biomarkers.
    """
    operator = view.series.operator
    if operator is None or not biomarkers or not any(side.any() for side in Sides.of(operator)):
        return {}
    plan = plan_of(tuple(f"{name}__last__ever" for name in biomarkers))
    series, found = view.series.of(plan.biomarkers), np.empty((plan.width, len(view.patient)))
    write_history(replace(series, value=operator.astype(np.float64)), view.patient, view.landmark, plan, found)
    latest = {name: Sides.of(np.nan_to_num(found[plan.place[f"{name}__last__ever"]]).astype(np.int8)) for name in biomarkers}
    return {name: sides for name, sides in latest.items() if sides.below.any() or sides.above.any()}


def in_order_of_harm(values: Mapping[str, Array], limits: Mapping[str, Leaves]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the values at the least and at the most harm that their limits leave."""
    least, most = dict(values), dict(values)
    for name, limit in limits.items():
        low, high = limit.range_of(values[name])
        least[name], most[name] = (high, low) if catalogue()[name].harm == "lower" else (low, high)
    return least, most
