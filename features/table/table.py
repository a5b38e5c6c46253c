"""Feature tables: a task's rows with their outcomes, what they were made from, and the file they live in."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from features.cohort.files import whole_file
from features.cohort.provenance import Provenance
from features.cohort.schema import Cohort, row_hashes
from features.history.arrays import Histories, dates_of
from features.history.columns import FeatureSpec
from features.history.rows import look
from features.table.landmarks import months_after_index, visits
from features.table.outcomes import CRITERIA_MET, in_former_words, in_present_words, origin_day, outcomes
from features.table.score_inputs import PREFIX, SCORE_COLUMNS, criteria_met, score_inputs
from features.tasks import Rules, Task
from myeloma import DataError, StateError, catalogue

KEYS = ["patient_id", "landmark", "site"]
# With `site`, what people are told apart by; never features. `index_date` is the day from which time counts: of a task about a line of
# therapy, its start.
_SAID = ("sex", "heavy_chain", "light_chain")
PERSON = ["index_date", *_SAID]
OUTCOMES = ["event", "time_to_event", "follow_up", "censored_by"]
_METADATA = b"feature_table"
ABOUT = "_feature_table.json"  # the same of a folder of Parquet files, which an engine with many writers leaves
ROW_GROUP = 1 << 15


@dataclass(frozen=True)
class FeatureTable:
    """Rows of keys, features and outcomes, with what they were made from."""

    rows: pd.DataFrame
    spec: FeatureSpec
    about: dict[str, Any]

    @cached_property
    def rules(self) -> Rules:
        """Return what it was made under."""
        return Rules.of(self.about)

    @cached_property
    def provenance(self) -> Provenance:
        """Return of whom it was made."""
        return Provenance.of(self.about)

    def content_hash(self) -> str:
        """Return a hash of all values, row by row: a table that was changed by hand keeps its cohort's hash, not this one."""
        return hashlib.sha256(row_hashes(in_former_words(self.rows))).hexdigest()[:16]


@dataclass(frozen=True)
class Made:
    """What some patients gave: their rows by column, where each patient's begin, and how many visits were lost why."""

    columns: dict[str, pa.Array | NDArray[Any]]
    begins: NDArray[np.int64]
    attrition: dict[str, Any]


def build_table(cohort: Cohort, task: Task) -> FeatureTable:
    """Return a task's training table: one row per patient and visit at risk, with outcomes and attrition.

    Raises
    ------
    DataError
        Not one landmark is at risk.
    """
    made = make_rows(cohort.patients, Histories.of(cohort, operators=True), task)
    attrition = add_up([made.attrition], task)
    return FeatureTable(
        to_arrow(made.columns).to_pandas(), task.features, about_table(task, cohort.content_hash(), cohort.about, attrition)
    )


def make_rows(patients: pd.DataFrame, histories: Histories, task: Task) -> Made:
    """Return the rows of some patients, which may be none, in the order of the patients. A person's rows depend on the person alone.

    Parameters
    ----------
    patients : DataFrame
        The canonical table, one row for each of the people of `histories`.
    """
    rules, index_day = task.rules, origin_day(histories, task.rules)
    every = visits(histories.results, index_day) if rules.landmarks == "visits" else months_after_index(index_day, rules.landmarks)
    after = outcomes(histories, *every, rules)
    reason = after.not_at_risk
    patient, landmark = (column[reason == ""] for column in every)
    view = look(histories, patient, landmark, task.features, SCORE_COLUMNS)
    if rules.criteria_guard:
        met = criteria_met(view)
        reason[np.flatnonzero(reason == "")[met]] = CRITERIA_MET
        view = view.at(~met) if met.any() else view
    at_risk = reason == ""
    begins = np.unique(view.patient, return_index=True)[1]
    attrition = {
        "patients": len(patients),
        "patients_without_a_landmark": len(patients) - len(begins),
        "visits": len(reason),
        "not_at_risk": {str(k): int(v) for k, v in pd.Series(reason[~at_risk], dtype=object).value_counts().items()},
        "landmarks": int(at_risk.sum()),
    }
    person = {name: _column(patients[name].to_numpy()).take(pa.array(view.patient)) for name in ("patient_id", "site", *_SAID)}
    person["index_date"] = _column(dates_of(index_day[view.patient]))
    columns = {
        "patient_id": person["patient_id"],
        "landmark": dates_of(view.landmark),
        "site": person["site"],
        **{name: view[name] for name in task.features.columns()},
        **{name: person[name] for name in PERSON},
        **{f"{PREFIX}{name}": values for name, values in score_inputs(view).items()},
        **{name: getattr(after, name)[at_risk] for name in OUTCOMES},
    }
    return Made(columns, begins, attrition)


def add_up(parts: list[dict[str, Any]], task: Task) -> dict[str, Any]:
    """Return the attrition of all patients from that of parts of them.

    Raises
    ------
    DataError
        Not one landmark is at risk.
    """
    lost: Counter[str] = Counter()
    for part in parts:
        lost.update(part["not_at_risk"])
    numbers = {name: sum(part[name] for part in parts) for name in ("patients", "patients_without_a_landmark", "visits")}
    total = {**numbers, "not_at_risk": dict(sorted(lost.items(), key=lambda item: (-item[1], item[0])))}
    total["landmarks"] = sum(part["landmarks"] for part in parts)
    if not total["landmarks"]:
        reasons = ", ".join(f"{count} {reason}" for reason, count in total["not_at_risk"].items())
        raise DataError(
            f"No landmark is left for task {task.name}: {reasons or 'no visit from the index date on'}.",
            "a landmark needs a result on or after the index date, follow-up after it, the task's population, and no event or "
            f"treatment by then; tasks.{task.name}.population and tasks.{task.name}.treatment in params.yaml decide.",
            "nothing_usable",
        )
    return total


