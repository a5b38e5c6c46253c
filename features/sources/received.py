"""What a source hands over: three tables as received, and which columns each must and may have."""

from __future__ import annotations

from dataclasses import dataclass, field

import pandas as pd

from myeloma import DataError
from myeloma.errors import nearest

REQUIRED = {
    "patients": ("patient_id", "index_date"),
    "measurements": ("patient_id", "collected_at", "biomarker", "value", "unit"),
    "events": ("patient_id", "occurred_at", "kind"),
}
OPTIONAL = {
    "patients": ("birth_date", "age_at_index", "sex", "site", "stage", "heavy_chain", "light_chain", "fish"),
    "measurements": ("available_at",),
    "events": ("detail",),
}


@dataclass(frozen=True)
class Received:
    """Tables by name, with every known column present and a `source_row` that a person can find again.

    Absent optional columns are filled with the empty string, which means unknown. `files` names the
    file behind each table; `notes` says what was ignored.
    """

    source: str
    tables: dict[str, pd.DataFrame]
    files: dict[str, str]
    notes: list[str] = field(default_factory=list)


def received(source: str, tables: dict[str, pd.DataFrame], files: dict[str, str]) -> Received:
    """Return tables in the expected columns; each comes with its `source_row`.

    Raises
    ------
    DataError
        Columns are missing (all of them are named at once), or there is no patient.
    """
    problems, notes, out = [], [], {}
    for name, frame in tables.items():
        known = (*REQUIRED[name], *OPTIONAL[name])
        for column in REQUIRED[name]:
            if column not in frame.columns:
                problems.append(f"{files[name]} has no column {column} (it has: {', '.join(map(str, frame.columns)) or 'none'})")
        for column in frame.columns.difference([*known, "source_row"]):
            notes.append(f"{files[name]}: column {column} is not used; {nearest(str(column), known)}")
        out[name] = frame.reindex(columns=[*known, "source_row"], fill_value="").reset_index(drop=True)
    if problems:
        wanted = "; ".join(f"{name} needs {', '.join(columns)}" for name, columns in REQUIRED.items())
        raise DataError("; ".join(problems) + ".", wanted + ".", "missing_column")
    if out["patients"].empty:
        raise DataError(f"{files['patients']} holds no patients.", "an empty cohort cannot be used.", "empty_cohort")
    return Received(source, out, files, notes)
