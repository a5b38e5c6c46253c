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


def choice_in_words(name: str, metrics: Mapping[str, float], months: int) -> str:
    """Return how often a candidate comes first, and how much whichever does is flattered by it; empty where it was not reckoned.

    Examples
    --------
    >>> choice_in_words("cox", {"choice_share_24m": 0.6, "choice_auc_24m": 0.001, "choice_brier_24m": 0.00012}, 24).partition(";")[0]
    'cox comes first in 60% of the bootstrap draws'
    """
    share, auc, brier = (metrics.get(Metric(f"choice_{what}", months).name) for what in ("share", "auc", "brier"))
    if share is None or auc is None or brier is None:
        return ""
    by = f"by {max(auc, 0):.4f} in AUC and {max(brier, 0):.5f} in Brier score"
    return f"{name} comes first in {share:.0%} of the bootstrap draws; whichever does looks better at {months} months than it is, {by}"
