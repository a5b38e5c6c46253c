"""Who a model does worse for: main figures in subgroups, nothing where a group is too small to say anything."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.score_inputs import PREFIX
from features.table import PERSON
from features.tasks import DAYS_PER_MONTH, DAYS_PER_YEAR
from myeloma.kidney import egfr_ckd_epi_2021
from training.metrics import Draws, figures, main_measures
from training.metrics.figures import SMALL_CELL

Array = NDArray[np.float64]
UNKNOWN = "unknown"


def groups(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the subgroup of each row, one column per grouping, in words; an unknown value is a group of its own.

    Parameters
    ----------
    rows : DataFrame
        Feature table rows: landmark, index_date, sex, heavy_chain, light_chain, site and the inputs of the scores. The
        glomerular filtration rate is an estimate whose coefficients are unconfirmed (see `myeloma.kidney`).
    """
    age, marrow_age = (rows[f"{PREFIX}{name}"].to_numpy(dtype=float) for name in ("age", "bmpc__age_days"))
    woman = rows["sex"].map({"female": 1.0, "male": 0.0}).to_numpy(dtype=float)
    filtration = egfr_ckd_epi_2021(rows[f"{PREFIX}creatinine"].to_numpy(dtype=float), age, woman)
    history = (rows["landmark"] - rows["index_date"]).dt.days.to_numpy() / DAYS_PER_MONTH
    named = {name: rows[name].replace("", UNKNOWN).fillna(UNKNOWN).to_numpy(dtype=object) for name in ("site", *PERSON[1:])}
    return pd.DataFrame(
        {
            **named,
            "age, years": _bands(age, (65, 75)),
            "eGFR, mL/min/1.73 m2": _bands(filtration, (60,)),
            "marrow": np.select([np.isnan(marrow_age), marrow_age <= DAYS_PER_YEAR], ["missing", "within a year"], "older than a year"),
            "months since diagnosis": _bands(history, (6, 24)),
        },
        index=rows.index,
    )


def subgroup_figures(rows: pd.DataFrame, risks: Mapping[str, Array], months: int, draws: Draws) -> pd.DataFrame:
    """Return the main figures of each model at one horizon in each subgroup.

    Fewer than 20 people who progress, or who are known not to, are too few for a figure; counts below 10 people are
    written as missing. Both are said in `why`.

    Parameters
    ----------
    risks : arrays (rows,) by model
    """
    parts = []
    for grouping, of_row in groups(rows).items():
        for level in sorted(of_row.unique()):
            member = (of_row == level).to_numpy()
            found = figures(rows[member], {name: risk[member, None] for name, risk in risks.items()}, (months,), draws, main_measures)
            parts.append(suppressed(found).assign(grouping=grouping, group=level))
    table = pd.concat(parts, ignore_index=True).drop(columns=["subset", "threshold"])
    return table[["model", "grouping", "group", *[c for c in table if c not in ("model", "grouping", "group")]]]


def suppressed(table: pd.DataFrame) -> pd.DataFrame:
    """Return figures without the counts of fewer than 10 people, nor those from which such a count could be told."""
    of = ["model", "horizon"]
    patients, events = (
        table[of].join(table[table["measure"] == what].set_index(of)["estimate"], on=of)["estimate"] for what in ("patients", "events")
    )
    few = (patients < SMALL_CELL) | events.between(1, SMALL_CELL - 1)
    hidden = (few & table["measure"].isin(["patients", "rows", "events", "effective_rows", "share_computable"])).to_numpy()
    why = np.where(hidden, f"fewer than {SMALL_CELL} people: not written down", table["why"])
    return table.assign(estimate=table["estimate"].mask(hidden), why=why)


def _bands(values: Array, edges: tuple[float, ...]) -> NDArray[np.object_]:
    names = [f"below {edges[0]}", *(f"{low} to below {high}" for low, high in pairwise(edges)), f"{edges[-1]} and more"]
    conditions = [np.isnan(values), *(values < edge for edge in edges)]
    return np.select(conditions, [UNKNOWN, *names[:-1]], names[-1]).astype(object)
