"""Cohorts written as small text tables, shared by the tests of `features`."""

import io
import textwrap

import pandas as pd
import pytest

from features import Cohort
from features.cohort.schema import SCHEMAS, columns_of
from features.intake.quality import inspect
from features.sources.received import REQUIRED, received
from myeloma import catalogue

EMPTY = {name: ",".join(columns) for name, columns in REQUIRED.items()}
P1 = "patient_id,index_date\nP1,2015-01-01"


def _frame(text):
    frame = pd.read_csv(io.StringIO(textwrap.dedent(text).strip()), dtype=str, keep_default_na=False, skipinitialspace=True)
    frame = frame.rename(columns=str.strip).apply(lambda column: column.fillna("").str.strip())
    frame["source_row"] = range(2, len(frame) + 2)
    return frame


def _received_of(patients=P1, measurements=EMPTY["measurements"], events=EMPTY["events"]):
    tables = {"patients": _frame(patients), "measurements": _frame(measurements), "events": _frame(events)}
    measured = tables["measurements"]
    if "unit" not in measured:
        measured["unit"] = [catalogue()[key].unit if key in catalogue() else "" for key in measured["biomarker"]]
    return received("text", tables, {name: f"{name}.csv" for name in tables})


def _cohort_of(**tables):
    cohort, quarantine = inspect(_received_of(**tables))
    assert quarantine.empty, quarantine[["table", "row", "reason"]]
    return cohort


def _cohort_of_days(rows, events=(), light_chain=""):
    """Return a cohort; day 0 is the index date.

    Each row: patient, biomarker, day collected, day available, value, and the operator if there is one. Each event: patient, kind, day,
    and the line of therapy and the drug if they are recorded.
    """
    rows = [(*row, "")[:6] for row in rows]
    events = [(*event, None, "")[:5] if len(event) == 3 else (*event, "")[:5] for event in events]
    epoch = pd.Timestamp("2015-01-01")

    def date(days):
        return epoch + pd.to_timedelta(pd.Series(days, dtype="int64"), unit="D")

    ids = sorted({"P1", "P2", *(row[0] for row in rows)})
    patients = pd.DataFrame({"patient_id": ids, "age_at_index": 60.0, "index_date": epoch, "light_chain": light_chain})
    columns = list(zip(*rows, strict=True)) or [[] for _ in range(6)]
    measured = pd.DataFrame({"patient_id": columns[0], "biomarker": columns[1], "value": columns[4], "operator": columns[5]})
    measured["source_row"] = range(len(rows))
    measured = measured.assign(collected_at=date(columns[2]), available_at=date(columns[3]), value=measured["value"].astype(float))
    happened = pd.DataFrame(events, columns=["patient_id", "kind", "day", "line", "detail"])
    happened = happened.assign(occurred_at=date(happened["day"].tolist()), line=happened["line"].astype("Int64")).drop(columns="day")
    happened = happened if happened["line"].notna().any() else happened.drop(columns="line")
    patients["birth_date"] = pd.NaT
    frames = {"patients": patients, "measurements": measured, "events": happened}
    frames = {name: frame.reindex(columns=columns_of(name, frame.columns)) for name, frame in frames.items()}
    for name, frame in frames.items():
        text = [c for c, schema in SCHEMAS[name].columns.items() if c in frame and str(schema.dtype) in ("str", "category")]
        frame[text] = frame[text].astype(object).fillna("")
        frame["source_row"] = frame["source_row"].astype(float).fillna(0).astype("int64")
    frames["patients"]["birth_date"] = frames["patients"]["birth_date"].astype("datetime64[ns]")
    order = ["patient_id", "biomarker", "collected_at", "available_at", "value"]  # as `quality` leaves it
    frames["measurements"] = frames["measurements"].sort_values(order).reset_index(drop=True)
    return Cohort(**frames)


@pytest.fixture(scope="session")
def received_of():
    """Return a function: three text tables -> what a source hands over. A table without `unit` gets canonical units."""
    return _received_of


@pytest.fixture(scope="session")
def cohort_of():
    """Return a function: three text tables, all of them clean -> a canonical cohort."""
    return _cohort_of


@pytest.fixture(scope="session")
def cohort_of_days():
    """Return a function: rows with days for dates -> a cohort; quick, for property tests."""
    return _cohort_of_days


@pytest.fixture(scope="session")
def write_folder():
    """Return a function that writes text tables as CSV files to a folder and returns the folder."""

    def write(folder, **tables):
        folder.mkdir(parents=True, exist_ok=True)
        for name, text in ({"patients": P1, **EMPTY} | {"patients": P1} | tables).items():
            if text is not None:
                (folder / f"{name}.csv").write_text(textwrap.dedent(text).strip() + "\n", encoding="utf-8")
        return folder

    return write
