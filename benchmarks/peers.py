"""The peers of the feature benchmark, as well as we know how to write them; all take people and biomarkers as numbers."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import numpy as np
import polars as pl
from polars import selectors

from benchmarks.contestants import COLUMNS, STATISTICS, WINDOWS, Part
from benchmarks.histories import BIOMARKERS

_CHUNK = 20_000  # patients polars takes at a time: with all 200,000 at once it needs many times the memory
_YEAR = 365.25


def polars_streaming(folder: Path, take: Part | None = None) -> int:
    """Polars, tuned: visits as wide rows, one join, disjoint age bins that the windows then add up; streaming engine."""
    patients = pl.scan_parquet(folder / "landmarks.parquet").select(pl.col("person").max()).collect().item() + 1
    done = 0
    for first in range(0, patients, _CHUNK):
        frame = _polars_chunk(folder, first, min(first + _CHUNK, patients))
        if take is not None:
            take(frame.select(COLUMNS).to_numpy())
        done += frame.height
    return done


def _polars_chunk(folder: Path, first: int, stop: int) -> pl.DataFrame:
    chosen = pl.col("person").is_between(first, stop, closed="left")

    def day(name: str) -> pl.Expr:
        return pl.col(name).cast(pl.Date).cast(pl.Int32).alias("day")

    long = pl.scan_parquet(folder / "measurements.parquet").filter(chosen).select("person", "code", day("collected_at"), "value")
    asked = (
        pl.scan_parquet(folder / "landmarks.parquet")
        .filter(chosen)
        .select("person", day("landmark").alias("landmark"))
        .with_row_index("row")
    )
    codes = range(len(BIOMARKERS))
    wide = long.group_by("person", "day").agg(pl.col("value").filter(pl.col("code") == b).max().alias(f"v{b}") for b in codes)
    age = pl.col("landmark") - pl.col("day")
    pairs = asked.join(wide, on="person").with_columns(age=age).filter(pl.col("age").is_between(0, WINDOWS[-1], closed="left"))
    bins = pairs.with_columns(bin=sum((pl.col("age") >= days).cast(pl.Int8) for days in WINDOWS[:-1]))
    parts = []
    for b in codes:
        v, x = pl.col(f"v{b}"), -pl.col("age").cast(pl.Float64)
        seen = v.is_not_null()
        parts += [
            seen.sum().cast(pl.Float64).alias(f"n{b}"),
            v.sum().alias(f"y{b}"),
            v.min().alias(f"low{b}"),
            v.max().alias(f"high{b}"),
            x.filter(seen).sum().alias(f"x{b}"),
            (x * x).filter(seen).sum().alias(f"xx{b}"),
            (x * v).sum().alias(f"xy{b}"),
            pl.col("age").filter(seen).min().alias(f"age{b}"),
        ]
    by_bin = bins.group_by("row", "bin").agg(parts)
    names = [f"{kind}{b}" for b in codes for kind in ("n", "y", "low", "high", "x", "xx", "xy", "age")]
    nested = []
    for w in range(len(WINDOWS)):
        inside = pl.col("bin") <= w
        for name in names:
            some = pl.col(name).filter(inside)
            total = some.min() if name.startswith(("low", "age")) else some.max() if name.startswith("high") else some.sum()
            nested.append(total.alias(f"{name}_{w}"))
    table = asked.join(by_bin.group_by("row").agg(nested), on="row", how="left")
    for b in codes:  # the latest value is that of the visit so many days ago
        latest = wide.select("person", pl.col("day").alias(f"day{b}"), pl.col(f"v{b}").alias(f"last{b}"))
        table = table.with_columns((pl.col("landmark") - pl.col(f"age{b}_{len(WINDOWS) - 1}")).alias(f"day{b}"))
        table = table.join(latest, on=["person", f"day{b}"], how="left")
    return (
        table.sort("row")
        .select(_finished(b, w) for b in codes for w in range(len(WINDOWS)) for _ in (0,))
        .unnest(selectors.all())
        .collect(engine="streaming")
    )


def _finished(b: int, w: int) -> pl.Expr:
    n, y, x, xx, xy = (pl.col(f"{kind}{b}_{w}") for kind in ("n", "y", "x", "xx", "xy"))
    some, spread = n > 0, n * xx - x * x
    of = {
        "last": pl.when(some).then(pl.col(f"last{b}")),
        "count": n.fill_null(0.0),
        "mean": pl.when(some).then(y / n),
        "min": pl.col(f"low{b}_{w}"),
        "max": pl.col(f"high{b}_{w}"),
        "slope": pl.when(spread > 0).then((n * xy - x * y) / spread * _YEAR),
    }
    return pl.struct(of[name].alias(f"{BIOMARKERS[b]}__{name}__{WINDOWS[w]}d") for name in STATISTICS).alias(f"s{b}_{w}")


def timeseriesflattener(folder: Path, take: Part | None = None) -> int:
    """The package made for this task, used as its documentation shows; its latest and slope look outside the window."""
    import timeseriesflattener as ts
    from timeseriesflattener.aggregators import LatestAggregator, SlopeAggregator

    frame = pl.read_parquet(folder / "landmarks.parquet", columns=["person", "landmark"]).with_columns(
        pl.col("landmark").cast(pl.Datetime("us"))
    )
    times = ts.PredictionTimeFrame(init_df=frame, entity_id_col_name="person", timestamp_col_name="landmark")
    measured = pl.read_parquet(folder / "measurements.parquet", columns=["person", "code", "collected_at", "value"])
    measured = measured.with_columns(pl.col("collected_at").cast(pl.Datetime("us")))
    makers = [LatestAggregator("collected_at"), ts.CountAggregator(), ts.MeanAggregator(), ts.MinAggregator(), ts.MaxAggregator()]
    makers.append(SlopeAggregator("collected_at"))
    specs = [
        ts.PredictorSpec(
            value_frame=ts.ValueFrame(
                init_df=measured.filter(pl.col("code") == b).select("person", "collected_at", pl.col("value").alias(name)),
                entity_id_col_name="person",
                value_timestamp_col_name="collected_at",
            ),
            lookbehind_distances=[dt.timedelta(days=days - 1) for days in WINDOWS],  # it takes both ends in
            aggregators=makers,
            fallback=np.nan,
        )
        for b, name in enumerate(BIOMARKERS)
    ]
    made = ts.Flattener(predictiontime_frame=times, n_workers=None).aggregate_timeseries(specs=specs).df
    made = made.collect() if isinstance(made, pl.LazyFrame) else made
    if take is not None:
        take(made.sort("person", "landmark").select(pl.selectors.starts_with("pred_")).to_numpy())
    return made.height
