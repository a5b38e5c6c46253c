"""Several results of one person, biomarker, day of collection and day of availability: which of them counts.

The rule. The result of the latest time of day counts, where times are written; otherwise, and at one time, that of
the latest row of the source; a row without a time yields to one with it. Of the rows that say that very result (the same
value in the canonical unit, and operator) the first is kept and the others are `duplicate_row`. Rows that say another
are `conflicting_duplicate`.

The same day of collection with another day of availability is no duplicate but a correction: both rows are kept, and the
later one supersedes the earlier from the day it is available.
"""

from __future__ import annotations

import numpy as np
import pandas as pd


def duplicates(rows: pd.DataFrame, series: list[str]) -> tuple[np.ndarray, np.ndarray]:
    """Return which rows repeat the result that counts, and which contradict it.

    Parameters
    ----------
    rows : DataFrame
        The columns of `series`, value, operator, source_row, and time: text such as 10:30, empty where not written.

    Examples
    --------
    >>> rows = pd.DataFrame({"day": 1, "value": [1.0, 2.0, 1.0], "operator": 0, "source_row": [2, 3, 4], "time": ""})
    >>> [wrong.tolist() for wrong in duplicates(rows, ["day"])]
    [[False, False, True], [False, True, False]]
    """
    # Seven digits: the same result written in two units differs in the last bit of a division.
    result = rows[series].assign(value=rows["value"].to_numpy().astype(np.float32), operator=rows["operator"].to_numpy())
    result["time"], result["row"], result["place"] = rows["time"].to_numpy(), rows["source_row"].to_numpy(), np.arange(len(rows))
    counts = result.sort_values(["time", "row", "place"], kind="stable").drop_duplicates(series, keep="last")
    counting = result.merge(counts[[*series, "value", "operator"]], on=series, suffixes=("", "_counting"), how="left")
    says_it = ((counting["value"] == counting["value_counting"]) & (counting["operator"] == counting["operator_counting"])).to_numpy()
    first = result[says_it].sort_values(["row", "place"], kind="stable").drop_duplicates(series)["place"]
    same = says_it & ~np.isin(np.arange(len(rows)), first)
    return same, ~says_it
