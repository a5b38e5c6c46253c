"""People of a new cohort who are likely in the training cohort too: a model looks better on whom it has seen.

Two records are of the same person

- by identifier, where sex and birth year (to a year) do not contradict it, and the index dates lie within six weeks or a dated
  result is the same: sites that number from 1 have the same numbers for other people;
- by what is recorded, whatever the identifier, where sex and birth year agree and two results of the same biomarker, day and value
  are the same with none of the same biomarker and day that differs; or one is the same, and the deaths lie within six weeks.

The second also finds people who are alike by chance. How many, people of the *other* sex tell, who cannot be the same: `by_chance`
counts those who would be found by the same rule, were it to ask for the other sex.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from features import Cohort
from myeloma.calendar import DAYS_PER_YEAR

BIRTH_YEARS = 1  # apart at the most: an age in whole years and a year of diagnosis tell no more
# Between two dates of one event, where sources know and round months. Wide on purpose: who is taken for a person of training and is
# none costs one person, who is missed flatters the model.
DAYS = 45
RESULTS = 2  # of the same biomarker, day and value
_DIGITS = 4  # of a value, beyond which sources round differently
_DRAWN = ["biomarker", "collected_at"]
_PAIR = ["new", "old"]


@dataclass(frozen=True)
class Overlap:
    """Who of a cohort is likely in the training cohort.

    Attributes
    ----------
    people : identifiers in the new cohort; for use, never to be shown
    same_id, alike : how many were found by identifier, and by what is recorded alone
    namesakes : how many have an identifier of training but are somebody else
    by_chance : how many would be found alike, were they of the other sex
    """

    people: frozenset[str] = field(default_factory=frozenset, repr=False)
    same_id: int = 0
    alike: int = 0
    namesakes: int = 0
    by_chance: int = 0


def only_people(cohort: Cohort, ids: Iterable[str]) -> Cohort:
    """Return a cohort of some of its people."""
    kept = set(ids)
    patients, measurements, events = (table[table["patient_id"].isin(kept)] for table in cohort.tables().values())
    return Cohort(patients, measurements, events)


def overlap_of(new: Cohort, old: Cohort) -> Overlap:
    """Return who of a new cohort is likely in an old one, by the rules above."""
    who = {"new": _people(new), "old": _people(old)}
    results = {"new": _results(new), "old": _results(old)}
    shared = _shared(results)
    named = _named(who, shared)
    same_id = set(named.loc[named["same"], "new"])
    alike, by_chance = _alike(who, results, shared)
    return Overlap(
        frozenset(same_id | alike), len(same_id), len(alike - same_id), len(set(named["new"]) - same_id), len(by_chance - alike - same_id)
    )


def _people(cohort: Cohort) -> pd.DataFrame:
    """Return sex, year of birth, index date and day of death by person; NaN and NaT where not known."""
    people = cohort.patients.set_index("patient_id")
    of_age = (people["index_date"] - pd.to_timedelta(people["age_at_index"] * DAYS_PER_YEAR, unit="D")).dt.year
    deaths = cohort.events[cohort.events["kind"] == "death"].groupby("patient_id")["occurred_at"].min()
    born = people["birth_date"].dt.year.fillna(of_age)
    return pd.DataFrame({"sex": people["sex"], "born": born, "index": people["index_date"], "died": deaths.reindex(people.index)})


def _results(cohort: Cohort) -> pd.DataFrame:
    rows = cohort.measurements[["patient_id", *_DRAWN, "value"]].drop_duplicates()
    size = 10.0 ** (_DIGITS - 1 - np.floor(np.log10(rows["value"].abs().where(rows["value"] != 0, 1.0))))
    return rows.assign(value=(rows["value"] * size).round() / size)


def _shared(results: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return how many results each pair of people shares: new, old, equal."""
    both = results["new"].merge(results["old"], on=[*_DRAWN, "value"], suffixes=("_new", "_old"))
    both = both.rename(columns={"patient_id_new": "new", "patient_id_old": "old"}).drop_duplicates([*_PAIR, *_DRAWN])
    return both.groupby(_PAIR, observed=True).size().rename("equal").reset_index()


def _beside(pairs: pd.DataFrame, who: dict[str, pd.DataFrame]) -> pd.DataFrame:
    """Return pairs with what is known of both, as `sex_new`, `sex_old` and so on."""
    for side in _PAIR:
        pairs = pairs.merge(who[side].add_suffix(f"_{side}"), left_on=side, right_index=True, how="left")
    return pairs


def _near(pairs: pd.DataFrame, name: str) -> pd.Series:
    """Return whether two dates lie within six weeks; not where one is unknown."""
    return (pairs[f"{name}_new"] - pairs[f"{name}_old"]).abs() <= pd.Timedelta(days=DAYS)


def _born_apart(pairs: pd.DataFrame) -> pd.Series:
    return (pairs["born_new"] - pairs["born_old"]).abs() > BIRTH_YEARS


def _sex_differs(pairs: pd.DataFrame) -> pd.Series:
    return (pairs["sex_new"] != pairs["sex_old"]) & (pairs["sex_new"] != "") & (pairs["sex_old"] != "")


def _named(who: dict[str, pd.DataFrame], shared: pd.DataFrame) -> pd.DataFrame:
    """Return the people whose identifier stands in both cohorts, and whether they are the same."""
    names = who["new"].index.intersection(who["old"].index)
    pairs = _beside(pd.DataFrame({"new": names, "old": names}), who).merge(shared, on=_PAIR, how="left")
    told = _near(pairs, "index") | pairs["equal"].ge(1)
    return pairs.assign(same=~_sex_differs(pairs) & ~_born_apart(pairs) & told)


def _alike(who: dict[str, pd.DataFrame], results: dict[str, pd.DataFrame], shared: pd.DataFrame) -> tuple[set[str], set[str]]:
    """Return who is alike somebody of the old cohort, and who would be, were sex to differ."""
    pairs = _beside(shared, who)
    pairs = pairs[(pairs["equal"] >= RESULTS) | _near(pairs, "died")]
    pairs = pairs[(pairs["born_new"] - pairs["born_old"]).abs() <= BIRTH_YEARS]  # not known is no agreement
    pairs = pairs[(pairs["sex_new"] != "") & (pairs["sex_old"] != "")]
    drawn = [results[side].rename(columns={"patient_id": side}) for side in _PAIR]
    both = pairs[_PAIR].merge(drawn[0], on="new").merge(drawn[1], on=["old", *_DRAWN], suffixes=("_new", "_old"))
    agrees = (both["value_new"] == both["value_old"]).groupby([both[name] for name in (*_PAIR, *_DRAWN)], observed=True).any()
    contradicted = set((~agrees)[~agrees].index.droplevel(_DRAWN))
    clear = np.array([pair not in contradicted for pair in zip(pairs["new"], pairs["old"], strict=True)], dtype=bool)
    found = pairs[((pairs["equal"] >= RESULTS) & clear) | _near(pairs, "died")]
    differs = _sex_differs(found)
    return set(found.loc[~differs, "new"]), set(found.loc[differs, "new"])
