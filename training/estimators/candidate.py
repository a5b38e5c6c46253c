"""Fit a candidate, recalibrate it on patients its fit has not seen, and fit it again to halves of the patients."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from features.history.columns import FeatureSpec, without_what_measures_nothing
from myeloma import ConfigError
from myeloma.errors import nearest
from serving.answer.warnings.followed import FOLLOWED_FROM
from serving.artifact import Artifact
from serving.models import Model, logistic
from serving.models.base import Array
from serving.models.calibration import Calibration
from serving.predict import predict_die_first, recalibrated
from training.estimators.calibrated import fit_calibration
from training.estimators.censoring_strata import with_censoring_strata
from training.estimators.competing import fit_competing
from training.estimators.event_free import fit_event_free
from training.estimators.expected import fit_expected
from training.estimators.kind import Fits, Half, Kind
from training.estimators.kinds import KINDS
from training.estimators.unknown import all_known, fit_unknown, of_each_half, where_it_holds
from training.estimators.whole import Whole
from training.plan import Plan
from training.reference import reference_by_time, reference_of_first_visits, reference_of_last_visits, reference_ranges
from training.reference.followed import followed_from
from training.reference.last_visits import OF_LAST_VISITS
from training.reference.person_time import REFERENCE, hazard_of, reference_of_person_time
from training.rows.censoring import STRATUM
from training.rows.draw import equally_drawn
from training.rows.split import Fold, patient_folds, random_halves

_KIND = "kind"  # the option of a model that is named after something else than its kind, as a comparator is
_CALIBRATION_FOLDS = 5
_SEED = 1


@dataclass(frozen=True)
class Fitted:
    """A candidate, and the log-odds (rows, horizons) that fits without the person predicted for the rows fitted on."""

    artifact: Artifact
    out_of_fold: Array


def kind_of(name: str, plan: Plan) -> Kind:
    """Return the kind of a task's model: the one that its options name, else the one that it is named after.

    Raises
    ------
    ConfigError
        There is none.
    """
    kind = plan.models.get(name, {}).get(_KIND, name)
    if kind not in KINDS:
        what = f'Unknown model "{kind}".' if kind == name else f'Model "{name}" of {plan.task.name} is of the unknown kind "{kind}".'
        raise ConfigError(what, nearest(str(kind), KINDS))
    return KINDS[kind]


def checked_model(name: str, plan: Plan) -> dict[str, Any]:
    """Return the options of one model of a task.

    Raises
    ------
    ConfigError
        There is no such kind of model, or one of its options in `params.yaml` is not accepted.
    """
    others = [other for other in plan.models if other in KINDS and not KINDS[other].combines]
    where = f"training.{plan.task.name}.models.{name}"
    options = {option: value for option, value in plan.models.get(name, {}).items() if option != _KIND}
    return kind_of(name, plan).checked(options, where, plan.task.features.columns(), others)


def check_models(plan: Plan) -> None:
    """Refuse a task of which any model is unknown or has a wrong option, before hours are spent on the others."""
    for name in plan.models:
        checked_model(name, plan)


def fit_candidate(
    rows: pd.DataFrame,
    spec: FeatureSpec,
    plan: Plan,
    name: str,
    about: dict[str, Any],
    others: dict[str, Fitted] | None = None,
    halves: int = 0,
    whole: Whole | None = None,
) -> Fitted:
    """Return one fitted and recalibrated model of a task, by its name in `params.yaml`.

    The same rows give the same model, to the last bit, however many threads there are: sums of linear algebra are made by one,
    since several would add up in another order.

    Parameters
    ----------
    rows : DataFrame
        Feature table rows to fit on: patient_id, landmark, index_date, the feature columns, event, time_to_event, censored_by;
        and censoring_stratum with study_reach, where the groups of censoring are known already.
    others : dict of Fitted, optional
        Candidates fitted to the same rows, which an ensemble takes its members from. Members that are missing are
        fitted and put there.
    halves : int
        How many fits to halves of the patients the artifact keeps, for intervals; an even number.
    whole : Whole, optional
        All rows, where `rows` were drawn from a table that stays on disk. Folds and halves are of all its people.

    Raises
    ------
    ConfigError
        The kind, or one of its options in `params.yaml`, is not known.
    """
    with threadpool_limits(1, user_api="blas"):
        return _fit_candidate(rows, spec, plan, name, about, others or {}, halves, whole)


def _fit_candidate(
    rows: pd.DataFrame,
    spec: FeatureSpec,
    plan: Plan,
    name: str,
    about: dict[str, Any],
    others: dict[str, Fitted],
    halves: int,
    whole: Whole | None,
) -> Fitted:
    options, of_kind = checked_model(name, plan), kind_of(name, plan)
    x = without_what_measures_nothing(rows[spec.columns()].to_numpy(dtype=float), spec.columns())
    rows = rows if STRATUM in rows else with_censoring_strata(rows, spec, plan.task.horizons)
    told = all_known(x, spec)
    if of_kind.combines:
        members = _members(options["members"], rows, spec, plan, about, others, halves, whole)
        every, at = _people(rows, whole)
        left_out = [np.flatnonzero(~there[at]) for there in _halves(every, halves)]
        candidates = {name: _fits_of(member, left_out, x) for name, member in members.items()}
        fits = of_kind.fit(candidates, rows, plan.task.horizons, told, **options)
    else:
        fits = _fitted(of_kind, x, rows, spec.columns(), plan.task.horizons, options, halves, whole)
    alike, horizons = equally_drawn(rows), plan.task.horizons
    calibration = fit_calibration(fits.out_of_fold[told], rows.loc[told], plan.task.horizons)
    of_halves = tuple(_calibration_of(half, told, rows, horizons) for half in fits.halves)
    unknown = fit_unknown(fits.model, fits.out_of_fold[told], calibration, x[told], rows.loc[told], spec, horizons)
    if unknown is not None:
        unknown = where_it_holds(unknown, fits.out_of_fold, calibration, x, rows, horizons)
        unknown = of_each_half(unknown, calibration, list(zip(fits.halves, of_halves, strict=True)), x, rows, told, horizons)
    artifact = Artifact(
        of_kind.name,
        fits.model,
        spec,
        plan.task.horizons,
        calibration,
        about,
        resampled=tuple(half.model for half in fits.halves),
        resampled_calibrations=of_halves,
        expected=fit_expected(rows.loc[alike], spec),
        unknown=unknown,
    )
    risks = logistic(recalibrated(artifact, x, fits.out_of_fold).log_odds)
    competing, event_free = fit_competing(rows, risks, plan.task.horizons), fit_event_free(rows, risks, plan.task.horizons)
    artifact = replace(artifact, competing=competing, event_free=event_free)
    hazard = hazard_of(risks[alike], predict_die_first(artifact, x, risks)[alike], plan.task.horizons)
    reference = {
        "reference": reference_ranges(x[alike], spec.columns()),
        "reference_by_time": reference_by_time(rows.loc[alike], spec, risks[alike], plan.task.horizons),
        **_of_last_visits(rows.loc[alike], spec, plan, risks[alike]),
        "reference_of_first_visits": reference_of_first_visits(rows.loc[alike], spec, risks[alike], plan.task.horizons),
        FOLLOWED_FROM: followed_from(rows.loc[alike] if whole is None else whole.rows, plan.task.horizons),
        REFERENCE: reference_of_person_time(rows.loc[alike], hazard, plan.task.horizons[-1]),
    }
    return Fitted(replace(artifact, about=about | reference), fits.out_of_fold)


def _of_last_visits(rows: pd.DataFrame, spec: FeatureSpec, plan: Plan, risks: Array) -> dict[str, Any]:
    """Return what a model remembers of last visits; nothing where its rows are not all visits, so that none is the last of a period."""
    if plan.task.rules.landmarks != "visits":
        return {}
    return {OF_LAST_VISITS: reference_of_last_visits(rows, spec, risks, plan.task.horizons)}


def _calibration_of(half: Half, told: NDArray[np.bool_], rows: pd.DataFrame, horizons: tuple[int, ...]) -> Calibration:
    """Return the recalibration of a half's fit, by the people of the other half.

    The whole fit's rests on everybody and a half's on half as many, as it should: what a half's differs by has the whole one's variance.
    """
    there = told[half.left_out]
    return fit_calibration(half.margins[there], rows.iloc[half.left_out[there]], horizons)


def _fitted(
    kind: Kind,
    x: Array,
    rows: pd.DataFrame,
    columns: list[str],
    horizons: tuple[int, ...],
    options: dict[str, Any],
    halves: int,
    whole: Whole | None,
) -> Fits:
    given, options = options, options if kind.settle is None else kind.settle(x, rows, columns, horizons, **options)
    rows = rows.drop(columns=columns)  # they are in x: a part of the rows need not copy them again
    every, at = _people(rows, whole)

    def fit_to_rows(there: NDArray[np.bool_]) -> Model:
        positions = np.flatnonzero(there[at])
        model: Model = kind.fit(x[positions], rows.iloc[positions], columns, horizons, **options)
        return model

    fitting: AbstractContextManager[Callable[[NDArray[np.bool_]], Model]]
    if whole is not None and kind.over is not None:
        fitting = kind.over(whole, columns, horizons, **options)
    elif whole is None and kind.parts is not None:
        fitting = nullcontext(kind.parts(x, rows, columns, horizons, **options))
    else:
        fitting = nullcontext(fit_to_rows)
    with fitting as fit_on:
        out_of_fold = np.full((len(rows), len(horizons)), np.nan)
        for there in _masks(patient_folds(every, _CALIBRATION_FOLDS, _SEED), len(every)):
            left_out = np.flatnonzero(~there[at])
            out_of_fold[left_out] = fit_on(there).margins(x[left_out])

        def half_of(there: NDArray[np.bool_]) -> Half:
            model = fit_on(there) if kind.anew is None else kind.anew(x, rows, there[at], columns, horizons, options, **given)
            return _half(model, np.flatnonzero(~there[at]), x)

        resampled = tuple(map(half_of, _halves(every, halves)))
        return Fits(fit_on(np.ones(len(every), dtype=bool)), out_of_fold, resampled)


def _people(rows: pd.DataFrame, whole: Whole | None) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Return the rows of all people that folds and halves are of, and where those fitted on stand among them."""
    return (rows, np.arange(len(rows))) if whole is None else (whole.rows, whole.drawn)


