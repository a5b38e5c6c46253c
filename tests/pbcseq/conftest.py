"""pbcseq as the three tables that `ingest --source tabular` reads."""

from pathlib import Path

import pandas as pd
import pytest

COLUMNS = {
    "bili": ("bilirubin", "mg/dL"),
    "albumin": ("albumin", "g/dL"),
    "alk.phos": ("alkaline_phosphatase", "U/L"),
    "ast": ("ast", "U/L"),
    "platelet": ("platelets", "10*9/L"),
    "protime": ("prothrombin_time", "s"),
}
ENTRY = pd.Timestamp("1975-01-01")  # only differences of days are used


@pytest.fixture(scope="module")
def prepare():
    """Return a function that writes the tables of a CSV file into a new folder."""
    return _prepare


def _prepare(csv: Path, folder: Path) -> None:
    """Write patients.csv, measurements.csv and events.csv; a transplant and a death are what they are."""
    visits = pd.read_csv(csv)
    people = visits.drop_duplicates("id")
    folder.mkdir()
    patients = {"patient_id": people["id"], "age_at_index": people["age"], "sex": people["sex"].map({"f": "female", "m": "male"})}
    pd.DataFrame(patients).assign(index_date=ENTRY.date()).to_csv(folder / "patients.csv", index=False)
    parts = [
        pd.DataFrame(
            {"patient_id": visits["id"], "collected_at": _day(visits["day"]), "biomarker": name, "value": visits[column], "unit": unit}
        )
        for column, (name, unit) in COLUMNS.items()
    ]
    pd.concat(parts).dropna(subset="value").to_csv(folder / "measurements.csv", index=False)
    kind = people["status"].map({0: "last_contact", 1: "transplant", 2: "death"})
    events = {"patient_id": people["id"], "occurred_at": _day(people["futime"]), "kind": kind}
    pd.DataFrame(events).to_csv(folder / "events.csv", index=False)


def _day(days: pd.Series) -> pd.Series:
    return (ENTRY + pd.to_timedelta(days, unit="D")).dt.date
