"""What a model remembers of the people it was fitted to, so that others can be compared with them later. No person's value is kept."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.columns import FeatureSpec
from training.reference.by_time import reference_of_bands
from training.reference.columns import watched_columns
from training.reference.last_visits import references_of_last_visits
from training.reference.quantiles import quantiles_of

Array = NDArray[np.float64]


def reference_ranges(x: Array, columns: list[str]) -> dict[str, dict[str, Any]]:
    """Return, per feature, the share missing, the 1st, 50th and 99th percentile and a grid of them, of the rows fitted on."""
    out = {}
    for j, name in enumerate(columns):
        values = x[~np.isnan(x[:, j]), j]
        quantiles = dict(zip(("p01", "p50", "p99"), np.percentile(values, [1, 50, 99]).tolist(), strict=True)) if len(values) else {}
        out[name] = {"missing": float(np.isnan(x[:, j]).mean()), **quantiles, "quantiles": quantiles_of(x[:, j])}
    return out


def reference_by_time(rows: pd.DataFrame, spec: FeatureSpec, risks: Array, horizons: tuple[int, ...]) -> dict[str, Any]:
    """Return, by time since diagnosis, what is watched of the rows fitted on: columns, and the risks that fits without the person give."""
    return reference_of_bands(rows, _figures(rows, spec, risks, horizons))


def reference_of_last_visits(rows: pd.DataFrame, spec: FeatureSpec, risks: Array, horizons: tuple[int, ...]) -> list[dict[str, Any]]:
    """Return the same of each person's last visit in a period, by the days that periods last."""
    return references_of_last_visits(rows, _figures(rows, spec, risks, horizons))


def _figures(rows: pd.DataFrame, spec: FeatureSpec, risks: Array, horizons: tuple[int, ...]) -> dict[str, Array]:
    columns = {name for watched in watched_columns(spec).values() for name in watched if name}
    figures = {name: rows[name].to_numpy(dtype=float) for name in sorted(columns)}
    return figures | {f"risk_{months}m": risks[:, h] for h, months in enumerate(horizons)}


def reference_of_first_visits(rows: pd.DataFrame, spec: FeatureSpec, risks: Array, horizons: tuple[int, ...]) -> dict[str, Any]:
    """Return the same of each person's first visit alone: later ones, though soon after, lack other results and know more of a course."""
    first = first_visits(rows.reset_index(drop=True))
    return reference_by_time(first, spec, risks[first.index], horizons)


def first_visits(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each person's first row at risk, so that people are independent; which that is depends on nothing after it."""
    return rows.sort_values("landmark", kind="stable").drop_duplicates("patient_id").sort_index()
