"""The day that a risk is of, and in the words of FHIR why there is none: no result that counts, or a day before the diagnosis."""

from __future__ import annotations

from dataclasses import dataclass, replace

from features.sources.fhir.bundles import with_contained
from myeloma import calendar
from myeloma.calendar import date_of
from serving.artifact import Artifact
from serving.http.fhir.diagnosed import RECORDED, Diagnosis
from serving.http.fhir.person import Sent
from serving.http.request import HistoryError, landmark_of
from serving.http.response import Problem

_NO_VISIT = "no_visit"


@dataclass(frozen=True)
class Asked:
    """For which task and which day a risk is asked; None where it need not be said."""

    task: str | None = None
    landmark: str | None = None


def landmark_in(asked: Asked, sent: Sent, artifact: Artifact) -> int:
    """Return the landmark in days since 1970: the day asked for, or the last visit.

    Raises
    ------
    HistoryError
        The risk is not meant for the person then. Of whom no result counts, it is told first whether it is meant for them today.
    """
    if not len(sent.kept.value):
        raise HistoryError(_outside_today(sent, artifact) or [Problem(_NO_VISIT, "Bundle", _unmeasured(sent))])
    try:
        return landmark_of(asked, sent.person, artifact)
    except HistoryError as error:
        problems = error.problems
    if any(problem.code == _NO_VISIT for problem in problems):
        problems = _outside_today(sent, artifact) or problems
    raise HistoryError([_in_fhir(problem, sent.diagnosis) for problem in problems])


def _outside_today(sent: Sent, artifact: Artifact) -> list[Problem]:
    try:
        landmark_of(Asked(landmark=date_of(calendar.today())), sent.person, artifact)
    except HistoryError as error:
        return [replace(problem, received="") for problem in error.problems]
    return []


def _in_fhir(problem: Problem, diagnosis: Diagnosis | None) -> Problem:
    """Return a problem of a day before the diagnosis with that day, and where it stands; any other problem as it is."""
    if diagnosis is None or problem.code not in (_NO_VISIT, "before_index"):
        return problem
    start = f"{diagnosis.day}, the {diagnosis.element} of the diagnosis"
    if diagnosis.element == RECORDED:
        start += " (taken as the day of diagnosis, since the Condition has neither onsetDateTime nor onsetPeriod; send the onset)"
    if problem.code == _NO_VISIT:
        message = f"all results were known before {start}; needed: a result of that day or later"
        return Problem(_NO_VISIT, f"{diagnosis.place}.{diagnosis.element}", message)
    return replace(problem, message=f"the day asked for lies before {start}; {problem.message}")


def _unmeasured(sent: Sent) -> str:
    every = (one.resource or {} for found in sent.resources for one in with_contained(found))
    count = sum(resource.get("resourceType") == "Observation" for resource in every)
    there = f"none of the {count} Observations is one" if count else "there is no Observation"
    codes = "mapped are the LOINC codes of biomarkers, and a laboratory's own where a mapping has them under biomarkers"
    return f"needed: an Observation that holds a result and has a code that is mapped; {there}; {codes}"
