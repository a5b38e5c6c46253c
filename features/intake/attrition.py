"""Where rows went: for each table and site how many were read, kept, and refused for which reason. Nothing is lost on the way."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from features.cohort.sites import UNKNOWN_SITE
from features.intake.quarantine import Inspection
from features.sources.cells import cells_of

KEPT = ""
Tally = Counter[tuple[str, str]]  # (site, reason) -> rows; the reason of a row kept is empty


def sites_of(patients: Inspection) -> dict[str, str]:
    """Return the site of each person, refused or not; one whose rows contradict each other, or name none, has none."""
    frame = patients.frame[["patient_id", "site"]].drop_duplicates()
    known = frame[~frame["patient_id"].duplicated(keep=False) & (frame["site"] != "")]
    return dict(zip(known["patient_id"], known["site"], strict=True))


def tally(table: Inspection, sites: dict[str, str]) -> Tally:
    """Return how many rows of each site were kept, and refused for each reason."""
    site = cells_of(table.received["patient_id"]).mapped(lambda person: sites.get(person, UNKNOWN_SITE))
    reasons, names = pd.factorize(np.array([reason for reason, _, _ in table.problems], dtype=object))
    pair = site.codes.astype(np.int64) * len(names) + reasons[table.problem]
    counts = np.bincount(pair, minlength=0)
    return Counter({(site.texts[k // len(names)], names[k % len(names)]): int(counts[k]) for k in np.flatnonzero(counts)})


def summary(tallies: dict[str, Tally], called: dict[str, str]) -> dict[str, Any]:
    """Return `counts` by table, `reasons` by table.reason, and `attrition` by table and site, as cohort.json keeps them.

    Parameters
    ----------
    called : dict
        How each site is called, see `numbered`.
    """
    return {
        "counts": {name: _counts(found.items()) for name, found in tallies.items()},
        "reasons": {
            f"{name}.{reason}": rows for name, found in tallies.items() for reason, rows in sorted(_by_reason(found.items()).items())
        },
        "attrition": {
            name: {
                called[site]: _counts(rows) | {"reasons": dict(sorted(_by_reason(rows).items()))}
                for site in sorted({site for site, _ in found}, key=list(called).index)
                if (rows := [(key, n) for key, n in found.items() if key[0] == site])
            }
            for name, found in tallies.items()
        },
    }


def _counts(found: Iterable[tuple[tuple[str, str], int]]) -> dict[str, int]:
    found = list(found)
    kept = sum(rows for (_, reason), rows in found if reason == KEPT)
    read = sum(rows for _, rows in found)
    return {"read": read, "kept": kept, "quarantined": read - kept}


def _by_reason(found: Iterable[tuple[tuple[str, str], int]]) -> Counter[str]:
    counts: Counter[str] = Counter()
    for (_, reason), rows in found:
        if reason != KEPT:
            counts[reason] += rows
    return counts
