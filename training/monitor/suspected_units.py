"""Suspected units: the values of a whole site are shifted by one known conversion factor, and by nothing else.

Each site is looked at alone, since one laboratory may have changed its unit while the others have not. A sicker case mix moves
some people, each by another factor. Another unit moves everybody by the same one. A unit is suspected where three things hold:
the values differ from the reference beyond chance; their median differs by about a factor of the catalogue, or by ten, the usual
slip; and once they are divided by that factor, their quantiles agree with the reference. A ratio has no unit: a light chain in
another unit shows as another case mix of the ratio.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.columns import FeatureSpec
from features.intake.plausibility import SLIP_FACTOR
from myeloma import catalogue
from training.monitor.findings import FALSE_ALARMS, Finding, two_sided
from training.monitor.people import sites_of
from training.reference.quantiles import positions, variance

Array = NDArray[np.float64]
LEAST_AT_SITE = 8  # people: a unit change moves all of them, so few are enough (eight beyond the reference: 5 standard errors)
_LEAST_FACTOR = 1.3  # smaller factors (mg/L for ug/mL: 1) shift nothing that could be seen
_SAME = 0.15  # from 1/2: places of a site's own case mix, as far from everybody's as sites usually are
_NEAR = 0.35  # of the factor's logarithm: for ten, medians 4.5 to 22 times the reference's


@dataclass(frozen=True)
class Suspected:
    """A biomarker whose values at a site (empty: everywhere) look multiplied by a factor; `rows` says whose."""

    biomarker: str
    site: str
    factor: float
    unit: str
    rows: NDArray[np.int64]


def suspected_units(rows: pd.DataFrame, spec: FeatureSpec, about: dict[str, Any], column: Callable[..., str | None]) -> list[Suspected]:
    """Return the suspicions, site by site where sites are recorded and everybody together where they are not.

    Parameters
    ----------
    column : function
        Gives the column that says how high a biomarker is.
    """
    groups = sites_of(rows) or {"": np.arange(len(rows))}
    level = FALSE_ALARMS / max(len(groups) * len(spec.biomarkers), 1)  # Bonferroni: strict, and a unit change is never subtle
    found = []
    for biomarker in spec.biomarkers:
        name = column(spec, biomarker)
        grid = about["reference"][name]["quantiles"] if name else []
        if not grid:
            continue
        values = rows[name].to_numpy(dtype=float)
        for site, inside in groups.items():
            unit, factor = _factor_that_explains(values[inside], grid, biomarker, level)
            if unit:
                found.append(Suspected(biomarker, site, factor, unit, inside))
    return found


def as_finding(one: Suspected) -> Finding:
    """Return a suspicion as a finding. It has been judged already, so it carries no p."""
    where = f"at site {one.site}" if one.site else "everywhere"
    words = f"values {where} look like {one.unit}: multiplied by {one.factor:g}; check the unit before anything else"
    label = catalogue()[one.biomarker].name
    return Finding("unit", one.biomarker, label, len(one.rows), one.factor, reference=1.0, site=one.site, status="changed", words=words)


def factors(biomarker: str) -> Iterator[tuple[str, float]]:
    """Yield what another unit would multiply values by, with its name: the catalogue's factors, their inverses, and ten.

    Examples
    --------
    >>> dict(factors("creatinine"))["umol/L"]
    88.42
    """
    entry = catalogue()[biomarker]
    if entry.unit == "{ratio}":
        return
    if entry.unit == "%":
        yield "a fraction taken for %", 0.01
    for unit, factor in entry.units.items():
        if max(factor, 1.0 / factor) >= _LEAST_FACTOR:
            yield unit, factor
            yield f"{entry.unit} taken for {unit}", 1.0 / factor
    yield "a unit ten times smaller", SLIP_FACTOR
    yield "a unit ten times larger", 1.0 / SLIP_FACTOR


def _factor_that_explains(values: Array, grid: list[float], biomarker: str, level: float) -> tuple[str, float]:
    known, usual = values[values > 0], float(np.median(grid))  # unknown is not above 0
    if len(known) < LEAST_AT_SITE or usual <= 0 or two_sided(_off(known, grid) / _standard_error(known, grid)) > level:
        return "", 1.0
    shift = np.log(np.median(known) / usual)
    near = [(unit, k) for unit, k in factors(biomarker) if abs(shift - np.log(k)) <= _NEAR * abs(np.log(k))]
    if not near:
        return "", 1.0
    unit, factor = min(near, key=lambda one: abs(_off(known / one[1], grid)))
    return (unit, factor) if abs(_off(known / factor, grid)) <= max(_SAME, 2.0 * _standard_error(known, grid)) else ("", 1.0)


def _off(values: Array, grid: list[float]) -> float:
    return float(positions(values, grid).mean() - 0.5)


def _standard_error(values: Array, grid: list[float]) -> float:
    return float(np.sqrt(max(variance(grid), 1e-6) / len(values)))
