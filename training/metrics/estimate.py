"""A figure as people read it: with its interval, to so many decimals."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any

from training.metrics.names import Metric

if TYPE_CHECKING:
    import pandas as pd

# What is shown where there is room for three figures: the measure, its name, its decimals.
MAIN = (("auc", "AUC", 3), ("brier", "Brier score", 4), ("oe_ratio", "observed / expected", 2))


def lines_of(table: pd.DataFrame) -> Iterable[Any]:
    """Return the lines of a table, each with its columns as attributes; pandas' types say of a cell only that it is some scalar."""
    return table.itertuples()


@dataclass(frozen=True)
class Estimate:
    """A figure with its 95 % interval as people read it; None, or no number, is what is not known."""

    value: float | None
    lo: float | None = None
    hi: float | None = None

    @classmethod
    def of(cls, figures: Mapping[str, float], metric: Metric) -> Estimate:
        """Return a figure of a run; an interval that does not hold its own estimate (too few draws) is none."""
        value, lo, hi = (figures.get(name) for name in metric.with_bounds)
        if value is None or lo is None or hi is None or not lo <= value <= hi:
            return cls(value)
        return cls(value, lo, hi)

    @property
    def has_interval(self) -> bool:
        """Whether an interval stands beside the estimate."""
        return all(map(_known, (self.value, self.lo, self.hi)))

    def shown(self, decimals: int, to: str = " to ", between: str = " ") -> str:
        """Return estimate and interval in words, empty where there is no estimate.

        Examples
        --------
        >>> Estimate(0.8123, 0.77, 0.85).shown(3), Estimate(0.8).shown(1), Estimate(None).shown(1)
        ('0.812 (0.770 to 0.850)', '0.8 (no interval)', '')
        >>> Estimate(-0.0004, -0.1, 0.1).shown(2)
        '0.00 (-0.10 to 0.10)'
        """
        if not _known(self.value):
            return ""
        value, *bounds = (f"{round(n, decimals) + 0.0:.{decimals}f}" if n is not None else "" for n in (self.value, self.lo, self.hi))
        return f"{value}{between}({to.join(bounds) if self.has_interval else 'no interval'})"  # adding 0 takes the sign off a zero


def _known(number: float | None) -> bool:
    return number is not None and isfinite(number)
