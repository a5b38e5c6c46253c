"""Received rows become canonical or go to quarantine with a reason; nothing is guessed and nothing is lost.

For each table: read = kept + quarantined. A row is refused for its first problem only. An optional cell that
is empty means unknown and is no problem. Patients and events are checked whole, measurements in blocks of patients.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from features.cohort.schema import Cohort, as_objects
from features.cohort.sites import numbered
from features.intake.attrition import Tally, sites_of, summary, tally
from features.intake.columns import DIFFER, People, identifiers, measurements_table, occurrences_of, persons_of, results_of
from features.intake.items import item_of
from features.intake.measured import check_results
from features.intake.people import check_people
from features.intake.plausibility import first_starts
from features.intake.quarantine import PART, STANDS, Inspection, describe_problems, quarantine_frame
from features.intake.selection import ByBiomarker, by_biomarker
from features.intake.site_units import Outside, outside_by_unit
from features.sources.received import REFUSALS, Received
from myeloma import DataError

_ORDER = {"patients": ["patient_id"], "events": ["patient_id", "occurred_at", "kind", "source_row"]}


@dataclass(frozen=True)
class Checked:
    """Patients and events after their check, and what the check of measurements needs of them."""

    patients: Inspection
    events: Inspection
    people: People
    sites: dict[str, str]
    notes: list[str]

    def called(self) -> dict[str, str]:
        """Return how summaries call each site."""
        return numbered(self.sites.values())

    @cached_property
    def light_chain(self) -> pd.Series:
        """The light chain of each patient kept."""
        return self.patients.by_patient("light_chain")

    @cached_property
    def first_start(self) -> pd.Series:
        """The day of the first start of treatment, by patient."""
        return first_starts(self.events.frame[self.events.keep])

    @cached_property
    def last_contact(self) -> pd.Series:
        """The day of the last contact, by patient."""
        kept = self.events.frame[self.events.keep]
        return kept[kept["kind"] == "last_contact"].groupby("patient_id")["occurred_at"].max()

    def tallies(self) -> dict[str, Tally]:
        """Return the tallies of patients and events."""
        return {table.table: tally(table, self.sites) for table in (self.patients, self.events)}

    def tables(self) -> dict[str, pd.DataFrame]:
        """Return the patients and events kept, as the cohort holds them."""
        return {table.table: _kept(table) for table in (self.patients, self.events)}


@dataclass(frozen=True)
class Block:
    """Measurements of some patients after their check: kept rows in order, the refused ones, where rows went, and in what units."""

    kept: pd.DataFrame
    inspection: Inspection
    tally: Tally
    outside: Outside
    biomarkers: ByBiomarker
    notes: list[str]


def clean(source: Received) -> tuple[Cohort, pd.DataFrame]:
    """Return the canonical cohort of what a source read, and the quarantine.

    Raises
    ------
    DataError
        Not one patient, or not one measurement, can be used.
    """
    cohort, quarantine = inspect(source)
    refuse_unusable(cohort.about["counts"], quarantine, source.files)
    return cohort, quarantine


def inspect(source: Received, today: pd.Timestamp | None = None) -> tuple[Cohort, pd.DataFrame]:
    """Return what can be used of a source, which may be nothing, and the rows that cannot, with reasons."""
    checked = check(source, today)
    block = check_block(source.tables["measurements"], source.files["measurements"], checked)
    quarantine = quarantine_frame([checked.patients.refused(), checked.events.refused(), block.inspection.refused()])
    about = describe_source(source, checked, block.tally, block.notes)
    return Cohort(**checked.tables(), measurements=as_objects(block.kept), about=about), quarantine


def check(source: Received, today: pd.Timestamp | None = None) -> Checked:
    """Check patients and events.

    Parameters
    ----------
    today : Timestamp, optional
        Days after it lie in the future and are refused; the day of the call where left out.
    """
    patients, events = (Inspection(name, source.files[name], source.tables[name]) for name in ("patients", "events"))
    for table in (patients, events):
        _refuse_unreadable(table)
    ids, person, of_event = identifiers(patients.received, events.received)
    who, patients.frame, notes = persons_of(patients.received, ids, person, patients.file)
    happened, events.frame, more = occurrences_of(events.received, ids, of_event, events.file)
    day = (date.today() if today is None else today.date()).toordinal() - date(1970, 1, 1).toordinal()
    known = check_people(patients, who, events, happened, len(ids), day)
    patients.stands[np.bincount(person, minlength=len(ids))[person] > 1] = STANDS  # its optional cells may be those of other rows
    return Checked(patients, events, People(ids, known, day), sites_of(patients), [*notes, *more])


def _refuse_unreadable(table: Inspection) -> None:
    """Refuse the rows that the source itself could not read; it counts them, and says why."""
    for code, accepted in REFUSALS.items() if "refusal" in table.received else ():
        table.reject((table.received["refusal"] == code).to_numpy(), code, "refusal", accepted)


def check_block(measurements: pd.DataFrame, file: str, checked: Checked) -> Block:
    """Check the measurements of some patients, all of those patients' rows among them."""
    table = Inspection("measurements", file, measurements)
    _refuse_unreadable(table)
    results, texts, notes = results_of(measurements, checked.people, file)
    taken = check_results(table, results, checked.people.today)
    if taken.scale is not None:
        table.stands[item_of(results.biomarker) >= 0] = PART
        table.stands[taken.scale] = STANDS
    kept = measurements_table(results, texts, taken)
    outside = outside_by_unit(table, kept, checked.sites)
    return Block(kept, table, tally(table, checked.sites), outside, by_biomarker(table), notes)


def describe_source(source: Received, checked: Checked, measured: Tally, notes: list[str]) -> dict[str, Any]:
    """Return what cohort.json says: where rows came from, where they went, and what was noticed."""
    tallies = checked.tallies()
    tallies = {"patients": tallies["patients"], "measurements": measured, "events": tallies["events"]}
    found = [*checked.notes, *notes]
    if source.mended:  # rows read back say no more how they were written, but still whether they differ
        found = [note for note in found if note.endswith(DIFFER)]
    said = list(dict.fromkeys([*source.notes, *found]))
    return {"source": source.source, "files": dict(source.files), **summary(tallies, checked.called()), "notes": said}


def refuse_unusable(counts: dict[str, dict[str, int]], quarantine: pd.DataFrame, files: dict[str, str]) -> None:
    """Raise where there is not one patient, or not one measurement.

    Raises
    ------
    DataError
        It says how many rows were refused and why.
    """
    for name in ("patients", "measurements"):
        if not counts[name]["kept"]:
            read = counts[name]["read"]
            why = f"all {read} rows were refused:\n{describe_problems(quarantine)}" if read else f"{files[name]} holds no rows."
            hint = "mend the rows and ingest again; nothing was written."
            if (quarantine["reason"] == "future_date").any():
                hint += " Where the calendar was shifted, as in MIMIC, give --as-of a day after the last one."
            if name == "measurements" and (quarantine["reason"] == "patient_not_in_cohort").any():
                hint += " Are identifiers written otherwise there? `python -m features suggest FOLDER` finds leading zeros that were lost."
            raise DataError(f"No usable {name}: {why}", hint, "nothing_usable")


def _kept(table: Inspection) -> pd.DataFrame:
    return table.frame[table.keep].sort_values(_ORDER[table.table], kind="stable").reset_index(drop=True)
