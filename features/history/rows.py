"""What is seen of people from their landmarks: one pass makes every column, for training and for serving alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import HEAVY_CHAINS, Cohort
from features.history.arrays import Histories, People, Results, days_of, is_among, places
from features.history.burden.columns import burden_columns
from features.history.burden.parameters import MARKERS
from features.history.burden.since_diagnosis import since_work_up
from features.history.columns import STATE_SPACE, TREATED, FeatureSpec
from features.history.course.columns import course_columns
from features.history.course.states import CourseStates, course_states
from features.history.derived import DERIVED, series_of, with_derived
from features.history.layout import Chosen, Days
from features.history.like import compare_like_with_like
from features.history.plan import Plan, plan_of, write_history
from features.history.series import Series
from myeloma.calendar import DAYS_PER_MONTH
from myeloma.fish import has_high_risk, lesions

Array = NDArray[np.float64]


@dataclass(frozen=True)
class View:
    """Columns of people at landmarks, all made in one pass over their results.

    Attributes
    ----------
    people : People
    patient, landmark : arrays (rows,)
        The position among the people, and the day.
    reported : Results
        Those of biomarkers that are derived too, as they were reported.
    series : Series
        The results, and those derived from them, that the columns were made of.
    treated : array (people,)
        The first day by which each person is known to be treated, `NEVER` where none is recorded.
    values : array (columns, rows)
        By column, so that a column is one piece of memory; NaN where unknown.
    course : CourseStates, optional
        The course of treated people at all of the rows, where a column asks for it; None of some of the rows.
    """

    people: People
    patient: NDArray[np.int32]
    landmark: Days
    static: tuple[str, ...]
    plan: Plan
    reported: Results
    series: Series
    treated: Days
    values: Array
    course: CourseStates | None = None

    def __getitem__(self, name: str) -> Array:
        """Return a column, as it is named by the column grammar."""
        place = self.plan.place.get(name)
        column: Array = self.values[self.static.index(name) if place is None else len(self.static) + place]
        return column

    def features(self, spec: FeatureSpec) -> Array:
        """Return a model's columns (rows, features) in the order of its specification."""
        names = spec.history_columns
        if self.static == spec.static and self.plan.columns[: len(names)] == names:
            return np.ascontiguousarray(self.values[: len(spec.static) + len(names)].T)
        return np.column_stack([self[name] for name in spec.columns()])

    def at(self, rows: Chosen) -> View:
        """Return some of the rows, given as a mask or as positions."""
        return replace(self, patient=self.patient[rows], landmark=self.landmark[rows], values=self.values[:, rows], course=None)


def look(histories: Histories, patient: NDArray[np.int32], landmark: Days, spec: FeatureSpec, others: tuple[str, ...] = ()) -> View:
    """Return a specification's columns at landmarks, and others beside them that are named by the column grammar.

    Parameters
    ----------
    patient, landmark : int32 arrays, shape (rows,)
        Position among the people, and day.

    Notes
    -----
    Nothing that became available after a row's landmark is read for that row.
    """
    plan = plan_of((*spec.history_columns, *others))
    results = with_derived(histories, plan.biomarkers if spec.burden is None else (*plan.biomarkers, *MARKERS))
    series = series_of(results, len(histories.people), plan.biomarkers)
    values = np.empty((len(spec.static) + plan.width, len(patient)))
    of_course = tuple(name for name in spec.static if name in TREATED)
    course = course_states(histories, patient, landmark) if of_course else None
    of_histories = course_columns(course, of_course) if course is not None else {}
    if spec.burden is not None:
        names = tuple(name for name in spec.static if name in STATE_SPACE)
        since = since_work_up(results, histories.people)
        laid_out = since is results and set(MARKERS) <= set(plan.biomarkers)
        of_markers = series.of(MARKERS) if laid_out else series_of(since, len(histories.people), MARKERS)
        of_histories |= burden_columns(of_markers, patient, landmark, names, spec.burden)
    for k, name in enumerate(spec.static):
        values[k] = of_histories[name] if name in of_histories else static_column(name, histories.people, patient, landmark)
    lines = histories.lines if plan.anchored else None
    write_history(series, patient, landmark, plan, values[len(spec.static) :], lines)
    compare_like_with_like(series, patient, landmark, plan, values[len(spec.static) :], lines)
    reported = histories.results.at(is_among(histories.results.biomarker, places(DERIVED)))
    treated = histories.happened.treated
    return View(histories.people, patient, landmark, spec.static, plan, reported, series, treated, values, course)


def build_features(cohort: Cohort, landmarks: pd.DataFrame, spec: FeatureSpec) -> pd.DataFrame:
    """Return the feature columns, one row per row of `landmarks`, all float64, unknown = NaN.

    Parameters
    ----------
    landmarks : DataFrame
        patient_id and landmark; every patient is one of the cohort's.
    """
    patient, landmark = positions(cohort, landmarks)
    return pd.DataFrame(look(Histories.of(cohort, spec.asks_operators), patient, landmark, spec).features(spec), columns=spec.columns())


def positions(cohort: Cohort, landmarks: pd.DataFrame) -> tuple[NDArray[np.int32], Days]:
    """Return each landmark's position among the patients of a cohort, and its day."""
    ids = pd.Index(cohort.patients["patient_id"])
    return ids.get_indexer(landmarks["patient_id"]).astype(np.int32), days_of(landmarks["landmark"])


def static_column(name: str, people: People, patient: NDArray[np.int32], landmark: Days) -> Array:
    """Return a static column (rows,)."""
    if name == "age":
        return people.age(patient, landmark)
    if name == "months_since_index":
        return (landmark.astype(np.float64) - people.index_day[patient]) / DAYS_PER_MONTH
    if name == "female":
        return people.female[patient]
    if name == "heavy_chain_iga":
        chain = people.heavy_chain
        return np.where(chain < 0, np.nan, chain == HEAVY_CHAINS.index("IgA"))[patient]
    return by_findings(people.fish, lesions if name == "fish_lesions" else has_high_risk)[patient]


def by_findings(fish: NDArray[np.object_], told: Callable[[str], Any]) -> Array:
    """Return what a function says of each person's FISH findings, a number or several; each distinct text is looked at once."""
    if len(fish) == 1:
        return np.array([told(fish[0])], dtype=np.float64)
    codes, texts = pd.factorize(fish)
    found = np.array([told(text) for text in texts], dtype=np.float64)
    return found.reshape(len(texts), *np.shape(told("")))[codes]  # of nobody, too, as many numbers each
