"""Refused rows: which, why, and as they were received, so that they can be mended and ingested again."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.cohort.schema import QUARANTINE_COLUMNS
from features.intake.refusals import Refusals
from features.sources.cells import cells_of
from myeloma.echo import echo

# Only cells of these columns are shown, and of them only what can name nobody (`myeloma.echo`).
SHOWN_COLUMNS = frozenset(
    {"biomarker", "value", "unit", "method", "specimen", "kind", "line", "sex", "stage", "heavy_chain", "light_chain", "fish"}
)
MOST_LINES = 12  # of one reason and column, in what is printed
_MOST_VALUES = 20  # distinct cells of a line that the owner of the files may ask for
_PIECE = 100_000
PART, STANDS = 1, 2  # of a row kept: another row of the cohort speaks for it; it speaks for others
_NOTHING = pd.DataFrame({name: pd.Series(dtype="int64" if name == "row" else object) for name in QUARANTINE_COLUMNS})
# These say that something else about the person was refused: they go when that is mended.
FOLLOWS = ("patient_not_in_cohort", "event_refused")


class Inspection(Refusals):
    """One table under inspection: its rows, and for each the first problem that refuses it.

    Attributes
    ----------
    received, frame : DataFrame
        The rows as received, and as parsed.
    stands : int array, one a row
        Of the rows that the cohort, where they are kept, does not hold as they were received: `PART` of a row that stands for
        several, or `STANDS` for the one that does; 0 of all others.
    """

    def __init__(self, table: str, file: str, received: pd.DataFrame) -> None:
        super().__init__(len(received))
        self.table = table
        self.file = file
        self.received = received
        self.frame = received
        self.stands: NDArray[np.int8] = np.zeros(len(received), dtype=np.int8)

    def by_patient(self, column: str) -> pd.Series:
        """Return a column of the kept rows, by patient."""
        return self.frame[self.keep].set_index("patient_id")[column]

    def refused(self) -> pd.DataFrame:
        """Return the refused rows in the columns of the quarantine."""
        return quarantine_frame(self.refused_pieces())

    def as_received(self) -> Iterator[pd.DataFrame]:
        """Yield the rows kept that the cohort does not hold as they were received, piece by piece, so that a mend finds them."""
        rows = np.flatnonzero(self.keep & (self.stands != 0))
        for start in range(0, len(rows), _PIECE):
            piece = rows[start : start + _PIECE]
            row, stands = self.received["source_row"].to_numpy("int64")[piece], self.stands[piece] == STANDS
            records = [json.dumps(record) for record in self._records(piece)]
            yield pd.DataFrame({"table": self.table, "row": row, "stands": stands, "record": records})

    def refused_pieces(self) -> Iterator[pd.DataFrame]:
        """Yield the refused rows piece by piece: of ten million, no more than a few are laid out at a time."""
        rows = np.flatnonzero(self.problem)
        seen: Counter[str] = Counter()
        for start in range(0, len(rows), _PIECE):
            yield self._refused(rows[start : start + _PIECE], seen)

    def _refused(self, rows: np.ndarray, seen: Counter[str]) -> pd.DataFrame:
        received = self.received.iloc[rows]
        given = received["id"].tolist() if "id" in received else [""] * len(rows)
        records = self._records(rows)
        found = [self.problems[number] for number in self.problem[rows]]
        frame = pd.DataFrame(
            {
                "table": self.table,
                "file": self.file,
                "row": received["source_row"].astype("int64"),
                "reason": [reason for reason, _, _ in found],
                "column": [column for _, column, _ in found],
                "received": [echo(record[c]) if c in SHOWN_COLUMNS else "" for record, (_, c, _) in zip(records, found, strict=True)],
                "accepted": [accepted for _, _, accepted in found],
                "record": [json.dumps(record) for record in records],
            }
        )
        return frame.assign(id=_identifiers(frame, given, seen))[list(QUARANTINE_COLUMNS)]

    def _records(self, rows: np.ndarray) -> list[dict[str, str]]:
        """Return all cells of rows as received."""
        received = self.received.iloc[rows]
        cells = {str(c): cells_of(received[c]).rows().tolist() for c in received.columns if c not in ("source_row", "id")}
        return [dict(zip(cells, row, strict=True)) for row in zip(*cells.values(), strict=True)]


def _identifiers(frame: pd.DataFrame, given: list[str], seen: Counter[str]) -> list[str]:
    """Return a name for each refused row that a later mend finds again: the one it had, or one made of its content."""
    names = []
    for known, *content in zip(given, frame["table"], frame["row"], frame["record"], strict=True):
        name = known or hashlib.sha256(json.dumps([str(part) for part in content]).encode()).hexdigest()[:16]
        seen[name] += 1
        names.append(name if seen[name] == 1 else f"{name}-{seen[name]}")
    return names


def quarantine_frame(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """Return the refused rows of several tables as one."""
    return pd.concat([part for part in parts if len(part)] or [_NOTHING], ignore_index=True)


def describe_problems(quarantine: pd.DataFrame, show_values: bool = False) -> str:
    """Return one line per kind of problem: how many rows, the first of them, what is accepted. Names no person.

    Rows of one reason and column that differ in what is accepted, as for a biomarker each, are told apart; beyond `MOST_LINES` of them the
    rest is counted.

    Parameters
    ----------
    show_values : bool
        Also return the distinct cells as received, with their counts, for the eyes of the owner of the files alone; the table
        then needs its column `record`.
    """
    lines = []
    for (reason, file, column), group in quarantine.groupby(["reason", "file", "column"], sort=False, observed=True):
        parts = sorted(group.groupby("accepted", sort=False, observed=True), key=lambda part: -len(part[1]))
        for accepted, rows in parts[:MOST_LINES]:
            lines.append(_line(str(reason), f"{file} ({column})", str(accepted), rows))
            lines += _values(rows, str(column)) if show_values else []
        if left := sum(len(rows) for _, rows in parts[MOST_LINES:]):
            lines.append(f"  {reason}: {_rows(left)} more of {file} ({column}), of {len(parts) - MOST_LINES} other kinds")
    return "\n".join(lines)


def _line(reason: str, where: str, accepted: str, rows: pd.DataFrame) -> str:
    first = rows.iloc[rows["row"].to_numpy().argmin()]
    received = f' received "{first["received"]}",' if first["received"] else ""
    return f"  {reason}: {_rows(len(rows))} of {where}; first at row {first['row']}:{received} {accepted}"


def _rows(n: int) -> str:
    return "1 row" if n == 1 else f"{n} rows"


def _values(rows: pd.DataFrame, column: str) -> list[str]:
    """Return the distinct cells of some refused rows as they were received, the most frequent first."""
    cells = Counter(str(json.loads(record).get(column, "")) for record in rows["record"])
    most = [f'    {n} x "{cell}"' for cell, n in cells.most_common(_MOST_VALUES)]
    return [*most, f"    and {len(cells) - _MOST_VALUES} others"] if len(cells) > _MOST_VALUES else most
