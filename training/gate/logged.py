"""What evaluation logged to a candidate's run: the subgroups, and why a horizon has no figures."""

from __future__ import annotations

import io
from math import inf

import mlflow
import pandas as pd
from mlflow.exceptions import MlflowException

from training.evaluation.subgroups import people_progressing
from training.gate.held_out import HeldOut

PERFORMANCE, SUBGROUPS = "performance.csv", "subgroups.csv"


def subgroups(run_id: str, months: int, held: HeldOut | None) -> dict[str, tuple[float, float]]:
    """Return observed / expected and events of each subgroup that evaluation logged to the run as `subgroups.csv`.

    Events that are kept back there are counted again among the people held out. Where these are not here, such a subgroup
    counts as large enough: nothing passes because its count is kept back.
    """
    if (table := _logged_table(run_id, SUBGROUPS)) is None:
        return {}
    here = table[table["horizon"] == months].assign(name=lambda t: t["grouping"] + ": " + t["group"].astype(str))
    ratios, shown = (here[here["measure"] == what].set_index("name")["estimate"].dropna() for what in ("oe_ratio", "events"))
    counted = people_progressing(held.rows, months) if held is not None and not ratios.index.isin(shown.index).all() else {}
    return {name: (float(ratio), float(shown.get(name, counted.get(name, inf)))) for name, ratio in ratios.items()}


def unjudged(run_id: str) -> dict[int, str]:
    """Return why evaluation gave no figures over all visits, by horizon, as it logged to the run in `performance.csv`."""
    if (table := _logged_table(run_id, PERFORMANCE)) is None:
        return {}
    lines = table[table["subset"].isna() & (table["measure"] == "auc") & table["why"].notna()]
    return {int(line.horizon): str(line.why).partition(";")[0].rstrip(".") for line in lines.itertuples()}


def _logged_table(run_id: str, name: str) -> pd.DataFrame | None:
    try:
        content = mlflow.artifacts.load_text(f"runs:/{run_id}/{name}")
    except (MlflowException, OSError):
        return None
    return pd.read_csv(io.StringIO(content), keep_default_na=False, na_values=[""])  # a site may be called NA
