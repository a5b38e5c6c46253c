"""Refused rows go out to be corrected and come back into the cohort.

Mending is ingesting again: the rows kept are read back as they were received, the quarantine's rows as they were received with the
corrected cells laid over them, and all of them go through the same checks, under the day that `--as-of` named. So whoever was set aside
because of a row that is now right comes back, and a correction that contradicts a row kept so far sends that row to the quarantine.
Where rows were put together, such as several of one person or the answers of a scale, those received lie beside the cohort: what they
say together, they say anew.
"""

from __future__ import annotations

import json
from collections.abc import Container
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features.cohort.files import whole_file
from features.cohort.locks import only_writer
from features.cohort.private import for_spreadsheets, from_cell
from features.cohort.schema import Cohort, read_cohort
from features.cohort.storage import read_aside
from features.console import Steps
from features.intake.columns import DIFFER
from features.intake.ingest import Ingested, ingest_alone
from features.intake.quarantine import FOLLOWS
from features.intake.rules import OTHER_RESULT
from features.sources.answers import answers
from features.sources.received import OPTIONAL, PLACE, REQUIRED, WHERE_GIVEN, Received
from features.sources.tabular import read_any
from myeloma import ConfigError, DataError, catalogue

_REFUSAL = "refusal"  # why a source could not read a row (`features.sources.received`); it holds until the row is corrected
FIELDS = {name: [*REQUIRED[name], *OPTIONAL[name], *WHERE_GIVEN[name]] for name in REQUIRED}


@dataclass(frozen=True)
class Mended:
    """What a mend did: rows corrected, and of the quarantine's rows those that left, those refused again, and new ones.

    `followed` counts rows that were not corrected themselves and came back because what they hang on did.
    """

    corrected: int
    left: int
    refused_again: int
    followed: int
    newly_refused: int
    unknown: int
    ingested: Ingested | None


def export_quarantine(folder: Path, path: Path) -> pd.DataFrame:
    """Write the refused rows of a cohort, one column a cell, those first that can be mended by themselves.

    Raises
    ------
    ConfigError
        The file ends in neither .csv nor .parquet.
    """
    if path.suffix not in (".csv", ".parquet"):
        raise ConfigError(f'"{path.name}" ends in neither .csv nor .parquet.', "name the file refused.csv, for example.")
    quarantine = read_aside(folder, "quarantine")
    quarantine = quarantine.loc[quarantine["reason"].isin(FOLLOWS).sort_values(kind="stable").index]
    records = [json.loads(record) for record in quarantine["record"]]
    columns = list(dict.fromkeys(column for name in FIELDS for column in _fields(name, *records)))
    cells = pd.DataFrame(records, columns=columns, index=quarantine.index).fillna("")
    rows = pd.concat([quarantine.drop(columns=["record", "received"]), cells], axis=1)
    with whole_file(path) as work:
        for_spreadsheets(rows).to_csv(work, index=False) if path.suffix == ".csv" else rows.to_parquet(work, index=False)
    return rows


def mend(folder: Path, path: Path, steps: Steps) -> Mended:
    """Take corrected rows of the quarantine into the cohort they were refused from: what ingesting the corrected source gives.

    Raises
    ------
    DataError
        The file has no `id`, names a row twice, or nothing would be usable.
    StateError
        Another process is writing the cohort.
    """
    with only_writer(folder):  # from reading on: what another mend took back meanwhile would be lost
        return _mend(folder, path, steps)


def _mend(folder: Path, path: Path, steps: Steps) -> Mended:
    cohort, quarantine = read_cohort(folder), read_aside(folder, "quarantine")
    corrected, unknown = _corrections(path, quarantine)
    if not corrected:
        return Mended(0, 0, 0, 0, 0, unknown, None)
    records = [corrected.get(name, json.loads(record)) for name, record in zip(quarantine["id"], quarantine["record"], strict=True)]
    held = read_aside(folder, "received")
    tables = {name: _received(name, cohort, quarantine.assign(record=records), held) for name in FIELDS}
    about = cohort.about
    mended = int(about.get("mended", 0)) + len(corrected)
    notes = [note for note in about["notes"] if not note.endswith(DIFFER)]  # which is found anew
    today = pd.Timestamp(about["as_of"]) if "as_of" in about else None
    ingested = ingest_alone(Received(about["source"], tables, about["files"], notes, mended), folder, steps, today)
    before, after = set(quarantine["id"]), set(read_aside(folder, "quarantine")["id"])
    left = before - after
    return Mended(
        corrected=len(corrected),
        left=len(left & corrected.keys()),
        refused_again=len(after & corrected.keys()),
        followed=len(left - corrected.keys()),
        newly_refused=len(after - before),
        unknown=unknown,
        ingested=ingested,
    )


