"""Fit what a model says of people of whom nothing is known of some biomarkers.

With a biomarker hidden, the risk has to be the mean risk of like people of whom it is known. Their risks are the model's own, corrected by
their outcomes for the latest values, which a model need not use all. For each pattern of hidden biomarkers these risks are regressed on
what is left: the model's log-odds with the biomarkers hidden, and the latest values of the others. Outcomes enter once, not for each
pattern: where few people have the event, the patterns do not differ by chance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.columns import FeatureSpec, parse_column, resting_on
from serving.models import Model, logistic
from serving.models.base import Array
from serving.models.calibration import Calibration
from serving.models.unknown import MOST_BIOMARKERS, UnknownBiomarkers, hidden
from training.estimators.design import fit_design
from training.estimators.imputation import LEAST_KNOWN, knows_all, lacking
from training.estimators.kind import Half
from training.estimators.newton import drawn_to
from training.estimators.stacking import at_each_horizon
from training.rows.draw import equally_drawn
from training.rows.split import LEAST_EVENTS

_ROWS, _ROWS_OF_HALF = 6000, 1500  # on which the patterns are regressed: without outcomes there is little noise
_RIDGE, _RIDGE_OF_RISKS = 1e-3, 1e-4  # towards the recalibration of people of whom all is known: of outcomes, and of risks
_MOVES = 1e-9  # log-odds; what moves them less is not used
_SHOWN = 1.96  # standard errors


def fit_unknown(
    model: Model, out_of_fold: Array, calibration: Calibration, x: Array, rows: pd.DataFrame, spec: FeatureSpec, horizons: tuple[int, ...]
) -> UnknownBiomarkers | None:
    """Return a regression for each pattern of unknown biomarkers, of those that move the model most; None where none moves it.

    Parameters
    ----------
    out_of_fold : array (rows, horizons)
        Log-odds from fits without the person.
    x : array (rows, features)
        Rows that the model was fitted to, `all_known`.
    rows : DataFrame
        Their outcomes, with the censoring strata. Of drawn people each counts for those it stands for, or as an equal draw has them.
    """
    columns, margins, alike = spec.columns(), model.margins(x), equally_drawn(rows)
    biomarkers = _weightiest(model, margins[alike], x[alike], spec)
    if not biomarkers:
        return None
    told = [name for name in _latest(x[alike], columns) if (of := parse_column(name).biomarker) in biomarkers or of not in spec.biomarkers]
    design = fit_design(x[alike], columns, told, indicate=False)
    to_fit = UnknownBiomarkers(tuple(biomarkers), design, np.empty(0), columns)
    fit = _Fit(model, margins, out_of_fold, calibration)
    return replace(to_fit, coefficients=_regressions(to_fit, fit, x, rows, horizons, _ROWS))


def of_each_half(
    unknown: UnknownBiomarkers,
    calibration: Calibration,
    halves: Sequence[tuple[Half, Calibration]],
    x: Array,
    rows: pd.DataFrame,
    told: NDArray[np.bool_],
    horizons: tuple[int, ...],
) -> UnknownBiomarkers:
    """Return it with the same regressions of each fit to a half, by the people of the other half; they are what intervals rest on.

    Where the plain recalibration stands for a pattern, that of the half does.

    Parameters
    ----------
    halves : with their own recalibrations
    told : array (rows,)
        Whom the regressions are fitted to, as `all_known` gives it.
    """
    plain, found = (unknown.coefficients == _plain(unknown, calibration)).all(axis=(1, 2)), []
    for half, own in halves:
        there = told[half.left_out]
        left_out, margins = half.left_out[there], half.margins[there]
        fit = _Fit(half.model, margins, margins, own)  # it has seen none of these people
        coefficients = _regressions(unknown, fit, x[left_out], rows.iloc[left_out], horizons, _ROWS_OF_HALF)
        coefficients[plain] = _plain(unknown, own)
        found.append(coefficients)
    return replace(unknown, of_halves=np.array(found)) if found else unknown


def _plain(unknown: UnknownBiomarkers, calibration: Calibration) -> Array:
    """Return the coefficients (horizons, 2 + design columns) that give what a recalibration gives."""
    found = np.zeros((len(calibration.intercepts), 2 + unknown.design.width))
    found[:, 0], found[:, 1] = calibration.intercepts, calibration.slope
    return found


@dataclass(frozen=True)
class _Fit:
    """A fit, and its log-odds of rows (rows, horizons): its own, and those of fits without the person."""

    model: Model
    margins: Array
    out_of_fold: Array
    calibration: Calibration


def _regressions(unknown: UnknownBiomarkers, fit: _Fit, x: Array, rows: pd.DataFrame, horizons: tuple[int, ...], most: int) -> Array:
    """Return the coefficients (patterns, horizons, 2 + design columns) of a fit, by people of whom all is known.

    Parameters
    ----------
    unknown : UnknownBiomarkers
        Biomarkers and design; coefficients of another fit, if there are any, are near these.
    most : int
        Rows on which the patterns are regressed.
    """
    columns, biomarkers, design, alike = unknown.columns, unknown.biomarkers, unknown.design, equally_drawn(rows)
    known, starts = design.transform(x, columns), [(level, fit.calibration.slope) for level in fit.calibration.intercepts]
    risks = np.empty_like(fit.margins)
    for h, (weight, progressed) in enumerate(at_each_horizon(rows, horizons, "visits")):
        beta = _regressed(fit.out_of_fold[:, h], known, progressed.astype(float), weight, *starts[h])
        risks[:, h] = logistic(beta[0] + beta[1] * fit.margins[:, h] + known @ beta[2:])
    x, known, risks = x[alike], known[alike], risks[alike]
    some = np.argsort(risks[:, -1], kind="stable")[np.linspace(0, len(x) - 1, min(most, len(x))).astype(int)]  # of each risk as many
    x, known, risks = x[some], known[some], risks[some]
    of_risks = partial(_regressed, ridge=_RIDGE_OF_RISKS)
    of_known, once, coefficients = [columns[at] for at in design.sources(columns)], np.ones(len(some)), []
    for pattern in range(1, 2 ** len(biomarkers)):
        names = [name for k, name in enumerate(biomarkers) if pattern >> k & 1]
        left, hides = np.where(resting_on(of_known, names), 0.0, known), fit.model.margins(_without(names, x, columns))
        near = unknown.coefficients[pattern - 1] if len(unknown.coefficients) else [None] * len(starts)
        coefficients.append([of_risks(hides[:, h], left, risks[:, h], once, *start, near=near[h]) for h, start in enumerate(starts)])
    return np.array(coefficients)


def where_it_holds(
    unknown: UnknownBiomarkers, out_of_fold: Array, calibration: Calibration, x: Array, rows: pd.DataFrame, horizons: tuple[int, ...]
) -> UnknownBiomarkers:
    """Return it with the plain recalibration for each pattern whose own people show the regression to be too low, and this nearer.

    A regression speaks of people whose results were hidden. Who is without a result by themselves may be another kind of people: before
    the first marrow of a line of therapy nobody has responded yet. The model has seen such people, with their outcomes. What is compared
    are the events of a pattern's people, over all horizons, with those expected of them; each person counts as one. Where they have
    fewer events than expected the regression stays: of somebody whose result is unknown by chance, the risk would be too low.

    Parameters
    ----------
    out_of_fold : array (rows, horizons)
        Log-odds from fits without the person.
    x, rows
        All rows that the model was fitted to.
    """
    found = unknown.reduced(x, out_of_fold)
    if found is None:
        return unknown
    people, had = rows["patient_id"].to_numpy()[found.rows], np.zeros(len(found.rows), dtype=bool)
    ours, plain = logistic(found.log_odds), logistic(calibration.log_odds(out_of_fold[found.rows]))
    too_low, plain_too_low = np.zeros(len(people)), np.zeros(len(people))  # weighted events less those expected
    for h, (weight, progressed) in enumerate(at_each_horizon(rows, horizons, "visits")):
        weight, event = weight[found.rows], progressed[found.rows]
        had |= (weight > 0) & event
        too_low += weight * (event - ours[:, h])
        plain_too_low += weight * (event - plain[:, h])
    coefficients = unknown.coefficients.copy()
    for pattern in np.unique(found.pattern):
        of = found.pattern == pattern
        each = pd.Series(too_low[of]).groupby(people[of]).sum().to_numpy()
        shown = len(np.unique(people[of & had])) >= LEAST_EVENTS and each.sum() > _SHOWN * np.sqrt(each @ each)
        if shown and abs(plain_too_low[of].sum()) < each.sum():
            coefficients[pattern - 1] = _plain(unknown, calibration)
    return replace(unknown, coefficients=coefficients)


def all_known(x: Array, spec: FeatureSpec) -> NDArray[np.bool_]:
    """Return the rows of whom every biomarker that anybody has is known; all rows where these are fewer than half.

    They are what the recalibration speaks of, and what the unknown is compared with.
    """
    known = knows_all(x, spec.columns(), spec.biomarkers)
    return known if known.mean() >= LEAST_KNOWN else np.ones_like(known)


def _without(names: list[str], x: Array, columns: list[str]) -> Array:
    return hidden(x, columns, resting_on(columns, names))


def _weightiest(model: Model, margins: Array, x: Array, spec: FeatureSpec) -> list[str]:
    """Return the biomarkers that anybody has, those first whose hiding moves the log-odds most; none where none moves them."""
    had = [name for name, lacks in zip(spec.biomarkers, lacking(x, spec.columns(), spec.biomarkers), strict=True) if not lacks.all()]
    few = np.linspace(0, len(x) - 1, min(_ROWS, len(x))).astype(int)
    x, margins = x[few], margins[few]
    moved = {name: float(np.abs(model.margins(_without([name], x, spec.columns())) - margins).mean()) for name in had}
    uses_any = max(moved.values(), default=0.0) > _MOVES
    return sorted(moved, key=lambda name: -moved[name])[:MOST_BIOMARKERS] if uses_any else []


def _latest(x: Array, columns: list[str]) -> list[str]:
    """Return the static columns, and of each biomarker the latest value that is known most often."""
    latest: dict[str, str] = {}
    share = dict(zip(columns, np.isnan(x).mean(axis=0).tolist(), strict=True))
    for name in columns:
        column = parse_column(name)
        if (column.statistic or "last") == "last" and share[name] < share.get(latest.get(column.biomarker, ""), 1.0):
            latest[column.biomarker] = name
    return list(latest.values())


def _regressed(
    margin: Array,
    known: Array,
    risk: Array,
    weight: Array,
    level: float,
    slope: float,
    near: Array | None = None,
    ridge: float = _RIDGE,
) -> Array:
    """Return level, slope and coefficients with the least log loss, drawn towards a level and slope, and coefficients of 0 (Newton).

    `near` are such coefficients of another fit: fewer steps lead from there. Where no row has weight, nothing draws them away.
    """
    if not weight.any():
        return np.concatenate([[level, slope], np.zeros(known.shape[1])])
    weight, middle = weight / weight.sum(), margin.mean()
    z = np.column_stack([np.ones(len(margin)), margin - middle, known])
    start = np.concatenate([[level + slope * middle, slope], np.zeros(known.shape[1])])
    guess = None if near is None else np.concatenate([[near[0] + near[1] * middle], near[1:]])
    beta = drawn_to(start, z, risk, weight, np.append(0.0, np.full(len(start) - 1, ridge)), guess=guess)
    return np.concatenate([[beta[0] - beta[1] * middle], beta[1:]])
