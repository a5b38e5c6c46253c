"""All rows that may be fitted on of a table that stays on disk: outcomes and censoring strata in memory, features block by block."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from serving.models.base import Array
from training.estimators.censoring_strata import CensoringStrata
from training.rows.censoring import REACH, STRATUM
from training.rows.large import Large
from training.rows.study_end import study_reach

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Whole:
    """Rows to fit on, of a table that stays on disk.

    Attributes
    ----------
    rows : DataFrame
        patient_id (a number), landmark, event, time_to_event, follow_up, censoring_stratum, study_reach.
    drawn : array (drawn rows,)
        Where the rows that were drawn and may be fitted on stand among `rows`.
    """

    rows: pd.DataFrame
    drawn: Ints
    large: Large
    there: Bools

    @classmethod
    def of(cls, large: Large, there: Bools, drawn: Ints, strata: CensoringStrata) -> Whole:
        """Return some rows of a large table.

        Parameters
        ----------
        there : array (rows of the table,)
            Which rows are fitted on.
        drawn : array
            The positions, in the drawn table, of those of its rows that are.
        strata : CensoringStrata
            As the drawn rows gave them.
        """
        columns = ["landmark", "index_date", "time_to_event", "follow_up", "site", *strata.columns]
        parts, sites = [], dict[str, int]()
        for block in large.blocks(there, columns):
            kept = block[["landmark", "index_date", "time_to_event", "follow_up"]]
            site = block["site"].replace("", None)
            sites |= {name: len(sites) + k for k, name in enumerate(set(site.dropna()) - set(sites))}
            number = site.map(sites).fillna(-1).astype(np.int32)
            parts.append(kept.assign(**{STRATUM: strata.strata(block).astype(np.int8)}, site=number))
        rows = pd.concat(parts, ignore_index=True)
        rows["patient_id"], rows["event"] = large.person[there], large.event[there]
        rows[REACH] = study_reach(rows)
        del rows["site"]
        return cls(rows, np.cumsum(there)[large.drawn[drawn]] - 1, large, there)

    def features(self, columns: list[str]) -> Iterator[Array]:
        """Yield the features (rows, columns) of the rows, in their order, in blocks."""
        for block in self.large.blocks(self.there, columns):
            yield block[columns].to_numpy(dtype=float)
