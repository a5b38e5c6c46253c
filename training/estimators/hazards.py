"""A Cox model that converges: its penalty is raised where few events leave a coefficient without a finite value."""

from __future__ import annotations

import warnings

import pandas as pd
from lifelines import CoxPHFitter
from lifelines.exceptions import ConvergenceError, ConvergenceWarning, StatisticalWarning

_LEAST_RAISED = 0.001


def converged(data: pd.DataFrame, penalty: float) -> CoxPHFitter | None:
    """Return a Cox model of `observed` after `time`, weighted by `share`, its penalty raised until it converges; None if it does not.

    Parameters
    ----------
    data : DataFrame
        time, observed, share, and the covariates.
    """
    for raised in (penalty, *(max(penalty, _LEAST_RAISED) * 10.0**k for k in range(1, 4))):
        fitter = CoxPHFitter(penalizer=raised)
        with warnings.catch_warnings():
            warnings.simplefilter("error", ConvergenceWarning)
            warnings.simplefilter("ignore", StatisticalWarning)  # about the variance under weights, which nobody reads
            try:
                return fitter.fit(data, duration_col="time", event_col="observed", weights_col="share")
            except (ConvergenceWarning, ConvergenceError):
                continue
    return None
