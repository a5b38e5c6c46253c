"""Cure as a spectrum: depth, duration, therapy, quality of life, and which published or own criteria a person meets.

Every axis has a state between a least and a most possible one, since when, the day of its evidence and what is missing. What is missing
leaves the range wide: it is never taken for good. Evidence beyond a set age says what was, not what is. Presets are data
(`spectrum.yaml`); their words are "meets the criteria of", never "cured".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from myeloma.calendar import NO_DAY
from myeloma.treated.mrd import APART_DAYS, LOST, NEGATIVE, POSITIVE, THRESHOLDS, States
from myeloma.treated.response.codes import CATEGORIES, CR, NE, PR, VGPR

Array = NDArray[np.float64]
Days = NDArray[np.int64]
Mask = NDArray[np.bool_]
Codes = NDArray[np.int8]

# The states of each axis, from least to most.
DEPTH = ("less than PR", "PR", "VGPR", "CR", "CR, MRD-negative at 1e-5", "CR, MRD-negative at 1e-6")
DURATION = ("not MRD-negative", "MRD-negative, not yet sustained", "sustained MRD-negative")
THERAPY = ("on therapy", "off therapy")
QUALITY_OF_LIFE = ("worse", "possibly worse", "kept", "possibly better", "better")
AXES = {"depth": DEPTH, "duration": DURATION, "therapy": THERAPY, "quality_of_life": QUALITY_OF_LIFE}
_UNKNOWN = (-np.inf, np.inf)
DEPTH_OF = np.select([np.arange(max(CATEGORIES) + 1) >= limit for limit in (CR, VGPR, PR)], [3, 2, 1], 0)  # by code of a category


@dataclass(frozen=True)
class Evidence:
    """What is known of n people at a day each; one element a person and day, `NO_DAY` where a day is not known.

    Parameters
    ----------
    day : (n,) days since 1970
    response_best, response_worst : (n,) codes of `CATEGORIES` of the best and the worst possible response, `NE` without one
    response_since, response_day : (n,) since when the response is so, and the day of the assessment
    mrd, imaging : the states of marrow and of PET-CT at `day`, with `count_from` a year after `start` (see `count_from`)
    on_therapy : (n,) 1 on, 0 off, NaN unknown
    therapy_since : (n,) since when
    quality : (scales, n) verdicts on the change of each scale, as `quality_of_life.verdict` gives them
    quality_since, quality_day : (n,) since when it is so, and the day of the questionnaire
    start : (n,) start of therapy
    """

    day: Days
    response_best: Codes
    response_worst: Codes
    response_since: Days
    response_day: Days
    mrd: States
    imaging: States
    on_therapy: Array
    therapy_since: Days
    quality: Array
    quality_since: Days
    quality_day: Days
    start: Days


class Axis(NamedTuple):
    """One axis of n people.

    Parameters
    ----------
    low, high : (n,) the least and the most possible state, positions in the axis' names
    since : (n,) since when the state is so
    last : (n,) day of the oldest evidence that it rests on
    stale : (n,) the evidence is older than its set age: the state was so
    missing : what is missing, where
    """

    low: Codes
    high: Codes
    since: Days
    last: Days
    stale: Mask
    missing: dict[str, Mask]


def count_from(start: Days) -> Days:
    """Return the day from which on negatives count between years 1 and 5: a year after the start, `NO_DAY` where that is not known."""
    return np.where(start == NO_DAY, NO_DAY, start + APART_DAYS)


def axes(of: Evidence, stale_after_days: Mapping[str, float]) -> dict[str, Axis]:
    """Return the four axes by name, each with its states as they were last known; `stale` says where that is long ago.

    Parameters
    ----------
    stale_after_days : mapping
        By response, mrd, imaging and quality_of_life: how old the evidence may be; `presets.stale_after_days` gives our own.
    """
    return {
        "depth": _depth(of, stale_after_days),
        "duration": _duration(of, stale_after_days),
        "therapy": _therapy(of),
        "quality_of_life": _quality(of, stale_after_days),
    }


def facts(of: Evidence, stale_after_days: Mapping[str, float]) -> dict[str, tuple[Array, Array]]:
    """Return what the conditions of presets ask for, by name, each as the least and the most possible; unknown or stale is -inf and inf.

    Facts: response (sCR 6 to PD 0), mrd_negative_1e5 / _1e6 and imaging_negative (0 or 1), sustained_days_1e5 / _1e6 (between the first and
    the last negative of the unbroken run), spaced_negatives_1e5 / _1e6 and spaced_imaging (how many, each a year after the one before),
    last_negative_1e5 / _1e6_from_start_days, last_imaging_from_start_days, off_therapy_days (0 on therapy), quality_of_life (-2 to 2).
    """
    found = {"response": _response_fact(of, stale_after_days["response"])}
    for t, name in enumerate(("1e5", "1e6")):
        found |= _negative_facts(of.mrd, t, of.start, stale_after_days["mrd"], f"mrd_negative_{name}", name)
    found |= _negative_facts(of.imaging, 0, of.start, stale_after_days["imaging"], "imaging_negative", "imaging")
    found["spaced_imaging"] = found.pop("spaced_negatives_imaging")
    found["last_imaging_from_start_days"] = found.pop("last_negative_imaging_from_start_days")
    found["off_therapy_days"] = _off_therapy_fact(of)
    found["quality_of_life"] = _range(_quality_range(of), ~_too_old(of.day, of.quality_day, stale_after_days["quality_of_life"]))
    return found


def _response_fact(of: Evidence, stale_after_days: float) -> tuple[Array, Array]:
    known = (of.response_worst != NE) & ~_too_old(of.day, of.response_day, stale_after_days)
    return _range((of.response_worst.astype(float), of.response_best.astype(float)), known)


def _negative_facts(of: States, t: int, start: Days, stale_after_days: float, negative: str, name: str) -> dict[str, tuple[Array, Array]]:
    """Return the facts of negativity at one sensitivity, known where a negative at it, or a positive, is the last word."""
    has_run, is_positive = of.first[t] != NO_DAY, (of.status == POSITIVE) | (of.status == LOST)
    evidence = np.where(has_run, of.latest[t], of.last)
    known = (has_run | is_positive) & ~_too_old(of.day, evidence, stale_after_days)
    held = np.where(has_run, of.latest[t] - of.first[t], 0).astype(float)
    from_start = np.where(has_run, of.latest[t] - start, -np.inf)
    return {
        negative: _range((has_run.astype(float),) * 2, known),
        f"sustained_days_{name}": _range((held, held), known),
        f"spaced_negatives_{name}": _range((of.spaced[t].astype(float),) * 2, known & (start != NO_DAY)),
        f"last_negative_{name}_from_start_days": _range((from_start, from_start), known & (start != NO_DAY)),
    }


def _off_therapy_fact(of: Evidence) -> tuple[Array, Array]:
    off, since = of.on_therapy == 0, (of.day - of.therapy_since).astype(float)
    days = np.where(off, since, 0.0)
    low, high = _range((days, days), ~np.isnan(of.on_therapy) & ~(off & (of.therapy_since == NO_DAY)))
    return np.where(off, np.maximum(low, 0.0), low), high


def _quality_range(of: Evidence) -> tuple[Array, Array]:
    """Return the least and the most that the worst of the scales can be: an unknown one leaves the least open, "possibly" one step."""
    unknown = np.isnan(of.quality)
    least = np.where(unknown, -np.inf, of.quality).min(axis=0, initial=np.inf)
    most = np.where(unknown, np.inf, np.where(of.quality == -1, 0.0, of.quality)).min(axis=0, initial=np.inf)
    return np.where(np.isposinf(least), -np.inf, least), most


def _depth(of: Evidence, stale_after_days: Mapping[str, float]) -> Axis:
    assessed = of.response_worst != NE
    least, most = np.where(assessed, DEPTH_OF[of.response_worst], 0), np.where(assessed, DEPTH_OF[of.response_best], 3)
    is_positive = (of.mrd.status == POSITIVE) | (of.mrd.status == LOST)
    at_1e5, at_1e6 = ((of.mrd.status == NEGATIVE) & (of.mrd.first[t] != NO_DAY) for t in range(len(THRESHOLDS)))
    low = np.where(least < 3, least, np.select([at_1e6, at_1e5], [5, 4], 3))
    high = np.where(most < 3, most, np.where(is_positive, 3, 5))
    with_mrd = low > 3
    missing = {
        "response": ~assessed,
        "confirmation of the response": assessed & (least != most),
        "mrd": (most == 3) & ~is_positive & ~at_1e5,
        "mrd at 1e-6": (most == 3) & at_1e5 & ~at_1e6,
    }
    negative = np.where(at_1e6, of.mrd.latest[1], of.mrd.latest[0])
    old = _too_old(of.day, of.response_day, stale_after_days["response"])
    old |= with_mrd & _too_old(of.day, negative, stale_after_days["mrd"])
    last = np.where(with_mrd, np.minimum(of.response_day, negative), of.response_day)
    negative_since = np.where(at_1e6, of.mrd.first[1], of.mrd.first[0])
    since = np.where(with_mrd, np.maximum(of.response_since, negative_since), of.response_since)
    return Axis(low.astype(np.int8), high.astype(np.int8), since, last, old & assessed, missing)


def _duration(of: Evidence, stale_after_days: Mapping[str, float]) -> Axis:
    at_1e5, is_positive = of.mrd.first[0] != NO_DAY, (of.mrd.status == POSITIVE) | (of.mrd.status == LOST)
    state = np.where(at_1e5, np.where(of.mrd.sustained[0] == 1, 2, 1), 0)
    known = at_1e5 | is_positive
    low, high = np.where(known, state, 0), np.where(known, state, 2)
    last, since = (np.where(at_1e5, one, other) for one, other in ((of.mrd.latest[0], of.mrd.last), (of.mrd.first[0], of.mrd.since)))
    old = known & _too_old(of.day, last, stale_after_days["mrd"])
    missing = {"mrd": ~known, "imaging": of.imaging.last == NO_DAY}
    return Axis(low.astype(np.int8), high.astype(np.int8), np.where(known, since, NO_DAY), np.where(known, last, NO_DAY), old, missing)


def _therapy(of: Evidence) -> Axis:
    known = ~np.isnan(of.on_therapy)
    off = of.on_therapy == 0
    missing = {"therapy": ~known, "day of the change of therapy": known & (of.therapy_since == NO_DAY)}
    last = np.where(known, of.day, NO_DAY)
    return Axis((known & off).astype(np.int8), (~known | off).astype(np.int8), of.therapy_since, last, np.zeros(len(off), bool), missing)


def _quality(of: Evidence, stale_after_days: Mapping[str, float]) -> Axis:
    least, most = _quality_range(of)
    missing = {"quality of life": np.isneginf(least)}
    low, high = np.clip(least, -2, 2) + 2, np.clip(most, -2, 2) + 2
    old = (of.quality_day != NO_DAY) & _too_old(of.day, of.quality_day, stale_after_days["quality_of_life"])
    return Axis(low.astype(np.int8), high.astype(np.int8), of.quality_since, of.quality_day, old, missing)


def _too_old(day: Days, evidence: Days, stale_after_days: float) -> Mask:
    old: Mask = (evidence == NO_DAY) | (day - evidence > stale_after_days)
    return old


def _range(values: tuple[Array, Array], known: Mask) -> tuple[Array, Array]:
    least, most = (np.where(known, value, unknown) for value, unknown in zip(values, _UNKNOWN, strict=True))
    return least, most