def _halves(every: pd.DataFrame, halves: int) -> Iterator[NDArray[np.bool_]]:
    """Yield which rows are of each half of the people, pair after pair."""
    for pair in range(halves // 2):
        yield from _masks(random_halves(every, _SEED + pair), len(every))


def _masks(folds: list[Fold], rows: int) -> Iterator[NDArray[np.bool_]]:
    """Yield which rows each fold fits on."""
    for fold in folds:
        there = np.zeros(rows, dtype=bool)
        there[fold.fit] = True
        yield there


def _half(model: Model, left_out: NDArray[np.int64], x: Array) -> Half:
    return Half(model, left_out, model.margins(x[left_out]))


def _members(
    names: tuple[str, ...],
    rows: pd.DataFrame,
    spec: FeatureSpec,
    plan: Plan,
    about: dict[str, Any],
    others: dict[str, Fitted],
    halves: int,
    whole: Whole | None,
) -> dict[str, Fitted]:
    """Return the candidates that a combination is made of; those not in `others` are fitted, and put there."""
    for name in names:
        if name not in others:
            others[name] = fit_candidate(rows, spec, plan, name, about, others, halves, whole)
    return {name: others[name] for name in names}


def _fits_of(member: Fitted, left_out: list[NDArray[np.int64]], x: Array) -> Fits:
    of_halves = zip(member.artifact.resampled, left_out, strict=False)  # it may keep more halves than are asked for
    return Fits(member.artifact.model, member.out_of_fold, tuple(_half(model, others_of, x) for model, others_of in of_halves))
