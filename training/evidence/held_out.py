"""The people a candidate was judged on: the rows of its table with its held-out risks, and their cohort, if these are here."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from features import Cohort, FeatureTable, Task, read_cohort, read_table
from training.censoring import STRATUM
from training.fit import PREDICTIONS, RUN, hashes_of


@dataclass(frozen=True)
class HeldOut:
    """The rows a candidate was judged on: keys, outcomes, features and its held-out risks; and their cohort, if it is here."""

    rows: pd.DataFrame
    cohort: Cohort | None


def held_out(record: dict[str, Any], task: Task, cohort: Path) -> HeldOut | None:
    """Return the held-out rows of a fit, None where its files are not on this machine, as they were then.

    Parameters
    ----------
    record : dict
        What `fit` wrote: `table`, `folder`, `cohort_hash`, ...
    cohort : Path
        Folder of the cohort. One of other content is not taken.
    """
    table_path, predictions = Path(record["table"]), Path(record.get("folder", "")) / PREDICTIONS
    if not table_path.is_file() or not predictions.is_file():
        return None
    table: FeatureTable = read_table(table_path)
    if not hashes_of(table).items() <= record.items():
        return None
    columns = [f"risk_{months}m" for months in task.horizons]
    judged = pd.read_parquet(predictions)[["patient_id", "landmark", STRATUM, *columns]]
    return HeldOut(table.rows.merge(judged, on=["patient_id", "landmark"]), _cohort(record, cohort))


def cohort_of(record: dict[str, Any]) -> Path:
    """Return where the cohort of a fit lies unless a person says otherwise: beside its table."""
    return Path(record["table"]).parent / "cohort"


def record_of_run(run_id: str, fitted: Path) -> dict[str, Any] | None:
    """Return what `fit` wrote of a run, if a folder of fits holds it, else None."""
    records = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(fitted.glob(f"*/{RUN}")))
    return next((record for record in records if record.get("run_id") == run_id), None)


def _cohort(record: dict[str, Any], folder: Path) -> Cohort | None:
    about = folder / "cohort.json"
    if not about.is_file() or json.loads(about.read_text(encoding="utf-8")).get("hash") != record["cohort_hash"]:
        return None
    return read_cohort(folder)
