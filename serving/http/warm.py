"""Everything that an answer runs is compiled before anybody is answered: the first person waits no longer than the others."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from myeloma import catalogue
from serving.answer.course import course_of
from serving.artifact import Artifact
from serving.http.answering import answer_of
from serving.http.request import Event, History, Measurement, Patient, checked
from serving.http.response import as_json
from serving.http.supposed.value_of_test import risks_with

_VISITS = 130  # a series so dense that the kernel plants a tree for it
_FIRST = date(2000, 1, 1)


def warm_up(artifacts: dict[str, Artifact]) -> None:
    """Answer a made-up history for each model, with every biomarker, a dense series and a line of therapy in it; throw it away.

    The course, and what tests are worth, are answered as well: requests ask for them too.
    """
    if not artifacts:
        return
    person, kept = checked(_made_up())
    landmark = int(kept.collected.max())
    for artifact in artifacts.values():
        as_json(answer_of(artifact, person, kept, landmark))
        for expected in artifact.expected[:1]:
            risks_with(artifact, person.known_by(landmark), landmark, expected.biomarker, np.ones(1))
    as_json(course_of(person, landmark, landmark))


def _made_up() -> History:
    measured = []
    for name, entry in catalogue().biomarkers.items():
        value = sum(entry.expected) / 2 if entry.expected else max(entry.lower, 1.0)
        for visit in range(_VISITS if name == "m_protein" else 3):
            day = _FIRST + timedelta(days=visit)
            measured.append(Measurement(collected_at=f"{day}", biomarker=name, value=value, unit=entry.unit))
    started = Event(occurred_at=f"{_FIRST + timedelta(days=1)}", kind="treatment_start", detail="", line=1)
    about = Patient(index_date=f"{_FIRST}", birth_date="1940-01-01", sex="female", fish="normal")
    return History(patient=about, measurements=measured, events=[started])
