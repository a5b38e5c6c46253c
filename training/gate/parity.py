"""The same people by batch and over HTTP: how far the two answers of one artifact lie apart."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pandas as pd

from features import Cohort
from features.table.landmarks import last_landmarks
from serving.artifact import Artifact
from serving.batch import SCORED, score_landmarks
from serving.http.answering import answer as answer_to_body
from training.metrics.estimate import lines_of

PEOPLE = 5
_LOOKED_AT = 25  # people tried, since some are no longer at risk at their last visit


def largest_difference(artifact: Artifact, cohort: Cohort, people: Iterable[str]) -> tuple[float | None, str]:
    """Return the largest difference of risk, base or contribution between batch and HTTP over a few people, and on how many.

    None where it cannot be measured; infinite where the API refuses a history that batch takes. No identifier is sent.
    """
    tried = sorted(people)[:_LOOKED_AT]
    theirs: dict[str, Any] = {n: f[f["patient_id"].isin(tried)].reset_index(drop=True) for n, f in cohort.tables().items()}
    few = replace(cohort, **theirs)
    scores = score_landmarks(artifact, few, last_landmarks(few))
    scores = scores[scores["status"] == SCORED].head(PEOPLE)
    if scores.empty:
        return None, "nobody of the first people held out is at risk at the last visit"
    largest, artifacts = 0.0, {artifact.about["task"]: artifact}
    for row in scores.to_dict("records"):
        response = answer_to_body(artifacts, json.dumps(request(few, row["patient_id"], row["landmark"])).encode())
        answer = json.loads(bytes(response.body))
        if response.status_code != 200:
            return float("inf"), f"the API refused a history that batch scored ({answer['errors'][0]['code']})"
        for risk in answer["risks"]:
            at = f"{risk['horizon_months']}m"
            pairs = [(risk["risk"], row[f"risk_{at}"]), (risk["base"], row[f"base_{at}"])]
            pairs += [(c["contribution"], row[f"{c['biomarker']}__contribution__{at}"]) for c in risk["contributions"]]
            largest = max(largest, *(abs(one - other) for one, other in pairs))
    return largest, f"{len(scores)} people"


def request(cohort: Cohort, patient_id: str, landmark: pd.Timestamp) -> dict[str, Any]:
    """Return what a caller would send for one person: the results as they were received, and no identifier."""
    person = cohort.patients[cohort.patients["patient_id"] == patient_id].iloc[0]
    results = cohort.measurements[cohort.measurements["patient_id"] == patient_id]
    events = cohort.events[cohort.events["patient_id"] == patient_id]
    words = {name: person[name] or None for name in ("sex", "stage", "heavy_chain", "light_chain", "fish")}
    return {
        "patient": {
            "index_date": _day(person["index_date"]),
            "birth_date": _day(person["birth_date"]),
            "age_at_index": None if pd.isna(person["age_at_index"]) else float(person["age_at_index"]),
            **words,
        },
        "measurements": [_result(row) for row in lines_of(results)],
        "events": [_event(event) for event in lines_of(events)],
        "landmark": _day(landmark),
    }


def _result(row: Any) -> dict[str, Any]:
    how = {name: word for name in ("method", "specimen") if (word := getattr(row, name, ""))}  # columns only where a source recorded one
    return {
        "collected_at": f"{_day(row.collected_at)} {row.collected_time}".strip(),
        "available_at": _day(row.available_at),
        "biomarker": row.biomarker,
        "value": row.original_value,
        "unit": row.original_unit,
        **how,
    }


def _event(event: Any) -> dict[str, Any]:
    line = getattr(event, "line", pd.NA)  # a column only where a source recorded one
    known = {} if pd.isna(line) else {"line": int(line)}
    return {"occurred_at": _day(event.occurred_at), "kind": event.kind, "detail": event.detail, **known}


def _day(day: pd.Timestamp) -> str | None:
    return None if pd.isna(day) else f"{day:%Y-%m-%d}"
