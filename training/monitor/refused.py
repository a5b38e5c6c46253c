"""Results that ingestion refused for their range: where a unit has changed, most of its values end there, not in the features."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from features.cohort.storage import read_aside
from features.history.columns import FeatureSpec
from features.sources.cells import as_dates, days_of, numbers_of
from myeloma import DataError, canonical_divisor
from training.monitor.people import Period

_CELLS = ("patient_id", "biomarker", "collected_at", "value", "unit")


def out_of_range(folder: Path) -> pd.DataFrame:
    """Return patient_id, biomarker, collected_at and value (canonical unit) of the results refused for their range."""
    quarantine = read_aside(folder, "quarantine")
    chosen = quarantine[(quarantine["table"] == "measurements") & (quarantine["reason"] == "out_of_range")]
    rows = pd.DataFrame([json.loads(record) for record in chosen["record"]], columns=list(_CELLS), dtype=object).fillna("")
    value = numbers_of(rows["value"]).value / [_divisor(*cells) for cells in zip(rows["biomarker"], rows["unit"], strict=True)]
    days = as_dates(days_of(rows["collected_at"]).day)  # as ingestion has them: the calendar day as written
    return rows[["patient_id", "biomarker"]].assign(collected_at=days, value=np.asarray(value, dtype=float)).dropna()


def as_received(
    rows: pd.DataFrame, refused: pd.DataFrame, spec: FeatureSpec, period: Period, column: Callable[..., str | None]
) -> pd.DataFrame:
    """Return the visits with the latest refused result of the period in place of the level that was kept, where there is one.

    Only for looking at units: nothing is predicted from these.
    """
    inside = refused[refused["collected_at"].between(period.since, period.until)].sort_values("collected_at", kind="stable")
    out = rows.copy(deep=False)
    for biomarker in spec.biomarkers:
        name = column(spec, biomarker)
        latest = inside[inside["biomarker"] == biomarker].drop_duplicates("patient_id", keep="last").set_index("patient_id")["value"]
        if name and len(latest):
            out[name] = rows["patient_id"].map(latest).fillna(rows[name])
    return out


def _divisor(biomarker: str, unit: str) -> float:
    try:
        return canonical_divisor(biomarker, unit)
    except DataError:
        return float("nan")
