"""Biomarkers computed from others: free light chain ratios, the involved chain, corrected calcium, filtration rate.

Kappa and lambda collected on one day give a kappa / lambda ratio, known when the later of the two is; a corrected chain
gives a further ratio, known when the correction is. The involved / uninvolved ratio follows from it: the involved chain is
the known light chain; where it is not known, the larger chain is taken as involved.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort.schema import Cohort
from myeloma import catalogue
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.kidney import corrected_calcium, egfr_ckd_epi_2021

_COLUMNS = ["patient_id", "biomarker", "collected_at", "available_at", "value"]
_DAY = ["patient_id", "collected_at"]


def with_derived(cohort: Cohort) -> pd.DataFrame:
    """Return patient_id, biomarker, collected_at, available_at, value: the measurements and those derived from them.

    For one day, a reported involved / uninvolved ratio comes before a reported kappa / lambda ratio, and that
    before our own division of the chains; but what was known before the better one came stays known.
    """
    measured = cohort.measurements[_COLUMNS]
    patients = cohort.patients.set_index("patient_id")
    involved_reported, ratio_reported = (measured[measured["biomarker"] == name] for name in ("flc_ratio", "kappa_lambda_ratio"))
    chains = _chains(measured)
    divided = _not_superseded(chains, ratio_reported)[_COLUMNS]
    ratios = pd.concat([ratio_reported, divided])
    derived = [
        divided,
        _involved_ratio(_not_superseded(ratios, involved_reported), patients["light_chain"]),
        _involved_chain(chains, patients["light_chain"]),
        _corrected_calcium(measured),
        _egfr(measured, patients),
    ]
    every = [measured, *(part[_COLUMNS] for part in derived if len(part))]
    if isinstance(kinds := measured["biomarker"].dtype, pd.CategoricalDtype):  # kept, where the names came as codes
        every = [part.astype({"biomarker": kinds}) for part in every]
    return pd.concat(every, ignore_index=True)


def _chains(measured: pd.DataFrame) -> pd.DataFrame:
    """Return kappa (`first`), lambda (`second`) and their ratio, for each day with both."""
    pairs = _of_one_day(measured[measured["value"] > 0], "flc_kappa", "flc_lambda")
    return pairs.assign(biomarker="kappa_lambda_ratio", value=_within_limits("kappa_lambda_ratio", pairs["first"] / pairs["second"]))


def _of_one_day(measured: pd.DataFrame, first: str, second: str) -> pd.DataFrame:
    """Return two biomarkers of one day side by side, one row for each time at which what is known of the two changes."""
    both = measured[measured["biomarker"].isin([first, second])].sort_values([*_DAY, "available_at", "value"])
    is_first = both["biomarker"] == first
    both = both.assign(first=both["value"].where(is_first), second=both["value"].where(~is_first))
    both[["first", "second"]] = both.groupby(_DAY)[["first", "second"]].ffill()
    return both.drop_duplicates([*_DAY, "available_at"], keep="last").dropna(subset=["first", "second"])


def _corrected_calcium(measured: pd.DataFrame) -> pd.DataFrame:
    pairs = _of_one_day(measured, "calcium", "albumin")
    return pairs.assign(biomarker="calcium_corrected", value=corrected_calcium(pairs["first"], pairs["second"]))


def _egfr(measured: pd.DataFrame, patients: pd.DataFrame) -> pd.DataFrame:
    rows = measured[measured["biomarker"] == "creatinine"]
    who = patients.loc[rows["patient_id"]]
    since_index = (rows["collected_at"].to_numpy() - who["index_date"].to_numpy()) / np.timedelta64(1, "D")
    age = who["age_at_index"].to_numpy() + since_index / DAYS_PER_YEAR
    female = who["sex"].map({"female": 1.0, "male": 0.0}).to_numpy(dtype=float)
    return rows.assign(biomarker="egfr", value=egfr_ckd_epi_2021(rows["value"], age, female)).dropna(subset="value")


def _not_superseded(ratios: pd.DataFrame, better: pd.DataFrame) -> pd.DataFrame:
    """Return the ratios that were known before a better one of the same day was, or for which there is none."""
    known_from = better.groupby(_DAY)["available_at"].min().rename("better_from")
    better_from = ratios.join(known_from, on=_DAY)["better_from"]
    return ratios[better_from.isna() | (ratios["available_at"] < better_from)]


def _involved_ratio(ratios: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    inverse = 1.0 / ratios["value"]
    value = _by_chain(ratios["patient_id"].map(light_chain), ratios["value"], inverse)
    return ratios.assign(biomarker="flc_ratio", value=_within_limits("flc_ratio", value))


def _involved_chain(chains: pd.DataFrame, light_chain: pd.Series) -> pd.DataFrame:
    value = _by_chain(chains["patient_id"].map(light_chain), chains["first"], chains["second"])
    return chains.assign(biomarker="flc_involved", value=value)


def _by_chain(light_chain: pd.Series, if_kappa: pd.Series, if_lambda: pd.Series) -> np.ndarray:
    """Return the value of the involved chain; the larger of the two where the chain is not known."""
    return np.select([light_chain == "kappa", light_chain == "lambda"], [if_kappa, if_lambda], np.maximum(if_kappa, if_lambda))


def _within_limits(biomarker: str, value: np.ndarray | pd.Series) -> np.ndarray | pd.Series:
    entry = catalogue()[biomarker]
    return np.clip(value, entry.lower, entry.upper)
