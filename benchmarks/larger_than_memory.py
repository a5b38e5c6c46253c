"""Fitting a table that is larger than the memory it may take: `python -m benchmarks.larger_than_memory --rows 2000000 --memory 3GB`.

A table of 144 features is written in blocks, then a process of its own reads it within the memory, fits the ensemble of a boosted model
and a logistic regression, and judges it on people held out. Its peak is measured as the system sees it (VmHWM, with the pages of
files that it maps, which the system takes back at need) and without those (the most RssAnon of many looks). `--beside` fits the same
table in memory as well, `--spark` lets xgboost.spark fit one horizon of it.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from benchmarks.contestants import SPEC, task
from benchmarks.spark_fit import spark_auc
from features.params import DEFAULT_PARAMS, memory_bytes
from features.table.outcomes import EVENTS
from features.table.table import about_table, to_arrow, write_parts
from myeloma.calendar import horizon_days
from serving.predict import predict_risk
from training.estimators.candidate import fit_candidate
from training.estimators.censoring_strata import CensoringStrata, with_censoring_strata
from training.estimators.kinds.boosting import direction_of_harm
from training.estimators.whole import Whole
from training.metrics import horizon_metrics
from training.plan import Plan, load_plan
from training.rows.censoring import REACH, STRATUM, FollowUp
from training.rows.large import DrawnTable, read_within
from training.rows.split import evaluation_folds
from training.rows.study_end import study_reach

PEOPLE, VISITS, DAYS_BETWEEN, MISSING = 10_000, 10, 182, 0.15  # of a block, of a person, between visits, and share of cells
MONTHS, LOOKS_A_SECOND = 24, 20


def block(number: int) -> pd.DataFrame:
    """Return the rows of some people: noise, in the first six columns about how likely the person is to progress."""
    rng = np.random.default_rng(number)
    risk = rng.standard_normal(PEOPLE)
    ends = rng.exponential(365.25, (3, PEOPLE)) / np.stack([0.03 * np.exp(0.8 * risk), np.full(PEOPLE, 0.02), np.full(PEOPLE, 0.05)])
    end = np.ceil(ends.min(axis=0)) + DAYS_BETWEEN
    person, visit = np.divmod(np.arange(PEOPLE * VISITS), VISITS)
    there = visit * DAYS_BETWEEN < end[person]
    person, visit = person[there], visit[there]
    x = rng.standard_normal((len(person), len(SPEC.columns())))
    x[:, :6] += risk[person, None] * np.array([direction_of_harm(name) or 1 for name in SPEC.columns()[:6]])
    x[rng.random(x.shape) < MISSING] = np.nan
    diagnosed = np.datetime64("2020-01-01", "ns")
    event = np.array([EVENTS[1], EVENTS[2], EVENTS[0]], dtype=object)[ends.argmin(axis=0)][person]
    return pd.DataFrame(
        {
            "patient_id": np.array([f"p{number:05}{k:05}" for k in range(PEOPLE)], dtype=object)[person],
            "landmark": diagnosed + (visit * DAYS_BETWEEN).astype("timedelta64[D]"),
            "site": np.full(len(person), "one", dtype=object),
            **dict(zip(SPEC.columns(), x.T, strict=True)),
            "index_date": np.full(len(person), diagnosed),
            "event": event,
            "time_to_event": end[person] - visit * DAYS_BETWEEN,
            "follow_up": end[person] - visit * DAYS_BETWEEN,
            "censored_by": np.where(event == EVENTS[0], "last_contact", "").astype(object),
        }
    )


def write(path: Path, rows: int) -> int:
    """Write a table of at least so many rows, and return how many it has."""
    written = 0

    def parts() -> Iterator[pa.Table]:
        nonlocal written
        number = 0
        while written < rows:
            part = block(number)
            written, number = written + len(part), number + 1
            yield to_arrow({str(name): values.to_numpy() for name, values in part.items()})

    attrition = {"patients": 0, "patients_without_a_landmark": 0, "visits": 0, "not_at_risk": {}, "landmarks": rows}
    write_parts(parts(), about_table(task(), "0" * 16, {"source": "benchmark"}, attrition), path)
    return written


def plan_of(memory: int, rounds: int) -> Plan:
    """Return the plan of smm on the benchmark's columns."""
    smm = load_plan("smm", DEFAULT_PARAMS)
    every = {**smm.models, "boosting": smm.models["boosting"] | {"rounds": rounds}}
    models = {name: every[name] for name in ("boosting", "logistic", "ensemble")}
    return replace(
        smm, task=task(), models={name: models[name] for name in ("boosting", "logistic", "ensemble")}, reference=None, memory=memory
    )


