"""The state of treated people on days: response, therapy and residual disease, each from what was known by the day."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import REPORTED, Histories, Results
from features.history.course.samples import READ, Samples, samples_of
from features.history.course.therapy import Treated
from features.history.course.views import Questions, Views, last_by, of_biomarkers, views_of
from features.history.layout import Days
from myeloma.calendar import NEVER, NO_DAY
from myeloma.treated.mrd import States, states
from myeloma.treated.mrd_results import Results as Tests
from myeloma.treated.mrd_results import imaging_results, mrd_results
from myeloma.treated.response.codes import NE, PD
from myeloma.treated.response.course import Course, response_course
from myeloma.treated.spectrum import count_from

Array = NDArray[np.float64]
Whole = NDArray[np.int64]
_BELOW = REPORTED.index("<")


@dataclass(frozen=True)
class CourseStates:
    """Answers to n questions.

    Attributes
    ----------
    asked : Questions
    treated : Treated
        All lines of therapy.
    views, samples, response : the lines gone through, their samples, and what the rules of response say of each sample
    sample : int64 (n,)
        The last sample by the day, -1 where there is none.
    mrd, imaging : States
        n elements, in the order of the questions; of MRD, a relapse has ended what was negative before it.
    progressed : int64 (n,)
        The last progression that was recorded by the day, since the first line began; `NO_DAY` where there is none.
    """

    asked: Questions
    treated: Treated
    views: Views
    samples: Samples
    response: Course
    sample: Whole
    mrd: States
    imaging: States
    progressed: Whole

    def at_sample(self, values: NDArray[np.generic], otherwise: float = np.nan) -> Array:
        """Return what a column of samples holds at each question's last sample."""
        found: Array = np.append(values.astype(float), otherwise)[self.sample]
        return found

    def start(self) -> Array:
        """Return the first day of each question's line, NaN without one."""
        return self.treated.at(self.treated.start, self.asked.line)


def course_states(histories: Histories, patient: NDArray[np.int32], day: Days) -> CourseStates:
    """Return the states of people on days, of the latest line of therapy that began by each.

    Parameters
    ----------
    histories : Histories
        With operators, without which no value is known to be a limit.
    patient, day : int32 arrays, shape (n,)
    """
    treated = Treated.of(histories)
    asked = Questions(patient, day, histories.lines.by(patient, day).astype(np.int64))
    read = of_biomarkers(histories.results, READ)
    views = views_of(read, asked)
    samples = samples_of(histories, read, treated, views)
    response = response_course(samples.visits, samples.lines)
    sample = last_by(samples.view, samples.day, views.of, day)
    residual = mrd_tests(histories.results, len(histories.people))
    pictures = imaging_tests(histories.results, len(histories.people))
    begun = treated.at(treated.start, asked.line)
    counted = count_from(np.where(np.isnan(begun), NO_DAY, np.nan_to_num(begun)).astype(np.int64))
    no_relapse = np.full(len(day), NO_DAY, np.int64)
    imaging = _states(pictures, (patient, day, counted, no_relapse), len(histories.people))
    progressed = _progressed(histories, treated, patient, day)
    relapse = np.maximum.reduce([progressed, _confirmed(response, views, sample), _later_line(treated, asked)])
    mrd = _states(residual, (patient, day, counted, relapse), len(histories.people))
    return CourseStates(asked, treated, views, samples, response, sample, mrd, imaging, progressed)


def _progressed(histories: Histories, treated: Treated, patient: NDArray[np.int32], day: Days) -> Whole:
    """Return the last progression of each person by a day, among those recorded after the start of their first line."""
    first = np.full(len(histories.people), NEVER, np.int64)
    np.minimum.at(first, treated.patient, treated.start)
    person, when = histories.happened.progressions
    since = when > first[person]
    person, when = person[since], when[since]
    order = np.lexsort((when, person))
    place = last_by(person[order].astype(np.int64), when[order].astype(np.int64), patient.astype(np.int64), day)
    return np.append(when[order].astype(np.int64), NO_DAY)[place]


def _confirmed(response: Course, views: Views, sample: Whole) -> Whole:
    """Return the day on which progression was confirmed by the criteria, `NO_DAY` where the last sample knows of none."""
    day = np.append(response.progression_known_day, NO_DAY)[np.where(sample < 0, -1, views.of)]
    return np.where(np.append(response.known, NE)[sample] == PD, day, NO_DAY)


def _later_line(treated: Treated, asked: Questions) -> Whole:
    """Return the start of the line asked about, `NO_DAY` where it is the person's first: a further line is treatment of a relapse."""
    first = np.append(True, treated.patient[1:] != treated.patient[:-1])[: len(treated.patient)]
    start = np.where(first, NO_DAY, treated.start.astype(np.int64))
    found: Whole = np.append(start, NO_DAY)[asked.line]
    return found


def mrd_tests(results: Results, people: int) -> Tests:
    """Return the tests of residual disease of all people: a number is positive, one reported as below a limit is negative."""
    rows, offsets = _sorted(of_biomarkers(results, ("mrd",)), people)
    operator = np.zeros(len(rows), np.int8) if rows.operator is None else rows.operator
    return mrd_results(offsets, rows.collected, rows.value, operator == _BELOW, known=rows.available)


def imaging_tests(results: Results, people: int) -> Tests:
    """Return PET/CT of all people as tests."""
    rows, offsets = _sorted(of_biomarkers(results, ("pet_ct",)), people)
    return imaging_results(offsets, rows.collected, rows.value, known=rows.available)


def _sorted(rows: Results, people: int) -> tuple[Results, Whole]:
    order = np.lexsort((rows.available, rows.collected, rows.patient))
    rows = rows.at(order)
    return rows, np.searchsorted(rows.patient, np.arange(people + 1))


def _states(tests: Tests, asked: tuple[NDArray[np.int32], Days, Whole, Whole], people: int) -> States:
    """Return the states at questions (patient, day, day to count from, relapse) in their own order; the rules take them by person."""
    patient, day, counted, relapse = asked
    order = np.lexsort((day, patient))
    found = states(tests, np.searchsorted(patient[order], np.arange(people + 1)), day[order], counted[order], relapse[order])
    back = np.argsort(order)
    return States(**{name: values[..., back] for name, values in vars(found).items()})
