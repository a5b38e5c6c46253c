"""Whether a feature table can be fitted on for a task: what is refused, and what is only said."""

from __future__ import annotations

from dataclasses import fields

import numpy as np
import pandas as pd
from scipy.special import stdtrit

from features import FeatureSpec, FeatureTable, Task
from features.table.outcomes import EVENTS
from features.table.table import KEYS, OUTCOMES
from myeloma import ConfigError, DataError
from myeloma.calendar import DAYS_PER_MONTH, horizon_days
from training.metrics.figures import refusal
from training.rows.censoring import REACH
from training.rows.split import refuse_too_few
from training.rows.study_end import study_reach

_MUCH_WIDER = 3.0  # times: an interval goes by Student's t with as many degrees of freedom as there are pairs of halves


def check_table(table: FeatureTable, task: Task) -> None:
    """Refuse a table that this task cannot be fitted on, saying why.

    Raises
    ------
    ConfigError
        It was built for other features or under other rules.
    DataError
        A column is missing, a cell cannot be, too few people progress, or a horizon is one that nobody is followed to.
    """
    again = f"build it again: python -m features build COHORT TABLE --task {task.name}"
    found, wanted = table.spec.feature_hash(), task.features.feature_hash()
    if found != wanted:
        parts = [part.name for part in fields(FeatureSpec) if getattr(table.spec, part.name) != getattr(task.features, part.name)]
        differ = f"they differ in {', '.join(parts)} (feature_hash {found} and {wanted})"
        raise ConfigError(f"The table's features are not those of task {task.name}: {differ}.", again, "feature_hash")
    check_rules(table, task)
    missing = [name for name in (*KEYS, *OUTCOMES, *table.spec.columns()) if name not in table.rows.columns]
    if missing:
        raise DataError(f"The table lacks the column {missing[0]}.", again, "missing_column")
    for what, rows in _impossible(table):
        if rows:
            raise DataError(f"{rows} of the table's {len(table.rows)} rows have {what}.", again, "impossible_cell")
    refuse_too_few(table.rows)
    longest = table.rows["time_to_event"].max()
    if longest <= horizon_days(task.horizons[-1]):  # on that very day only an event would be known
        raise DataError(
            f"Nobody is followed for {task.horizons[-1]} months: the longest time after a landmark is "
            f"{longest / DAYS_PER_MONTH:.0f} months.",
            f"take out that horizon from tasks.{task.name}.horizons in params.yaml.",
            "horizon_beyond_follow_up",
        )


def check_rules(table: FeatureTable, task: Task) -> None:
    """Refuse a table of other people, or of another outcome, than the task is about.

    Raises
    ------
    ConfigError
        It was built under other rules; each that differs is named with both values.
    """
    if changed := table.rules.changed_to(task.rules):
        again = f"build it again: python -m features build COHORT TABLE --task {task.name}"
        raise ConfigError(f"The table was built under other rules than task {task.name} has: {changed}.", again, "other_rules")


def without_values(table: FeatureTable, task: Task) -> list[str]:
    """Return, in words, the biomarkers without any value, and how many other features are missing on every row."""
    empty = {name for name in table.spec.columns() if table.rows[name].isna().all()}
    lines = []
    for biomarker in task.features.biomarkers:
        own = {name for name in table.spec.columns() if name.startswith(f"{biomarker}__")}
        if own and {name for name in own if "__count__" not in name} <= empty:  # a count without results is 0
            empty -= own
            what = f"{biomarker} has no value on any row, so its {len(own)} features add nothing"
            lines.append(f"{what}: record it, or take it out of tasks.{task.name}.biomarkers in params.yaml")
    if empty:
        lines.append(f"{len(empty)} features have no value on any row and add nothing; the first is {min(empty)}")
    return lines


def thin_horizons(table: FeatureTable, task: Task) -> list[str]:
    """Return, in words, the horizons at which too few people progress, or stay free, for a risk to rest on."""
    rows = table.rows.assign(**{REACH: study_reach(table.rows)})  # as those judged will have it
    found = ((months, refusal(rows, months)) for months in task.horizons)
    told = "the risk at this horizon rests on too little and will not be judged, so the gate will hold every model back"
    return [f"{months} months: {told}: {why}" for months, why in found if why]


def few_halves(interval_fits: int) -> list[str]:
    """Return, in words, that so few fits to halves of the people make intervals far too wide to say anything.

    Examples
    --------
    >>> few_halves(2)
    ['interval_fits is 2: intervals are 6.5 times as wide as many fits would make them, often 0 to 100 %; use 10, or 0 for none']
    """
    wider = float(stdtrit(interval_fits // 2, 0.975) / stdtrit(np.inf, 0.975)) if interval_fits else 1.0
    what = f"interval_fits is {interval_fits}: intervals are {wider:.1f} times as wide as many fits would make them, often 0 to 100 %"
    return [f"{what}; use 10, or 0 for none"] if wider > _MUCH_WIDER else []


def _impossible(table: FeatureTable) -> list[tuple[str, int]]:
    """Return how many rows hold what no build writes: such a table was changed by hand, or made elsewhere."""
    rows = table.rows
    features = rows[table.spec.columns()].to_numpy(dtype=float)
    time = pd.to_numeric(rows["time_to_event"], errors="coerce").to_numpy(dtype=float)
    return [
        ("the same patient_id and landmark as another", int(rows.duplicated(["patient_id", "landmark"]).sum())),
        (f"an event other than {', '.join(EVENTS)}", int((~rows["event"].isin(EVENTS)).sum())),
        ("a time_to_event that is no positive number of days", int((~(np.isfinite(time) & (time > 0))).sum())),
        ("an infinite feature", int(np.isinf(features).any(axis=1).sum())),
    ]
