"""What a missing or an old test is worth: how far the risk would move with its result, and how often it would cross a limit.

The result is not known, so it is drawn from what such a test showed in the people that the model was made from, given what else is known
of this person. Each of its percentiles is put into the history on the day asked for, and scored as every history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from starlette.responses import Response

from features.history.arrays import Histories, Results, places
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR
from serving.answer.record import Answer, Contribution, HorizonRisk
from serving.answer.scored import score_rows, seen_by
from serving.answer.shown import PAST_AFTER_DAYS
from serving.answer.warnings.of_values import STALE_AFTER_INTERVALS
from serving.artifact import Artifact
from serving.http.answering import answer_of, chosen, told
from serving.http.body import read
from serving.http.request import History, checked, landmark_of, lesion_in
from serving.http.response import as_json
from serving.models.base import Array
from serving.models.expected import ExpectedResult

ABOVE = (10, 20, 40)  # percent; no guideline ties them to a treatment
MEANING = (
    "What the model would say if the test were done on the day of the answer, over results as they were in people like this one. "
    "From low to high, the range holds four results of five. It does not say that the test is needed."
)
ENDS = (0.1, 0.9)  # of what is called low and high


@dataclass(frozen=True)
class ValueAtHorizon:
    """The risk now, that with a low and with a high result, and by percent the share of results with which it would be above."""

    horizon_months: int
    now: float
    low: float
    high: float
    above: dict[str, float]


@dataclass(frozen=True)
class ValueOfTest:
    """A test that is missing or old, what it would probably show, and what the risk would then be.

    `result_low`, `result_high` hold four results of five. `criterion_met` is the share of results with which a myeloma-defining
    criterion would be met, so that no risk would be shown; they count in no other figure.
    """

    biomarker: str
    label: str
    unit: str
    state: str
    age_days: float | None
    result_low: float
    result_high: float
    criterion_met: float
    horizons: tuple[ValueAtHorizon, ...]


@dataclass(frozen=True)
class ValuesOfTests:
    """The tests that are missing or old; none where no risk is shown."""

    tests: tuple[ValueOfTest, ...]
    meaning: str


def answer_test_value(artifacts: Mapping[str, Artifact], body: bytes) -> Response:
    """Return what missing and old tests are worth to a history, or why that cannot be said."""
    status, content = told(lambda: _test_values(artifacts, read(body, History)))
    return as_json(content, status)


def _test_values(artifacts: Mapping[str, Artifact], history: History) -> ValuesOfTests:
    artifact = chosen(artifacts, history.task)
    person, kept = checked(history)
    landmark = landmark_of(history, person, artifact)
    now = answer_of(artifact, person, kept, landmark, lesion=lesion_in(history, landmark))
    if not now.risks:
        return ValuesOfTests((), MEANING)
    latest = {one.biomarker: one for one in now.risks[0].contributions}
    found = []
    for expected in artifact.expected:
        results = _probable(expected, latest)
        if results is not None:
            then = risks_with(artifact, person.known_by(landmark), landmark, expected.biomarker, results)
            found.append(_worth(now, latest[expected.biomarker], results, then))
    return ValuesOfTests(tuple(found), MEANING)


def _probable(expected: ExpectedResult, latest: Mapping[str, Contribution]) -> Array | None:
    """Return what a test would probably show; None where it is neither missing nor old, or its like was not seen often enough."""
    own, entry = latest[expected.biomarker], catalogue()[expected.biomarker]
    if own.age_days is not None and own.age_days <= _old_after(expected.biomarker):
        return None
    last, years = (np.nan, np.nan) if own.value is None or own.age_days is None else (own.value, own.age_days / DAYS_PER_YEAR)
    beside = (latest[name].value for name in expected.beside)
    results = expected.values(np.array([np.nan if value is None else value for value in beside]), last, years)
    return None if results is None else np.clip(results, entry.lower, entry.upper)


def risks_with(artifact: Artifact, known: Histories, landmark: int, biomarker: str, results: Array) -> Array:
    """Return the risks (shown, horizons) with each of several results of the landmark, of those with which a risk would be shown."""
    nobody, day = np.zeros(1, np.int32), np.array([landmark], np.int32)
    shown = []
    for value in results:
        one = Results(nobody, places([biomarker]), day, day, np.array([value]), np.zeros(1, np.int8))
        scored = score_rows(artifact, seen_by(artifact, replace(known, results=known.results.followed_by(one)), nobody, day))
        if not scored.criteria_met[0]:
            shown.append(scored.explained.risks[0])
    return np.array(shown).reshape(len(shown), len(artifact.horizons))


def _worth(now: Answer, own: Contribution, results: Array, then: Array) -> ValueOfTest:
    low, high = np.quantile(results, ENDS)
    return ValueOfTest(
        biomarker=own.biomarker,
        label=own.label,
        unit=catalogue()[own.biomarker].unit,
        state="missing" if own.value is None else "stale",
        age_days=own.age_days,
        result_low=float(low),
        result_high=float(high),
        criterion_met=1.0 - len(then) / len(results),
        horizons=tuple(_at_horizon(risk, then[:, h]) for h, risk in enumerate(now.risks)) if len(then) else (),
    )


def _old_after(biomarker: str) -> int:
    """Return after how many days a result is old: two usual intervals of its biomarker, or where none is usual a year."""
    usual = catalogue()[biomarker].usual_interval_days
    return STALE_AFTER_INTERVALS * usual if usual else PAST_AFTER_DAYS


def _at_horizon(now: HorizonRisk, then: Array) -> ValueAtHorizon:
    low, high = np.quantile(then, ENDS)
    above = {f"{percent}": float((then > percent / 100).mean()) for percent in ABOVE}
    return ValueAtHorizon(now.horizon_months, now.risk, float(low), float(high), above)
