"""Fit the chance that the competing event comes first: what a risk of progression leaves open."""

from __future__ import annotations

import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression

from features.table.outcomes import COMPETING, EVENT
from serving.models.base import Array
from serving.models.competing import AGE, FEMALE, CompetingRisk
from training.estimators.stacking import Stacked, stack

_LEAST_PEOPLE = 20  # with the competing event within each horizon: five for each coefficient; a convention
_C = 1e4  # hardly a penalty: four coefficients for all the people


def fit_competing(rows: pd.DataFrame, risks: Array, horizons: tuple[int, ...]) -> CompetingRisk | None:
    """Return the chance of the competing event first; None without age and sex, or where too few had it within a horizon.

    Each horizon has a logistic regression on age, sex and the log-odds of the event, weighted for those whose status is not known
    (inverse probability of censoring). Whoever had the event before the horizon did not have the competing one first.

    Parameters
    ----------
    rows : DataFrame
        As of `fit_candidate`, with the censoring strata.
    risks : array (rows, horizons)
        Of the event, by fits without the person.
    """
    if not {AGE, FEMALE} <= set(rows):
        return None
    age, female = (rows[name].to_numpy(dtype=float) for name in (AGE, FEMALE))
    if np.isnan(age).all() or np.isnan(female).all():
        return None
    stacked = stack(as_event(rows), horizons)  # every visit alike, as the risk itself is calibrated
    had = [rows["patient_id"].to_numpy()[stacked.row[(stacked.horizon == h) & (stacked.y == 1)]] for h in range(len(horizons))]
    if min(len(np.unique(people)) for people in had) < _LEAST_PEOPLE:
        return None
    empty = CompetingRisk(((0.0,) * 4,) * len(horizons), float(np.nanmean(age)), float(np.nanmean(female)))
    terms = empty.terms(age, female, risks)
    coefficients = tuple(_fitted(terms, stacked, h) for h in range(len(horizons)))
    return CompetingRisk(coefficients, empty.age, empty.female)


def as_event(rows: pd.DataFrame) -> pd.DataFrame:
    """Return rows in which the competing event is the event, and the event competes."""
    return rows.assign(event=rows["event"].map({EVENT: COMPETING, COMPETING: EVENT}).fillna(rows["event"]))


def _fitted(terms: Array, stacked: Stacked, h: int) -> tuple[float, ...]:
    there = stacked.horizon == h
    regression = LogisticRegression(C=_C, solver="newton-cholesky", fit_intercept=False, max_iter=200)
    regression.fit(terms[stacked.row[there], h], stacked.y[there], sample_weight=stacked.weight[there])
    return tuple(float(value) for value in regression.coef_[0])
