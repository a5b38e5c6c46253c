"""What the spectrum of cure rests on, for each visit of treated people: the four axes, and which definitions' criteria are met."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.course.since import begun_on, quality_since, recorded_in_line
from features.history.arrays import Histories
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


def evidence_of(histories: Histories, of: CourseStates, view: View) -> Evidence:
    """Return the evidence at each question; `view` holds the quality of life at the same days."""
    begun, now = begun_on(of), of.asked.day.astype(np.int64)
    on = of.treated.on_therapy(of.asked.line, of.asked.day)
    before, latest = view[f"{QUALITY}__last__baseline"], view[f"{QUALITY}__last__since_line"]
    age = view[f"{QUALITY}__age_days__since_line"]
    answered = np.where(np.isnan(age), NO_DAY, now - np.nan_to_num(age)).astype(np.int64)
    return Evidence(
        day=now,
        **_response(of, begun, recorded_in_line(histories, of, begun)),
        mrd=of.mrd,
        imaging=of.imaging,
        on_therapy=on,
        therapy_since=np.where(
            on == 0, of.treated.stopped_by(of.asked.line, of.asked.day), of.treated.on_since(of.asked.line, of.asked.day)
        ),
        quality=verdict(QUALITY, before, latest)[None, :],
        quality_since=quality_since(histories, of, begun, QUALITY, before, latest),
        quality_day=answered,
        start=begun,
    )


def _response(of: CourseStates, begun: Whole, recorded: Whole) -> dict[str, Any]:
    """Return the best and the worst that the response may be, since when, and the day of its evidence.

    A progression that was recorded in the line is one, whatever the results.
    """
    by_results = {name: np.append(values, otherwise)[of.sample] for name, (values, otherwise) in _by_sample(of).items()}
    best, worst, since, day = (by_results[name] for name in ("best", "worst", "since", "day"))
    ended = recorded != NO_DAY
    confirmed = ended & (of.at_sample(of.response.known, NE) == PD)
    return {
        "response_best": np.where(ended, PD, best).astype(np.int8),
        "response_worst": np.where(ended, PD, worst).astype(np.int8),
        "response_since": np.where(confirmed, np.minimum(recorded, since), np.where(ended, recorded, since)),
        "response_day": np.where(ended, np.maximum(of.progressed, day), day),
    }


def _by_sample(of: CourseStates) -> dict[str, tuple[Whole, int]]:
    """Return the same of each sample by the results alone, each with what it is without a sample.

    The confirmed response stands as long as visits bear it out. One that shows less at best leaves it open down to that, a second one in
    a row ends it. The evidence is the last sample that bears the response out by itself: without the amounts, or the immunofixation of
    CR, a visit refreshes nothing. The response is so since the first sample of the unbroken run whose least depth is the same: of a
    confirmed one the sample that confirms it, of a lower one the first that shows less.
    """
    response, every = of.response, np.arange(len(of.samples.day))
    known = response.known.astype(np.int64)
    last, before = _last_two(of, response.category != NE, every)
    at_most, at_most_before = (np.append(response.best, NE)[k].astype(np.int64) for k in (last, before))
    less = (known != NE) & (last >= 0) & (at_most < known)
    twice = less & (before >= 0) & (at_most_before < known)
    best = np.where(twice, np.maximum(at_most, at_most_before), np.where(known == NE, NE, np.maximum(at_most, known)))
    worst = np.where(less, at_most, known)
    bears_out = _last_two(of, (response.category >= response.known) & (response.category != NE), every)[0]
    day = np.append(of.samples.day, NO_DAY)[np.where(less, last, bears_out)]
    least, most = (np.where(codes == NE, NE, DEPTH_OF[codes]) for codes in (worst, best))
    ended = _first_of_run(of, ((known == PD) | (most == 0)).astype(np.int64))  # a progression ends what may have been more before it
    since = np.where(known == NE, NO_DAY, np.where(known == PD, ended, _first_of_run(of, least)))
    return {"best": (best, NE), "worst": (worst, NE), "since": (since, NO_DAY), "day": (day, NO_DAY)}


def spectrum_columns(histories: Histories, of: CourseStates, view: View) -> dict[str, NDArray[np.object_]]:
    """Return the axes, each between a least and a most possible state and in words, and the words of each definition."""
    evidence = evidence_of(histories, of, view)
    n = len(evidence.day)
    columns = {name: np.array(said, dtype=object) for name, said in spectrum_words(evidence, range(n)).items()}
    for key, preset in presets().items():
        judged = judge(evidence, preset)
        columns[f"criteria_{key}"] = np.array([judged.words(k) for k in range(n)], dtype=object)
    return columns


def _last_two(of: CourseStates, told: NDArray[np.bool_], sample: Whole) -> tuple[Whole, Whole]:
    """Return the last and the last but one sample of each sample's view that tell, -1 where there is none."""
    view = np.append(of.samples.view, -1)
    latest = np.append(np.maximum.accumulate(np.where(told, np.arange(len(told)), -1)), -1)
    last = latest[sample]
    last = np.where(view[last] == view[sample], last, -1)
    before = np.where(last > 0, latest[np.maximum(last - 1, 0)], -1)
    return last, np.where((before >= 0) & (view[before] == view[last]), before, -1)


def _first_of_run(of: CourseStates, what: Whole) -> Whole:
    """Return, of each sample, the day of the first one of its view since which something has been what it is."""
    view, day = of.samples.view, of.samples.day
    if not len(day):
        return day
    changes = np.append(True, (what[1:] != what[:-1]) | (view[1:] != view[:-1]))
    since: Whole = day[np.maximum.accumulate(np.where(changes, np.arange(len(day)), 0))]
    return since
