"""Measurable residual disease (MRD) at a day: never tested, not informative, negative, positive, or lost; and whether it is sustained.

IMWG 2016 (Kumar, Lancet Oncol 2016;17:e328-46): negative means no clonal plasma cells at a sensitivity of at least 1 in 10^5 nucleated
cells, so a negative at a limit above 1e-5 informs of nothing. Sustained means two negatives at least a year apart with no positive between
(Blood 2025;146 S1:4007; PERSEUS, ASCO 7501), here at least 365 days and judged per sensitivity: 1e-5 then 1e-6 is sustained at 1e-5 only.
The IMWG's term also needs imaging; without it the marrow alone is sustained, as in trials, and the words say that imaging is missing.
Relapse follows a loss of negativity more often than it follows negativity that never was (hazard ratio 5.88, phase 2 of lenalidomide
maintenance), so lost is a state of its own.

A test counts once it is known: a state of a day rests on nothing that came later. Any positive is positive at every sensitivity, also one
below 1e-5, which some trials call negative at 1e-5. Of several tests of one day a positive decides, else the most sensitive negative. A
test without a result says nothing. The caller chooses the specimen: rows of blood are no rows of marrow.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numba import njit
from numpy.typing import ArrayLike, NDArray

from myeloma.calendar import DAYS_PER_MONTH, NO_DAY, date_of
from myeloma.three_valued import all_of
from myeloma.treated.mrd_results import Results, days_of, imaging_results, mrd_results

Array = NDArray[np.float64]
Days = NDArray[np.int64]
Mask = NDArray[np.bool_]

VERSION = "imwg2016"
STATUSES = ("never tested", "not informative", "negative", "positive", "lost")
NEVER_TESTED, NOT_INFORMATIVE, NEGATIVE, POSITIVE, LOST = range(len(STATUSES))
SAYS_NOTHING = -1  # a day's tests leave the status as it was
INFORMATIVE_AT = 1e-5  # share of nucleated cells
THRESHOLDS = (1e-5, 1e-6)
APART_DAYS = 365
# How old the last test may be before "is" becomes "was". Sustained negativity wants a test a year; the half year of grace is ours.
STALE_AFTER_DAYS = 548
_TOLERANCE = 1e-9  # relative: a limit of 10 per million is one of 1e-5


@dataclass(frozen=True)
class States:
    """The state of each person at each day asked for; n of them. A day that is not there is `NO_DAY`.

    Parameters
    ----------
    day : (n,) the day asked for
    status : (n,) position in `STATUSES`
    since : (n,) first day of the status, unbroken
    last : (n,) day of the evidence: the last test that the status rests on
    level : (n,) of that test: the share found, or the limit of a negative
    first, latest : (thresholds, n) first and last negative of the unbroken run at that sensitivity
    sustained : (thresholds, n) 1 yes, 0 no, NaN where no test at that sensitivity says; however old the evidence is, see `stale`
    spaced : (thresholds, n) how many negatives of that run are each at least 365 days after the one counted before, from
        `count_from` on
    """

    day: Days
    status: NDArray[np.int8]
    since: Days
    last: Days
    level: Array
    first: Days
    latest: Days
    sustained: Array
    spaced: NDArray[np.int16]

    @cached_property
    def age_days(self) -> Array:
        """How old the evidence is; NaN where there is none."""
        return np.where(self.last == NO_DAY, np.nan, (self.day - self.last).astype(float))

    @cached_property
    def sustained_age_days(self) -> Array:
        """How old the last negative at each threshold is, (thresholds, n); NaN where there is none."""
        return np.where(self.latest == NO_DAY, np.nan, (self.day - self.latest).astype(float))


def states(tests: Results, offsets: ArrayLike, day: ArrayLike, count_from: ArrayLike = NO_DAY, relapse: ArrayLike = NO_DAY) -> States:
    """Return the state of many people, each at days of their own, from what was known by then.

    Parameters
    ----------
    offsets : array of int, people + 1
        The days asked for of person p are `offsets[p]:offsets[p + 1]`.
    day : array of int, n
        Days since 1970, in any order.
    count_from : int or array of int, n
        The day from which on negatives are counted into `spaced`.
    relapse : int or array of int, n
        The last relapse by the day asked for, `NO_DAY` where there is none. It is a loss of negativity, however the last test came out:
        relapse from MRD-negative is the loss of it or any sign of relapse (Kumar, Lancet Oncol 2016;17:e328-46, as restated). What was
        tested by that day is from before it, and a run of negatives begins anew after it.
    """
    asked, starts = days_of(day), days_of(offsets)
    if len(starts) != len(tests.offsets) or starts[-1] != len(asked):
        raise ValueError("the days asked for must be of the people of the tests")
    n, limits = len(asked), np.array(THRESHOLDS) * (1 + _TOLERANCE)
    status, level = np.zeros(n, np.int8), np.full(n, np.nan)
    since, last = np.full(n, NO_DAY, np.int64), np.full(n, NO_DAY, np.int64)
    first, latest = (np.full((len(limits), n), NO_DAY, np.int64) for _ in range(2))
    spaced = np.zeros((len(limits), n), np.int16)
    counted, relapsed = (np.broadcast_to(np.asarray(column, np.int64), n).copy() for column in (count_from, relapse))
    given = (tests.offsets, tests.day, tests.known, tests.positive, tests.level)
    _scan(
        given,
        (starts, asked, counted, relapsed),
        INFORMATIVE_AT * (1 + _TOLERANCE),
        limits,
        (status, since, last, level, first, latest, spaced),
    )
    tested = (first != NO_DAY) | (status == POSITIVE) | (status == LOST)
    sustained = np.where(tested, ((latest - first >= APART_DAYS) & (first != NO_DAY)).astype(float), np.nan)
    return States(asked, status, since, last, level, first, latest, sustained, spaced)


def sustained_with_imaging(marrow: States, imaging: States | None) -> Array:
    """Return the IMWG's sustained negativity, marrow and imaging both, (thresholds, n); NaN where imaging is missing or was done once."""
    pictured = np.full(len(marrow.day), np.nan) if imaging is None else _pictured(imaging)
    return all_of([marrow.sustained, pictured])


