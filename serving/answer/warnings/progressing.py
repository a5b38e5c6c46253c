"""Progression that the latest results of a treated person show, and that no second sample has confirmed: the risk knows nothing of it.

What the course says of each sample (`features.history.course.states`), at the last one of which it can say anything.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import Histories
from features.history.course.states import CourseStates, course_states
from features.history.rows import View
from features.tasks import Rules
from myeloma.calendar import NEVER, date_of
from myeloma.treated.response.codes import BY_FLC, BY_MARROW, BY_SERUM, BY_URINE, KINDS, NE, PD

# By the kind of progression: what it is called, its place in the nadir, its unit.
_AMOUNTS = {
    BY_SERUM: ("serum M-protein", 0, "g/dL"),
    BY_URINE: ("urine M-protein", 1, "mg/24 h"),
    BY_FLC: ("involved light chain less the other", 2, "mg/L"),
    BY_MARROW: ("marrow plasma cells", 3, "%"),
}


@dataclass(frozen=True)
class Unconfirmed:
    """Where the last sample that tells anything meets progression unconfirmed: its position among the samples, -1 elsewhere (rows,)."""

    of: CourseStates
    sample: NDArray[np.int64]

    def in_words(self, row: int = 0) -> str:
        """Return by which results of which day a row meets progression."""
        place = int(self.sample[row])
        by, day = int(self.of.response.progressed_by[place]), date_of(int(self.of.samples.day[place]))
        told = [self._amount(kind, place) if kind in _AMOUNTS else name for kind, name in KINDS.items() if by & kind]
        return (
            f"the results of {day} meet the IMWG's criteria of progression, which no second sample has confirmed: {', '.join(told)}. This "
            "risk does not take it for a progression: repeat the test"
        )

    def _amount(self, kind: int, place: int) -> str:
        name, which, unit = _AMOUNTS[kind]
        visits, lowest = self.of.samples.visits, float(self.of.response.nadir[place, which])
        chains = visits["flc_involved"][place] - visits["flc_uninvolved"][place]
        value = (visits["m_protein"][place], visits["urine_m_protein"][place], chains, visits["bmpc"][place])[which]
        before = "its lowest before is not known" if np.isnan(lowest) else f"lowest confirmed before: {lowest:g} {unit}"
        return f"{name} {value:g} {unit} ({before})"


def unconfirmed(rules: Rules, histories: Histories, view: View) -> Unconfirmed | None:
    """Return where the latest results known by the landmark meet progression that is not confirmed; None of untreated disease.

    A later sample without what the response is followed by takes nothing back.
    """
    if rules.line is None:
        return None
    of = course_states(histories, view.patient, view.landmark) if view.course is None else view.course
    category = np.append(of.response.category, NE)
    of_view = np.append(of.samples.view, -1)
    telling = np.maximum.accumulate(np.where(category[:-1] != NE, np.arange(len(category) - 1), -1))
    sample = np.append(telling, -1)[of.sample]
    confirmed = np.append(of.response.progression_known_day, NEVER)[np.where(of.sample < 0, -1, of.views.of)] <= view.landmark
    holds = (sample >= 0) & (of_view[sample] == of_view[of.sample]) & (category[sample] == PD) & ~confirmed
    return Unconfirmed(of, np.where(holds, sample, -1))
