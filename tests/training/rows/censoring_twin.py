"""The slow twin of the compiled censoring weights: Kaplan-Meier in numpy, one stratum after the other."""

import numpy as np

from training.rows.censoring import NONE, FollowUp


def censoring_survival(follow_up, weight=None):
    """Return the probability of being uncensored just after each of `follow_up.times` (Kaplan-Meier)."""
    at_risk, progressed, died, censored = follow_up.counts(weight)
    exposed = at_risk - progressed - died
    return np.cumprod(1.0 - np.divide(censored, exposed, out=np.zeros_like(censored), where=exposed > 0))


def ipcw_weights(follow_up, horizon, weight=None):
    """Return each row's inverse-probability-of-censoring weight at a horizon in days; 0 where the status is unknown.

    Parameters
    ----------
    weight : array (rows,), optional
        How often each row counts (a bootstrap's draws); it shapes the censoring distribution and does not
        multiply the result.
    """
    stratum, weights = follow_up.strata_at(horizon), np.zeros(len(follow_up.time))
    for k in np.unique(stratum):
        here = stratum == k
        part = FollowUp.from_arrays(follow_up.time[here], follow_up.event[here])
        weights[here] = _weights_of_stratum(part, horizon, None if weight is None else weight[here])
    return weights


def _weights_of_stratum(follow_up, horizon, weight):
    after = censoring_survival(follow_up, weight)
    before = np.concatenate([[1.0], after[:-1]])  # left limit at each time
    reached = np.searchsorted(follow_up.times, horizon, side="right")
    at_horizon = after[reached - 1] if reached else 1.0
    happened = (follow_up.time <= horizon) & (follow_up.event != NONE)
    beyond = follow_up.time > horizon
    probability = np.where(happened, before[follow_up.position], at_horizon)
    known = (happened | beyond) & (probability > 0)
    return np.divide(1.0, probability, out=np.zeros_like(probability), where=known)
