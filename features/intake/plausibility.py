"""Suspicions about rows that are kept: said, never corrected.

A value ten times the person's own others (or a tenth) may be in another unit than it says; a known light chain that the
ratio contradicts may be the wrong one.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort.schema import Cohort
from features.sources.cells import cells_of
from myeloma import catalogue

SLIP_FACTOR = 10.0
_LEAST_OTHERS = 2
COLUMNS = ("code", "biomarker", "source_row", "message")
_NOTHING = pd.DataFrame({"patient": [], "day": pd.Series(dtype="datetime64[ns]"), "value": [], "source_row": []})


def suspicions(cohort: Cohort) -> pd.DataFrame:
    """Return one row per suspicion: its code, the biomarker, the row of the source, and what is suspected."""
    return suspicions_of(cohort.measurements, cohort.patients.set_index("patient_id")["light_chain"])


def suspicions_of(measurements: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    """Return the same for some patients' measurements, in the order of the cohort, and the known light chains by patient."""
    patient, biomarker = cells_of(measurements["patient_id"]), cells_of(measurements["biomarker"])
    chains = light_chain.to_dict()
    results = pd.DataFrame(
        {
            "patient": patient.codes,
            "biomarker": biomarker.codes,
            "day": measurements["collected_at"].to_numpy(),
            "value": measurements["value"].to_numpy(),
            "source_row": measurements["source_row"].to_numpy(),
        }
    )
    named = {name: results[biomarker.codes == code] for code, name in enumerate(biomarker.texts)}
    chain = np.array([chains.get(person, "") for person in patient.texts], dtype=object)
    parts = [_unit_slips(results, biomarker.texts), _contradicted_chains(named, chain)]
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


def _unit_slips(results: pd.DataFrame, names: np.ndarray) -> pd.DataFrame:
    positive = results[results["value"] > 0]
    by_series = positive.groupby(positive["patient"] * len(names) + positive["biomarker"])["value"]
    others = by_series.transform("size") > _LEAST_OTHERS
    ratio = positive["value"] / by_series.transform("median")
    slipped = positive[others & ((ratio >= SLIP_FACTOR) | (ratio <= 1.0 / SLIP_FACTOR))]
    message = "ten times or more (or a tenth or less of) the person's own other values; is the unit right?"
    return slipped.assign(code="suspected_unit_slip", biomarker=names[slipped["biomarker"]], message=message)[list(COLUMNS)]


def _contradicted_chains(named: dict[str, pd.DataFrame], chain: np.ndarray) -> pd.DataFrame:
    """Find ratios, reported or divided, outside the normal range on the side of the other chain than the one that is recorded."""
    low, high = catalogue()["kappa_lambda_ratio"].expected or (0.0, float("inf"))
    day = ["patient", "day"]
    kappa, lambda_, reported = (named.get(name, _NOTHING) for name in ("flc_kappa", "flc_lambda", "kappa_lambda_ratio"))
    latest = kappa.drop_duplicates(day, keep="last").merge(lambda_[lambda_["value"] > 0].drop_duplicates(day, keep="last"), on=day)
    divided = latest[day].assign(value=latest["value_x"] / latest["value_y"], source_row=latest["source_row_x"])
    ratios = pd.concat([part for part in (reported, divided) if len(part)] or [_NOTHING])
    known = chain[ratios["patient"].to_numpy(dtype=int)]
    wrong = ratios[((known == "kappa") & (ratios["value"] < low)) | ((known == "lambda") & (ratios["value"] > high))]
    message = "the kappa / lambda ratio points to the other light chain than the one recorded for the person"
    said: pd.DataFrame = wrong.assign(code="light_chain_contradicted", biomarker="kappa_lambda_ratio", message=message)[list(COLUMNS)]
    return said