def fit_and_judge(path: Path, plan: Plan, halves: int) -> dict[str, Any]:
    """Fit the ensemble to a table within the plan's memory, and judge it and its members on people held out."""
    table = read_within(path, plan)
    fold = evaluation_folds(table.rows, plan.evaluation)[0]
    rows, strata, whole = table.rows.iloc[fold.fit], CensoringStrata.of(table.rows.iloc[fold.fit], SPEC), None
    rows = rows.assign(**{STRATUM: strata.strata(rows), REACH: study_reach(rows)})
    if isinstance(table, DrawnTable):
        whole = Whole.of(table.large, table.large.but(fold.judge), fold.fit, strata)
    fitted: dict[str, Any] = {}
    for name in ("boosting", "logistic", "ensemble"):
        fitted[name] = fit_candidate(rows, SPEC, plan, name, {}, fitted, halves, whole)
    judged = with_censoring_strata(table.rows.iloc[fold.judge], SPEC)
    x, follow_up = judged[SPEC.columns()].to_numpy(dtype=float), FollowUp.of(judged)
    days, at = float(horizon_days(MONTHS)), plan.task.horizons.index(MONTHS)
    found = {name: horizon_metrics(follow_up, predict_risk(one.artifact, x)[:, at], days) for name, one in fitted.items()}
    return {
        "fitted_on": len(rows) if whole is None else len(whole.rows),
        "in_memory": len(table.rows),
        "judged": len(judged),
        **{f"auc_{name}": float(of["auc"]) for name, of in found.items()},
        **{f"brier_{name}": float(of["brier"]) for name, of in found.items()},
    }


def measure(path: Path, memory: int, rounds: int, halves: int) -> dict[str, Any]:
    """Do it in this process; return seconds and peaks beside what was found."""
    most, done = [0], threading.Event()
    watch = threading.Thread(target=_watch, args=(most, done), daemon=True)
    watch.start()
    wall, cpu = time.perf_counter(), time.process_time()
    found = fit_and_judge(path, plan_of(memory, rounds), halves)
    found |= {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}
    done.set()
    watch.join()
    return found | {"peak": _of_this_process("VmHWM"), "anonymous": most[0]}


def _watch(most: list[int], done: threading.Event) -> None:
    while not done.wait(1 / LOOKS_A_SECOND):
        most[0] = max(most[0], _of_this_process("RssAnon"))


def _of_this_process(name: str) -> int:
    return int(re.findall(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())[0]) * 1024


def run(path: Path, memory: str, rounds: int, halves: int) -> dict[str, Any]:
    """Return what a process of its own measures, and print it."""
    words = ["--one", str(path), "--memory", memory, "--rounds", str(rounds), "--halves", str(halves)]
    done = subprocess.run([sys.executable, "-m", "benchmarks.larger_than_memory", *words], stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    print(f"  within {memory}: {found['fitted_on']:,} rows fitted on, {found['in_memory']:,} in memory, {found['judged']:,} judged")
    print(f"    peak {found['peak'] / 1e9:.2f} GB, {found['anonymous'] / 1e9:.2f} GB without mapped files;", end=" ")
    print(f"{found['wall']:.0f} s wall, {found['cpu']:.0f} s CPU")
    for name in ("boosting", "logistic", "ensemble"):
        print(f"    {name:9} AUC at {MONTHS} months {found[f'auc_{name}']:.4f}, Brier score {found[f'brier_{name}']:.5f}", flush=True)
    return found


def main() -> int:
    """Write a table, fit it, and print peaks, seconds and figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="landmark rows of the table")
    parser.add_argument("--memory", default="2GB", help="what the plan says of memory")
    parser.add_argument("--rounds", type=int, default=240, help="trees of each fit; the peak does not depend on them")
    parser.add_argument("--halves", type=int, default=0, help="fits to halves of the people")
    parser.add_argument("--beside", action="store_true", help="also fit the whole table in memory")
    parser.add_argument("--spark", action="store_true", help="also let xgboost.spark fit it at one horizon")
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one, memory_bytes(asked.memory), asked.rounds, asked.halves)))
        return 0
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.parquet"
        rows = write(path, asked.rows)
        print(f"{rows:,} landmark rows x {len(SPEC.columns())} features, {path.stat().st_size / 1e9:.1f} GB as Parquet", flush=True)
        run(path, asked.memory, asked.rounds, asked.halves)
        if asked.beside:
            run(path, "1000GB", asked.rounds, asked.halves)
        if asked.spark:
            found, ours = spark_auc(path, plan_of(10**15, asked.rounds), Path(folder), MONTHS)
            print(f"  one horizon, in memory: xgboost.spark AUC {found:.4f}, the product {ours:.4f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
