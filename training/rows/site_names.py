"""How figures call the sites: by their names where these are codes, else by a number, since a name may be that of a doctor.

What leaves with a model (tags, figures, its card) is called so; the names stay in the folder of the evaluation.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pandas as pd

from features import FeatureTable
from features.cohort.files import write_csv
from features.cohort.sites import numbered
from training.places import SITES


def called(sites: Iterable[str | None]) -> dict[str, str]:
    """Return how each site is called, as `ingest` calls it; without those that have no name.

    Examples
    --------
    >>> called(["Dr. Meier", "", "A1", None])
    {'A1': 'no. 1', 'Dr. Meier': 'no. 2'}
    """
    names = {site for site in sites if isinstance(site, str) and site}
    return {name: said for name, said in numbered(names).items() if name in names}


def with_numbered_sites(table: FeatureTable) -> FeatureTable:
    """Return a table whose sites are called as figures call them; the same table where they are called so already."""
    names = called(table.rows["site"].unique()) if "site" in table.rows else {}
    if all(name == said for name, said in names.items()):
        return table
    return replace(table, rows=table.rows.assign(site=table.rows["site"].map(names).fillna("")))


def write_sites(site: pd.Series, folder: Path) -> None:
    """Write which number is which site to a folder that only its owner reads; nothing where names are used."""
    names, path = called(site.unique()), folder / SITES
    path.unlink(missing_ok=True)
    if any(name != said for name, said in names.items()):
        write_csv(pd.DataFrame({"called": list(names.values()), "site": list(names)}), path)
