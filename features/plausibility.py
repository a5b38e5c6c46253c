"""Suspicions about rows that are kept: said, never corrected.

A value ten times the person's own others (or a tenth) may be in another unit than it says; a known light chain that the
ratio contradicts may be the wrong one.
"""

from __future__ import annotations

import pandas as pd

from features.cohort import Cohort
from features.derived import with_derived
from myeloma import catalogue

SLIP_FACTOR = 10.0
_LEAST_OTHERS = 2
COLUMNS = ("code", "biomarker", "source_row", "message")


def suspicions(cohort: Cohort, measured: pd.DataFrame | None = None) -> pd.DataFrame:
    """Return one row per suspicion: its code, the biomarker, the row of the source, and what is suspected.

    Parameters
    ----------
    measured : DataFrame, optional
        `with_derived(cohort)`, where the caller has it already.
    """
    measured = with_derived(cohort) if measured is None else measured
    parts = [_unit_slips(cohort.measurements), _contradicted_chains(cohort, measured)]
    return pd.concat([part for part in parts if len(part)] or [pd.DataFrame(columns=list(COLUMNS))], ignore_index=True)


def describe(found: pd.DataFrame) -> list[str]:
    """Return one line per kind of suspicion, with how many rows and the first of them."""
    lines = []
    for (code, biomarker), group in found.groupby(["code", "biomarker"]):
        rows = "1 result" if len(group) == 1 else f"{len(group)} results"
        lines.append(
            f"{code}: {rows} of {biomarker}, first at row {group['source_row'].iloc[0]} of measurements: {group['message'].iloc[0]}"
        )
    return lines


def _unit_slips(measurements: pd.DataFrame) -> pd.DataFrame:
    positive = measurements[measurements["value"] > 0]
    by_series = positive.groupby(["patient_id", "biomarker"])["value"]
    others = by_series.transform("size") > _LEAST_OTHERS
    ratio = positive["value"] / by_series.transform("median")
    slipped = positive[others & ((ratio >= SLIP_FACTOR) | (ratio <= 1.0 / SLIP_FACTOR))]
    message = "ten times (or a tenth of) the person's own other values; is the unit right?"
    return slipped[["biomarker", "source_row"]].assign(code="suspected_unit_slip", message=message)[list(COLUMNS)]


def _contradicted_chains(cohort: Cohort, measured: pd.DataFrame) -> pd.DataFrame:
    """Find ratios outside the normal range on the side of the other chain than the one that is recorded."""
    low, high = catalogue()["kappa_lambda_ratio"].expected or (0.0, float("inf"))
    ratios = measured[measured["biomarker"] == "kappa_lambda_ratio"]
    chain = ratios["patient_id"].map(cohort.patients.set_index("patient_id")["light_chain"])
    wrong = ratios[((chain == "kappa") & (ratios["value"] < low)) | ((chain == "lambda") & (ratios["value"] > high))]
    keys = ["patient_id", "collected_at"]
    sources = cohort.measurements[cohort.measurements["biomarker"].isin(["flc_kappa", "kappa_lambda_ratio"])]
    rows = wrong[keys].drop_duplicates().merge(sources[[*keys, "source_row"]], on=keys)
    message = "the kappa / lambda ratio points to the other light chain than the one recorded for the person"
    return rows.assign(code="light_chain_contradicted", biomarker="kappa_lambda_ratio", message=message)[list(COLUMNS)]
