"""Biomarkers computed from others: free light chain ratios and the involved chain.

Kappa and lambda collected on one day give a kappa / lambda ratio, known when the later of the two is; a corrected chain
gives a further ratio, known when the correction is. The involved / uninvolved ratio follows from it: the involved chain is
the known light chain; where it is not known, the larger chain is taken as involved.
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
    light_chain = cohort.patients.set_index("patient_id")["light_chain"]
    involved_reported = measured[measured["biomarker"] == "flc_ratio"]
    ratio_reported = measured[measured["biomarker"] == "kappa_lambda_ratio"]
    pairs = _not_superseded(_pairs(measured[measured["biomarker"].isin(["flc_kappa", "flc_lambda"])]), ratio_reported)
    ratios = pd.concat([ratio_reported, pairs[_COLUMNS]])
    involved = _involved_ratio(_not_superseded(ratios, involved_reported), light_chain)
    return pd.concat([measured, pairs[_COLUMNS], involved, _involved_chain(pairs, light_chain)], ignore_index=True)


def _pairs(chains: pd.DataFrame) -> pd.DataFrame:
    """Return kappa, lambda and their ratio for each day, one row for each time at which what is known of the two changes."""
    chains = chains[chains["value"] > 0].sort_values([*_DAY, "available_at", "value"])
    is_kappa = chains["biomarker"] == "flc_kappa"
    chains = chains.assign(kappa=chains["value"].where(is_kappa), lambda_=chains["value"].where(~is_kappa))
    chains[["kappa", "lambda_"]] = chains.groupby(_DAY)[["kappa", "lambda_"]].ffill()
    ratio = _within_limits("kappa_lambda_ratio", chains["kappa"] / chains["lambda_"])
    pairs = chains.assign(biomarker="kappa_lambda_ratio", value=ratio)
    return pairs.drop_duplicates([*_DAY, "available_at"], keep="last").dropna(subset="value")


def _not_superseded(ratios: pd.DataFrame, better: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios that were known before a better one of the same day was, or for which there is none."""
    known_from = better.groupby(_DAY)["available_at"].min().rename("better_from")
    better_from = ratios.join(known_from, on=_DAY)["better_from"]
    return ratios[better_from.isna() | (ratios["available_at"] < better_from)]


def _involved_ratio(ratios: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    inverse = 1.0 / ratios["value"]
    value = _by_chain(ratios["patient_id"].map(light_chain), ratios["value"], inverse)
    return ratios.assign(biomarker="flc_ratio", value=_within_limits("flc_ratio", value))


def _involved_chain(pairs: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    value = _by_chain(pairs["patient_id"].map(light_chain), pairs["kappa"], pairs["lambda_"])
    return pairs.assign(biomarker="flc_involved", value=value)[_COLUMNS]


def _by_chain(light_chain: pd.Series, if_kappa: pd.Series, if_lambda: pd.Series) -> np.ndarray:
    """Return the value of the involved chain; the larger of the two where the chain is not known."""
    return np.select([light_chain == "kappa", light_chain == "lambda"], [if_kappa, if_lambda], np.maximum(if_kappa, if_lambda))


def _within_limits(biomarker: str, value: np.ndarray | pd.Series) -> np.ndarray | pd.Series:
    entry = catalogue()[biomarker]
    return np.clip(value, entry.lower, entry.upper)
