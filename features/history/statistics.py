"""The statistics of the column grammar: what each means, when it is missing, and how the kernel makes it.

The page docs/conventions.md holds the same table; a test compares the two.

A result below a limit of detection is two facts: that nothing was found, and down to where one could see. `<0.00001` and `<0.000001`
enter `last` as two levels, and are told apart from numbers by `reported_below` and `limit`. `below_{c}` asks what both are known to say
of one threshold, and does not know where the limit lies above it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from features.history.figures import (
    AGE,
    COUNT,
    EXCEEDS,
    FIRST,
    LAST,
    MAX,
    MEAN,
    MIN,
    MINUS,
    NADIR,
    PERCENT,
    PREVIOUS,
    SD,
    SINCE_MAX,
    SINCE_MIN,
    SLOPE,
    SLOPE_SE,
    TAKE,
    TREND,
)
from features.history.windows import ANCHORED, BASELINE, SINCE_LINE, SINCE_NADIR
from myeloma import ConfigError
from myeloma.errors import nearest

BELOW_TWO = "missing below 2 values"
AS_OF, ABOVE = "as_of", "above"
EVOLVING, LIMIT = "evolving", "limit"
# What the kernel is given of each result: its value, or whether it is known to lie below its own limit, or below the number in the name.
VALUES, BELOW_LIMIT, BELOW_NUMBER = "values", "below_limit", "below_number"
TO_LANDMARK = "365d and its like, ever"
_UP_TO_NOW = (TO_LANDMARK, SINCE_LINE, SINCE_NADIR)


@dataclass(frozen=True)
class Statistic:
    """One statistic, or a family of them: `label` for people, `meaning` and `missing` for the documentation.

    The kernel makes it as `operation` on one or two of its base figures. In a family, `{}` stands for the number in the
    name, and one of the figures is the value as of so many months ago, or the days above a cut-off. `of` is what it is told of each
    result, `windows` are those in which the statistic exists.
    """

    label: str
    meaning: str
    missing: str
    operation: int = TAKE
    figure: int | str = LAST
    against: int | str = LAST
    number: float = 0.0
    of: str = VALUES
    windows: tuple[str, ...] = (BASELINE, *_UP_TO_NOW)

    def fits(self, window: str) -> bool:
        """Return whether the statistic exists in a window."""
        return (window if window in ANCHORED else TO_LANDMARK) in self.windows

    @property
    def where(self) -> str:
        """Return in which windows it exists, in words."""
        return ", ".join(self.windows)


STATISTICS: dict[str, Statistic] = {
    "last": Statistic("latest value", "the latest value", "missing", TAKE, LAST),
    "age_days": Statistic(
        "age of the latest value, days", "days from the collection of the latest value to the landmark", "missing", TAKE, AGE
    ),
    "count": Statistic("number of values", "the number of values, one a day of collection", "0", TAKE, COUNT),
    "mean": Statistic("mean", "their mean", "missing", TAKE, MEAN),
    "min": Statistic("lowest value", "the lowest value", "missing", TAKE, MIN),
    "max": Statistic("highest value", "the highest value", "missing", TAKE, MAX),
    "sd": Statistic("standard deviation", "sample standard deviation", BELOW_TWO, TAKE, SD),
    "slope": Statistic("slope per year", "least squares on the day of collection, per year", BELOW_TWO, TAKE, SLOPE),
    "slope_se": Statistic(
        "standard error of the slope", "its standard error, from the scatter about the line", "missing below 3 values", TAKE, SLOPE_SE
    ),
    # A ridge slope: two results a month apart say little of a trend, a dozen over years much. The year is a natural unit, not tuned.
    "trend_pct": Statistic(
        "trend per year, %",
        "the slope drawn towards 0 the more, the less time the values span, in percent of the mean: Σ(t - t̄)(y - ȳ) /"
        " (Σ(t - t̄)² + 1) / ȳ, t in years",
        f"{BELOW_TWO}, or where the mean is not positive",
        TAKE,
        TREND,
    ),
    "delta_first": Statistic("change from the first value", "latest minus first", BELOW_TWO, MINUS, LAST, FIRST),
    "delta_previous": Statistic("change from the value before", "latest minus the one before", BELOW_TWO, MINUS, LAST, PREVIOUS),
    "delta_min": Statistic(
        "change from the lowest value", "latest minus lowest; 0 where the latest is the lowest", BELOW_TWO, MINUS, LAST, NADIR
    ),
    "pct_first": Statistic(
        "change from the first value, %",
        "`delta_first` in percent of the first",
        f"{BELOW_TWO}, or where the first is not positive",
        PERCENT,
        LAST,
        FIRST,
    ),
    "pct_previous": Statistic(
        "change from the value before, %",
        "`delta_previous` in percent of the one before",
        f"{BELOW_TWO}, or where that one is not positive",
        PERCENT,
        LAST,
        PREVIOUS,
    ),
    "pct_min": Statistic(
        "change from the lowest value, %",
        "`delta_min` in percent of the lowest",
        f"{BELOW_TWO}, or where the lowest is not positive",
        PERCENT,
        LAST,
        NADIR,
    ),
    "days_since_min": Statistic(
        "days since the lowest value",
        "days from the collection of the lowest value to the landmark; of equal ones, the later",
        "missing",
        TAKE,
        SINCE_MIN,
    ),
    "days_since_max": Statistic("days since the highest value", "the same for the highest value", "missing", TAKE, SINCE_MAX),
    "exceeds_previous": Statistic(
        "change from the value before exceeds noise",
        "1 where the latest lies above or below the one before by more than the reference change value (its rise, its fall), else 0",
        f"{BELOW_TWO}, without a sourced variation, or where that one is not positive",
        EXCEEDS,
        LAST,
        PREVIOUS,
    ),
    "exceeds_min": Statistic(
        "rise from the lowest value exceeds noise",
        "1 where the latest exceeds the lowest by more than the rise of the reference change value, else 0",
        f"{BELOW_TWO}, without a sourced variation, or where the lowest is not positive",
        EXCEEDS,
        LAST,
        NADIR,
    ),
    EVOLVING: Statistic(
        "evolving (PANGEA)",
        "1 where the latest value has risen (hemoglobin: fallen) from any other value of PANGEA's own window, as far as the look-back"
        " reaches, by PANGEA's limit (to a tolerance of 1e-9), else 0, also where there is no other value, as published",
        "missing, and for a biomarker without a rule",
        windows=(TO_LANDMARK,),
    ),
    "delta_baseline": Statistic(
        "change from baseline",
        "latest minus the latest of `baseline`; in `since_line` only",
        "missing without either",
        MINUS,
        LAST,
        BASELINE,
        windows=(SINCE_LINE,),
    ),
    "pct_baseline": Statistic(
        "change from baseline, %",
        "`delta_baseline` in percent of the latest of `baseline`; in `since_line` only",
        "missing without either, or where baseline is not positive",
        PERCENT,
        LAST,
        BASELINE,
        windows=(SINCE_LINE,),
    ),
    "reported_below": Statistic(
        "latest value below its limit",
        "1 where the latest value was reported as below a limit (`<x`), else 0",
        "missing, and where the latest value was computed from others",
        of=BELOW_LIMIT,
    ),
    LIMIT: Statistic("limit of the latest value", "x, where the latest value was reported as `<x`", "missing, and where it was not"),
}
_AS_OF_MEANING = "latest minus the value {k} months ago: the latest collected on or before that day (a month is 30.4375 days)"
FAMILIES: dict[str, Statistic] = {
    "delta_{k}m": Statistic(
        "change in {k} months",
        _AS_OF_MEANING,
        "missing without such a value, or where the latest itself is that value",
        MINUS,
        LAST,
        AS_OF,
        windows=_UP_TO_NOW,
    ),
    "pct_{k}m": Statistic(
        "change in {k} months, %",
        "the same in percent of that value",
        "the same, or where it is not positive",
        PERCENT,
        LAST,
        AS_OF,
        windows=_UP_TO_NOW,
    ),
    "days_above_{c}": Statistic(
        "days above {c}",
        "days in the window on which the value was above {c} (canonical unit): each value holds from its collection to the next, the latest"
        " to the landmark, and the part before the window is left out",
        "missing",
        TAKE,
        ABOVE,
        windows=_UP_TO_NOW,
    ),
    "below_{c}": Statistic(
        "latest value known to be below {c}",
        "1 where the latest value is a number below {c}, or `<x` with x at most {c}; 0 where it is a number from {c} on, or `>x` with x at"
        " least {c} (to a tolerance of 1e-9)",
        "missing, and where it cannot be known: `<x` with x above {c}, `>x` with x below {c}, computed from others",
        of=BELOW_NUMBER,
    ),
    "days_below_{c}": Statistic(
        "days known to be below {c}",
        "days in the window on which `below_{c}` was 1, each value holding as for `days_above_{c}`; what is not known counts as not below",
        "missing",
        TAKE,
        ABOVE,
        of=BELOW_NUMBER,
        windows=_UP_TO_NOW,
    ),
}
_NUMBER = r"((?:0|[1-9]\d*)(?:\.\d*[1-9])?)"
_FAMILY = {
    "delta_{k}m": re.compile(r"delta_([1-9]\d{0,2})m"),
    "pct_{k}m": re.compile(r"pct_([1-9]\d{0,2})m"),
    "days_above_{c}": re.compile(rf"days_above_{_NUMBER}"),
    "below_{c}": re.compile(rf"below_{_NUMBER}"),
    "days_below_{c}": re.compile(rf"days_below_{_NUMBER}"),
}


@lru_cache(maxsize=512)
def statistic(name: str) -> Statistic:
    """Return the statistic of that name; in a family, with the number in its label.

    Raises
    ------
    ConfigError
        There is none of that name.

    Examples
    --------
    >>> statistic("delta_12m").label
    'change in 12 months'
    """
    if name in STATISTICS:
        return STATISTICS[name]
    for family, pattern in _FAMILY.items():
        if found := pattern.fullmatch(name):
            label = re.sub(r"\{.\}", found[1], FAMILIES[family].label)
            return replace(FAMILIES[family], label=label, number=float(found[1]))
    raise ConfigError(f'Unknown statistic "{name}".', nearest(name, [*STATISTICS, *FAMILIES]))


def table() -> list[str]:
    """Return the rows of the documentation's table, as Markdown."""
    every = STATISTICS | FAMILIES
    return [f"| `{name}` | {one.meaning} | {one.missing} |" for name, one in every.items()]
