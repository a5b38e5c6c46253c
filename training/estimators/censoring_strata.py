"""Censoring strata: groups of rows that are alike in how likely they are to leave observation, so that they can stand in for one another.

Treatment before progression ends observation (`treatment: censor`), and people at high risk are the ones who are treated. One
censoring curve for everybody would replace them by people at low risk, and too few progressions would be counted. Time has the
same effect. Late visits are followed for a shorter time than first ones, so one curve counts too few progressions after early
visits and too many after late ones. Two hazards are therefore modelled by what is known at the landmark: of starting treatment,
and of being lost or still observed at the end of the study. Rows that are alike in both share a stratum with a censoring curve
of its own (weights: Robins and Finkelstein, Biometrics 2000;56:779; strata of a propensity: Rosenbaum and Rubin, JASA 1984;79:516).
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import parse_column
from features.history.columns import FeatureSpec
from training.estimators.design import fit_design
from training.estimators.hazards import converged
from training.rows.censoring import STRATUM
from training.rows.split import LEAST_EVENTS

GROUPS = 5  # of treatment; as Rosenbaum and Rubin, after Cochran, Biometrics 1968;24:295
GROUPS_OF_LOSS = 3  # within each; more would leave few people in a group
_PENALTY = 0.01  # of the hazards, which are only to order people: without it, a threshold above which all are treated has no coefficient


def with_censoring_strata(rows: pd.DataFrame, spec: FeatureSpec) -> pd.DataFrame:
    """Return the rows with `censoring_stratum`: 3 x the group by hazard of treatment, plus the group by hazard of loss; 0 is the lowest.

    The hazards are fitted to these very rows: they say who is censored, not who progresses.

    Parameters
    ----------
    rows : DataFrame
        patient_id, censored_by, time_to_event, the feature columns of `spec`.
    """
    treatment, loss = (_groups(rows, cause, count, spec) for cause, count in (("treatment", GROUPS), ("last_contact", GROUPS_OF_LOSS)))
    return rows.assign(**{STRATUM: GROUPS_OF_LOSS * treatment + loss})


def _groups(rows: pd.DataFrame, cause: str, count: int, spec: FeatureSpec) -> NDArray[np.int64]:
    """Return the group of each row, 0 up by the hazard of leaving by this cause; 0 for all where too few people leave by it.

    Each group holds as many visits that end so as the others do: where nobody leaves there is nothing to tell apart.
    """
    left = (rows["censored_by"] == cause).to_numpy()
    hazard = _log_hazard(rows, left, spec) if rows.loc[left, "patient_id"].nunique() >= LEAST_EVENTS else None
    if hazard is None:
        return np.zeros(len(rows), dtype=np.int64)
    return np.searchsorted(np.quantile(hazard[left], np.arange(1, count) / count), hazard, side="right")


def _log_hazard(rows: pd.DataFrame, left: NDArray[np.bool_], spec: FeatureSpec) -> NDArray[np.float64] | None:
    """Return the log hazard of leaving of each row, from latest values and static columns; None if none can be fitted."""
    columns = [name for name in spec.columns() if (parse_column(name).statistic or "last") == "last"]
    x = rows[columns].to_numpy(dtype=float)
    design = fit_design(x, columns, columns, indicate=True, curve=True)
    z = design.transform(x, columns)
    time = rows["time_to_event"].to_numpy(dtype=float)
    fitter = converged(z, time, left, np.ones(len(rows)), _PENALTY) if z.shape[1] else None
    return None if fitter is None else z @ fitter.coefficients
