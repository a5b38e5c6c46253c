"""What the spectrum of cure rests on, for each visit of treated people: the four axes, and which definitions' criteria are met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.course.states import CourseStates
from features.history.rows import View
from myeloma.calendar import NO_DAY
from myeloma.treated.presets import judge, presets, spectrum_words
from myeloma.treated.quality_of_life import verdict
from myeloma.treated.response.codes import NE, PD
from myeloma.treated.spectrum import DEPTH_OF, Evidence

Whole = NDArray[np.int64]
# The axis of quality of life is the global scale: the one that every version of the questionnaire asks. Ours.
QUALITY = "qlq_c30_ql"


def of_scores(keys: Iterable[str]) -> tuple[str, ...]:
    """Return the columns that quality of life is judged from, by the column grammar."""
    return tuple(f"{key}__{name}" for key in keys for name in ("last__baseline", "last__since_line", "age_days__since_line"))


def evidence_of(of: CourseStates, view: View) -> Evidence:
    """Return the evidence at each question; `view` holds the quality of life at the same days."""
    begun, now = _days(of.start()), of.asked.day.astype(np.int64)
    on = of.treated.on_therapy(of.asked.line, of.asked.day)
    before, latest = view[f"{QUALITY}__last__baseline"], view[f"{QUALITY}__last__since_line"]
    age = view[f"{QUALITY}__age_days__since_line"]
    answered = np.where(np.isnan(age), NO_DAY, now - np.nan_to_num(age)).astype(np.int64)
    return Evidence(
        day=now,
        **_response(of, begun),
        mrd=of.mrd,
        imaging=of.imaging,
        on_therapy=on,
        therapy_since=np.where(on == 0, of.treated.stopped_by(of.asked.line, of.asked.day), begun),
        quality=verdict(QUALITY, before, latest)[None, :],
        quality_since=answered,
        quality_day=answered,
        start=begun,
    )


def _response(of: CourseStates, begun: Whole) -> dict[str, Any]:
    """Return the best and the worst that the response may be, since when, and the day of its evidence.

    The confirmed response stands as long as visits bear it out. One that shows less at best leaves it open down to that, a second one in
    a row ends it. A progression that was recorded in the line is one, whatever the results. The evidence is the last sample that bears the
    response out by itself: without the amounts, or the immunofixation of CR, a visit refreshes nothing.
    """
    known = of.at_sample(of.response.known, NE).astype(np.int8)
    last, before = _last_two(of, of.response.category != NE)
    at_most, at_most_before = (np.append(of.response.best, NE)[k] for k in (last, before))
    less = (known != NE) & (last >= 0) & (at_most < known)
    twice = less & (before >= 0) & (at_most_before < known)
    recorded = (of.progressed != NO_DAY) & (of.progressed > begun) & (begun != NO_DAY)
    best = np.where(twice, np.maximum(at_most, at_most_before), np.where(known == NE, NE, np.maximum(at_most, known)))
    bears_out = _last_two(of, (of.response.category >= of.response.known) & (of.response.category != NE))[0]
    evidence = np.append(of.samples.day, NO_DAY)[np.where(less, last, bears_out)]
    since = np.where(known == NE, NO_DAY, _days(of.at_sample(_since(of))))
    return {
        "response_best": np.where(recorded, PD, best).astype(np.int8),
        "response_worst": np.where(recorded, PD, np.where(less, at_most, known)).astype(np.int8),
        "response_since": np.where(recorded, of.progressed, since),
        "response_day": np.where(recorded, np.maximum(of.progressed, evidence), evidence),
    }


def spectrum_columns(of: CourseStates, view: View) -> dict[str, NDArray[np.object_]]:
    """Return the axes, each between a least and a most possible state and in words, and the words of each definition."""
    evidence = evidence_of(of, view)
    n = len(evidence.day)
    columns = {name: np.array(said, dtype=object) for name, said in spectrum_words(evidence, range(n)).items()}
    for key, preset in presets().items():
        judged = judge(evidence, preset)
        columns[f"criteria_{key}"] = np.array([judged.words(k) for k in range(n)], dtype=object)
    return columns


def _last_two(of: CourseStates, told: NDArray[np.bool_]) -> tuple[Whole, Whole]:
    """Return the last and the last but one sample of each question's view that tell, -1 where there is none."""
    view = np.append(of.samples.view, -1)
    latest = np.append(np.maximum.accumulate(np.where(told, np.arange(len(told)), -1)), -1)
    last = latest[of.sample]
    last = np.where((of.sample >= 0) & (view[last] == view[of.sample]), last, -1)
    before = np.where(last > 0, latest[np.maximum(last - 1, 0)], -1)
    return last, np.where((before >= 0) & (view[before] == view[last]), before, -1)


def _since(of: CourseStates) -> Whole:
    """Return, of each sample, the day since which the depth of the confirmed response has been what it is."""
    view, day = of.samples.view, of.samples.day
    known = np.where(of.response.known == NE, NE, DEPTH_OF[of.response.known])
    if not len(day):
        return day
    changes = np.append(True, (known[1:] != known[:-1]) | (view[1:] != view[:-1]))
    since: Whole = day[np.maximum.accumulate(np.where(changes, np.arange(len(day)), 0))]
    return since


def _days(values: NDArray[np.float64]) -> Whole:
    return np.where(np.isnan(values), NO_DAY, np.nan_to_num(values)).astype(np.int64)
