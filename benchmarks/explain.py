"""Exact SHAP values of trees: the product beside XGBoost and woodelf. Part of `make bench`, or `python -m benchmarks.explain --quick`.

All get the same 300 trees over 60 features, 15 % of the cells missing, and one thread, and take turns on the same rows. XGBoost is asked
for so many rows as its rate needs: it does not depend on how many come. Values are compared with XGBoost's on the rows that it was asked.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import pandas as pd
import xgboost as xgb
from numpy.typing import NDArray
from woodelf import WoodelfExplainer

from serving.models.forest import Forest, forest_of

TREES, FEATURES, MISSING, MONTHS, REPEATS = 300, 60, 0.15, 24, 3
DEPTHS, SIZES = (3, 4, 5, 6), (1, 1_000, 20_000, 100_000, 1_000_000)
QUICK_DEPTHS, QUICK_SIZES = (3,), (1, 1_000)
MOST_OF_XGBOOST = 2_000  # rows; at 20,000 its rate is the same
COMPARED_AT, AT_LEAST, NEAR = 20_000, 50.0, 1e-5
Matrix = NDArray[np.float32]
Say = Callable[[Matrix], NDArray[np.float64]]


def rows(size: int) -> Matrix:
    """Return noise with values missing."""
    rng = np.random.default_rng(size)
    x = rng.standard_normal((size, FEATURES), dtype=np.float32)
    x[rng.random(x.shape, dtype=np.float32) < MISSING] = np.nan
    return x


def grown(depth: int) -> xgb.Booster:
    """Return trees of a depth whose last column is the horizon."""
    x = rows(20_000)
    rng = np.random.default_rng(1)
    y = np.nan_to_num(x[:, :6]).sum(axis=1) + np.nan_to_num(x[:, 6] * x[:, 7]) + rng.normal(size=len(x)) > 0
    x = np.column_stack([x, rng.choice([12, 24, 60], len(x))])
    booster = xgb.train({"objective": "binary:logistic", "max_depth": depth, "eta": 0.1}, xgb.DMatrix(x, y), TREES)
    booster.set_param({"nthread": 1})
    return booster


def contestants(booster: xgb.Booster, forest: Forest) -> dict[str, Say]:
    """Return, by name, who explains rows at one horizon."""
    woodelf = WoodelfExplainer(booster, feature_perturbation="tree_path_dependent")

    def with_horizon(x: Matrix) -> Matrix:
        return np.column_stack([x, np.full(len(x), MONTHS, np.float32)])

    return {
        "ours": lambda x: forest.contributions(x.astype(np.float64))[:, 0],
        "pred_contribs": lambda x: booster.predict(xgb.DMatrix(with_horizon(x), nthread=1), pred_contribs=True)[:, :FEATURES],
        "woodelf": lambda x: np.asarray(woodelf.shap_values(pd.DataFrame(with_horizon(x)), verbose=False))[:, :FEATURES],
    }


def race(depth: int, sizes: tuple[int, ...]) -> None:
    """Print rows a second at each size, and whether the goals hold."""
    booster = grown(depth)
    if (forest := forest_of(booster, (MONTHS,))) is None:
        raise SystemExit(f"trees of depth {depth} have no tables")
    began = time.perf_counter()
    forest.contributions(rows(1).astype(np.float64))
    print(f"depth {depth}: tables made in {time.perf_counter() - began:.2f} s")
    named = contestants(booster, forest)
    for size in sizes:
        x, repeats = rows(size), REPEATS if size <= COMPARED_AT else 1
        timed = {name: _timed(say, x[:MOST_OF_XGBOOST] if name == "pred_contribs" else x, repeats) for name, say in named.items()}
        rate = {name: len(said) / seconds for name, (seconds, said) in timed.items()}
        peers = {name: rate["ours"] / rate[name] for name in ("pred_contribs", "woodelf")}
        apart = float(np.abs(timed["ours"][1][:MOST_OF_XGBOOST] - timed["pred_contribs"][1]).max())
        holds = peers["woodelf"] > 1 and (size != COMPARED_AT or peers["pred_contribs"] >= AT_LEAST)
        print(f"  {_held(holds)}{size:>9,} rows: {', '.join(f'{name} {found:,.0f}' for name, found in rate.items())} rows/s")
        print(f"          {', '.join(f'{times:.1f} times {name}' for name, times in peers.items())}")
        print(f"  {_held(apart <= NEAR)}at most {apart:.1e} from pred_contribs", flush=True)


def _timed(say: Say, x: Matrix, repeats: int) -> tuple[float, NDArray[np.float64]]:
    """Return the median seconds, and what was said."""
    seconds = []
    for _ in range(repeats):
        began = time.perf_counter()
        said = say(x)
        seconds.append(time.perf_counter() - began)
    return statistics.median(seconds), said


def main() -> int:
    """Print rates and whether the goals hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one depth, a thousand rows")
    asked = parser.parse_args()
    for depth in QUICK_DEPTHS if asked.quick else DEPTHS:
        race(depth, QUICK_SIZES if asked.quick else SIZES)
    return 0


def _held(holds: bool) -> str:
    return "holds  " if holds else "MISSED "


if __name__ == "__main__":
    sys.exit(main())
