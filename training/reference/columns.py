"""The columns that stand for a biomarker where people are compared with those of training."""

from __future__ import annotations

from features.history.columns import STATE_SPACE, FeatureSpec
from features.history.windows import current_windows, window_days

_LEVELS = ("last", "mean", "max", "min")  # the first that is among the features says how high a biomarker is


def level_column(spec: FeatureSpec, biomarker: str, longest: bool = True) -> str | None:
    """Return the column that says how high a biomarker is, over the longest or the shortest look-back; None without one."""
    statistic = next((name for name in _LEVELS if name in spec.statistics), None)
    windows = sorted(current_windows(spec.look_backs), key=window_days)
    return f"{biomarker}__{statistic}__{windows[-1 if longest else 0]}" if statistic else None


def watched_columns(spec: FeatureSpec) -> dict[str, tuple[str, str, str | None]]:
    """Return, per biomarker and static column, the columns that are looked at: for missing, for the level, for its age.

    The burden is told by markers that are looked at themselves. Its columns are not: each check more makes the others less sensitive.
    """
    out: dict[str, tuple[str, str, str | None]] = {}
    for name in spec.biomarkers:
        recent, level = level_column(spec, name, longest=False), level_column(spec, name)
        if recent and level:
            age = f"{name}__age_days__{level.rpartition('__')[2]}"
            out[name] = recent, level, age if age in spec.columns() else None
    return out | {name: (name, name, None) for name in spec.static if name not in STATE_SPACE}
