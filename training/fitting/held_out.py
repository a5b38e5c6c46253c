"""The people that candidates were judged on: the rows that no fit had seen, with what the table knows of them, and their risks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import Cohort, FeatureTable, Task
from features.table.outcomes import in_present_words
from features.table.table import KEYS, OUTCOMES
from myeloma import StateError
from training.fitting.hidden import read_without
from training.places import PREDICTIONS
from training.rows.censoring import REACH, STRATUM, censoring_columns

Array = NDArray[np.float64]
ROW = ["patient_id", "landmark"]  # what tells a row
ORDER = "order"  # a column of what a score ranks by that publishes no risk
_FOUND = "found_in_table"


@dataclass(frozen=True)
class HeldOut:
    """Rows that were judged, each by a model that had not seen the person.

    Attributes
    ----------
    rows : keys, outcomes, censoring strata as they were judged, and the table's other columns, fold by fold
    risks : arrays (rows, horizons) by candidate, out-of-fold; NaN where a published score has none
    orders : arrays (rows,) by score that publishes no risk: higher is worse, NaN where it cannot be computed; none that never can
    cohort : that the table was built from, where somebody asks for it and it is on this machine
    die_first : arrays (rows, horizons) by candidate that keeps it: the chance that the competing event comes first, out-of-fold
    without : by candidate, and by biomarker that is hidden: arrays (rows, horizons) of the risks then, out-of-fold
    """

    rows: pd.DataFrame
    risks: dict[str, Array]
    cohort: Cohort | None = None
    orders: dict[str, Array] = field(default_factory=dict)
    die_first: dict[str, Array] = field(default_factory=dict)
    without: dict[str, dict[str, Array]] = field(default_factory=dict)

    @classmethod
    def of(cls, fitted: Path, names: Sequence[str], table: FeatureTable, task: Task) -> HeldOut:
        """Return the rows that candidates of one folder of fits were all judged on.

        Raises
        ------
        StateError
            Two candidates were judged on different people, another version kept less of them, or the table is of others.
        """
        read = {name: read_judged(fitted / name, task) for name in names}
        keys, risks = _judged_by(read[names[0]]), {}
        orders, die_first, without = {}, {}, {}
        for name, judged in read.items():
            if not _judged_by(judged).equals(keys):
                raise StateError(
                    f"{name} and {names[0]} were judged on different people, so their figures do not compare.",
                    f"fit all again: python -m training fit TABLE --task {task.name}",
                )
            risks[name], without[name] = judged[risk_columns(task)].to_numpy(), read_without(judged, task)
            if ORDER in judged and judged[ORDER].notna().any():
                orders[name] = judged[ORDER].to_numpy()
            if set(columns := die_first_columns(task)) <= set(judged) and judged[columns].notna().any(axis=None):
                die_first[name] = judged[columns].to_numpy()
        rows = keys.merge(table.rows.drop(columns=OUTCOMES), on=ROW, how="left", validate="one_to_one", indicator=_FOUND)
        if (rows[_FOUND] != "both").any():
            raise StateError(
                f"{names[0]} was fitted on another table than this one.", f"fit again: python -m training fit TABLE --task {task.name}"
            )
        return cls(rows.drop(columns=_FOUND), risks, orders=orders, die_first=die_first, without=without)

    def in_order_of(self, table: FeatureTable, cohort: Cohort | None) -> HeldOut:
        """Return the rows in the order of the table, which cross-validation changes, with the cohort beside them."""
        place = pd.MultiIndex.from_frame(table.rows[ROW]).get_indexer(pd.MultiIndex.from_frame(self.rows[ROW]))
        order = np.argsort(place)
        every = (self.risks, self.orders, self.die_first)
        risks, orders, die_first = ({name: of_one[order] for name, of_one in those.items()} for those in every)
        without = {name: {hidden: risk[order] for hidden, risk in those.items()} for name, those in self.without.items()}
        return HeldOut(self.rows.iloc[order].reset_index(drop=True), risks, cohort, orders, die_first, without)


def _judged_by(judged: pd.DataFrame) -> pd.DataFrame:
    """Return what rows are told by, what happened to them, and what they are weighed for censoring by."""
    return judged[[*ROW, *OUTCOMES, *censoring_columns(judged)]]


def read_judged(folder: Path, task: Task) -> pd.DataFrame:
    """Return the rows that a candidate was judged on, with outcomes and out-of-fold risks, as `fit` left them in its folder.

    Raises
    ------
    StateError
        A version of this program wrote them that kept less, or they are of other horizons.
    """
    judged = pd.read_parquet(folder / PREDICTIONS)
    if missing := [name for name in (*KEYS, *OUTCOMES, STRATUM, REACH, *risk_columns(task)) if name not in judged]:
        raise StateError(
            f"{folder / PREDICTIONS} has no column {missing[0]}: it was written for other horizons, or by another version.",
            f"build again (python -m features build COHORT TABLE --task {task.name}), and fit the new table.",
        )
    judged["event"] = in_present_words(judged["event"])
    return judged


def die_first_columns(task: Task) -> list[str]:
    """Return the names of the columns that hold the chance that the competing event comes first."""
    return [f"die_first_{months}m" for months in task.horizons]


def risk_columns(task: Task) -> list[str]:
    """Return the names of the columns that hold the risks."""
    return [f"risk_{months}m" for months in task.horizons]
