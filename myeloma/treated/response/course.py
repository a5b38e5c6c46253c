"""The course of response of many people: each visit's category, what was known of it then, and what is known in retrospect.

Baseline is, column by column, the last value before or on the day of the first dose that is no older than a limit: a sample of that
day is taken before the dose. A value after the first dose is no baseline. The nadir is the lowest confirmed value: the lowest that
two consecutive samples do not exceed, the baseline included; of marrow, which needs no second, it is the lowest one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from myeloma.errors import DataError
from myeloma.treated.response.assessments import Assessments, Lines
from myeloma.treated.response.codes import PD
from myeloma.treated.response.criteria import DEFAULT_VERSION, criteria
from myeloma.treated.response.kernel import follow

Floats = NDArray[np.float64]
Days = NDArray[np.int64]
Codes = NDArray[np.int8]
BASELINE_DAYS = 90  # our choice: no source says how old a baseline may be


@dataclass(frozen=True)
class Course:
    """Response by visit and by person. The codes stand in `myeloma.treated.response.codes`.

    Attributes
    ----------
    version : str
        The criteria.
    category : int8, shape (rows,)
        What this visit shows by itself against baseline and nadir, not confirmed; NE where it cannot be stated.
    best, worst : int8, shape (rows,)
        The best and the worst category that values which were not measured leave open. Imaging that was not done counts as no new
        lesion; an earlier marrow since the start that was good enough for CR still is. NE: no category can be had.
    known : int8, shape (rows,)
        The confirmed category as known on the day: the best response so far, PD from the day on which progression was confirmed.
    best_known : int8, shape (rows,)
        The best response so far as known on the day, also after progression.
    retrospective : int8, shape (rows,)
        The confirmed category in the light of the next visit: never for use at the visit itself.
    progressed_by : int8, shape (rows,)
        The kinds of progression that this visit shows for certain, added up, confirmed or not.
    notes : int32, shape (rows,)
        Remarks, and what is missing, added up.
    nadir : float64, shape (rows, 4)
        The lowest confirmed value before the visit: serum (g/dL), urine (mg/24 h), excess of light chains (mg/L), marrow (%).
        NaN where there is none, and up to the day of the first dose; of a value below a limit, the limit.
    path : int8, shape (people,)
        What the response is followed by.
    baseline : float64, shape (people, 4)
        As the nadir.
    best_response : int8, shape (people,)
        The best confirmed response in retrospect.
    best_response_day, progression_day, progression_known_day : int64, shape (people,)
        The first visit that shows the best response; the first of the two samples of progression; the day on which it was confirmed.
        `NEVER` where there is none.
    progression : float64, shape (people,)
        1 confirmed, 0 not, NaN where one waits for its second sample and the person died of a cause that is not known.
    """

    version: str
    category: Codes
    best: Codes
    worst: Codes
    known: Codes
    best_known: Codes
    retrospective: Codes
    progressed_by: Codes
    notes: NDArray[np.int32]
    nadir: Floats
    path: Codes
    baseline: Floats
    best_response: Codes
    best_response_day: Days
    progression_day: Days
    progression_known_day: Days
    progression: Floats

    @property
    def may_have_progressed(self) -> Floats:
        """Three-valued: 1 where a visit shows progression, 0 where it shows that there is none, NaN where that is open."""
        return np.where(self.best == PD, 1.0, np.where(self.worst == PD, np.nan, 0.0))


def response_course(
    visits: Assessments,
    therapy: Lines,
    version: str = DEFAULT_VERSION,
    baseline_days: int = BASELINE_DAYS,
    scr: bool = True,
    mr: bool = True,
) -> Course:
    """Return the response of every person at every visit of one line of therapy.

    Parameters
    ----------
    visits : Assessments
    therapy : Lines
        One for each person of `visits`.
    version : str
        The criteria, see `myeloma.treated.response.criteria`.
    baseline_days : int
        How many days before the first dose a value may lie to count as baseline.
    scr, mr : bool
        Whether sCR and MR are given.

    Raises
    ------
    ConfigError
        The criteria are not known or not published.
    DataError
        Not one line of therapy for each person.

    Examples
    --------
    >>> from myeloma.treated.response.assessments import assessments, lines
    >>> visits = assessments([0, 3], [0, 28, 56], m_protein=[3.0, 1.5, 1.4])
    >>> course = response_course(visits, lines([0]))
    >>> course.category.tolist(), course.known.tolist(), course.retrospective.tolist()
    ([-1, 3, 3], [-1, 1, 3], [-1, 3, 3])
    """
    rules = criteria(version, scr, mr)
    people, rows = len(visits.offsets) - 1, len(visits.day)
    if len(therapy.start) != people:
        raise DataError(f"{len(therapy.start)} lines of therapy for {people} people.", "one line for each person.")
    codes = np.empty((7, rows), np.int8)
    notes, nadir = np.zeros(rows, np.int32), np.empty((rows, 4))
    of_person, baseline = np.empty((2, people), np.int8), np.empty((people, 4))
    days, progression = np.empty((3, people), np.int64), np.empty(people)
    line = (therapy.start, therapy.next_therapy, therapy.death, therapy.died_of_progression)
    given = (visits.offsets, visits.day, visits.compiled, line, rules, baseline_days)
    follow(*given, codes, notes, nadir, of_person, baseline, days, progression)
    return Course(version, *codes, notes, nadir, of_person[0], baseline, of_person[1], *days, progression)  # type: ignore[call-arg]
