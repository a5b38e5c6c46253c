"""What the spectrum of cure rests on, for each visit of treated people: the four axes, and which definitions' criteria are met."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from features.history.course.states import CourseStates
from features.history.rows import View
from myeloma.calendar import NO_DAY
from myeloma.treated.presets import judge, presets, spectrum_words
from myeloma.treated.quality_of_life import verdict
from myeloma.treated.response.codes import NE
from myeloma.treated.spectrum import Evidence

Whole = NDArray[np.int64]
# The axis of quality of life is the global scale: the one that every version of the questionnaire asks. Ours.
QUALITY = "qlq_c30_ql"


def of_scores(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that quality of life is judged from, by the column grammar."""
    return tuple(f"{key}__{name}" for key in keys for name in ("last__baseline", "last__since_line", "age_days__since_line"))


def evidence_of(of: CourseStates, view: View) -> Evidence:
    """Return the evidence at each question; `view` holds the quality of life at the same days."""
    judged = last_judged(of)
    known = of.at_sample(of.response.known, NE).astype(np.int8)
    at_most = np.append(of.response.best, NE)[judged]  # by the last visit that tells, what was not measured taken for the best
    begun, now = _days(of.start()), of.asked.day.astype(np.int64)
    on = of.treated.on_therapy(of.asked.line, of.asked.day)
    stopped = _days(of.treated.at(of.treated.stop, of.asked.line))
    before, latest = view[f"{QUALITY}__last__baseline"], view[f"{QUALITY}__last__since_line"]
    age = view[f"{QUALITY}__age_days__since_line"]
    answered = np.where(np.isnan(age), NO_DAY, now - np.nan_to_num(age)).astype(np.int64)
    return Evidence(
        day=now,
        response_best=np.where(known == NE, NE, np.maximum(at_most, known)).astype(np.int8),
        response_worst=np.where((known == NE) | (at_most == NE), known, np.minimum(at_most, known)).astype(np.int8),
        response_since=_days(of.at_sample(_since(of))),
        response_day=np.append(of.samples.day, NO_DAY)[judged],
        mrd=of.mrd,
        imaging=of.imaging,
        on_therapy=on,
        therapy_since=np.where(on == 0, stopped, begun),
        quality=verdict(QUALITY, before, latest)[None, :],
        quality_since=answered,
        quality_day=answered,
        start=begun,
    )


def spectrum_columns(of: CourseStates, view: View) -> dict[str, NDArray[np.object_]]:
    """Return the axes, each between a least and a most possible state and in words, and the words of each definition."""
    evidence = evidence_of(of, view)
    n = len(evidence.day)
    columns = {name: np.array(said, dtype=object) for name, said in spectrum_words(evidence, range(n)).items()}
    for key, preset in presets().items():
        judged = judge(evidence, preset)
        columns[f"criteria_{key}"] = np.array([judged.words(k) for k in range(n)], dtype=object)
    return columns


def last_judged(of: CourseStates) -> Whole:
    """Return each question's last sample that shows a category, -1 where none does: a visit without the amounts that are followed
    says nothing, and what was known before it grows old.
    """
    tells, view = of.response.category != NE, of.samples.view
    latest = np.maximum.accumulate(np.where(tells, np.arange(len(view)), -1)) if len(view) else np.zeros(0, np.int64)
    found = np.append(latest, -1)[of.sample]
    mine = (found >= 0) & (of.sample >= 0)
    return np.where(mine & (np.append(view, -1)[found] == np.append(view, -1)[of.sample]), found, -1)


def _since(of: CourseStates) -> Whole:
    """Return, of each sample, the day since which the confirmed response has been what it is."""
    known, view, day = of.response.known, of.samples.view, of.samples.day
    if not len(day):
        return day
    changes = np.append(True, (known[1:] != known[:-1]) | (view[1:] != view[:-1]))
    since: Whole = day[np.maximum.accumulate(np.where(changes, np.arange(len(day)), 0))]
    return since


def _days(values: NDArray[np.float64]) -> Whole:
    return np.where(np.isnan(values), NO_DAY, np.nan_to_num(values)).astype(np.int64)
