"""Latest values that were reported as limits: `<12` and `>50` leave a range, and what not all of it says is unknown.

A ratio that was divided here is open where a chain of its day is a limit: an uninvolved chain of `<1.3` makes it larger, by nobody knows
how much.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import LIGHT_CHAINS
from features.history.arrays import REPORTED
from features.history.plan import plan_of, write_history
from features.history.rows import View
from myeloma import catalogue

CHAINS = ("flc_kappa", "flc_lambda", "kappa_lambda_ratio")
CHAIN_COLUMNS = tuple(f"{name}__last__ever" for name in CHAINS)
_RATIO, _INVOLVED = "flc_ratio", "flc_involved"
_BELOW, _ABOVE = (REPORTED.index(sign) for sign in "<>")
_LEAST, _MOST = 1e-9, 1e9  # of any result in any unit: below and above what is possible
Array = NDArray[np.float64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Limit:
    """Where the latest values of a biomarker are limits: the truth lies below, above, or nobody knows on which side (rows,)."""

    below: Bools
    above: Bools

    def range_of(self, value: Array) -> tuple[Array, Array]:
        """Return the least and the most that each value may be."""
        least = np.where(self.below, _LEAST, np.where(self.above, np.nextafter(value, np.inf), value))
        most = np.where(self.above, _MOST, np.where(self.below, np.nextafter(value, 0.0), value))
        return least, most


def limits_of(view: View, biomarkers: tuple[str, ...]) -> dict[str, Limit]:
    """Return the limits among the latest values, by biomarker; those of which no latest value is a limit are left out.

    Parameters
    ----------
    view : View
        Holds the latest value of the biomarkers and, where `flc_ratio` is asked for, `CHAIN_COLUMNS`.
    """
    if view.series.operator is None or not (view.series.operator > 0).any():
        return {}
    names = tuple(name for name in dict.fromkeys((*biomarkers, *CHAINS)) if name in view.series.biomarkers)
    reported, age = _latest_operators(view, names)
    found = {name: Limit(of == _BELOW, of == _ABOVE) for name, of in reported.items()}
    if set(CHAINS) <= set(names):
        _from_chains(view, found, age)
    return {name: found[name] for name in biomarkers if name in found and (found[name].below | found[name].above).any()}


def in_order_of_harm(values: Mapping[str, Array], limits: Mapping[str, Limit]) -> tuple[dict[str, Array], dict[str, Array]]:
    """Return the values at the least and at the most harm that their limits leave."""
    least, most = dict(values), dict(values)
    for name, limit in limits.items():
        low, high = limit.range_of(values[name])
        least[name], most[name] = (high, low) if catalogue()[name].harm == "lower" else (low, high)
    return least, most


def _latest_operators(view: View, names: tuple[str, ...]) -> tuple[dict[str, NDArray[np.int8]], dict[str, Array]]:
    """Return how each latest value was reported, as a place in `REPORTED` (negative: computed), and its age; the kernel takes both."""
    plan = plan_of(tuple(f"{name}__{statistic}__ever" for name in names for statistic in ("last", "age_days")))
    series, found = view.series.of(plan.biomarkers), np.empty((plan.width, len(view.patient)))
    assert series.operator is not None  # as `limits_of` asked
    write_history(replace(series, value=series.operator.astype(np.float64)), view.patient, view.landmark, plan, found)
    of = {name: np.nan_to_num(found[plan.place[f"{name}__last__ever"]]).astype(np.int8) for name in names}
    return of, {name: found[plan.place[f"{name}__age_days__ever"]] for name in names}


def _from_chains(view: View, found: dict[str, Limit], age: Mapping[str, Array]) -> None:
    """Add to the ratio's limits, and to the involved chain's, those of the results of their day that they were made from."""
    chain = view.people.light_chain[view.patient]
    kappa = (chain == LIGHT_CHAINS.index("kappa")) | ((chain < 0) & (view[f"{CHAINS[-1]}__last__ever"] >= 1.0))  # else the larger is
    for name in (_RATIO, _INVOLVED):
        if name not in found:
            continue
        own, (of_kappa, of_lambda, of_ratio) = found[name], (_on_the_day(found[one], age[one] == age[name]) for one in CHAINS)
        involved, other = _either(kappa, of_kappa, of_lambda), _either(kappa, of_lambda, of_kappa)
        below, above = own.below | involved.below, own.above | involved.above
        if name == _RATIO:
            divided = _either(kappa, of_ratio, Limit(of_ratio.above, of_ratio.below))
            below, above = below | other.above | divided.below, above | other.below | divided.above
        found[name] = Limit(below, above)


def _on_the_day(limit: Limit, same: Bools) -> Limit:
    return Limit(limit.below & same, limit.above & same)


def _either(which: Bools, one: Limit, other: Limit) -> Limit:
    return Limit(np.where(which, one.below, other.below), np.where(which, one.above, other.above))
