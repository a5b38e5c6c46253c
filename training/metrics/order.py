"""The order of candidates by their held-out figures."""

from __future__ import annotations

from collections.abc import Mapping
from math import inf

from training.metrics.names import Metric


def rank(metrics: Mapping[str, float], months: int) -> tuple[float, float]:
    """Return what candidates are ordered by, best first: the Brier score to four decimals, as shown; of equal ones the higher AUC.

    Examples
    --------
    >>> rank({"brier_24m": 0.08712, "auc_24m": 0.66}, 24) < rank({"brier_24m": 0.08709, "auc_24m": 0.65}, 24)
    True
    """
    return round(metrics.get(Metric("brier", months).name, inf), 4), -metrics.get(Metric("auc", months).name, 0.0)
