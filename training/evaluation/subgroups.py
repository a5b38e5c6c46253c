"""Who a model does worse for: main figures in subgroups, nothing where a group is too small to say anything."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Mapping
from itertools import pairwise

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.table.score_inputs import PREFIX
from features.table.table import PERSON
from myeloma.calendar import DAYS_PER_MONTH, DAYS_PER_YEAR
from myeloma.kidney import egfr_ckd_epi_2021
from training.evaluation.expected_events import expected_of_rows, people_expected, too_little
from training.metrics import Draws, main_measures
from training.metrics.figures import figures
from training.rows.small_cells import SUPPRESSED, is_small
from training.rows.split import LEAST_EVENTS

Array = NDArray[np.float64]
UNKNOWN = "unknown"
_EXPECTED = "expected"  # a column beside the rows, for as long as they are parted
SMALL = f"{SUPPRESSED} people: not written down"
FOLLOWS = f"not written down: a count of {SUPPRESSED} people could be computed from it"


def groups(rows: pd.DataFrame, since: str = "diagnosis") -> pd.DataFrame:
    """Return the subgroup of each row, one column per grouping, in words; an unknown value is a group of its own.

    Parameters
    ----------
    rows : DataFrame
        Feature table rows: landmark, index_date, sex, heavy_chain, light_chain, site and the inputs of the scores. The
        glomerular filtration rate is an estimate (see `myeloma.kidney`).
    since : str
        What `index_date` is, as `Rules.since` says it.
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
            f"months since {since}": _bands(history, (6, 24)),
        },
        index=rows.index,
    )


def subgroup_figures(rows: pd.DataFrame, risks: Mapping[str, Array], months: int, draws: Draws, since: str = "diagnosis") -> pd.DataFrame:
    """Return the main figures of each model at one horizon in each subgroup.

    Of a group in which fewer than 20 people are expected to progress, or are known not to, there are no figures; counts below 10
    people, and those from which one could be told, are written as missing. Both are said in `why`. `expected_events` is how many
    people were expected to progress, as all models together have it (see `expected_events.expected_of_rows`).

    Parameters
    ----------
    risks : arrays (rows,) by model
    """
    rows, parts = rows.assign(**{_EXPECTED: expected_of_rows(rows, risks, months)}), []

    def expected(part: pd.DataFrame) -> float:
        return people_expected(part["patient_id"], part[_EXPECTED].to_numpy())

    def why_not(part: pd.DataFrame, horizon: int) -> str:
        return too_little(part, horizon, expected(part))

    for grouping, of_row in groups(rows, since).items():
        for level in sorted(of_row.unique()):
            member = (of_row == level).to_numpy()
            own, theirs = rows[member], {name: risk[member, None] for name, risk in risks.items()}
            found = figures(own, theirs, (months,), draws, main_measures, why_not=why_not)
            judged = found[found["measure"] == "oe_ratio"]
            of_models = [expected(own[np.isfinite(theirs[name][:, 0])]) for name in judged["model"]]
            lines = judged.assign(measure="expected_events", estimate=of_models, lo=np.nan, hi=np.nan)
            parts.append(pd.concat([found, lines], ignore_index=True).assign(grouping=str(grouping), group=level))
    table = suppressed(pd.concat(parts, ignore_index=True), "group", "grouping").drop(columns=["subset", "threshold"])
    table = table[table.groupby("grouping")["group"].transform("nunique") > 1]  # a group of everybody tells nothing
    return table[["model", "grouping", "group", *[c for c in table if c not in ("model", "grouping", "group")]]]


def suppressed(table: pd.DataFrame, group: str, *grouping: str) -> pd.DataFrame:
    """Return figures of groups without the counts of fewer than 10 people, nor those from which such a count could be told.

    The whole is known, so the others tell the sum of what is kept back: where that is one group alone, or few people in all, the
    next smallest group goes with it.

    Parameters
    ----------
    group : str
        The column that names the groups which make up the whole.
    grouping : str
        The column that names how the whole is parted, where there are several ways.
    """
    of = ["model", "horizon", *grouping]
    counts = table[table["measure"].isin(["patients", "events"])].pivot(index=[*of, group], columns="measure", values="estimate")
    kept_back: dict[Hashable, str] = {}
    for of_grouping in [part for _, part in counts.groupby(list(grouping))] if grouping else [counts]:
        by_horizon = [part for _, part in of_grouping.groupby(level="horizon")]
        # Whose people are kept back at one horizon are so at all: others may be as many there, and tell of them by what is left.
        always = set().union(*(_groups(_kept_back(_of_most(part), what=("patients",))) for part in by_horizon))
        for part in by_horizon:
            also = always | _groups(_kept_back(_of_most(part)))
            for _, own in part.groupby(level="model"):  # judged on all or some of the same people: a part may be the whole group
                kept_back |= _kept_back(own, also).to_dict()
    here = np.array([kept_back.get(key, "") for key in zip(*(table[name] for name in (*of, group)), strict=True)], dtype=object)
    hidden = (here != "") & table["measure"].isin(["patients", "rows", "events", "effective_rows", "share_computable"]).to_numpy()
    unsaid = table["why"].str.replace(r"^only \d+ ", f"fewer than {LEAST_EVENTS} ", regex=True)  # why there is no figure tells a count
    why = np.select([hidden, here != ""], [here, unsaid], table["why"])
    return table.assign(estimate=table["estimate"].mask(hidden), why=why)


def _groups(told: pd.Series) -> set[str]:
    """Return the groups that are kept back."""
    return set(told.index.get_level_values(-1)[told != ""])


def _of_most(part: pd.DataFrame) -> pd.DataFrame:
    """Return the counts of the model that was judged on most people."""
    by_model = part.groupby(level="model")
    most: pd.DataFrame = by_model.get_group(by_model["patients"].sum().idxmax())
    return most


def _kept_back(counts: pd.DataFrame, also: Collection[str] = (), what: tuple[str, ...] = ("patients", "events")) -> pd.Series:
    """Return why the counts of each group (patients, events) are kept back, empty where they are not; those in `also` are.

    People first: what is kept back for their number is so at every horizon.
    """
    small, hidden = pd.Series(False, counts.index), pd.Series(counts.index.get_level_values(-1).isin(also), counts.index)
    for each in what:
        small |= is_small(counts[each])
        hidden |= small
        while hidden.any() and not hidden.all() and (hidden.sum() == 1 or is_small(counts.loc[hidden, each].sum())):
            hidden[counts.loc[~hidden, "patients"].idxmin()] = True
    return pd.Series(np.select([small, hidden], [SMALL, FOLLOWS], ""), counts.index)


def _bands(values: Array, edges: tuple[float, ...]) -> NDArray[np.object_]:
    names = [f"below {edges[0]}", *(f"{low} to below {high}" for low, high in pairwise(edges)), f"{edges[-1]} and more"]
    conditions = [np.isnan(values), *(values < edge for edge in edges)]
    return np.select(conditions, [UNKNOWN, *names[:-1]], names[-1]).astype(object)
