"""Biomarkers computed from others: the involved / uninvolved free light chain ratio.

Kappa and lambda collected on one day give a ratio, known when the later of the two is known; a corrected chain
gives a further ratio, known when the correction is. The involved chain is the known light chain; where it is not
known, the larger chain is taken as involved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort import Cohort
from myeloma import catalogue

_COLUMNS = ["patient_id", "biomarker", "collected_at", "available_at", "value"]
_DAY = ["patient_id", "collected_at"]


def with_derived(cohort: Cohort) -> pd.DataFrame:
    """Return patient_id, biomarker, collected_at, available_at, value: the measurements and those derived from them.

    For one day, a reported involved / uninvolved ratio comes before a reported kappa / lambda ratio, and that
    before our own division of the chains; but what was known before the better one came stays known.
    """
    measured = cohort.measurements[_COLUMNS]
    reported = measured[measured["biomarker"] == "flc_ratio"]
    kappa_over_lambda = measured[measured["biomarker"] == "kappa_lambda_ratio"]
    divided = _divided_chains(measured[measured["biomarker"].isin(["flc_kappa", "flc_lambda"])])
    kappa_over_lambda = _not_superseded(kappa_over_lambda, reported)
    divided = _not_superseded(_not_superseded(divided, reported), kappa_over_lambda)
    ratios = pd.concat([kappa_over_lambda, divided])
    if ratios.empty:
        return measured
    light_chain = ratios["patient_id"].map(cohort.patients.set_index("patient_id")["light_chain"])
    return pd.concat([measured, _involved(ratios, light_chain)], ignore_index=True)


def _divided_chains(chains: pd.DataFrame) -> pd.DataFrame:
    """Return kappa / lambda for each day, one row for each time at which what is known of the two changes."""
    chains = chains[chains["value"] > 0].sort_values([*_DAY, "available_at", "value"])
    is_kappa = chains["biomarker"] == "flc_kappa"
    chains = chains.assign(kappa=chains["value"].where(is_kappa), lambda_=chains["value"].where(~is_kappa))
    known = chains.groupby(_DAY)[["kappa", "lambda_"]].ffill()
    ratios = chains.assign(value=known["kappa"] / known["lambda_"])
    return ratios.drop_duplicates([*_DAY, "available_at"], keep="last").dropna(subset="value")[_COLUMNS]


def _not_superseded(ratios: pd.DataFrame, better: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios that were known before a better one of the same day was, or for which there is none."""
    known_from = better.groupby(_DAY)["available_at"].min().rename("better_from")
    better_from = ratios.join(known_from, on=_DAY)["better_from"]
    return ratios[better_from.isna() | (ratios["available_at"] < better_from)]


def _involved(ratios: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    kappa_over_lambda = ratios["value"].to_numpy()
    inverse = 1.0 / kappa_over_lambda
    larger = np.maximum(kappa_over_lambda, inverse)
    involved = np.select([light_chain == "kappa", light_chain == "lambda"], [kappa_over_lambda, inverse], larger)
    limits = catalogue()["flc_ratio"]
    return ratios.assign(biomarker="flc_ratio", value=np.clip(involved, limits.lower, limits.upper))
