"""What a missing or an old test is worth: how far the risk would move with its result, and how often it would cross a limit.

The result is not known, so it is drawn from what such a test showed in the people that the model was made from, given what else is known
of this person. Each of its percentiles is put into the history on the day asked for, and answered as every history is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from starlette.responses import Response

from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR
from serving.answer.person import STALE_AFTER_INTERVALS
from serving.answer.record import Answer, Contribution
from serving.answer.shown import PAST_AFTER_DAYS
from serving.artifact import Artifact
from serving.http.answering import answer_to, chosen, told
from serving.http.body import read
from serving.http.request import History, Measurement
from serving.http.response import as_json
from serving.models.expected import ExpectedResult

ABOVE = (10, 20, 40)  # percent; no guideline ties them to a treatment
MEANING = (
    "What the model would say if the test were done on the day of the answer, over results as they were in people like this one. "
    "low and high hold four results of five. It does not say that the test is needed."
)
ENDS = (0.1, 0.9)  # of what is called low and high
_SIGNIFICANT = 4  # digits of a result that is put into the history


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
    now = answer_to(artifact, history)
    latest = {one.biomarker: one for one in now.risks[0].contributions} if now.risks else {}
    found = (_worth(artifact, history, now, one, latest) for one in artifact.expected if one.biomarker in latest)
    return ValuesOfTests(tuple(one for one in found if one is not None), MEANING)


def _worth(
    artifact: Artifact, history: History, now: Answer, expected: ExpectedResult, latest: Mapping[str, Contribution]
) -> ValueOfTest | None:
    """Return what a test is worth; None where it is neither missing nor old, or its like was not seen often enough."""
    own, entry = latest[expected.biomarker], catalogue()[expected.biomarker]
    if own.age_days is not None and own.age_days <= _old_after(expected.biomarker):
        return None
    last, years = (np.nan, np.nan) if own.value is None or own.age_days is None else (own.value, own.age_days / DAYS_PER_YEAR)
    beside = (latest[name].value for name in expected.beside)
    results = expected.values(np.array([np.nan if value is None else value for value in beside]), last, years)
    if results is None:
        return None
    results = np.clip(results, entry.lower, entry.upper)
    then = [_with_result(artifact, history, now, expected.biomarker, float(value)) for value in results]
    shown = [answer for answer in then if answer.risks]
    low, high = np.quantile(results, ENDS)
    return ValueOfTest(
        biomarker=own.biomarker,
        label=own.label,
        unit=entry.unit,
        state="missing" if own.value is None else "stale",
        age_days=own.age_days,
        result_low=float(low),
        result_high=float(high),
        criterion_met=1.0 - len(shown) / len(then),
        horizons=tuple(_at_horizon(now, shown, h) for h in range(len(now.risks))) if shown else (),
    )


def _old_after(biomarker: str) -> int:
    """Return after how many days a result is old: two usual intervals of its biomarker, or where none is usual a year."""
    usual = catalogue()[biomarker].usual_interval_days
    return STALE_AFTER_INTERVALS * usual if usual else PAST_AFTER_DAYS


def _with_result(artifact: Artifact, history: History, now: Answer, biomarker: str, value: float) -> Answer:
    unit, rounded = catalogue()[biomarker].unit, float(f"{value:.{_SIGNIFICANT}g}")
    result = Measurement(collected_at=now.landmark, biomarker=biomarker, value=rounded, unit=unit)
    return answer_to(artifact, history.model_copy(update={"measurements": [*history.measurements, result], "landmark": now.landmark}))


def _at_horizon(now: Answer, then: list[Answer], h: int) -> ValueAtHorizon:
    risks = np.array([answer.risks[h].risk for answer in then])
    low, high = np.quantile(risks, ENDS)
    above = {f"{percent}": float((risks > percent / 100).mean()) for percent in ABOVE}
    return ValueAtHorizon(now.risks[h].horizon_months, now.risks[h].risk, float(low), float(high), above)
