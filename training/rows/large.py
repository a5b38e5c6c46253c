"""A feature table that is too large to be fitted in memory: read as drawn people, with a way to all its rows, block by block.

Most of what training does needs a table in memory, so whole people are drawn (`draw`), and every step after takes the drawn table as it
takes any other. With held-out evaluation the people of the whole table are parted first, just as those of a small table are. Of those
fitted on, people with the event are drawn first, with weights. Those judged have equal chances, so that no figure needs a weight. With
cross-validation everybody is judged in turn, so all have equal chances.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as parquet
from numpy.typing import NDArray

from features import FeatureTable, read_table
from features.table.outcomes import EVENTS, in_present_words
from features.table.table import read_about
from myeloma import DataError
from training.plan import Plan
from training.rows.draw import STANDS_FOR, draw_people
from training.rows.split import HELD_OUT, evaluation_folds

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
# What a fit in memory takes at its peak, in times of the table's cells of eight bytes: docs/large_tables.md#measured.
_TIMES_CELLS = 10
_DRAWN_SHARE = 0.5  # of the memory, for the people drawn; the outcomes of all rows and XGBoost's own figures of them need the rest
_BATCH = 1 << 15  # rows that are read at a time: stacked and copied for XGBoost they take some twenty times their cells


@dataclass(frozen=True)
class Large:
    """All rows of a table that stays on disk.

    Attributes
    ----------
    groups : the files and, of each, the row groups, in order
    person : array (rows,), the place of each row's person among all people in order of their ids
    event : Categorical (rows,)
    held_out : array (rows,), the rows of people who are judged, drawn or not; none with cross-validation
    drawn : array (drawn rows,), where the rows of the drawn table stand among all
    """

    groups: list[tuple[Path, int, int]]
    person: NDArray[np.int32]
    event: pd.Categorical
    held_out: Bools
    drawn: Ints

    def but(self, judged: Ints) -> Bools:
        """Return which rows may be fitted on where drawn rows at these positions are judged: of nobody who is judged, nor held out.

        Where nobody is judged, all may.
        """
        out = ~self.held_out if len(judged) else np.ones(len(self.held_out), dtype=bool)
        out[np.isin(self.person, np.unique(self.person[self.drawn[judged]]))] = False
        return out

    def blocks(self, there: Bools, columns: list[str]) -> Iterator[pd.DataFrame]:
        """Yield those columns of some rows, in order, at most `_BATCH` rows and a row group at a time."""
        held, count, begin = list[pd.DataFrame](), 0, 0
        for path, group, rows in self.groups:
            here = there[begin : begin + rows]
            begin += rows
            if not here.any():
                continue
            with parquet.ParquetFile(path) as file:
                held.append(file.read_row_group(group, columns).filter(pa.array(here)).to_pandas())
            count += len(held[-1])
            if count >= _BATCH:
                yield pd.concat(held, ignore_index=True)
                held, count = [], 0
        if held:
            yield pd.concat(held, ignore_index=True)


@dataclass(frozen=True)
class DrawnTable(FeatureTable):
    """The rows of people drawn from a large table, with `stands_for` and, where they are parted already, `held_out`.

    What it says of itself has `drawn`: how many rows and people there are, and how many were drawn.
    """

    large: Large

    @property
    def said(self) -> str:
        """Return in a sentence what was drawn."""
        drawn = self.about["drawn"]
        people = f"{drawn['people_drawn']:,} of {drawn['people']:,} people ({drawn['rows_drawn']:,} of {drawn['rows']:,} rows)"
        return (
            f"the table needs about {drawn['bytes'] / 1e9:.1f} GB to be fitted in memory, and has {drawn['memory'] / 1e9:.1f} GB: {people} "
            "were drawn for whatever needs a table in memory; boosted trees are fitted to all rows, read in blocks"
        )


def read_within(path: Path, plan: Plan) -> FeatureTable:
    """Return a feature table; of one whose fit would not stay within the plan's memory, a `DrawnTable`.

    The same file and plan give the same people, so that every command sees those that were fitted on and judged.

    Raises
    ------
    StateError
        There is no such file.
    DataError
        The file is not a feature table, or too few people progress for a draw.
    """
    files = sorted(path.glob("*.parquet")) if path.is_dir() else [path] if path.exists() else []
    needed = sum(_bytes_of_fit(file) for file in files)
    if needed <= plan.memory:
        return read_table(path)
    spec, about = read_about(path)
    groups = [(file, group, rows) for file in files for group, rows in enumerate(_rows_of_groups(file))]
    ids, person, event = _people_and_events(groups)
    folds = None
    if plan.evaluation.kind == "held_out":
        folds = evaluation_folds(pd.DataFrame({"patient_id": person, "event": event}), plan.evaluation)
    held_out = np.zeros(len(person), dtype=bool)
    if folds:
        held_out[folds[0].judge] = True
    share = plan.memory * _DRAWN_SHARE / needed
    stands_for = _stand_for(person, event == EVENTS[1], held_out, round(len(ids) * share), plan.evaluation.seed)
    large = Large(groups, person, event, held_out, np.flatnonzero(stands_for[person] > 0))
    names = [name for name in parquet.read_schema(files[0]).names if not name.startswith("__")]
    rows = pd.concat(large.blocks(stands_for[person] > 0, names), ignore_index=True)
    rows["event"] = in_present_words(rows["event"])
    days = rows.select_dtypes("datetime").columns
    rows[days] = rows[days].astype("datetime64[ns]")  # Spark writes microseconds
    rows[STANDS_FOR] = stands_for[person[large.drawn]]
    if folds:
        rows[HELD_OUT] = held_out[large.drawn]
    drawn = {"rows": len(person), "people": len(ids), "rows_drawn": len(rows), "people_drawn": int((stands_for > 0).sum())}
    return DrawnTable(rows, spec, {**about, "drawn": {**drawn, "bytes": needed, "memory": plan.memory}}, large)


def _bytes_of_fit(file: Path) -> int:
    try:
        found = parquet.read_metadata(file)
    except (pa.ArrowInvalid, OSError):
        return 0  # `read_table` says what is wrong with it
    return int(8 * _TIMES_CELLS * found.num_rows * found.num_columns)


def _rows_of_groups(file: Path) -> list[int]:
    found = parquet.read_metadata(file)
    return [found.row_group(k).num_rows for k in range(found.num_row_groups)]


def _people_and_events(groups: list[tuple[Path, int, int]]) -> tuple[pa.Array, NDArray[np.int32], pd.Categorical]:
    """Return the ids of all people in order, the place of each row's among them, and each row's event."""
    ids, codes, events = list[pa.Array](), list[NDArray[np.int32]](), list[NDArray[np.int8]]()
    for path, group, _ in groups:
        with parquet.ParquetFile(path) as file:
            read = file.read_row_group(group, ["patient_id", "event"])
        who = read["patient_id"].combine_chunks().dictionary_encode()
        ids.append(who.dictionary)
        codes.append(who.indices.to_numpy())
        event = in_present_words(read["event"].to_pandas())
        events.append(pd.Categorical(event, EVENTS).codes)
        if (events[-1] < 0).any():
            raise DataError(f"A row of the table has an event other than {', '.join(EVENTS)}.", "build the table again.", "impossible_cell")
    every = np.unique(pa.concat_arrays(ids).to_numpy(zero_copy_only=False))
    places = (np.searchsorted(every, own.to_numpy(zero_copy_only=False)).astype(np.int32) for own in ids)
    person = np.concatenate([place[code] for place, code in zip(places, codes, strict=True)])
    return every, person, pd.Categorical.from_codes(np.concatenate(events), list(EVENTS))  # type: ignore[arg-type]  # an array will do


def _stand_for(person: NDArray[np.int32], with_event: Any, held_out: Bools, count: int, seed: int) -> NDArray[np.float64]:
    """Return for how many people each stands: of a draw of about so many, as many from the held out as is their share."""
    people = int(person.max()) + 1
    ever, judged = np.zeros(people, dtype=bool), np.zeros(people, dtype=bool)
    ever[person[np.asarray(with_event)]] = True
    judged[person[held_out]] = True
    of_judged, stands_for = round(count * judged.mean()), np.zeros(people)
    for group, drawn in ((judged, of_judged), (~judged, count - of_judged)):
        stands_for[group] = draw_people(ever[group], drawn, seed, events_first=bool(judged.any()) and not judged[group].any())
    return stands_for
