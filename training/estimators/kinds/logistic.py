"""Penalised logistic regression on horizon-stacked rows; the penalty is chosen on people it was not fitted to.

The time since diagnosis enters as in a landmark supermodel (van Houwelingen, Scand J Stat 2007;34:70): each horizon has a level
of its own that goes with it, hardly penalised. With one curve for all horizons, shrunk as any column, risks within a year were
too low at diagnosis and too high years later.

Some progress whom no column foretold. Where this makes the log-odds bend at low risk, slopes of straight log-odds are a compromise of both
ends: a background (`serving.models.background`), chosen with the penalty, takes it up.

Slopes are those of people of whom every biomarker is known: what is unknown is imputed for them. What a missing latest value adds is
found afterwards, with these slopes, on the rows as they are and on copies with biomarkers hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from pydantic import Field, NonNegativeInt, PositiveFloat

from features.history.columns import group_of_each
from myeloma import ConfigError
from myeloma.calendar import DAYS_PER_YEAR, horizon_days
from serving.models.background import above
from serving.models.base import Array, logistic
from serving.models.design import LinearDesign
from serving.models.linear import HorizonLogistic
from serving.models.shapley import MOST_PLAYERS
from serving.models.time_varying import MONTHS, TimeVaryingIntercept
from training.estimators.design import fit_design
from training.estimators.horizon_ridge import HorizonRidge, Solution, Steep
from training.estimators.imputation import ImputedDesign, lacking, measured
from training.estimators.kind import Kind
from training.estimators.missingness import DEFAULT_SHARE, AugmentedShare, augment_missingness
from training.estimators.newton import drawn_to
from training.estimators.stacking import Stacked, Weighting, evened, stack
from training.rows.split import patient_folds

if TYPE_CHECKING:
    from optuna.trial import BaseTrial

_LATEST_PERCENTILE = 99.0
_SCALES = (0.25, 1.0)  # of the median time since diagnosis: what fades soon, and what fades late
_INNER_FOLDS = 3
_MOST_OF_AVERAGE = 0.5  # of the odds of the average risk: with more, too little would be left for columns to tell


def fit_logistic(  # noqa: PLR0913 - the options of params.yaml, by name
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    penalties: Annotated[tuple[PositiveFloat, ...], Field(min_length=1)],
    backgrounds: Annotated[tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...], Field(min_length=1)] = (0.0,),
    splines: bool = True,
    weighting: Weighting = "patients",
    even_horizons: bool = False,
    hidden_share: AugmentedShare = DEFAULT_SHARE,
    seed: NonNegativeInt = 1,
) -> HorizonLogistic:
    """Return the regression with the penalty and the background that predict left-out patients best (weighted log loss).

    Parameters
    ----------
    penalties : tuple of float
        Ridge penalties to choose from: the loss is the mean log loss + penalty / 2 x sum of squares.
    backgrounds : tuple of float
        Rates a year, to choose from, at which some progress whom no column foretells; at no horizon more than half of the average odds.
    splines : bool
        Whether latest values and static columns enter as restricted cubic splines.
    even_horizons : bool
        Whether each horizon tells as much of the slopes (`evened`). Without, the late ones tell most, by which most have progressed.
    hidden_share : float
        Share of rows of which a second copy, with a part hidden, tells too what a missing value adds; less of very many rows.
    """
    options: dict[str, Any] = {
        "splines": splines,
        "weighting": weighting,
        "even_horizons": even_horizons,
        "hidden_share": hidden_share,
        "seed": seed,
    }
    penalty, background = penalties[0], backgrounds[0]
    if len(penalties) * len(backgrounds) > 1:
        penalty, background = choose(x, rows, columns, horizons, penalties=penalties, backgrounds=backgrounds, **options)
    laid_out = _LaidOut.of(x, rows, columns, horizons, **options).with_background(background)
    return laid_out.model(laid_out.regression.fitted(penalty), penalty)


@dataclass(frozen=True)
class _LaidOut:
    """What a regression is fitted to: the same whatever the penalty, and but for its odds whatever the background.

    `x` and `stacked` are the rows with their copies, of which a part is hidden.
    """

    design: ImputedDesign
    time_varying: TimeVaryingIntercept
    regression: HorizonRidge
    columns: list[str]
    horizons: tuple[int, ...]
    x: Array
    stacked: Stacked

    @classmethod
    def of(  # noqa: PLR0913 - the options of a fit, by name
        cls,
        x: Array,
        rows: pd.DataFrame,
        columns: list[str],
        horizons: tuple[int, ...],
        *,
        splines: bool,
        weighting: Weighting,
        hidden_share: float,
        seed: int,
        even_horizons: bool,
    ) -> _LaidOut:
        stacked = _stacked(rows, horizons, weighting, even_horizons)
        time_varying = _time_varying_over(x, columns)
        use = [name for name in columns if not (time_varying.scales and name == MONTHS)]
        with_copies = augment_missingness(x, columns, stacked, hidden_share, seed)
        design = ImputedDesign.of(fit_design(with_copies[0], columns, use, indicate=True, curve=splines), x, columns)
        regression = HorizonRidge.of(_known(design, x, columns), _own(time_varying, x, columns), stacked, len(horizons))
        return cls(design, time_varying, regression, columns, horizons, *with_copies)

    def with_background(self, rate: float) -> _LaidOut:
        """Return the same with a background at a rate a year, or at the largest of which no horizon has more than half of its average odds.

        A horizon within which nobody progresses has none.
        """
        years, odds = np.array([horizon_days(months) / DAYS_PER_YEAR for months in self.horizons]), self.regression.average_odds
        most = np.log1p(_MOST_OF_AVERAGE * odds) / years
        background = np.where(odds > 0, np.expm1(min(rate, most[odds > 0].min(initial=rate)) * years), 0.0)
        return replace(self, regression=replace(self.regression, background=background))

    def model(self, solution: Solution, penalty: float) -> HorizonLogistic:
        steep, design = self.regression.steep(solution, penalty), self.design.design
        of_missing, of_all_known = self._of_missing(solution, steep, penalty)
        effects = steep.levels[:, 1:].tolist() if self.time_varying.scales else []
        effects_of = replace(self.time_varying, effects=tuple(map(tuple, effects)))
        intercepts = steep.levels[:, 0] - steep.steepness * of_all_known
        of_values = solution.slopes[: _width_of_values(design)]
        coefficients, background = np.concatenate([of_values, of_missing]), self.regression.background
        return HorizonLogistic(design, coefficients, intercepts, self.columns, effects_of, steep.steepness, background)

    def _of_missing(self, solution: Solution, steep: Steep, penalty: float) -> tuple[Array, float]:
        """Return the coefficients of what says that a latest value is missing, and what they come to where none is."""
        z, stacked = self.design.design.transform(self.x, self.columns), self.stacked
        known, missing = np.split(z, [_width_of_values(self.design.design)], axis=1)
        if not missing.shape[1]:
            return np.zeros(0), 0.0
        none = missing.min(axis=0)  # what they are where nothing is missing
        of_values = known @ solution.slopes[: known.shape[1]]
        log_odds = of_values[:, None] * steep.steepness + _own(self.time_varying, self.x, self.columns) @ steep.levels.T
        columns = (missing - none)[stacked.row] * steep.steepness[stacked.horizon, None]
        start, weight, offset = np.zeros(len(none)), stacked.weight / stacked.weight.sum(), log_odds[stacked.row, stacked.horizon]
        least = self.regression.background[stacked.horizon]
        found = drawn_to(start, columns, stacked.y, weight, np.full(len(none), penalty), offset, background=least)
        return found, float(none @ found)


def choose(
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    *,
    penalties: tuple[float, ...],
    backgrounds: tuple[float, ...],
    seed: int,
    **options: Any,
) -> tuple[float, float]:
    """Return the penalty and the background with the least weighted log loss on patients left out, by the options of `fit_logistic`."""
    losses = dict.fromkeys(product(penalties, backgrounds), 0.0)
    for fold in patient_folds(rows, _INNER_FOLDS, seed):
        stacked = _stacked(rows.iloc[fold.judge], horizons, options["weighting"], options["even_horizons"])
        laid_out = _LaidOut.of(x[fold.fit], rows.iloc[fold.fit], columns, horizons, seed=seed, **options)
        judge, solution = _Judge.of(laid_out, x[fold.judge], stacked), None
        for background in backgrounds:
            regression = laid_out.with_background(background).regression
            for penalty in sorted(penalties, reverse=True):  # each from the one before, which is near
                solution = regression.fitted(penalty, solution)
                losses[penalty, background] += judge.loss(solution, regression.background)
    return min(losses, key=losses.__getitem__)


@dataclass(frozen=True)
class _Judge:
    """Rows left out of a fit, laid out as it is: what each horizon shares, what it has for itself, and the outcomes."""

    z: Array
    own: Array
    stacked: Stacked

    @classmethod
    def of(cls, laid_out: _LaidOut, x: Array, stacked: Stacked) -> _Judge:
        return cls(_known(laid_out.design, x, laid_out.columns), _own(laid_out.time_varying, x, laid_out.columns), stacked)

    def loss(self, solution: Solution, background: Array) -> float:
        """Return the weighted log loss of a solution with all horizons as steep, by risks that do not fall with the horizon."""
        log_odds = above((self.z @ solution.slopes)[:, None] + np.maximum.accumulate(self.own @ solution.levels.T, axis=1), background)
        p = np.clip(logistic(log_odds)[self.stacked.row, self.stacked.horizon], 1e-9, 1 - 1e-9)
        return -float(self.stacked.weight @ np.where(self.stacked.y == 1, np.log(p), np.log1p(-p)))


def _stacked(rows: pd.DataFrame, horizons: tuple[int, ...], weighting: Weighting, even_horizons: bool) -> Stacked:
    stacked = stack(rows, horizons, weighting)
    return evened(stacked) if even_horizons else stacked


def _known(design: ImputedDesign, x: Array, columns: list[str]) -> Array:
    """Return the columns of values, unknown biomarkers imputed, and for each biomarker one that says whether it was.

    What is imputed is a mean, whose risk is below the mean risk. Without columns of their own, levels would make up for that, and be too
    high for people of whom all is known: at diagnosis most, when most is imputed. They are of no use afterwards, and left out.
    """
    imputed = lacking(x, columns, measured(columns)).T
    return np.hstack([design.transform(x, columns)[:, : _width_of_values(design.design)], imputed])


def _width_of_values(design: LinearDesign) -> int:
    return design.width - len(design.indicated)


def _own(time_varying: TimeVaryingIntercept, x: Array, columns: list[str]) -> Array:
    """Return what each horizon has a coefficient of its own for: 1, and what fades with the time since diagnosis."""
    return np.column_stack([np.ones(len(x)), time_varying.fading(x, columns)])


def fit_anew(
    x: Array,
    rows: pd.DataFrame,
    there: NDArray[np.bool_],
    columns: list[str],
    horizons: tuple[int, ...],
    settled: dict[str, Any],
    *,
    penalties: tuple[float, ...],
    backgrounds: tuple[float, ...],
    **options: Any,
) -> HorizonLogistic:
    """Return the regression of a part of the rows with what predicts the others best: the settled penalty and background, or a neighbour.

    Half as many people ask for a stronger penalty, if for another: the weaker one is tried where the stronger is no better. Where neither
    is, the next larger background is tried, then the next smaller.
    """
    penalty, background = settled["penalties"][0], settled["backgrounds"][0]
    laid_out = _LaidOut.of(x[there], rows.loc[there], columns, horizons, **options)
    with_background = laid_out.with_background(background)
    best = with_background.regression.fitted(penalty)
    if len(penalties) * len(backgrounds) == 1:
        return with_background.model(best, penalty)
    judge = _Judge.of(laid_out, x[~there], _stacked(rows.loc[~there], horizons, options["weighting"], options["even_horizons"]))
    least = judge.loss(best, with_background.regression.background)
    of_penalty = [(each, background) for each in _neighbours(penalty, penalties)]
    for other_penalty, other_background in of_penalty + [(penalty, each) for each in _neighbours(background, backgrounds)]:
        changed = laid_out.with_background(other_background)
        solution = changed.regression.fitted(other_penalty, best)
        if judge.loss(solution, changed.regression.background) < least:
            return changed.model(solution, other_penalty)
    return with_background.model(best, penalty)


def _neighbours(chosen: float, tried: tuple[float, ...]) -> list[float]:
    """Return the next larger and the next smaller of the values that were tried, as far as there are any."""
    larger, smaller = [one for one in tried if one > chosen], [one for one in tried if one < chosen]
    return [*([min(larger)] if larger else []), *([max(smaller)] if smaller else [])]


def _time_varying_over(x: Array, columns: list[str]) -> TimeVaryingIntercept:
    """Return a time-varying intercept without its effects; an empty one where the time since diagnosis is no column, or hardly varies."""
    months = x[:, columns.index(MONTHS)] if MONTHS in columns else np.empty(0)
    months = months[~np.isnan(months)]
    if not len(months) or (latest := float(np.percentile(months, _LATEST_PERCENTILE))) <= 0:
        return TimeVaryingIntercept()
    scales = tuple(float(np.median(months[months > 0]) * share) for share in _SCALES)
    time_varying = TimeVaryingIntercept(scales, latest, mean=(0.0,) * len(scales))
    return replace(time_varying, mean=tuple(time_varying.fading(months[:, None], [MONTHS]).mean(axis=0).tolist()))


def check_backgrounds(backgrounds: tuple[float, ...], columns: list[str]) -> None:
    """Refuse a background where columns are of more groups than exact Shapley values can look at.

    Raises
    ------
    ConfigError
        They are.
    """
    groups = int(group_of_each(columns).max()) + 1
    if any(backgrounds) and groups > MOST_PLAYERS:
        raise ConfigError(
            f"With a background the logistic model takes at most {MOST_PLAYERS} biomarkers and static columns, not {groups}: its exact "
            "Shapley values look at every combination of them.",
            "leave backgrounds out, or take biomarkers out of features.",
            "backgrounds",
        )


def _settled(x: Array, rows: pd.DataFrame, columns: list[str], horizons: tuple[int, ...], **options: Any) -> dict[str, Any]:
    penalty, background = choose(x, rows, columns, horizons, **options)
    return options | {"penalties": (penalty,), "backgrounds": (background,)}


def _space(trial: BaseTrial) -> dict[str, Any]:
    return {
        "penalties": (trial.suggest_float("penalty", 1e-5, 1.0, log=True),),
        "splines": trial.suggest_categorical("splines", [True, False]),
    }


KIND = Kind(
    name="logistic",
    fit=fit_logistic,
    example={"penalties": [0.01]},
    missing="The mean of those fitted on stands in, and a column of its own says that the latest value is missing. "
    "Its slopes are those of people of whom every biomarker is known: others' are imputed from the rest while it is fitted.",
    settle=_settled,
    anew=fit_anew,
    check=lambda options, where, columns, others: check_backgrounds(options["backgrounds"], columns),
    space=_space,
)
