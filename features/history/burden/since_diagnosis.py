"""Which results tell of the burden: those since the diagnosis, and those of the work-up that led to it.

Its parameters are those of people at the start of their history, which is their diagnosis. A result of years before has another cause
more often than the disease: a bleed that is long over would make all that came since look like a burden that falls.
"""

from __future__ import annotations

import numpy as np

from features.history.arrays import People, Results

WORK_UP_DAYS = 92  # before the index date; a convention, not a finding


def since_work_up(results: Results, people: People) -> Results:
    """Return the results collected from the work-up on; the very same where none is older."""
    counts = results.collected >= people.index_day[results.patient] - np.int32(WORK_UP_DAYS)
    return results if counts.all() else results.at(counts)
