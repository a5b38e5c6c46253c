"""One figure in one cell: with its interval, or a blank that says why; a count below ten people is not written down."""

from __future__ import annotations

import math

from training.card.document import Blank, Cell
from training.card.facts import PERFORMANCE, Facts
from training.rows.small_counts import FEW, SMALL_CELL

_NO_FIGURE = "this run has no such figure"


def figure(facts: Facts, key: str, decimals: int, refused: str = "") -> Cell:
    """Return a figure of the run with its 95 % interval.

    Parameters
    ----------
    refused : str
        Why evaluation refused to give it, if it did.
    """
    return with_interval(*(facts.metrics.get(name) for name in (key, f"{key}_lo", f"{key}_hi")), decimals=decimals, refused=refused)


def with_interval(value: float | None, low: float | None, high: float | None, decimals: int, refused: str = "") -> Cell:
    """Return an estimate and its interval in words; a blank where there is no estimate.

    Examples
    --------
    >>> with_interval(0.8123, 0.77, 0.85, 3), with_interval(0.8, None, None, 1)
    ('0.812 (0.770 to 0.850)', '0.8 (no interval)')
    >>> with_interval(-0.0004, -0.1, 0.1, 2)
    '0.00 (-0.10 to 0.10)'
    """
    if value is None or not math.isfinite(value):
        return Blank(refused or _NO_FIGURE)
    if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
        return f"{_rounded(value, decimals)} (no interval)"
    return f"{_rounded(value, decimals)} ({_rounded(low, decimals)} to {_rounded(high, decimals)})"


def count(facts: Facts, key: str) -> Cell:
    """Return a count of the run; evaluation keeps small ones back."""
    return FEW if key in facts.kept_back else people(facts.metrics.get(key))


def people(value: float | None) -> Cell:
    """Return a count of people, without saying how many where they are few."""
    if value is None or not math.isfinite(value):
        return Blank(_NO_FIGURE)
    return FEW if 0 < value < SMALL_CELL else f"{value:,.0f}"


def _rounded(value: float, decimals: int) -> str:
    return f"{round(value, decimals) + 0.0:.{decimals}f}"  # adding 0 takes the sign off a zero


def refusals(facts: Facts) -> dict[tuple[str, int], str]:
    """Return why evaluation gave no figures, by subset ("" is all visits) and horizon."""
    table = facts.frame(PERFORMANCE, ("subset", "horizon", "measure", "why")).dropna(subset=["why"])
    lines = table[table["measure"] == "auc"].itertuples()
    return {("" if line.subset != line.subset else str(line.subset), int(line.horizon)): short(line.why) for line in lines}


def short(why: str) -> str:
    """Return a reason without the advice that follows it."""
    return str(why).partition(";")[0].rstrip(".").replace("only fewer", "fewer")
