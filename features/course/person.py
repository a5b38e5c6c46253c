"""One person's course: what the rules say of each visit and month since the start of therapy, each from what was known by then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from features.cohort.schema import Cohort
from features.course.since import begun_on, recorded_in_line
from features.course.spectrum import QUALITY, evidence_of, of_scores
from features.history.arrays import Histories, days_of
from features.history.columns import FeatureSpec
from features.history.course.states import CourseStates, course_states
from features.history.rows import View, look
from features.table.landmarks import visits
from myeloma import DataError
from myeloma.calendar import DAYS_PER_MONTH, NEVER
from myeloma.treated.presets import judge, presets, spectrum_words, stale_after_days
from myeloma.treated.spectrum import Axis, Evidence, axes

Whole = NDArray[np.int64]
_STEP = 30  # days between two looks where there is no visit: so old evidence becomes "was" in the month in which it does


class Line(NamedTuple):
    """A line of therapy: its number, its regimens as they were received, its first and its last day."""

    number: int
    regimens: tuple[str, ...]
    first: int
    last: int


@dataclass(frozen=True)
class PersonCourse:
    """What a picture of one person shows; days count from 1970.

    Attributes
    ----------
    patient : str
    start, end : the first day of the first line, and the last day of which anything is recorded
    histories : those of the person alone
    of : CourseStates, at each visit and month from `start` to `end`
    view : the quality of life at the same days
    recorded : of each of those days the first progression that was recorded in the line by it, `NO_DAY` without one
    evidence, axes : what the spectrum rests on, and its axes
    lines : by start
    transplants, progressions, death : days as recorded
    simulated : whether the cohort says that nobody real is shown
    """

    patient: str
    start: int
    end: int
    histories: Histories
    of: CourseStates
    view: View
    recorded: Whole
    evidence: Evidence
    axes: dict[str, Axis]
    lines: tuple[Line, ...]
    transplants: tuple[int, ...]
    progressions: tuple[int, ...]
    death: int | None
    simulated: bool

    @property
    def day(self) -> Whole:
        """The days that were looked at."""
        return self.of.asked.day.astype(np.int64)

    def month(self, day: float) -> float:
        """Return a day as months since the start."""
        return (day - self.start) / DAYS_PER_MONTH

    def axis_words(self) -> dict[str, str]:
        """Return what each axis is on the last day, in words."""
        return {name: said[0] for name, said in spectrum_words(self.evidence, [len(self.day) - 1]).items()}

    def criteria(self) -> list[str]:
        """Return which criteria are met on the last day, one sentence a definition."""
        return [judge(self.evidence, preset).words(len(self.day) - 1) for preset in presets().values()]


def course_of_person(cohort: Cohort, patient: str) -> PersonCourse:
    """Return the course of one person of a cohort.

    Raises
    ------
    DataError
        The cohort has no such person, or no start of therapy of theirs. Neither message names anybody else.
    """
    own: dict[str, Any] = {
        name: frame[(frame["patient_id"] == patient).to_numpy()].reset_index(drop=True) for name, frame in cohort.tables().items()
    }
    if own["patients"].empty:
        what = "No person of this cohort has the patient_id that --plot names."
        raise DataError(
            what, "capitals, leading zeros and blanks count: write it as in the cohort's table of patients.", "patient_not_in_cohort"
        )
    histories = Histories.of(Cohort(**own), operators=True)
    if not len(histories.lines):
        what = "The person that --plot names has no start of therapy, so there is no course to draw."
        raise DataError(what, "record each start among the events, as treatment_start with the regimen in `detail`.", "nothing_usable")
    start = int(histories.lines.start.min())
    end = int(max(histories.happened.last[0], histories.results.available.max(initial=start)))
    day = days_between(histories, start, end)
    nobody_else = np.zeros(len(day), np.int32)
    of = course_states(histories, nobody_else, day)
    view = look(histories, nobody_else, day, FeatureSpec((), (), (), ()), of_scores([QUALITY]))
    evidence = evidence_of(histories, of, view)
    events = own["events"]
    transplants, progressions = (
        tuple(days_of(events.loc[events["kind"] == kind, "occurred_at"]).tolist()) for kind in ("transplant", "progression")
    )
    death = int(histories.happened.first["death"][0])
    return PersonCourse(
        patient=patient,
        start=start,
        end=end,
        histories=histories,
        of=of,
        view=view,
        recorded=recorded_in_line(histories, of, begun_on(of)),
        evidence=evidence,
        axes=axes(evidence, stale_after_days()),
        lines=_lines(of, end),
        transplants=tuple(sorted(set(transplants))),
        progressions=tuple(sorted(day for day in set(progressions) if day >= start)),
        death=None if death == NEVER else death,
        simulated=cohort.about.get("source") == "simulated",
    )


def days_between(histories: Histories, start: int, end: int) -> NDArray[np.int32]:
    """Return the days to look at: each visit, each start and stop of treatment and progression, the months between, and the last day."""
    _, seen = visits(histories.results, np.array([start], np.int32))
    happened = histories.happened
    marked = np.concatenate([happened.starts.day, happened.stops.day, happened.progressions[1]])
    marked = marked[(marked >= start) & (marked <= end)]
    return np.unique(np.concatenate([seen, histories.lines.start, marked, np.arange(start, end, _STEP), [end]])).astype(np.int32)


def _lines(of: CourseStates, end: int) -> tuple[Line, ...]:
    treated = of.treated
    last = np.minimum(np.minimum(treated.stop, treated.following), end)
    every = np.arange(len(treated.start))
    given = treated.names(every, np.full(len(every), end, np.int32))
    return tuple(
        Line(int(number), names, int(first), int(until))
        for number, names, first, until in zip(treated.number, given, treated.start, last, strict=True)
    )
