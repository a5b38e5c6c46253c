"""The hazard of leaving observation, by treatment or by loss: a Cox model of what is known at a visit, and of time itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import parse_column
from features.history.columns import FeatureSpec
from features.history.windows import current_windows, window_days
from myeloma.calendar import DAYS_PER_YEAR
from serving.models.design import LinearDesign
from training.estimators.design import fit_design
from training.estimators.hazards import ProportionalHazards, converged
from training.rows.draw import row_weights
from training.rows.study_end import study_reach

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]
_MIDDLE = float(np.datetime64("2010-01-01", "D").astype(np.int64))  # of calendar time; any day near the data serves
_PENALTY = 0.01  # the hazards are only to order people: without it, a threshold above which all are treated has no coefficient


def latest_columns(spec: FeatureSpec) -> list[str]:
    """Return the columns of the latest values, and the static ones."""
    return [name for name in spec.columns() if (parse_column(name).statistic or "last") == "last"]


def history_columns(spec: FeatureSpec) -> list[str]:
    """Return the columns of the longest look-back, which tell a history's course, and the static ones."""
    longest = max(current_windows(spec.look_backs), key=window_days)
    return [name for name in spec.columns() if parse_column(name).window in (None, longest)]


def who_left(rows: pd.DataFrame) -> tuple[Bools, Bools]:
    """Return which rows ended by treatment, and which by loss: whoever is observed to the study's end is not lost."""
    ended = rows["censored_by"].to_numpy()
    return ended == "treatment", (ended == "last_contact") & (rows["time_to_event"].to_numpy(dtype=float) < study_reach(rows))


@dataclass(frozen=True)
class Terms:
    """What a hazard of leaving goes by: columns as a linear model takes them, calendar time, time since diagnosis or the line."""

    columns: list[str]
    design: LinearDesign

    @classmethod
    def of(cls, rows: pd.DataFrame, columns: list[str]) -> Terms:
        """Return the terms of these rows."""
        return cls(columns, fit_design(rows[columns].to_numpy(dtype=float), columns, columns, indicate=True, curve=True))

    def __call__(self, rows: pd.DataFrame) -> Array:
        """Return the terms of each row (rows, terms)."""
        known = self.design.transform(rows[self.columns].to_numpy(dtype=float), self.columns)
        day, index = (rows[name].to_numpy().astype("datetime64[D]").astype(float) for name in ("landmark", "index_date"))
        decades = np.column_stack([day - _MIDDLE, day - index]) / (10 * DAYS_PER_YEAR)
        return np.hstack([known, decades, decades**2])


def fit_hazard(terms: Array, rows: pd.DataFrame, time: Array, left: Bools) -> ProportionalHazards | None:
    """Return the hazard of leaving after `time` (days) by terms (rows, terms); None where nothing varies, or it does not converge."""
    return converged(terms, time, left, row_weights(rows), _PENALTY) if np.ptp(terms, axis=0).any() else None
