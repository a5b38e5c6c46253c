"""The same 144 features by the product and by its peers, side by side: `make bench`, or `python -m benchmarks.features --quick`.

Each contestant runs in a process of its own, warmed up on a small set; the contestants take turns, so that other work on the
machine meets all alike. On a busy machine the CPU seconds are the figures to trust.
"""

from __future__ import annotations

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import contestants, peers
from benchmarks.histories import write_histories

CONTESTANTS = {
    f.__name__: f
    for f in (
        contestants.ours,
        contestants.kernel,
        contestants.written,
        contestants.reading,
        peers.polars_streaming,
        peers.timeseriesflattener,
    )
}
WARM_UP = 50  # patients
MIDDLE = 20_000  # patients at which the road of `build` is held against the kernel's own
SIZES, QUICK_SIZES = (2_000, 20_000, 200_000), (200, 1_000)
SLOW = {"timeseriesflattener": 200_000}  # the most patients a contestant is given
REPEATS = 3
LEAST_TIMES_FLATTENER, LEAST_TIMES_POLARS, MOST_TIMES_KERNEL, MOST_MEMORY = 100.0, 10.0, 2.0, 3e9


def measure(name: str, folder: Path, warm: Path) -> dict[str, float]:
    """Run one contestant in this process; return wall and CPU seconds, peak memory in bytes, and rows."""
    run = CONTESTANTS[name]
    for _ in range(2):
        run(warm)
    wall, cpu = time.perf_counter(), time.process_time()
    rows = run(folder)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    status = Path("/proc/self/status")
    peak = int(re.findall(r"VmHWM:\s+(\d+)", status.read_text())[0]) * 1024 if status.exists() else 0
    return {"wall": wall, "cpu": cpu, "peak": peak, "rows": rows}


def compare(folder: Path) -> dict[str, float]:
    """Return by peer the largest difference from the product's cells, relative to the column; infinite where other cells are missing.

    Of the flattener only the columns that are right are compared: its latest value and slope look outside the window.
    """

    def table(run: Callable[..., int]) -> np.ndarray:
        parts: list[np.ndarray] = []
        run(folder, lambda part: parts.append(part.copy()))
        return np.vstack(parts)

    own, found = table(contestants.ours), {}
    right = np.array([column.split("__")[1] in ("count", "mean", "min", "max") for column in contestants.COLUMNS])
    counts = np.array(["__count__" in column for column in contestants.COLUMNS])
    every = np.ones_like(right)
    others = (
        (contestants.kernel, every),
        (contestants.written, every),
        (peers.polars_streaming, every),
        (peers.timeseriesflattener, right),
    )
    for run, columns in others:
        other = table(run)
        other[:, counts] = np.nan_to_num(other[:, counts])
        one, other = own[:, columns], other[:, columns]
        same = one.shape == other.shape and (np.isnan(one) == np.isnan(other)).all()
        scale = np.maximum(np.nanmax(np.abs(one), axis=0), 1e-300)
        found[run.__name__] = float(np.nanmax(np.abs(one - other) / scale)) if same else float("inf")
    return found


def race(root: Path, sizes: tuple[int, ...], repeats: int) -> dict[int, dict[str, dict[str, float]]]:
    """Return the medians of each contestant at each size."""
    write_histories(root / "warm", WARM_UP)
    results = {}
    for size in sizes:
        write_histories(root / str(size), size)
        taken: dict[str, list[dict[str, float]]] = {name: [] for name in CONTESTANTS if size <= SLOW.get(name, size)}
        for _ in range(repeats if size < 200_000 else 1 + repeats // 3):
            for name, runs in taken.items():
                command = [sys.executable, "-m", "benchmarks.features", "--one", name, str(root / str(size)), str(root / "warm")]
                runs.append(json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()[-1]))
        results[size] = {name: {key: statistics.median(r[key] for r in runs) for key in runs[0]} for name, runs in taken.items()}
        print(table_of(size, results[size]), flush=True)
    return results


def table_of(size: int, result: dict[str, dict[str, float]]) -> str:
    """Return one size's table: seconds, memory, and how many times the product's time."""
    own = result["ours"]
    lines = [f"{size:,} patients, {int(own['rows']):,} landmarks x {len(contestants.COLUMNS)} features (medians)"]
    lines.append(f"  {'':22}{'wall s':>9}{'CPU s':>9}{'peak MB':>9}{'x wall':>9}{'x CPU':>9}")
    for name, r in result.items():
        times = f"{r['wall'] / own['wall']:9.1f}{r['cpu'] / own['cpu']:9.1f}"
        lines.append(f"  {name:22}{r['wall']:9.2f}{r['cpu']:9.2f}{r['peak'] / 1e6:9.0f}{times}")
    return "\n".join(lines)


def goals(results: dict[int, dict[str, dict[str, float]]], differences: dict[str, float]) -> dict[str, tuple[bool, str]]:
    """Return each goal: whether it holds (by CPU seconds), and the figures."""
    largest, smallest = max(results), min(results)
    last, first = results[largest], results[smallest]
    with_flattener = results[max(size for size in results if "timeseriesflattener" in results[size])]

    def times(result: dict[str, Any], name: str) -> tuple[float, str]:
        cpu, wall = (result[name][key] / result["ours"][key] for key in ("cpu", "wall"))
        return cpu, f"CPU x{cpu:.1f}, wall x{wall:.1f}"

    flattener, its = times(with_flattener, "timeseriesflattener")
    polars, theirs = times(last, "polars_streaming")
    at_20k = results[max(size for size in results if size <= MIDDLE)]
    own = at_20k["ours"]["cpu"] / at_20k["kernel"]["cpu"]
    growth = last["ours"]["cpu"] / first["ours"]["cpu"] / (largest / smallest)
    peak = last["ours"]["peak"]
    return {
        f"{LEAST_TIMES_FLATTENER:g} times timeseriesflattener": (flattener >= LEAST_TIMES_FLATTENER, its),
        f"{LEAST_TIMES_POLARS:g} times tuned polars": (polars >= LEAST_TIMES_POLARS, theirs),
        f"within {MOST_TIMES_KERNEL:g} times the kernel's own road": (own <= MOST_TIMES_KERNEL, f"CPU x{own:.2f}"),
        f"linear from {smallest:,} to {largest:,}": (growth <= 1.5, f"cost per patient x{growth:.2f}"),
        f"under {MOST_MEMORY / 1e9:g} GB": (0 < peak < MOST_MEMORY, f"{peak / 1e9:.2f} GB"),
        "the same cells": (max(differences.values()) < 1e-9, ", ".join(f"{name} {value:.0e}" for name, value in differences.items())),
    }


def main() -> int:
    """Print the tables and the goals; exit 1 where the cells differ."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a thousand patients, one run each")
    parser.add_argument("--one", nargs=3, metavar=("NAME", "FOLDER", "WARM"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        print(json.dumps(measure(asked.one[0], Path(asked.one[1]), Path(asked.one[2]))))
        return 0
    sizes = QUICK_SIZES if asked.quick else SIZES
    with tempfile.TemporaryDirectory() as folder:
        results = race(Path(folder), sizes, 1 if asked.quick else REPEATS)
        differences = compare(Path(folder) / str(sizes[0]))
    found = goals(results, differences)
    for goal, (held, figures) in found.items():
        print(f"  {'holds' if held else 'MISSED':7}{goal}: {figures}")
    return 0 if found["the same cells"][0] else 1


if __name__ == "__main__":
    sys.exit(main())
