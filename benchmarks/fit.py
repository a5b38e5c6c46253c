"""The cost of a fit beside a bare `xgboost.train` on the very same matrix: part of `make bench`, or `python -m benchmarks.fit --quick`.

The bare contestant is given the stacked matrix, the labels and the weights ready made; the product starts from the feature
table's rows. Each runs in a process of its own and the two take turns. At the smallest size a whole candidate is fitted too:
calibration folds, the model, and the fits to halves of the patients that give its intervals.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import xgboost as xgb

from benchmarks.contestants import SPEC
from features.params import DEFAULT_PARAMS
from training.estimators.candidate import fit_candidate
from training.estimators.kinds.boosting import direction_of_harm, fit_boosting
from training.estimators.missingness import DEFAULT_SHARE, augment_missingness
from training.estimators.stacking import stack
from training.plan import Plan, load_plan

ROWS, QUICK_ROWS = (30_000, 1_000_000), (5_000,)
VISITS, DAYS_BETWEEN, MISSING = 10, 182, 0.15  # of a person, and share of cells
REPEATS = 3
MOST_TIMES_BARE, MOST_SECONDS = 1.5, 300.0


def table(rows: int) -> pd.DataFrame:
    """Return a feature table of the bench's columns: noise, some of it moving the hazard, and each person followed up."""
    rng = np.random.default_rng(1)
    columns = SPEC.columns()
    x = rng.standard_normal((rows, len(columns)))
    rate = 0.08 * np.exp(0.5 * x[:, :6].sum(axis=1) / np.sqrt(6))
    x[rng.random(x.shape) < MISSING] = np.nan
    ends = rng.exponential(1.0, (3, rows)) * 365.25 / np.stack([rate, np.full(rows, 0.02), np.full(rows, 0.15)])
    event = np.array(["event", "competing", "none"])[ends.argmin(axis=0)]
    diagnosed, since = pd.Timestamp("2020-01-01"), pd.to_timedelta(np.arange(rows) % VISITS * DAYS_BETWEEN, unit="D")
    keys = {"patient_id": np.arange(rows) // VISITS, "landmark": diagnosed + since, "index_date": diagnosed}
    time = np.ceil(ends.min(axis=0))
    outcome = {**keys, "event": event, "time_to_event": time, "follow_up": time}
    outcome["censored_by"] = np.where(event == "none", "last_contact", "")
    return pd.concat([pd.DataFrame(outcome), pd.DataFrame(x, columns=columns)], axis=1)


def ours(rows: pd.DataFrame, plan: Plan) -> Callable[[], object]:
    """Return the product's fit of one boosted model."""
    columns = SPEC.columns()
    return lambda: fit_boosting(rows[columns].to_numpy(float), rows, columns, plan.task.horizons, **plan.models["boosting"])


def bare(rows: pd.DataFrame, plan: Plan) -> Callable[[], object]:
    """Return the same training by XGBoost alone, with everything it needs laid ready."""
    columns, options = SPEC.columns(), plan.models["boosting"]
    stacked = stack(rows, plan.task.horizons, options["weighting"])
    x, stacked = augment_missingness(rows[columns].to_numpy(float), columns, stacked, DEFAULT_SHARE, options["seed"])
    months = np.array(plan.task.horizons, dtype=float)[stacked.horizon]
    matrix = np.hstack([x[stacked.row], months[:, None]])
    asked = {
        "objective": "binary:logistic",
        "max_depth": options["depth"],
        "eta": options["eta"],
        "min_child_weight": options["min_child_weight"],
        "subsample": options["subsample"],
        "colsample_bynode": options["colsample"],
        "num_parallel_tree": options.get("parallel_trees", 1),
        "lambda": options["l2"],
        "monotone_constraints": str((*map(direction_of_harm, columns), 1)),
        "seed": options["seed"],
    }
    return lambda: xgb.train(asked, xgb.QuantileDMatrix(matrix, label=stacked.y, weight=stacked.weight), num_boost_round=options["rounds"])


def whole(rows: pd.DataFrame, plan: Plan) -> Callable[[], object]:
    """Return the fit of a whole candidate."""
    return lambda: fit_candidate(rows, SPEC, plan, "boosting", {}, halves=plan.interval_fits)


CONTESTANTS = {f.__name__: f for f in (ours, bare, whole)}


def measure(name: str, rows: int) -> dict[str, float]:
    """Run one contestant in this process; return wall and CPU seconds, and peak memory in bytes."""
    run = CONTESTANTS[name](table(rows), load_plan("smm", DEFAULT_PARAMS))
    wall, cpu = time.perf_counter(), time.process_time()
    run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    status = Path("/proc/self/status")
    peak = int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) * 1024 if status.exists() else 0
    return {"wall": wall, "cpu": cpu, "peak": peak}


def race(names: tuple[str, ...], rows: int, repeats: int) -> dict[str, dict[str, float]]:
    """Return the medians of each contestant, which take turns."""
    taken: dict[str, list[dict[str, float]]] = {name: [] for name in names}
    for _ in range(repeats):
        for name, runs in taken.items():
            command = [sys.executable, "-m", "benchmarks.fit", "--one", name, str(rows)]
            runs.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))
    found = {name: {key: statistics.median(r[key] for r in runs) for key in runs[0]} for name, runs in taken.items()}
    print(f"{rows:,} landmark rows x {len(SPEC.columns())} features (medians of {repeats})")
    for name, r in found.items():
        print(f"  {name:8}{r['wall']:9.1f} s wall{r['cpu']:9.1f} s CPU{r['peak'] / 1e9:7.1f} GB", flush=True)
    return found


def main() -> int:
    """Print seconds, memory and whether the goals hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a few thousand rows, one run each")
    parser.add_argument("--one", nargs=2, metavar=("NAME", "ROWS"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one[0], int(asked.one[1]))))
        return 0
    for rows in QUICK_ROWS if asked.quick else ROWS:
        found = race(("ours", "bare"), rows, REPEATS if rows < ROWS[-1] and not asked.quick else 1)
        times, seconds = found["ours"]["cpu"] / found["bare"]["cpu"], found["ours"]["wall"]
        print(f"  {_held(times <= MOST_TIMES_BARE)}within {MOST_TIMES_BARE} times the bare fit: x{times:.2f} CPU")
        if rows == ROWS[-1]:
            print(f"  {_held(seconds < MOST_SECONDS)}under {MOST_SECONDS:g} s: {seconds:.0f} s")
    race(("whole",), QUICK_ROWS[0] if asked.quick else ROWS[0], 1)
    return 0


def _held(holds: bool) -> str:
    return "holds  " if holds else "MISSED "


if __name__ == "__main__":
    sys.exit(main())
