"""Discrimination, error and calibration of predicted risks at one horizon, weighted for censoring, death competing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from training.metrics.calibration import calibration_measures
from training.metrics.decision import Key, decision_measures
from training.metrics.kernels import auc_of_draws, concordance_of_draws
from training.metrics.sample import Sample
from training.rows.censoring import FollowUp

Array = NDArray[np.float64]


def main_measures(sample: Sample, risk: Array) -> dict[Key, Array]:
    """Return the measures that every comparison rests on, in each draw (the first is the sample itself).

    Returns
    -------
    dict
        auc : probability that a row which progresses within the horizon has a higher risk than one known not to,
        survivors and those who died first alike (Blanche et al., Stat Med 2013;32:5381, definition ii; ties count half).
        brier : mean squared error of the risk, Graf 1999. ipa : 1 - brier / brier of the Aalen-Johansen average.
        observed : Aalen-Johansen incidence. mean_risk : mean prediction. oe_ratio : observed / mean_risk.
    """
    rows, cases, controls = sample.rows, sample.cases, sample.controls
    with np.errstate(invalid="ignore", divide="ignore"):  # a draw may hold nobody of a small group
        observed = cases / rows  # the weighted share of progressions is the Aalen-Johansen estimate
        brier = sample.known @ (sample.case - risk) ** 2 / rows
        brier_null = (cases * (1.0 - observed) ** 2 + controls * observed**2) / rows
        mean_risk = sample.counts @ risk / rows
        ipa = np.where(brier_null > 0, 1.0 - brier / brier_null, np.nan)
        ratio = np.where(mean_risk > 0, observed / mean_risk, np.nan)
    return {
        ("auc", None): auc(sample, risk),
        ("brier", None): brier,
        ("ipa", None): ipa,
        ("observed", None): observed,
        ("mean_risk", None): mean_risk,
        ("oe_ratio", None): ratio,
    }


def calibration_in_the_large(sample: Sample, risk: Array) -> dict[Key, Array]:
    """Return observed / mean prediction alone, in each draw (see `main_measures`)."""
    with np.errstate(invalid="ignore", divide="ignore"):
        observed, mean_risk = sample.cases / sample.rows, sample.counts @ risk / sample.rows
        return {("oe_ratio", None): np.where(mean_risk > 0, observed / mean_risk, np.nan)}


def rank_measures(sample: Sample, order: Array) -> dict[Key, Array]:
    """Return what can be said of an order of people that is no risk: its AUC, in each draw (see `main_measures`)."""
    return {("auc", None): auc(sample, order)}


def auc(sample: Sample, risk: Array) -> Array:
    """Return the AUC in each draw (see `main_measures`)."""
    order = np.argsort(risk, kind="stable")
    last = np.append(np.diff(risk[order]) != 0, True)
    return auc_of_draws(sample.known, order, sample.case[order], last)


def all_measures(sample: Sample, risk: Array, cut_offs: tuple[float, ...]) -> dict[Key, Array]:
    """Return the main measures, calibration intercept, slope and ici, the concordance, and what decisions come to."""
    calibration: dict[Key, Array] = {(name, None): values for name, values in calibration_measures(sample, risk).items()}
    return {
        **main_measures(sample, risk),
        ("c_index", None): concordance(sample, risk),
        **calibration,
        **decision_measures(sample, risk, cut_offs),
    }


def concordance(sample: Sample, risk: Array) -> Array:
    """Return the probability that of two rows the one that progresses first, within the horizon, has the higher risk.

    A progression is compared with every row that is free of it then, also by an earlier death (Wolbers et al.,
    Biostatistics 2014;15:526), weighted by the chance of each of the two of being uncensored then. Someone censored on
    the day of a progression was free of it: the pair counts, weighted by the chance of being uncensored just before
    that day, as in R's `survival::concordance(timewt = "n/G2")`; `pec::cindex` takes the chance just after it for the
    second of the pair.
    """
    follow_up = sample.follow_up
    by_time = np.argsort(follow_up.position, kind="stable")
    start_of = np.searchsorted(follow_up.position[by_time], np.arange(len(follow_up.times) + 1))
    level = np.unique(risk, return_inverse=True)[1].astype(np.int64)[by_time]
    in_order = (sample.stratum[by_time], by_time, start_of, follow_up.event[by_time], level)
    return concordance_of_draws(sample.counts, sample.before, *in_order, sample.reached)


def horizon_metrics(follow_up: FollowUp, risk: Array, horizon: float, weight: Array | None = None) -> dict[str, float]:
    """Return the main measures of predicted risks at one horizon.

    Parameters
    ----------
    risk : array (rows,)
        Predicted probability of progression within the horizon.
    horizon : float
        Days.
    weight : array (rows,), optional
        How often each row counts (a bootstrap's draws).
    """
    counts = np.ones((1, len(risk))) if weight is None else np.asarray(weight, dtype=float)[None]
    return {name: float(values[0]) for (name, _), values in main_measures(Sample.of(follow_up, horizon, counts), risk).items()}


def weighted_auc(risk: Array, case_weight: Array, control_weight: Array) -> float:
    """Return the probability that a case outranks a control, ties counting half; NaN without both.

    Examples
    --------
    >>> weighted_auc(np.array([0.1, 0.2, 0.2]), np.array([0.0, 0, 1]), np.array([1.0, 1, 0]))
    0.75
    """
    return auc_at_levels(np.unique(risk, return_inverse=True)[1], case_weight, control_weight)


def auc_at_levels(level: NDArray[np.int64], case_weight: Array, control_weight: Array) -> float:
    """Return the same of the rows' places in the order of their risks, 0 up, equal risks together: one order does for many weights."""
    cases = np.bincount(level, weights=case_weight)
    controls = np.bincount(level, weights=control_weight)
    below = np.cumsum(controls) - controls
    pairs = cases.sum() * controls.sum()
    return float((cases @ (below + 0.5 * controls)) / pairs) if pairs > 0 else float("nan")
