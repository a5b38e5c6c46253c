"""The people a candidate was judged on, where its table and their cohort are on this machine, unchanged since the fit."""

from __future__ import annotations

import json
from functools import cached_property
from pathlib import Path
from typing import Any

from features import Cohort, FeatureTable, Task, read_cohort
from training.fitting.fit import hashes_of
from training.fitting.held_out import HeldOut
from training.places import COHORT, PREDICTIONS, RUN
from training.plan import Plan
from training.rows.large import read_within


class Sources:
    """A feature table and its cohort, each read when it is first asked for, and once: the candidates of a fit share them."""

    def __init__(self, table: Path, cohort: Path, plan: Plan) -> None:
        self._table, self._cohort, self._plan = table, cohort, plan

    @cached_property
    def table(self) -> FeatureTable | None:
        """Return the table, None where it is not on this machine."""
        return read_within(self._table, self._plan) if self._table.exists() else None

    @cached_property
    def hashes(self) -> dict[str, str]:
        """Return what the record of a fit knows the table by, nothing where it is not on this machine."""
        return {} if self.table is None else hashes_of(self.table)

    @cached_property
    def cohort(self) -> Cohort | None:
        """Return the cohort that the table was built from, None where either is not here or the folder holds other people."""
        about, theirs = self._cohort / COHORT, self.hashes.get("cohort_hash")
        if theirs is None or not about.is_file() or json.loads(about.read_text(encoding="utf-8")).get("hash") != theirs:
            return None
        return read_cohort(self._cohort)


def judged_people(record: dict[str, Any], task: Task, sources: Sources) -> HeldOut | None:
    """Return the people a candidate was judged on, in the order of the table; None where its files are not here as they were then.

    Parameters
    ----------
    record : dict
        What `fit` wrote: `table`, `folder`, `cohort_hash`, ...
    sources : Sources
        The table and the cohort that the record names.
    """
    folder = Path(record.get("folder", ""))
    if not (folder / PREDICTIONS).is_file() or sources.table is None or not sources.hashes.items() <= record.items():
        return None
    return HeldOut.of(folder.parent, [folder.name], sources.table, task).in_order_of(sources.table, sources.cohort)


def cohort_of(record: dict[str, Any]) -> Path:
    """Return where the cohort of a fit lies unless a person says otherwise: beside its table."""
    return Path(record["table"]).parent / "cohort"


def record_of_run(run_id: str, fitted: Path) -> dict[str, Any] | None:
    """Return what `fit` wrote of a run, if a folder of fits holds it, else None."""
    records = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(fitted.glob(f"*/{RUN}")))
    return next((record for record in records if record.get("run_id") == run_id), None)
