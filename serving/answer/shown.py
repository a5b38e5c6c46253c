"""A risk as people read it: whole percent, half up, so that nobody rounds twice; and of which day it is."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from math import floor

from myeloma.calendar import date_of
from serving.answer.record import AsOf, Shown

_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
Ends = tuple[float | None, float | None]  # of an interval
PAST_AFTER_DAYS = 365  # without a result for longer, a risk is what it was; a convention, not a finding


def percent_text(risk: float) -> str:
    """Return a risk as it is shown: whole percent, half up.

    Examples
    --------
    >>> [percent_text(risk) for risk in (0.004, 0.185, 0.996)]
    ['< 1 %', '19 %', '> 99 %']
    """
    return f"{_end_text(whole_percent(risk))} %"


def _end_text(whole: int) -> str:
    return "< 1" if whole == 0 else "> 99" if whole == 100 else str(whole)


def whole_percent(risk: float) -> int:
    """Return a risk in whole percent, half up.

    Examples
    --------
    >>> [whole_percent(risk) for risk in (0.004, 0.125, 0.285, 1.0)]
    [0, 13, 29, 100]
    """
    return floor(100 * risk + 0.5 + 1e-9)


def shown(risk: float, ends: Ends, die_first: float | None, months: int, as_of: AsOf) -> Shown:
    """Return a risk and its interval in whole percent, and in words; of results that are old in the past tense."""
    low, high, dying = (None if share is None else whole_percent(share) for share in (*ends, die_first))
    between = "" if low is None or high is None else f", between {_end_text(low)} and {_end_text(high)} %"
    said = f"{percent_text(risk)} within {horizon_text(months)}{between}"
    if days := days_old(as_of):
        said += f" (of {as_of.landmark}, from results {days} days old)"
    return Shown(whole_percent(risk), low, high, dying, f"was {said} (on {as_of.landmark})" if as_of.is_past else said)


def horizon_text(months: int) -> str:
    """Return a horizon in words.

    Examples
    --------
    >>> [horizon_text(months) for months in (12, 24, 18)]
    ['1 year', '2 years', '18 months']
    """
    return f"{months} months" if months % 12 else "1 year" if months == 12 else f"{months // 12} years"


def day_text(day: str) -> str:
    """Return a day as people write it, without regard to the machine's language.

    Examples
    --------
    >>> day_text("2022-07-01")
    '1 Jul 2022'
    """
    year, month, of_month = day.split("-")
    return f"{int(of_month)} {_MONTHS[int(month) - 1]} {year}"


def days_old(when: AsOf) -> int:
    """Return how old the newest result was on the day of a risk that is of the present, where that is more than a year; else 0.

    Of a risk that is of the past it is 0: `of_the_present` says which is.
    """
    if when.is_past or when.last_result_on is None:
        return 0
    days = (date.fromisoformat(when.landmark) - date.fromisoformat(when.last_result_on)).days
    return days if days > PAST_AFTER_DAYS else 0


def of_the_present(when: AsOf) -> AsOf:
    """Return the same, but of the present where the day of the risk is no more than a year ago and its results were old on that day.

    Who asks for today of results that are years old is told the risk of today: it rests on old results, but it is no risk of the past.
    """
    is_recent = (date.fromisoformat(when.answered_on) - date.fromisoformat(when.landmark)).days <= PAST_AFTER_DAYS
    present = replace(when, is_past=False)
    return present if is_recent and days_old(present) else when


def as_of(landmark: int, newest_age: float | None, oldest_age: float | None, today: int) -> AsOf:
    """Return of which day a risk is, and how old the results are that it rests on.

    Parameters
    ----------
    landmark, today : days since 1970
    newest_age, oldest_age : days before the landmark of the newest and the oldest of the latest values used; None without any
    """
    last = None if newest_age is None else landmark - int(newest_age)
    since = None if last is None else today - last
    return AsOf(
        landmark=date_of(landmark),
        last_result_on=None if last is None else date_of(last),
        oldest_result_on=None if oldest_age is None else date_of(landmark - int(oldest_age)),
        answered_on=date_of(today),
        is_past=since is None or since > PAST_AFTER_DAYS,
    )
