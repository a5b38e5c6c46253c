"""Fit what a test would probably show: on results of the day, given what was known of the person beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LinearRegression

from features.history.columns import STATE_SPACE, FeatureSpec, parse_column
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR
from serving.models.base import Array
from serving.models.expected import LEVELS, ExpectedResult, Regression, on_scale, on_scales

TESTS = ("bmpc", "flc_ratio")  # of which it is asked what a new one would be worth: marrow, and the light chains
_LEAST_RESULTS = 100  # a convention: nineteen percentiles of fewer say little of the outer ones
_CLIP = (1.0, 99.0)


def fit_expected(rows: pd.DataFrame, spec: FeatureSpec) -> tuple[ExpectedResult, ...]:
    """Return the distributions of the next results of those `TESTS` that are among the biomarkers.

    A row tells of a test where the latest result is of its very day. What it rests on are the latest values of the other
    biomarkers and the static columns of the row; of a repeated test also the result before, as the row before had it, and the
    years since then.

    Parameters
    ----------
    rows : DataFrame
        As of `fit_candidate`.
    """
    ordered = rows.sort_values(["patient_id", "landmark"], kind="stable")
    return tuple(_of_test(ordered, spec, name) for name in TESTS if {_last(name), _age(name)} <= set(spec.columns()))


def columns_beside(spec: FeatureSpec, biomarker: str) -> tuple[str, ...]:
    """Return the columns that tell of a biomarker's next result beside itself."""
    others = (_last(name) for name in spec.biomarkers if name != biomarker)
    static = (name for name in spec.static if name not in STATE_SPACE)  # the burden rests on the very result that is to be told
    return (*static, *(name for name in others if name in spec.columns()))


def _of_test(rows: pd.DataFrame, spec: FeatureSpec, name: str) -> ExpectedResult:
    scale, columns = catalogue()[name].scale, columns_beside(spec, name)
    result, before, years = rows[_last(name)].to_numpy(), *_before(rows, name)
    new = (rows[_age(name)] == 0).to_numpy() & np.isfinite(result)
    y, x = on_scale(result, scale), rows[list(columns)].to_numpy(dtype=float)
    repeated, scales = np.isfinite(before), {column: _scale(column) for column in columns}
    own = np.column_stack([x, before, years])
    return ExpectedResult(
        name,
        scale,
        _regression(x[new & ~repeated], y[new & ~repeated], scales),
        _regression(own[new & repeated], y[new & repeated], {**scales, f"{name}_before": scale, "years": "linear"}),
    )


def _before(rows: pd.DataFrame, name: str) -> tuple[Array, Array]:
    """Return the result before as the person's row before had it, and the years from that result to the row."""
    of_person = rows.groupby("patient_id", sort=False, observed=True)
    before, age, day = (of_person[column].shift() for column in (_last(name), _age(name), "landmark"))
    days = (rows["landmark"] - day).dt.days + age
    return before.to_numpy(dtype=float), (days / DAYS_PER_YEAR).to_numpy(dtype=float)


def _regression(x: Array, y: Array, scales: dict[str, str]) -> Regression | None:
    if len(y) < _LEAST_RESULTS or np.isnan(x).all(axis=0).any():
        return None
    z = on_scales(x, list(scales.values()))
    lower, upper = np.nanpercentile(z, _CLIP, axis=0)
    known = np.clip(z, lower, upper)
    fill = np.nanmean(known, axis=0)
    known = np.where(np.isnan(known), fill, known)
    fitted = LinearRegression().fit(known, y)
    return Regression(
        columns=tuple(scales),
        scales=tuple(scales.values()),
        fill=tuple(fill.tolist()),
        lower=tuple(lower.tolist()),
        upper=tuple(upper.tolist()),
        coefficients=tuple(fitted.coef_.tolist()),
        intercept=float(fitted.intercept_),
        residuals=tuple(np.quantile(y - fitted.predict(known), LEVELS).tolist()),
    )


def _scale(column: str) -> str:
    biomarker = parse_column(column).biomarker
    return catalogue()[biomarker].scale if biomarker in catalogue() else "linear"


def _last(name: str) -> str:
    return f"{name}__last__ever"


def _age(name: str) -> str:
    return f"{name}__age_days__ever"
