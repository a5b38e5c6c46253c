"""Censoring strata: groups of rows that are alike in how likely they are to leave observation, so that they can stand in for one another.

Treatment before progression ends observation (`treatment: censor`), and people at high risk are the ones who are treated. One
censoring curve for everybody would replace them by people at low risk, and too few progressions would be counted. Time has the
same effect. Late visits are followed for a shorter time than first ones, so one curve counts too few progressions after early
visits and too many after late ones. Two hazards are therefore modelled by what is known at the landmark: of starting treatment,
and of being lost or still observed at the end of the study. Rows that are alike in both share a stratum with a censoring curve
of its own (weights: Robins and Finkelstein, Biometrics 2000;56:779; strata of a propensity: Rosenbaum and Rubin, JASA 1984;79:516).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import parse_column
from features.history.columns import FeatureSpec
from serving.models.design import LinearDesign
from training.estimators.design import fit_design
from training.estimators.hazards import converged
from training.rows.censoring import STRATUM
from training.rows.draw import row_weights
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
    return rows.assign(**{STRATUM: CensoringStrata.of(rows, spec).strata(rows)})


@dataclass(frozen=True)
class CensoringStrata:
    """The groups by hazard of treatment and of loss, as some rows gave them; None where too few leave to tell people apart."""

    treatment: _Groups | None
    loss: _Groups | None

    @classmethod
    def of(cls, rows: pd.DataFrame, spec: FeatureSpec) -> CensoringStrata:
        """Return the strata of these rows."""
        return cls(_Groups.of(rows, "treatment", GROUPS, spec), _Groups.of(rows, "last_contact", GROUPS_OF_LOSS, spec))

    def strata(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """Return the stratum of each row; of rows these are looked for by the `columns` alone."""
        none = np.zeros(len(rows), dtype=np.int64)
        treatment, loss = (none if groups is None else groups.group(rows) for groups in (self.treatment, self.loss))
        return GROUPS_OF_LOSS * treatment + loss

    @property
    def columns(self) -> list[str]:
        """Return the feature columns that a row's stratum goes by."""
        return sorted({name for groups in (self.treatment, self.loss) if groups is not None for name in groups.columns})


@dataclass(frozen=True)
class _Groups:
    """Groups by the hazard of leaving by one cause, 0 up, as many visits that end so in each as in the others."""

    columns: list[str]
    design: LinearDesign
    coefficients: NDArray[np.float64]
    bounds: NDArray[np.float64]

    @classmethod
    def of(cls, rows: pd.DataFrame, cause: str, count: int, spec: FeatureSpec) -> _Groups | None:
        """Return the groups; None where too few people leave by this cause, or no hazard can be fitted."""
        left = (rows["censored_by"] == cause).to_numpy()
        if rows.loc[left, "patient_id"].nunique() < LEAST_EVENTS:
            return None
        columns = [name for name in spec.columns() if (parse_column(name).statistic or "last") == "last"]
        x = rows[columns].to_numpy(dtype=float)
        design = fit_design(x, columns, columns, indicate=True, curve=True)
        z = design.transform(x, columns)
        time = rows["time_to_event"].to_numpy(dtype=float)
        fitter = converged(z, time, left, row_weights(rows), _PENALTY) if z.shape[1] else None
        if fitter is None:
            return None
        hazard = z @ fitter.coefficients
        return cls(columns, design, fitter.coefficients, np.asarray(np.quantile(hazard[left], np.arange(1, count) / count), dtype=float))

    def group(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """Return the group of each row."""
        hazard = self.design.transform(rows[self.columns].to_numpy(dtype=float), self.columns) @ self.coefficients
        return np.searchsorted(self.bounds, hazard, side="right")
