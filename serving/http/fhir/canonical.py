"""The history in a Bundle as a request of our own would hold it: in canonical units, one result a biomarker and time."""

from __future__ import annotations

from collections.abc import Mapping as ByName
from math import isnan
from typing import Any

from features.cohort.schema import EVENT_KINDS
from features.history.arrays import REPORTED
from features.sources.mapping import Mapping
from myeloma import catalogue
from myeloma.calendar import date_of, today
from serving.http.body import RefusedError
from serving.http.fhir.answering import UNCONFIRMED, a_bundle
from serving.http.fhir.lesions import lesion_days
from serving.http.fhir.person import Sent, person_in
from serving.http.request import MOST_TEXT, Event, History, HistoryError, Lesion, Measurement, Patient

_DATES = ("index_date", "birth_date")


def history_in(document: Any, mappings: ByName[str, Mapping]) -> tuple[History, list[str]]:
    """Return the history of the person in a Bundle, by the first mapping whose diagnosis it has, and what is to be said beside it.

    Raises
    ------
    RefusedError, HistoryError
        The Bundle is not whole, or anything of it is refused, by whatever mapping.
    """
    a_bundle(document)
    refused: RefusedError | HistoryError | None = None
    for mapping in mappings.values():
        try:
            sent = person_in([("Bundle", document)], mapping, list(mappings.values()))
        except (RefusedError, HistoryError) as error:
            refused = refused or error
            continue
        unconfirmed = [UNCONFIRMED] if sent.is_unconfirmed(today()) else []
        return _history(sent), [*unconfirmed, *sent.notes]
    assert refused is not None, "there are mappings"
    raise refused


def _history(sent: Sent) -> History:
    kept, results, keys, methods = sent.kept, sent.person.results, catalogue().keys(), catalogue().methods
    about = {name: date_of(value) if name in _DATES and value is not None else value for name, value in (kept.patient or {}).items()}
    age = about.get("age_at_index")
    if about.get("birth_date") or (isinstance(age, float) and isnan(age)):
        about.pop("age_at_index", None)
    operator = [0] * len(results) if results.operator is None else results.operator.tolist()
    method = [0] * len(results) if results.method is None else results.method.tolist()
    measured = [
        Measurement(
            collected_at=date_of(results.collected[k]),
            available_at=date_of(results.available[k]),
            biomarker=keys[results.biomarker[k]],
            value=f"{REPORTED[operator[k]]}{float(results.value[k])!r}" if operator[k] > 0 else float(results.value[k]),
            unit=catalogue()[keys[results.biomarker[k]]].unit,
            method=methods[method[k] - 1] if method[k] > 0 else None,
        )
        for k in range(len(results))
        if 0 <= results.biomarker[k] < len(keys)
    ]
    happened = zip(kept.event.tolist(), kept.occurred.tolist(), kept.line.tolist(), kept.detail, strict=True)
    events = [
        Event(occurred_at=date_of(day), kind=EVENT_KINDS[kind - 1], detail=detail[:MOST_TEXT], line=line or None)
        for kind, day, line, detail in happened
        if kind
    ]
    patient = Patient.model_validate({name: about[name] for name in Patient.model_fields if about.get(name) not in (None, "")})
    lesions = [Lesion(since=day or None) for day in lesion_days(sent.resources)]
    return History(patient=patient, measurements=measured, events=events, lesions=lesions or None)
