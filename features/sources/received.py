"""What a source hands over: three tables as received, and which columns each must and may have."""

from __future__ import annotations

from dataclasses import dataclass, field
from difflib import get_close_matches

import pandas as pd

from features.sources.cells import cells_of
from features.sources.parsing import is_blank
from myeloma import DataError

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
# Kept only where the source has them: a cohort of any other source has no such column.
WHERE_GIVEN = {"patients": (), "measurements": ("method", "specimen"), "events": ("line",)}

COLUMNS = frozenset(column for part in (REQUIRED, OPTIONAL, WHERE_GIVEN) for columns in part.values() for column in columns)


# Columns that say where a row of a source with many files comes from, and why it could not be read.
PLACE = ("source_file", "refusal")
# Why a source could not read a row that it had to count all the same; `features.intake.quality` refuses it with this code.
REFUSALS = {
    "not_json": "one JSON resource a line, or one JSON document a file",
    "broken_resource": "a resource as FHIR R4 defines it",
    "repeated_name": "a resource in which no name stands twice in one object: of two values nobody can tell which is meant",
    "modifier_extension": "a resource without modifierExtension, which may turn its meaning round: none is understood",
    "implicit_rules": "a resource without implicitRules, by which its meaning may be another: none are understood",
    "other_focus": "a focus on the Patient or on what is theirs, such as a Condition or BodyStructure, not on anybody or anything else",
    "undated_death": "deceasedDateTime as YYYY-MM-DD of a Patient who has died: when they died is not known",
    "withdrawn_twin": "meta.versionId or lastUpdated where one of two of the same id is withdrawn: else nobody can tell which is later",
    "absent_value": "a value, or a reason why there is none (dataAbsentReason), not both",
    "missing_reference": "a reference that leads to a Patient that was read",
    "missing_medication": "a reference that leads to a Medication that was read",
    "unnamed_drug": "a drug with its name (text, display) or a code that is mapped: nobody can tell whether it is one of the treatment",
    "lone_component": "the total of the protein, or every band of it: the first one beside a second or third",
    "unknown_operator": "an operator_concept_id of =, <, <=, > or >= (Meas Value Operator) or 0, and no other one in value_source_value",
    "cyclic_reference": "a reference that leads to a Patient, not back to itself",
}

_LIKELY = 0.65  # how alike two column names are before one is taken for a slip of the other


@dataclass(frozen=True)
class Received:
    """Tables by name, with every known column present and a `source_row` that a person can find again.

    Absent optional columns are filled with the empty string, which means unknown; those of `WHERE_GIVEN` stay absent. `files` names the
    file behind each table; `notes` says what was ignored; `mended` counts rows that a person corrected. Sources that
    read many files add the columns `PLACE`. `withheld` says more than may be kept or logged, such as codes of a laboratory's own: it is
    printed where the owner of the files asks for it, and goes nowhere else.
    """

    source: str
    tables: dict[str, pd.DataFrame]
    files: dict[str, str]
    notes: list[str] = field(default_factory=list)
    mended: int = 0
    withheld: list[str] = field(default_factory=list)


def received(source: str, tables: dict[str, pd.DataFrame], files: dict[str, str]) -> Received:
    """Return tables in the expected columns; each comes with its `source_row`.

    Raises
    ------
    DataError
        Columns are missing (all of them are named at once), or there is no patient.
    """
    problems, notes, out = [], [], {}
    for name, frame in tables.items():
        known = (*REQUIRED[name], *OPTIONAL[name], *given_columns(name, frame))
        every = dict.fromkeys((*known, *WHERE_GIVEN[name]))
        others = [str(column) for column in frame.columns.difference([*known, *WHERE_GIVEN[name], "source_row"])]
        places = {str(column): place for place, column in enumerate(frame.columns, start=1)}
        likely = {wanted: close for wanted in every for close in get_close_matches(wanted, others, n=1, cutoff=_LIKELY)}
        for column in REQUIRED[name]:
            if column not in frame.columns:
                guess = f" (is column {places[likely[column]]} meant?)" if column in likely else ""
                problems.append(f"{files[name]} has no column {column}{guess}")
        absent = [column for column in OPTIONAL[name] if column not in frame.columns]
        notes += _notes(files[name], others, {close: wanted for wanted, close in likely.items()}, absent, places)
        out[name] = frame.reindex(columns=[*known, "source_row"], fill_value="").reset_index(drop=True)
    if problems:
        wanted = "; ".join(f"{name} needs {', '.join(columns)}" for name, columns in REQUIRED.items())
        header = " The first line of a CSV file names the columns." if any(file.endswith(".csv") for file in files.values()) else ""
        raise DataError("; ".join(problems) + ".", f"{wanted}.{header}", "missing_column")
    if out["patients"].empty:
        raise DataError(f"{files['patients']} holds no patients.", "an empty cohort cannot be used.", "empty_cohort")
    return Received(source, out, files, notes)


def given_columns(name: str, frame: pd.DataFrame) -> list[str]:
    """Return those columns of `WHERE_GIVEN` that a table has; of measurements, which are checked in blocks, those that hold anything."""
    there = [column for column in WHERE_GIVEN[name] if column in frame]
    return [column for column in there if name != "measurements" or not all(map(is_blank, cells_of(frame[column]).texts))]


def _notes(file: str, others: list[str], likely: dict[str, str], absent: list[str], places: dict[str, int]) -> list[str]:
    """Say which columns are not used, by their place: in a file without a header the name is a person's data."""
    notes = [f"{file}: column {places[name]} is not used; is {likely[name]} meant?" for name in others if name in likely]
    rest = len(others) - len(notes)
    lacking = f"; not there: {', '.join(absent)}" if absent else ""
    return [*notes, f"{file}: {rest} other column{'s are' if rest > 1 else ' is'} not used{lacking}"] if rest else notes