def stale(age_days: ArrayLike, stale_after_days: float = STALE_AFTER_DAYS) -> Mask:
    """Return where evidence is too old to say "is"."""
    return np.asarray(age_days, dtype=float) > stale_after_days


def sustained_words(
    marrow: States, k: int, imaging: States | None = None, threshold: int = 0, stale_after_days: float = STALE_AFTER_DAYS
) -> str:
    """Return what element k says of sustained negativity at one of `THRESHOLDS`."""
    if np.isnan(marrow.sustained[threshold, k]):
        return "unknown: no informative test"
    if marrow.sustained[threshold, k] == 0:
        return "not sustained"
    age = marrow.sustained_age_days[threshold, k]
    if stale(age, stale_after_days):
        return f"was sustained; evidence {months_old(age)} months old"
    if imaging is None or imaging.status[k] == NEVER_TESTED:
        return "sustained in marrow; imaging missing"
    if imaging.status[k] != NEGATIVE:
        return "sustained in marrow; imaging positive"
    if stale(imaging.age_days[k], stale_after_days):
        return f"sustained in marrow; imaging was negative {months_old(imaging.age_days[k])} months ago"
    return "sustained in marrow and imaging" if imaging.sustained[0, k] == 1 else "sustained in marrow; imaging negative, not for a year"


