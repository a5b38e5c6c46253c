"""nafld of R's package survival as the three tables that `ingest --source tabular` reads, exported anew each time and kept nowhere."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pandas as pd

UNITS = {"hdl": "mg/dL", "chol": "mg/dL", "sbp": "mm[Hg]", "dbp": "mm[Hg]", "fib4": "{ratio}", "smoke": "{presence}", "bmi": "kg/m2"}
EVENTS = ("MI", "stroke", "heart failure")
INDEX = pd.Timestamp("2000-01-01")  # the data hold days since the index date alone; only differences of days are used


def write_tables(folder: Path) -> str:
    """Write patients.csv, measurements.csv and events.csv into a folder that is there, and return the version of survival.

    Raises
    ------
    SystemExit
        R or its package survival is not on this machine.
    """
    if shutil.which("Rscript") is None:
        raise SystemExit(
            "nafld is a data set of R's package survival. Install both: apt-get install --no-install-recommends r-cran-survival"
        )
    exported = folder / "exported"
    exported.mkdir()
    script = Path(__file__).with_name("export.R")
    done = subprocess.run(["Rscript", str(script), str(exported)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"R could not export nafld: {done.stderr.strip()}")
    frames = [pd.read_csv(exported / f"nafld{k}.csv") for k in (1, 2, 3)]
    for name, table in tables_of(*frames).items():
        table.to_csv(folder / f"{name}.csv", index=False)
    shutil.rmtree(exported)
    return done.stdout.strip()


def tables_of(people: pd.DataFrame, results: pd.DataFrame, endpoints: pd.DataFrame) -> dict[str, pd.DataFrame]:
    """Return patients, measurements and events.

    Everybody enters at the index day, case or control; whether somebody is a case is not handed over. The body mass index is a result
    of that day. A heart attack, a stroke or heart failure is a progression, also before the index day: ingest sets such people aside.
    """
    sex = people["male"].map({0: "female", 1: "male"})
    patients = pd.DataFrame({"patient_id": people["id"], "index_date": INDEX.date(), "age_at_index": people["age"], "sex": sex})
    entry = people.dropna(subset="bmi").assign(days=0, test="bmi").rename(columns={"bmi": "value"})
    measured = pd.concat([results, entry[["id", "days", "test", "value"]]], ignore_index=True)
    measurements = pd.DataFrame({"patient_id": measured["id"], "collected_at": _day(measured["days"]), "biomarker": measured["test"]})
    measurements = measurements.assign(value=measured["value"], unit=measured["test"].map(UNITS))
    ends = people.assign(days=people["futime"], kind=people["status"].map({0: "last_contact", 1: "death"}))
    happened = endpoints[endpoints["event"].isin(EVENTS)].assign(kind="progression")
    ended = pd.concat([happened, ends])[["id", "days", "kind"]]
    events = pd.DataFrame({"patient_id": ended["id"], "occurred_at": _day(ended["days"]), "kind": ended["kind"]})
    return {"patients": patients, "measurements": measurements, "events": events}


def _day(days: pd.Series) -> pd.Series:
    return (INDEX + pd.to_timedelta(days, unit="D")).dt.date
