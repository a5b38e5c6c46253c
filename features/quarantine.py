"""Refused rows: which, why, and as they were received, so that they can be mended and ingested again."""

from __future__ import annotations

import json
from collections.abc import Iterable

import numpy as np
import pandas as pd

# Only these columns' contents are shown in messages; the others can identify a person.
_SHOWN = frozenset({"biomarker", "value", "unit", "kind", "sex", "stage", "heavy_chain", "light_chain", "fish"})
COLUMNS = ("table", "file", "row", "reason", "column", "received", "accepted", "record")


class Inspection:
    """One table under inspection: its rows, and for each the first reason to refuse it (empty = kept).

    Attributes
    ----------
    frame : DataFrame
        The rows; parsing replaces columns in place.
    keep : boolean Series
        Rows not refused so far.
    """

    def __init__(self, table: str, file: str, frame: pd.DataFrame) -> None:
        self.table = table
        self.file = file
        self.received = frame
        self.frame = frame.copy()
        self.reason = pd.Series("", index=frame.index, dtype=object)
        self._column = self.reason.copy()
        self._accepted = self.reason.copy()

    @property
    def keep(self) -> pd.Series:
        return self.reason == ""

    def reject(self, wrong: pd.Series | np.ndarray, reason: str, column: str, accepted: str) -> None:
        """Refuse the rows where `wrong` holds and that are not refused yet."""
        rows = np.asarray(wrong, dtype=bool) & (self.reason == "").to_numpy()
        if rows.any():
            self.reason[rows] = reason
            self._column[rows] = column
            self._accepted[rows] = accepted

    def kept_ids(self) -> set[str]:
        """Return the identifiers of the rows kept."""
        return set(self.frame.loc[self.keep, "patient_id"])

    def by_patient(self, column: str) -> pd.Series:
        """Return a column of the kept rows, by patient."""
        return self.frame[self.keep].set_index("patient_id")[column]

    def counts(self) -> dict[str, int]:
        """Return rows read, kept and quarantined."""
        kept = int(self.keep.sum())
        return {"read": len(self.frame), "kept": kept, "quarantined": len(self.frame) - kept}

    def refused(self) -> pd.DataFrame:
        """Return the refused rows in the columns of the quarantine."""
        rows = np.flatnonzero(self.reason != "")
        records = self.received.iloc[rows].drop(columns="source_row").astype(str).to_dict("records")
        columns = self._column.iloc[rows]
        return pd.DataFrame(
            {
                "table": self.table,
                "file": self.file,
                "row": self.received["source_row"].iloc[rows].astype("int64"),
                "reason": self.reason.iloc[rows],
                "column": columns,
                "received": [record[c][:40] if c in _SHOWN else "" for record, c in zip(records, columns, strict=True)],
                "accepted": self._accepted.iloc[rows],
                "record": [json.dumps(record) for record in records],
            },
            columns=list(COLUMNS),
        )


def quarantine_frame(inspections: Iterable[Inspection]) -> pd.DataFrame:
    """Return the refused rows of all tables."""
    parts = [inspection.refused() for inspection in inspections]
    return pd.concat(parts, ignore_index=True)
