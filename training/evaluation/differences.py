"""Differences between models: the same rows, the same people drawn, so that what they share cancels."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from training.metrics import Draws, judged_at, main_measures
from training.metrics.decision import Key, decision_measures
from training.metrics.figures import Refusal, interval, named, refusal, same_rows
from training.metrics.risk import rank_measures
from training.metrics.sample import Sample

Array = NDArray[np.float64]
COMPARED = ("auc", "brier", "ipa", "net_benefit")
COLUMNS = ["model", "reference", "horizon", "measure", "threshold", "difference", "lo", "hi", "patients", "rows", "events"]


def paired_differences(
    rows: pd.DataFrame,
    risks: Mapping[str, Array],
    fitted: list[str],
    horizons: tuple[int, ...],
    draws: Draws,
    cut_offs: tuple[float, ...],
    orders: Mapping[str, Array] | None = None,
    why_not: Refusal = refusal,
) -> pd.DataFrame:
    """Return model minus reference for every fitted model and every other candidate, on the rows where both have a risk.

    Parameters
    ----------
    risks : arrays (rows, horizons) by candidate; fitted models have a risk on every row.
    fitted : names of the candidates that are compared with all others.
    orders : arrays (rows,) by score that ranks people without a risk: the AUC alone is compared.
    why_not : of which rows there are no figures, and why.
    """
    ranked = orders or {}
    lines: list[tuple[Any, ...]] = []
    for h, months in enumerate(horizons):
        said = {name: ranked.get(name, risk[:, h]) for name, risk in risks.items()}
        for kept, references in same_rows({name: np.isfinite(order) for name, order in said.items()}):
            if why_not(rows[kept], months):
                continue
            judged = judged_at(rows[kept], months, draws)
            compared = dict.fromkeys([*fitted, *references])
            found = {name: _compared(judged.sample, said[name][kept], cut_offs, name in ranked) for name in compared}
            there = judged.sample.there
            people = judged.rows.loc[there, "patient_id"]
            counts = (people.nunique(), len(people), people[judged.sample.case[there]].nunique())
            for model in fitted:
                for reference in references:
                    if model != reference:
                        lines += [
                            (model, reference, months, *key, *interval(values - found[reference][key]), *counts)
                            for key, values in found[model].items()
                            if key in found[reference]
                        ]
    table = pd.DataFrame(lines, columns=COLUMNS)
    return table.astype({"threshold": float}).sort_values(["model", "reference", "horizon"], kind="stable").reset_index(drop=True)


def named_differences(table: pd.DataFrame, months: int) -> dict[str, float]:
    """Return one model's differences at one horizon by name, as in `auc_24m_minus_mayo_2018`."""
    return named(table[table["horizon"] == months].rename(columns={"difference": "estimate"}))


def _compared(sample: Sample, risk: Array, cut_offs: tuple[float, ...], ranks: bool) -> dict[Key, Array]:
    if ranks:
        return rank_measures(sample, risk)
    found = main_measures(sample, risk) | decision_measures(sample, risk, (), cut_offs)
    return {key: values for key, values in found.items() if key[0] in COMPARED}
