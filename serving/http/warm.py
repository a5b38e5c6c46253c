"""Everything that an answer runs is compiled before anybody is answered: the first person waits no longer than the others."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np

from myeloma import catalogue
from serving.answer.course import course_of
from serving.answer.population import outside_population
from serving.artifact import Artifact
from serving.http.answering import answer_of
from serving.http.request import Event, History, Measurement, Patient, checked
from serving.http.response import as_json
from serving.http.supposed.value_of_test import risks_with

_VISITS = 130  # a series so dense that the kernel plants a tree for it
_FIRST = date(2000, 1, 1)
_STARTED = Event(occurred_at=f"{_FIRST + timedelta(days=1)}", kind="treatment_start", detail="", line=1)
# Smoldering disease that the results show, since no stage is stated, and no criterion for active myeloma is met: risks are shown.
_SMOLDERING = {"m_protein": 2.0, "bmpc": 15.0, "hemoglobin": 14.0, "creatinine": 0.9, "egfr": 70.0, "calcium": 9.5}


def warm_up(artifacts: dict[str, Artifact]) -> None:
    """Answer two made-up histories for each model, with every biomarker and a dense series in them, and throw the answers away.

    Of one a line of therapy is known, the other has smoldering disease without: each asks for what the other does not. The course, and
    what tests are worth, are answered as well: requests ask for them too.
    """
    if not artifacts:
        return
    for history in (_made_up({}, [_STARTED]), _made_up(_SMOLDERING, [])):
        person, kept = checked(history)
        landmark = int(kept.collected.max())
        for artifact in artifacts.values():
            as_json(answer_of(artifact, person, kept, landmark))
            outside_population(artifact, person, np.zeros(1, np.int32), np.array([landmark], np.int32))
            for expected in artifact.expected[:1]:
                risks_with(artifact, person.known_by(landmark), landmark, expected.biomarker, np.ones(1))
        if history.events:
            as_json(course_of(person, landmark, landmark))


def _made_up(values: dict[str, float], events: list[Event]) -> History:
    measured = []
    for name, entry in catalogue().biomarkers.items():
        value = values.get(name) or (sum(entry.expected) / 2 if entry.expected else max(entry.lower, 1.0))
        for visit in range(_VISITS if name == "m_protein" else 3):
            day = _FIRST + timedelta(days=visit)
            measured.append(Measurement(collected_at=f"{day}", biomarker=name, value=value, unit=entry.unit))
    about = Patient(index_date=f"{_FIRST}", birth_date="1940-01-01", sex="female", fish="normal")
    return History(patient=about, measurements=measured, events=events)