def status_words(marrow: States, k: int, stale_after_days: float = STALE_AFTER_DAYS) -> str:
    """Return the status of element k with its sensitivity, since when, and how old the evidence is."""
    status = int(marrow.status[k])
    if status == NEVER_TESTED:
        return STATUSES[NEVER_TESTED]
    level, since, age = f"{marrow.level[k]:.2g}", date_of(int(marrow.since[k])), float(marrow.age_days[k])
    if status == NOT_INFORMATIVE:
        return f"not informative: negative only at a limit of {level}, above {INFORMATIVE_AT:g}"
    said = {
        NEGATIVE: f"negative at a limit of {level}",
        POSITIVE: f"positive at {level}",
        LOST: "lost: was negative, relapsed" if np.isnan(marrow.level[k]) else f"lost: was negative, is positive at {level}",
    }
    old = f"; evidence {months_old(age)} months old" if stale(age, stale_after_days) else ""
    return f"{'was ' if old else ''}{said[status]}, since {since}{old}"


def sustained_of(
    day: ArrayLike, value: ArrayLike, below: ArrayLike, at: int, imaging_day: ArrayLike = (), imaging_positive: ArrayLike = ()
) -> dict[float, str]:
    """Return the words on sustained negativity of one person at a day, by threshold.

    Parameters
    ----------
    day, value, below : the tests of MRD, as `mrd_results` takes them, in any order
    at : day since 1970
    imaging_day, imaging_positive : the tests of imaging

    Examples
    --------
    >>> sustained_of([0, 400], [1e-5, 1e-6], [True, True], at=400)
    {1e-05: 'sustained in marrow; imaging missing', 1e-06: 'not sustained'}
    """
    order, pictured = np.argsort(day, kind="stable"), np.argsort(imaging_day, kind="stable")
    days, values, belows = (np.asarray(column)[order] for column in (day, value, below))
    marrow = states(mrd_results([0, len(days)], days, values, belows), [0, 1], [at])
    seen = imaging_results([0, len(pictured)], np.asarray(imaging_day)[pictured], np.asarray(imaging_positive)[pictured])
    imaging = states(seen, [0, 1], [at])
    return {threshold: sustained_words(marrow, 0, imaging, t) for t, threshold in enumerate(THRESHOLDS)}


def months_old(age_days: float) -> int:
    """Return an age in months, rounded."""
    return round(age_days / DAYS_PER_MONTH)


def _pictured(imaging: States) -> Array:
    """Return whether imaging is negative for a year: one negative alone leaves it open."""
    once = (imaging.status == NEGATIVE) & (imaging.sustained[0] == 0)
    return np.where(once, np.nan, imaging.sustained[0])


_Given = tuple[Days, Days, Days, Array, Array]
_Asked = tuple[Days, Days, Days, Days]
_Found = tuple[NDArray[np.int8], Days, Days, Array, Days, Days, NDArray[np.int16]]
_Held = tuple[Days, Array, Days, NDArray[np.int16]]  # status, since when, evidence of; its level; the run; how many are counted


@njit(cache=True, nogil=True)
def _scan(given: _Given, asked: _Asked, informative: float, limits: Array, found: _Found) -> None:
    """Fill `found`, one element a day asked for, each from the tests that were known by then.

    A later day goes on where the one before it stopped, unless a test taken by then was not yet known.
    """
    starts = given[0]
    asked_starts, asked_day, count_from, relapse = asked
    status, since, last, seen, first, latest, spaced = found
    run = np.empty((3, len(limits)), np.int64)  # first and latest negative of the unbroken run, the negative counted last
    number = np.empty(len(limits), np.int16)
    mark, share = np.empty(3, np.int64), np.empty(1)
    held = (mark, share, run, number)
    for p in range(len(starts) - 1):
        waiting, i, ended = True, 0, False
        for k in range(asked_starts[p], asked_starts[p + 1]):
            now = asked_day[k]
            other = waiting or count_from[k] != count_from[k - 1] or relapse[k] != relapse[k - 1]
            if other or now < asked_day[k - 1]:
                waiting, i, ended = False, starts[p], relapse[k] == NO_DAY
                mark[0], mark[1], mark[2] = NEVER_TESTED, NO_DAY, NO_DAY
                _begin(held)
            if not ended:
                i, early = _read(given, (i, starts[p + 1], relapse[k], now, count_from[k]), informative, limits, held)
                waiting, ended = waiting or early, True
                _relapsed(relapse[k], held)
            i, early = _read(given, (i, starts[p + 1], now, now, count_from[k]), informative, limits, held)
            waiting = waiting or early
            status[k], since[k], last[k], seen[k] = mark[0], mark[1], mark[2], share[0]
            for t in range(len(limits)):  # not array by array: what that may raise takes numba seconds to compile
                first[t, k], latest[t, k], spaced[t, k] = run[0, t], run[1, t], number[t]