def about_table(task: Task, cohort_hash: str, about_cohort: dict[str, Any], attrition: dict[str, Any]) -> dict[str, Any]:
    """Return what a table says of itself."""
    return {
        "task": task.name,
        **task.rules.as_json(),
        "spec": asdict(task.features),
        "feature_hash": task.features.feature_hash(),
        **Provenance(cohort_hash, about_cohort.get("source", ""), catalogue().version).as_json(),
        "attrition": attrition,
    }


def write_table(table: FeatureTable, path: Path) -> None:
    """Write a feature table as Parquet, whole or not at all, with its metadata inside."""
    write_parts([to_arrow({name: table.rows[name].to_numpy() for name in table.rows.columns})], table.about, path)


def to_arrow(columns: Mapping[str, pa.Array | NDArray[Any]]) -> pa.Table:
    """Return columns as Arrow, each of the type it has in every table, were it empty or unknown throughout."""
    arrays = [values if isinstance(values, pa.Array) else _column(values) for values in columns.values()]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _column(values: NDArray[Any]) -> pa.Array:
    kinds = {"O": pa.string(), "M": pa.timestamp("ns"), "f": pa.float64()}
    return pa.array(values, kinds[values.dtype.kind], from_pandas=True)


def write_parts(parts: Iterable[pa.Table], about: dict[str, Any], path: Path) -> None:
    """Write a table that comes in parts. Row groups have a size of their own, so the parts leave no trace in the file."""
    held: list[pa.Table] = []
    with whole_file(path) as work, ExitStack() as stack:
        writer = None
        for part in parts:
            if writer is None:
                schema = part.schema.with_metadata({_METADATA: json.dumps(about).encode()})
                texts = [field.name for field in schema if pa.types.is_string(field.type)]
                writer = stack.enter_context(parquet.ParquetWriter(work, schema, compression="snappy", use_dictionary=texts))
            held.append(part)
            while sum(p.num_rows for p in held) >= ROW_GROUP:
                joined = pa.concat_tables(held)
                writer.write_table(joined.slice(0, ROW_GROUP).cast(writer.schema).combine_chunks(), ROW_GROUP)
                held = [joined.slice(ROW_GROUP)]
        if writer is not None and sum(p.num_rows for p in held):
            writer.write_table(pa.concat_tables(held).cast(writer.schema).combine_chunks(), ROW_GROUP)


def read_table(path: Path) -> FeatureTable:
    """Return a feature table, of a file or of a folder of files whose rows stand in any order.

    Raises
    ------
    StateError
        There is no such file.
    DataError
        The file is not a feature table, or its columns do not mean what this version means by them.
    """
    if not path.exists():
        raise StateError(f"No feature table {path}.", "make one with: python -m features build COHORT TABLE --task T")
    try:
        arrow = _read_folder(path) if path.is_dir() else parquet.read_table(path)
    except (pa.ArrowInvalid, OSError):
        raise DataError(f"{path} is not a Parquet file.", "make it with: python -m features build", "not_parquet") from None
    spec, about = _what_it_says(path, arrow.schema)
    rows = arrow.to_pandas()
    rows["event"] = in_present_words(rows["event"])
    return FeatureTable(rows, spec, about)


def read_about(path: Path) -> tuple[FeatureSpec, dict[str, Any]]:
    """Return the features of a table that exists and what it says of itself, without its rows.

    Raises
    ------
    DataError
        The file is not a feature table, or its columns do not mean what this version means by them.
    """
    return _what_it_says(path, pa.schema([], _of_folder(path)) if path.is_dir() else parquet.read_schema(path))


def _what_it_says(path: Path, schema: pa.Schema) -> tuple[FeatureSpec, dict[str, Any]]:
    metadata = (schema.metadata or {}).get(_METADATA)
    if metadata is None:
        raise DataError(f"{path} is Parquet, but not a feature table.", "make it with: python -m features build", "not_a_table")
    about = json.loads(metadata)
    spec = FeatureSpec.from_dict(about["spec"])
    if spec.feature_hash() != about["feature_hash"]:
        raise DataError(
            f"{path} was built by another version: its feature_hash is {about['feature_hash']}, this version's {spec.feature_hash()}.",
            "build it again.",
            "feature_hash",
        )
    return spec, about


def _of_folder(folder: Path) -> dict[bytes, bytes] | None:
    return {_METADATA: (folder / ABOUT).read_bytes()} if (folder / ABOUT).is_file() else None


def _read_folder(folder: Path) -> pa.Table:
    """Return the rows of all files of a folder as one file would hold them."""
    rows = parquet.read_table(folder)
    order = [(name, "ascending") for name in KEYS[:2] if name in rows.column_names]
    fields = [field.with_type(pa.timestamp("ns")) if pa.types.is_timestamp(field.type) else field for field in rows.schema]
    return rows.sort_by(order).cast(pa.schema(fields, _of_folder(folder)))
