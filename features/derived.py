"""Biomarkers computed from others: the involved / uninvolved free light chain ratio.

Kappa and lambda collected on one day give a ratio, known when the later of the two is known. The involved
chain is the known light chain; where it is not known, the larger chain is taken as involved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort import Cohort
from myeloma import catalogue

_KEY = ["patient_id", "collected_at"]


def with_derived(cohort: Cohort) -> pd.DataFrame:
    """Return patient_id, biomarker, collected_at, available_at, value: the measurements and those derived from them.

    A ratio received as `flc_ratio` is kept; a derived one is added only on days that have none.
    """
    columns = ["patient_id", "biomarker", "collected_at", "available_at", "value"]
    measured = cohort.measurements[columns]
    ratios = pd.concat([_from_chains(measured), measured[measured["biomarker"] == "kappa_lambda_ratio"]])
    if ratios.empty:
        return measured
    ratios = ratios.drop_duplicates(_KEY, keep="last")  # a reported ratio counts before our own division
    given = measured.loc[measured["biomarker"] == "flc_ratio", _KEY]
    ratios = ratios.merge(given.drop_duplicates(), on=_KEY, how="left", indicator="given").query("given == 'left_only'")
    chain = ratios["patient_id"].map(cohort.patients.set_index("patient_id")["light_chain"])
    kappa_over_lambda = ratios["value"].to_numpy()
    inverse = 1.0 / kappa_over_lambda
    involved = np.select([chain == "kappa", chain == "lambda"], [kappa_over_lambda, inverse], np.maximum(kappa_over_lambda, inverse))
    limits = catalogue()["flc_ratio"]
    ratios = ratios.assign(biomarker="flc_ratio", value=np.clip(involved, limits.lower, limits.upper))
    return pd.concat([measured, ratios[columns]], ignore_index=True)


def _from_chains(measured: pd.DataFrame) -> pd.DataFrame:
    kappa, chain_lambda = (
        measured[measured["biomarker"] == name].drop_duplicates(_KEY, keep="last") for name in ("flc_kappa", "flc_lambda")
    )
    both = kappa.merge(chain_lambda, on=_KEY, suffixes=("", "_lambda"))
    both = both[(both["value"] > 0) & (both["value_lambda"] > 0)]
    return both.assign(
        value=both["value"] / both["value_lambda"],
        available_at=both[["available_at", "available_at_lambda"]].max(axis=1),
    )[measured.columns]
