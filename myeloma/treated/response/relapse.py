"""Relapse beside progression: the signs of a clinical one, a biochemical one that is a reason to treat, and relapse from CR.

Each sign is three-valued at each visit. A day is that of the first of two consecutive samples that show it, known from the second on
(all relapse categories need two); a lesion stands alone, as does a marrow in relapse from CR. What another illness explains is
for a clinician to say: a sign is a flag. Hyperviscosity is not an input.

A sign of the blood must be new. Hemoglobin falls from the highest confirmed value and creatinine rises from the lowest, the baseline
included; hemoglobin below 10 g/dL or calcium above the limit count where an earlier value was on the good side (our reading: the
sources do not name the reference).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloma.treated.response.assessments import Assessments, Lines
from myeloma.treated.response.course import BASELINE_DAYS, Course
from myeloma.treated.response.criteria import criteria
from myeloma.treated.response.relapse_kernel import SIGNS, find

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
CLINICAL = ("lesion", "calcium", "hemoglobin", "creatinine")
BIOCHEMICAL_KIND, CLINICAL_KIND = 0.0, 1.0


@dataclass(frozen=True)
class Relapses:
    """Signs of relapse by visit and their days by person.

    Attributes
    ----------
    signs : dict of float64 arrays, shape (rows,)
        By `SIGNS`: lesion, calcium, hemoglobin, creatinine (clinical), significant_biochemical, from_cr. 1, 0 or NaN.
    day, known_day : dict of int64 arrays, shape (people,)
        By sign, and `clinical` for the first of the clinical ones: the first of the two samples, and the one that confirms it.
        `NEVER` where there is none.
    kind : float64, shape (people,)
        Of a confirmed progression: 1 clinical, where a clinical sign was there by the day on which it was confirmed; 0 biochemical,
        where all were looked at and absent; NaN where that is open or nobody progressed.
    """

    signs: dict[str, Floats]
    day: dict[str, Days]
    known_day: dict[str, Days]
    kind: Floats

    @property
    def clinical(self) -> Floats:
        """1 where a clinical sign is there at the visit, 0 where all were looked at and are not, NaN where that is open."""
        return _any_clinical(self.signs)


def relapses(visits: Assessments, therapy: Lines, course: Course, baseline_days: int = BASELINE_DAYS) -> Relapses:
    """Return the signs of relapse of every person, under the criteria and in the lines of a course of response.

    Parameters
    ----------
    visits, therapy
        Those of the course.
    course : Course
        As `response_course` gives it.
    """
    rows, people = len(visits.day), len(therapy.start)
    names = (*SIGNS, "clinical")
    signs, days = np.empty((len(SIGNS), rows)), np.empty((2, len(names), people), np.int64)
    line = (therapy.start, therapy.next_therapy)
    find(visits.offsets, visits.day, visits.compiled, line, course.best_known, criteria(course.version), baseline_days, signs, *days)
    by_name = dict(zip(SIGNS, signs, strict=True))
    first, known = (dict(zip(names, day, strict=True)) for day in days)
    return Relapses(by_name, first, known, _kind(visits, course, _any_clinical(by_name)))


def _any_clinical(signs: dict[str, Floats]) -> Floats:
    table = np.array([signs[name] for name in CLINICAL])
    return np.where((table == 1).any(axis=0), 1.0, np.where(np.isnan(table).any(axis=0), np.nan, 0.0))


def _kind(visits: Assessments, course: Course, clinical: Floats) -> Floats:
    """Return, of a confirmed progression, whether a clinical sign was there from its first sample to the one that confirmed it."""
    person = visits.person
    from_first, to_second = visits.day >= course.progression_day[person], visits.day <= course.progression_known_day[person]
    about = from_first & to_second & (course.progression[person] == 1)
    met, absent = np.zeros(len(course.path), bool), np.zeros(len(course.path), bool)
    met[person[about & (clinical == 1)]] = True
    absent[person[about & (clinical == 0)]] = True
    return np.where(met, CLINICAL_KIND, np.where(absent, BIOCHEMICAL_KIND, np.nan))
