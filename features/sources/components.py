"""Components of a clonal protein: a laboratory may report each monoclonal component with a code of its own, beside a total or without one.

Where the source says that results are components, their total is their sum: of one person, biomarker and time, in one unit. A total
that the source gives itself stands above its components, which are then left aside; a total without a result says nothing, and
they count as if it were not there. What cannot be added up (a limit such as `<0.1`, two units, one component with two values) stays
as it is, for the checks to name as a conflict. A second or third band with neither a first one nor a total is refused, and so is any
band beside one without a result: it is part of the protein.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

import pandas as pd

from features.sources.cells import cells_of, numbers_of
from features.sources.parsing import NUMBER
from features.sources.units import values_without_units
from myeloma import catalogue

LONE = "lone_component"
_TIME = ["patient_id", "biomarker", "collected_at", "available_at"]


def with_totals(measurements: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """Return the measurements with components added up, and notes; without the column `component` that names the component of a row."""
    if "component" not in measurements:
        return measurements, []
    component = measurements["component"] != ""
    rows = measurements.drop(columns="component")
    if not component.any():
        return rows, []
    says = _says_a_result(rows)
    totals = pd.MultiIndex.from_frame(rows.loc[~component & says, _TIME])
    below = component & pd.MultiIndex.from_frame(rows[_TIME]).isin(totals)
    left: list[int] = []
    alone: list[int] = []
    added = 0
    for (_, biomarker, _, _), group in measurements[component & ~below].groupby(_TIME, sort=False):
        once = group.drop_duplicates(["component", "value", "unit"])
        if len(once) > 1 and (total := _sum(str(biomarker), once)) is not None:
            rows.loc[once.index[0], "value"] = total
            left += list(group.index[1:])
            added += len(once)
        elif not says[group.index].all() or (len(once) == 1 and once["component"].iloc[0] in _later(str(biomarker))):
            alone += list(group.index[says[group.index]])
    if alone:
        rows["refusal"] = rows.get("refusal", pd.Series("", index=rows.index)).where(~rows.index.isin(alone), LONE)
    notes = [f"{added} components of a clonal protein are added up: the total is their sum"] if added else []
    notes += [f"{below.sum()} components are left aside: the source gives their total too"] if below.any() else []
    return rows.drop(index=[*left, *rows.index[below]]), notes


def _says_a_result(rows: pd.DataFrame) -> pd.Series:
    """Return which rows hold a result that can be read, and were not refused by their source."""
    values = values_without_units(cells_of(rows["biomarker"]), rows["value"], cells_of(rows["unit"]))
    said = pd.Series(numbers_of(values).kind == NUMBER, index=rows.index)
    return said & (rows["refusal"] == "") if "refusal" in rows else said


def _later(biomarker: str) -> set[str]:
    """Return the components that tell part of a biomarker, by the names that the catalogue gives them."""
    entry = catalogue()[biomarker]
    return {name for code, name in entry.loinc_components.items() if code in entry.loinc_refused}


def _sum(biomarker: str, components: pd.DataFrame) -> str | None:
    unclear = not components["component"].is_unique or components["unit"].nunique() > 1
    unclear |= "refusal" in components and bool((components["refusal"] != "").any())
    if unclear or not catalogue()[biomarker].clonal:
        return None
    try:
        total = sum(map(Decimal, components["value"]), Decimal(0))
    except InvalidOperation:
        return None
    return str(total) if total.is_finite() else None
