"""Progression that the rules derive from a history: the day on which the IMWG's criteria were confirmed in a line of therapy."""

from __future__ import annotations

import numpy as np

from features.history.arrays import Histories
from features.history.course.samples import READ, samples_of
from features.history.course.therapy import Treated
from features.history.course.views import Questions, of_biomarkers, views_of
from features.history.layout import Days
from myeloma.calendar import LAST_DAY, NEVER
from myeloma.treated.response.course import response_course


def confirmed_progression(histories: Histories, number: int) -> Days:
    """Return the day on which each person's progression in the line of a number was confirmed, `NEVER` where it was not.

    It is the day of the second of two samples, not that of the first: on the day of the first nobody knew, and a landmark there is one at
    which a risk is asked for.

    Parameters
    ----------
    histories : Histories
        With operators.
    """
    treated = Treated.of(histories)
    line = np.flatnonzero(treated.number == number)
    found = np.full(len(histories.people), NEVER, np.int32)
    if not len(line):
        return found
    patient = treated.patient[line]
    read = of_biomarkers(histories.results, READ)
    views = views_of(read, Questions(patient, np.full(len(line), LAST_DAY, np.int32), line.astype(np.int64)))
    samples = samples_of(histories, read, treated, views)
    known = response_course(samples.visits, samples.lines).progression_known_day
    found[views.patient] = np.minimum(known, NEVER).astype(np.int32)
    return found
