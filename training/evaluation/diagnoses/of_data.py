"""What is noticed about the table that all candidates of a task are fitted to."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features import FeatureTable
from myeloma.calendar import DAYS_PER_YEAR
from training.evaluation.diagnoses.diagnosis import Diagnosis, listed
from training.metrics import weighted_auc
from training.rows.small_cells import written
from training.rows.split import LEAST_EVENTS

Array = NDArray[np.float64]

# An AUC, or one less it. No one result ranks years ahead who will progress nearly without fault; a column that does was written when
# it was known. The same of whether there is a value: it is 0.95 where 19 of 20 of those with the event, and of those without, are told
# apart. Ours.
OUTCOME_LIKE = 0.95
# Results of one day that must be the same, with none that differs: two persons of one sex and age share one rounded value easily.
EQUAL_RESULTS = 2
BIRTH_YEARS = 1  # apart at the most: an age in whole years tells no more
_PAIR = ["patient_id_a", "patient_id_b"]


def outcome_like(columns: pd.DataFrame, people: pd.Series, case: Array, control: Array, months: int) -> Diagnosis | None:
    """Return the columns of which one alone tells almost without fault who has the event.

    Parameters
    ----------
    columns : DataFrame
        Features, NaN where there is no value.
    people : Series (rows,)
        patient_id.
    case, control : arrays (rows,)
        Weights of the rows with the event within the horizon, and of those known to be without it.
    """
    said, ids = [], pd.factorize(people)[0]
    for name, values in columns.items():
        known = values.notna().to_numpy()
        if _tells(values.to_numpy(dtype=float)[known], ids[known], case[known], control[known]):
            said.append(f"{name} by its value")
        elif _tells(known.astype(float), ids, case, control):
            said.append(f"{name} by whether it has one")
    if not said:
        return None
    return Diagnosis("outcome_like", f"almost alone tell who has the event within {months} months: {listed(said)}")


def thin_horizons(why: Mapping[int, str]) -> Diagnosis | None:
    """Return the horizons at which there are no figures, given why, by horizon in months; nothing where that is empty."""
    said = [f"{months} months: {text.partition(';')[0].rstrip('.')}" for months, text in why.items() if text]
    return Diagnosis("thin_horizons", "; ".join(said)) if said else None


def borrowed_burden(table: FeatureTable) -> Diagnosis | None:
    """Return that a table of real people has columns of the burden by parameters that are not of real people."""
    burden = table.spec.burden
    if burden is None or burden.people == "real" or table.provenance.people != "real":
        return None
    of = "of simulated people" if burden.people == "simulated" else "of people that nobody describes"
    return Diagnosis("borrowed_burden", f"the burden of these real people is told by parameters {of}")


def same_person(rows: pd.DataFrame, part: NDArray[np.int64]) -> Diagnosis | None:
    """Return that people who are likely the same stand under two identifiers on two sides of a split.

    Two identifiers are taken for one person where sex and birth year (to a year) agree, and either they are the same but for letter
    case, blanks and leading zeros, or at least two latest values at visits of one day are the same and none differs.

    Parameters
    ----------
    rows : DataFrame
        patient_id, landmark, sex, an age in years (`age` or `score_age`), and the columns of latest values.
    part : array (rows,)
        Which fold judges the row; any other number where none does.
    """
    people = _people(rows, part)
    pairs = pd.concat([_alike_by_name(people), _alike_by_results(rows, people["born"])], ignore_index=True).drop_duplicates()
    for side in _PAIR:
        pairs = pairs.merge(people.add_suffix(side[-2:]), left_on=side, right_index=True)
    near = (pairs["born_a"] - pairs["born_b"]).abs() <= BIRTH_YEARS  # not known is no agreement
    found = pairs[near & (pairs["part_a"] != pairs["part_b"])]
    same = found[found["sex_a"] == found["sex_b"]]
    if same.empty or len(same) <= len(found) - len(same):  # as many of the other sex, who cannot be the same: chance
        return None
    return Diagnosis("same_person", f"on two sides of a split, pairs of identifiers that are likely one person: {written(len(same))}")


def _tells(order: Array, ids: NDArray[np.intp], case: Array, control: Array) -> bool:
    """Return whether an order of rows tells the cases, of enough people, from the controls; either way round."""
    if len(np.unique(ids[case > 0])) < LEAST_EVENTS or len(np.unique(ids[control > 0])) < LEAST_EVENTS:
        return False
    auc = weighted_auc(order, case, control)
    return max(auc, 1 - auc) >= OUTCOME_LIKE


def _people(rows: pd.DataFrame, part: NDArray[np.int64]) -> pd.DataFrame:
    """Return sex, year of birth and part by person; a sex that is not known is nobody's."""
    landmark = pd.to_datetime(rows["landmark"])
    age = rows["age" if "age" in rows else "score_age"]
    born = landmark.dt.year + landmark.dt.dayofyear / DAYS_PER_YEAR - age
    people = pd.DataFrame({"patient_id": rows["patient_id"], "sex": rows["sex"], "born": born, "part": part})
    people = people.groupby("patient_id", observed=True).first()
    return people[people["sex"].isin(["female", "male"])]


def _alike_by_name(people: pd.DataFrame) -> pd.DataFrame:
    """Return the pairs whose identifiers are the same but for how they are written."""
    plain = people.index.astype(str).str.strip().str.casefold().str.lstrip("0")
    named = pd.DataFrame({"patient_id": people.index, "plain": plain})
    return _pairs(named, named, ["plain"])[_PAIR]


def _alike_by_results(rows: pd.DataFrame, born: pd.Series) -> pd.DataFrame:
    """Return the pairs with enough equal results on one day and none that differs; a result that stands on for years counts once."""
    latest = list({name.partition("__")[0]: name for name in map(str, rows) if "__last__" in name}.values())  # of the longest look-back
    if not latest:
        return pd.DataFrame(columns=_PAIR)
    of_day = rows[["patient_id", "landmark", *latest]].assign(year=np.floor(rows["patient_id"].map(born)))
    of_day = of_day.dropna(subset=["year"])
    shifts = [of_day.assign(year=of_day["year"] + shift) for shift in range(-BIRTH_YEARS, BIRTH_YEARS + 1)]
    pairs = pd.concat([_pairs(of_day, shifted, ["landmark", "year"]) for shifted in shifts], ignore_index=True)
    equal = pd.DataFrame({name: pairs[f"{name}_a"].where(pairs[f"{name}_a"] == pairs[f"{name}_b"]) for name in latest})
    differs = pd.concat([equal[name].isna() & pairs[f"{name}_a"].notna() & pairs[f"{name}_b"].notna() for name in latest], axis=1)
    by_pair = [pairs[side] for side in _PAIR]
    results = equal.groupby(by_pair, observed=True).nunique().sum(axis=1)
    alike = (results >= EQUAL_RESULTS) & ~differs.any(axis=1).groupby(by_pair, observed=True).any()
    return alike[alike].index.to_frame(index=False)


def _pairs(first: pd.DataFrame, second: pd.DataFrame, on: list[str]) -> pd.DataFrame:
    """Return each pair of two people whose rows agree in some columns, the lesser identifier first."""
    both = first.merge(second, on=on, suffixes=("_a", "_b"))
    return both[both["patient_id_a"] < both["patient_id_b"]]