def _corrections(path: Path, quarantine: pd.DataFrame) -> tuple[dict[str, dict[str, str]], int]:
    """Return the record of every row whose cells differ from the quarantine's, by id, and how many rows are not in it."""
    mended = read_any(path)
    if path.suffix == ".csv":
        mended = mended.apply(lambda column: column.astype(object).map(from_cell))
    if "id" not in mended:
        raise DataError(f"{path.name} has no column id.", "mend a file that `python -m features quarantine` wrote.", "missing_column")
    if twice := int(mended["id"].duplicated().sum()):
        raise DataError(f"{path.name} names {twice} row(s) twice (column id).", "keep one of each.", "repeated_row")
    known = quarantine.set_index("id")
    corrected = {}
    records, tables = known["record"].to_dict(), known["table"].to_dict()
    for row in mended[mended["id"].isin(known.index)].to_dict("records"):
        record = json.loads(records[row["id"]])
        fields = FIELDS[tables[row["id"]]]
        new = record | {field: row[field] for field in fields if field in row}
        if new != record:
            corrected[row["id"]] = {field: cell for field, cell in new.items() if field != _REFUSAL}
    return corrected, int((~mended["id"].isin(known.index)).sum())


def _received(name: str, cohort: Cohort, quarantine: pd.DataFrame, held: pd.DataFrame) -> pd.DataFrame:
    """Return a table as its source would hand it over again: the rows kept, and those refused with their corrections."""
    refused, held = quarantine[quarantine["table"] == name], held[held["table"] == name]
    held = held.assign(record=[json.loads(record) for record in held["record"]])
    given = [*refused["record"], *held["record"]]
    places = [place for place in PLACE if any(record.get(place) for record in given)]  # the source's own refusals are seen by no check
    fields = _fields(name, cohort.tables()[name].columns, *given)
    kept = cohort.tables()[name]
    kept = _as_received(name, kept[~_put_together(name, kept, held[held["stands"]])], fields)
    parts = [kept, *(pd.DataFrame(list(rows["record"]), columns=[*fields, *places], dtype=object) for rows in (refused, held))]
    rows = pd.concat(parts, ignore_index=True).fillna("")
    rows["source_row"] = np.concatenate([kept["source_row"], refused["row"], held["row"]]).astype("int64")
    rows["id"] = [*[""] * len(kept), *refused["id"], *[""] * len(held)]
    # Files number their rows alike: of two of one number, the one that another overruled stood above it, any other refused below.
    turn = np.concatenate([np.zeros(len(kept)), np.where(refused["reason"] == OTHER_RESULT.reason, -1, 1), np.zeros(len(held))])
    order = rows.assign(turn=turn).sort_values(["source_row", "turn", "id"], kind="stable").index
    return rows.loc[order].reset_index(drop=True)


def _put_together(name: str, kept: pd.DataFrame, standing: pd.DataFrame) -> np.ndarray:
    """Return which rows kept stand for several that were received."""
    made_of = kept["biomarker"] if name == "measurements" else np.zeros(len(kept), int)
    rows = pd.MultiIndex.from_arrays([kept["patient_id"], kept["source_row"], made_of])
    received = zip(standing["record"], standing["row"], strict=True)
    return rows.isin([(record["patient_id"], row, _made_of(record)) for record, row in received])


def _made_of(record: dict[str, str]) -> str | int:
    """Return the scale of an answer; 0 of a person."""
    return answers()[catalogue().key_of(record["biomarker"])].scale if "biomarker" in record else 0


def _fields(name: str, *given: Container[str]) -> list[str]:
    """Return the columns of a table as received; those of `WHERE_GIVEN` where anything given holds them."""
    return [column for column in FIELDS[name] if column not in WHERE_GIVEN[name] or any(column in each for each in given)]


def _as_received(name: str, kept: pd.DataFrame, fields: list[str]) -> pd.DataFrame:
    columns: dict[str, Any] = {column: kept[column] for column in [*fields, "source_row"] if column in kept}
    dates = {column: _written(kept[column]) for column in fields if column in kept and kept[column].dtype.kind == "M"}
    if name == "measurements":
        columns |= {"value": kept["original_value"], "unit": kept["original_unit"]}
        timed = (kept["collected_time"] != "").to_numpy()
        dates["collected_at"][timed] = dates["collected_at"][timed] + " " + kept["collected_time"].to_numpy()[timed]
    if name == "patients":
        columns["age_at_index"] = kept["age_at_index"].astype(object).where(kept["age_at_index"].notna(), "").map(str)
    if name == "events" and "line" in columns:
        columns["line"] = kept["line"].astype(object).where(kept["line"].notna(), "").map(str)
    return pd.DataFrame(columns | dates, index=kept.index).reindex(columns=[*fields, "source_row"], fill_value="")


def _written(days: pd.Series) -> np.ndarray:
    """Return days as text, empty where there is none; each distinct day is written once."""
    codes, distinct = pd.factorize(days)
    texts = np.array([*(f"{day:%Y-%m-%d}" for day in distinct), ""], dtype=object)
    return texts[codes]
