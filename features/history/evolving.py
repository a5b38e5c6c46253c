"""Evolving by PANGEA's rules: the latest value against the extreme of the rule's own window, as far as a look-back reaches.

The one place where this is computed: for the columns of a model, for the published scores, for the words of an answer.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from features.history.columns import Column
from features.history.windows import window_days
from myeloma.scores.evolving import PANGEA_RULES, EvolvingRule

_RULES = {rule.biomarker: rule for rule in PANGEA_RULES.values()}


def evolving_from(column: Column) -> tuple[tuple[str, ...], Callable[..., Any]]:
    """Return the columns that an evolving flag is made of, the latest value and the extreme, and how; none without a rule."""
    rule = _RULES.get(column.biomarker)
    if rule is None:
        return (), lambda: np.nan
    window = column.window or ""
    days = int(min(window_days(window), rule.look_back_days))
    return (f"{column.biomarker}__last__{window}", f"{column.biomarker}__{_extreme(rule)}__{days}d"), rule.met


def _extreme(rule: EvolvingRule) -> str:
    return "min" if rule.direction == "rise" else "max"