@njit(cache=True, nogil=True)
def _begin(held: _Held) -> None:
    """Let a run of negatives begin, with no level known."""
    _, share, run, number = held
    share[0] = np.nan
    run[:] = NO_DAY
    number[:] = 0


@njit(cache=True, nogil=True)
def _relapsed(day: np.int64, held: _Held) -> None:
    """End a run at a relapse: negativity is lost on its day, and no test says how much is there."""
    mark, share, _, _ = held
    level = share[0]
    _begin(held)
    if mark[0] == NEGATIVE:
        mark[0], mark[1], mark[2] = LOST, day, day
    else:
        share[0] = level


@njit(cache=True, nogil=True)
def _read(
    given: _Given, span: tuple[int, int, np.int64, np.int64, np.int64], informative: float, limits: Array, held: _Held
) -> tuple[int, bool]:
    """Take the tests of the days up to one; return where the next begin, and whether one of them is not yet known."""
    i, stop, until, now, count_from = span
    mark, share, run, number = held
    waiting = False
    while i < stop and given[1][i] <= until:
        today = given[1][i]
        i, highest, best, early = _of_day(given, i, stop, now)
        waiting = waiting or early
        told = _next(mark[0], highest, best, informative)
        if told == SAYS_NOTHING:
            continue
        if told != mark[0]:
            mark[1] = today
        mark[0], mark[2], share[0] = told, today, highest if highest >= 0 else best
        for t in range(len(limits)):
            if highest >= 0:
                run[:, t], number[t] = NO_DAY, 0
            elif best <= limits[t]:
                _add(run[:, t], number, t, today, count_from)
    return i, waiting


@njit(cache=True, nogil=True)
def _of_day(given: _Given, i: int, stop: int, now: np.int64) -> tuple[int, float, float, bool]:
    """Return where the tests of a day end, its highest positive (-1: none), the best limit of its negatives, if one is not yet known."""
    _, day, known, positive, level = given
    today, highest, best, early = day[i], -1.0, np.inf, False
    while i < stop and day[i] == today:
        if known[i] > now:
            early = True
        elif positive[i] == 1:
            highest = max(highest, level[i])
        elif positive[i] == 0:
            best = min(best, level[i])
        i += 1
    return i, highest, best, early


@njit(cache=True, nogil=True)
def _next(state: int, highest: float, best: float, informative: float) -> int:
    """Return the status after a day's tests, or `SAYS_NOTHING`: no result, or a limit too high to change what is known."""
    if highest >= 0:
        return LOST if state in (NEGATIVE, LOST) else POSITIVE
    if best <= informative:
        return NEGATIVE
    return NOT_INFORMATIVE if best < np.inf and state <= NOT_INFORMATIVE else SAYS_NOTHING


@njit(cache=True, nogil=True)
def _add(run: Days, number: NDArray[np.int16], t: int, today: np.int64, count_from: np.int64) -> None:
    """Add a negative to the run at one sensitivity."""
    if run[0] == NO_DAY:
        run[0] = today
    run[1] = today
    if today >= count_from and (run[2] == NO_DAY or today - run[2] >= APART_DAYS):
        run[2] = today
        number[t] += 1
