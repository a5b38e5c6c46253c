"""The mgus2 data set (R package `survival`): one baseline visit, follow-up in months.

Only the year of diagnosis is known, so the index date is 1 July of that year; months become days by the
rule of `myeloma.calendar.horizon_days`, which keeps the ties that months have. Where progression and death
share a month (nine people) the progression counts, as the package's vignette does.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd

from features.sources.received import Received, received
from myeloma import DataError, StateError
from myeloma.calendar import horizon_days

_COLUMNS = ("id", "age", "sex", "dxyr", "hgb", "creat", "mspike", "ptime", "pstat", "futime", "death")
_COLUMNS_OF_MGUS = ("id", "age", "sex", "dxyr", "pctime", "futime", "death", "hgb", "creat", "mspike")
_CENTURY = 1900  # mgus writes the year of diagnosis in two digits
_BIOMARKERS = {"mspike": ("m_protein", "g/dL"), "hgb": ("hemoglobin", "g/dL"), "creat": ("creatinine", "mg/dL")}


def read_mgus2(path: Path) -> Received:
    """Return mgus2 in the three tables, from `mgus2.csv` or the folder that holds it.

    Raises
    ------
    StateError
        The file is not there.
    DataError
        The file is not mgus2.
    """
    return _read(path, "mgus2", _COLUMNS, _as_it_is)


def read_mgus241(path: Path) -> Received:
    """Return mgus, the 241 people of Kyle 1993, in the three tables, from `mgus241.csv` or the folder that holds it.

    People are named `mgus-1` and so on: number 1 of mgus2 is somebody else. Albumin, whose unit R's documentation does not
    give, is not read.

    Raises
    ------
    StateError
        The file is not there.
    DataError
        The file is not mgus.
    """
    return _read(path, "mgus241", _COLUMNS_OF_MGUS, _as_mgus2_is)


def _read(path: Path, name: str, columns: tuple[str, ...], prepare: Callable[[pd.DataFrame], pd.DataFrame]) -> Received:
    path = path / f"{name}.csv" if path.is_dir() else path
    use = f"use the {name}.csv that ships with the repository."
    if not path.is_file():
        raise StateError(f"No file {path}.", f"{name} ships in data/{name}/{name}.csv.")
    try:
        raw = pd.read_csv(path, dtype={"id": str})
        raw["source_row"] = raw.index + 2
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError):
        raise DataError(f"{path.name} is not a CSV file.", use, "not_csv") from None
    if missing := [column for column in columns if column not in raw.columns]:
        raise DataError(
            f"{path.name} lacks the columns {', '.join(missing)}.", "use --source tabular for your own cohort.", "missing_column"
        )
    try:
        raw = prepare(raw)
        index_date = pd.to_datetime(raw["dxyr"].astype(int).astype(str) + "-07-01")
        tables = {
            "patients": _patients(raw, index_date),
            "measurements": _measurements(raw, index_date),
            "events": _events(raw, index_date),
        }
    except (OverflowError, pd.errors.OutOfBoundsDatetime, pd.errors.OutOfBoundsTimedelta):
        raise DataError(f"{path.name} holds a year or a time that no calendar has.", use, "bad_date") from None
    except ValueError:
        raise DataError(f"{path.name} holds text where a number belongs.", use, "not_a_number") from None
    return received(name, tables, dict.fromkeys(tables, path.name))


def _as_it_is(raw: pd.DataFrame) -> pd.DataFrame:
    """Return mgus2 with its months as days."""
    days = {column: raw[column].map(horizon_days) for column in ("ptime", "futime")}
    return raw.assign(**days)


def _as_mgus2_is(raw: pd.DataFrame) -> pd.DataFrame:
    """Return mgus in the columns of mgus2, times in days: an empty `pctime` is nobody's progression."""
    return raw.assign(
        id="mgus-" + raw["id"],
        sex=raw["sex"].map({"female": "F", "male": "M"}),
        dxyr=raw["dxyr"].astype(int) + _CENTURY,
        ptime=raw["pctime"].fillna(raw["futime"]).astype(float),
        pstat=raw["pctime"].notna().astype(int),
        futime=raw["futime"].astype(float),
    )


def _patients(raw: pd.DataFrame, index_date: pd.Series) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "patient_id": raw["id"],
            "age_at_index": raw["age"].astype(float),
            "sex": raw["sex"].map({"F": "female", "M": "male"}).fillna(""),
            "site": "mayo",
            "index_date": index_date,
            "stage": "mgus",
            "source_row": raw["source_row"],
        }
    )


def _measurements(raw: pd.DataFrame, index_date: pd.Series) -> pd.DataFrame:
    parts = []
    for column, (biomarker, unit) in _BIOMARKERS.items():
        part = raw[["source_row"]].assign(
            patient_id=raw["id"], collected_at=index_date, biomarker=biomarker, value=raw[column].astype(float), unit=unit
        )
        parts.append(part[part["value"].notna()])
    return pd.concat(parts, ignore_index=True)


def _events(raw: pd.DataFrame, index_date: pd.Series) -> pd.DataFrame:
    def at(days: pd.Series) -> pd.Series:
        return index_date + pd.to_timedelta(days, unit="D")

    base = raw[["source_row"]].assign(patient_id=raw["id"])
    progressed, died = raw["pstat"] == 1, raw["death"] == 1
    parts = [
        base.assign(occurred_at=at(raw["ptime"]), kind="progression")[progressed],
        base.assign(occurred_at=at(raw["futime"]), kind="death")[died],
        base.assign(occurred_at=at(raw["futime"]), kind="last_contact")[~died],
    ]
    return pd.concat(parts, ignore_index=True)
