"""Censoring strata: groups of rows that are alike in how likely they are to leave observation, so that they can stand in for one another.

Treatment before progression ends observation (`treatment: censor`), and people at high risk are the ones who are treated. One
censoring curve for everybody would replace them by people at low risk, and too few progressions would be counted. Time has the
same effect. Late visits are followed for a shorter time than first ones, so one curve counts too few progressions after early
visits and too many after late ones. Two hazards are therefore modelled by what is known at the landmark: of starting treatment,
and of being lost. Rows that are alike in both share a stratum with a censoring curve of its own (weights: Robins and Finkelstein,
Biometrics 2000;56:779; strata of a propensity: Rosenbaum and Rubin, JASA 1984;79:516). Within a stratum the later course counts, too
(`staying`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.history.columns import FeatureSpec
from training.estimators.leaving import Terms, fit_hazard, latest_columns, who_left
from training.estimators.staying import Course, hazard_by_visit, staying_weights
from training.rows.censoring import REACH, STRATUM
from training.rows.split import LEAST_EVENTS
from training.rows.study_end import study_reach

GROUPS = 5  # of treatment; as Rosenbaum and Rubin, after Cochran, Biometrics 1968;24:295
GROUPS_OF_LOSS = 3  # within each; more would leave few people in a group


def with_censoring_strata(rows: pd.DataFrame, spec: FeatureSpec, horizons: tuple[int, ...] = ()) -> pd.DataFrame:
    """Return the rows with what they are weighed for censoring by.

    `censoring_stratum` is 3 x the group by hazard of treatment, plus the group by hazard of loss; 0 is the lowest. `study_reach` is how
    many days the study could follow a row. `staying_24m` and so on is what a row known at that horizon counts for by its later course.

    The hazards are fitted to these very rows: they say who is censored, not who progresses.

    Parameters
    ----------
    rows : DataFrame
        patient_id, index_date, landmark, event, censored_by, time_to_event, follow_up, the feature columns of `spec`.
    horizons : tuple of int
        Months at which the later course counts.
    """
    return CensoringStrata.of(rows, spec).beside(rows, spec, horizons)


@dataclass(frozen=True)
class CensoringStrata:
    """The groups by hazard of treatment and of loss, as some rows gave them; None where too few leave to tell people apart.

    Who is observed to the study's end is not lost.
    """

    treatment: _Groups | None
    loss: _Groups | None

    @classmethod
    def of(cls, rows: pd.DataFrame, spec: FeatureSpec) -> CensoringStrata:
        """Return the strata of these rows."""
        treated, lost = who_left(rows)
        return cls(_Groups.of(rows, treated, GROUPS, spec), _Groups.of(rows, lost, GROUPS_OF_LOSS, spec))

    def beside(self, rows: pd.DataFrame, spec: FeatureSpec, horizons: tuple[int, ...]) -> pd.DataFrame:
        """Return the rows that these strata are of, with all they are weighed by (see `with_censoring_strata`)."""
        rows = rows.assign(**{STRATUM: self.strata(rows), REACH: study_reach(rows)})
        if not rows["patient_id"].duplicated().any():  # nobody comes again: there is no later course
            return rows
        known = (left for left, groups in zip(who_left(rows), (self.treatment, self.loss), strict=True) if groups is not None)
        course = Course(rows)
        hazards = [hazard for left in known if (hazard := hazard_by_visit(course, left, spec)) is not None]
        return rows.assign(**staying_weights(course, hazards, horizons)) if hazards else rows

    def strata(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """Return the stratum of each row; of rows these are looked for by the `columns` alone."""
        none = np.zeros(len(rows), dtype=np.int64)
        treatment, loss = (none if groups is None else groups.group(rows) for groups in (self.treatment, self.loss))
        return GROUPS_OF_LOSS * treatment + loss

    @property
    def columns(self) -> list[str]:
        """Return the feature columns that a row's stratum goes by."""
        return sorted({name for groups in (self.treatment, self.loss) if groups is not None for name in groups.terms.columns})


@dataclass(frozen=True)
class _Groups:
    """Groups by the hazard of leaving by one cause, 0 up, as many visits that end so in each as in the others."""

    terms: Terms
    coefficients: NDArray[np.float64]
    bounds: NDArray[np.float64]

    @classmethod
    def of(cls, rows: pd.DataFrame, left: NDArray[np.bool_], count: int, spec: FeatureSpec) -> _Groups | None:
        """Return the groups; None where too few people leave by this cause, or no hazard can be fitted."""
        if rows.loc[left, "patient_id"].nunique() < LEAST_EVENTS:
            return None
        terms = Terms.of(rows, latest_columns(spec))
        known = terms(rows)
        fitted = fit_hazard(known, rows, rows["time_to_event"].to_numpy(dtype=float), left)
        if fitted is None:
            return None
        hazard = known @ fitted.coefficients
        return cls(terms, fitted.coefficients, np.asarray(np.quantile(hazard[left], np.arange(1, count) / count), dtype=float))

    def group(self, rows: pd.DataFrame) -> NDArray[np.int64]:
        """Return the group of each row."""
        return np.searchsorted(self.bounds, self.terms(rows) @ self.coefficients, side="right")
