"""Patients and events under inspection: who can be used, and what is known to have happened to them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from features.cohort.schema import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, SEXES, STAGES
from features.intake.quarantine import Inspection
from features.sources.cells import Days, cells_of, days_of, is_blank
from myeloma.calendar import DAYS_PER_YEAR
from myeloma.fish import FINDINGS, split_findings

DATE_HINT = "dates are written YYYY-MM-DD"


def check_people(patients: Inspection, events: Inspection, today: pd.Timestamp) -> list[str]:
    """Refuse what cannot be used of patients and events, and return notes on what is kept.

    Parameters
    ----------
    today : Timestamp
        Days after it lie in the future.
    """
    notes = _check_patients(patients, today) + _check_events(events, today)
    _exclude_ended_before_index(patients, events)
    _check_events_of_known_patients(events, patients)
    _exclude_unknown_outcomes(patients, events)
    return notes


def death_dates(events: Inspection) -> pd.Series:
    """Return the day of death of those of whom one is kept, by patient."""
    deaths = events.frame[events.keep & (events.frame["kind"] == "death").to_numpy()]
    return deaths.groupby("patient_id")["occurred_at"].min()


def check_days(table: Inspection, column: str, required: bool, today: pd.Timestamp) -> tuple[Days, list[str]]:
    """Parse a column to days, refuse what is no day, and return the days and a note where zones could mislead."""
    days = days_of(table.received[column])
    table.reject(days.bad, "bad_date", column, DATE_HINT)
    if required:
        table.reject(days.blank, "missing_value", column, DATE_HINT)
    table.reject(days.day > today.to_datetime64(), "future_date", column, "the day lies in the future")
    return days, _zone_notes(f"{table.file}: {column}", days.zones, typed=hasattr(table.received[column], "dt"))


def _zone_notes(where: str, zones: tuple[str, ...], typed: bool) -> list[str]:
    if len(zones) > 1:
        names = ", ".join(zone or "none" for zone in zones[:6]) + (", ..." if len(zones) > 6 else "")
        return [f"{where} holds times in {len(zones)} zones ({names}); the calendar day is taken as written in each"]
    if typed and zones == ("UTC",):
        return [f"{where} is stored in UTC, so its days are days in UTC; a local evening may be the next day there"]
    return []


def _check_patients(table: Inspection, today: pd.Timestamp) -> list[str]:
    frame = table.frame
    frame["patient_id"] = cells_of(frame["patient_id"]).rows()
    table.reject(frame["patient_id"] == "", "missing_value", "patient_id", "every patient needs an identifier")
    received = frame.drop(columns=["source_row", "source_file", "id"], errors="ignore").astype(str)  # the same person in two files
    # An age beside a birth date is computed from it: a row that was in the cohort before has one, its twin in quarantine has not.
    received["age_at_index"] = received["age_at_index"].where(received["birth_date"].str.len() < len("YYYY-M-D"), "")
    table.reject(received.duplicated(), "duplicate_row", "patient_id", "the same row stands above")
    again = frame["patient_id"].where(table.keep).duplicated(keep=False) & table.keep
    table.reject(again, "repeated_patient", "patient_id", "one row per patient; these rows contradict each other")
    index_day, notes = check_days(table, "index_date", True, today)
    birth_day, more = check_days(table, "birth_date", False, today)
    frame["index_date"], frame["birth_date"] = index_day.day, birth_day.day
    table.reject(birth_day.day > index_day.day, "before_birth", "index_date", "the index date lies before the birth date")
    _parse_age(table)
    for column, accepted in (("sex", SEXES), ("stage", STAGES), ("heavy_chain", HEAVY_CHAINS), ("light_chain", LIGHT_CHAINS)):
        _parse_category(table, column, accepted)
    frame["site"] = cells_of(frame["site"]).rows()
    fish = cells_of(frame["fish"])
    frame["fish"] = fish.each(lambda text: "" if is_blank(text) else text)
    unknown = cells_of(frame["fish"]).each(lambda text: any(f not in FINDINGS for f in split_findings(text)), bool)
    table.reject(unknown, "unknown_category", "fish", f"findings joined by |; accepted: {', '.join(sorted(FINDINGS))}")
    return [*notes, *more]


def _check_events(table: Inspection, today: pd.Timestamp) -> list[str]:
    frame = table.frame
    for column in ("patient_id", "detail"):
        frame[column] = cells_of(frame[column]).rows()
    table.reject(frame["patient_id"] == "", "missing_value", "patient_id", "every event needs a patient")
    table.reject(_is_birth(table), "unknown_category", "kind", "a birth is no event of the disease; give it as birth_date of patients")
    _parse_category(table, "kind", EVENT_KINDS, required=True)
    days, notes = check_days(table, "occurred_at", True, today)
    frame["occurred_at"] = days.day
    same = frame[["patient_id", "kind", "occurred_at", "detail"]].duplicated()
    table.reject(same & table.keep, "duplicate_row", "kind", "the same event stands above")
    deaths = frame[table.keep & (frame["kind"] == "death")].sort_values("occurred_at", kind="stable")
    died_again = frame.index.isin(deaths.index[deaths["patient_id"].duplicated()])
    table.reject(died_again, "repeated_death", "occurred_at", "a second death with a later date; the earliest is kept")
    return notes


def _is_birth(events: Inspection) -> np.ndarray:
    return cells_of(events.received["kind"]).each(lambda text: text.casefold() == "birth", bool)


def _exclude_ended_before_index(patients: Inspection, events: Inspection) -> None:
    """Refuse people who had progressed or died before their index date: they were never at risk."""
    frame = events.frame
    early = frame["occurred_at"] < frame["patient_id"].map(patients.by_patient("index_date"))
    ends = frame["kind"].isin(["progression", "death", "last_contact"])
    events.reject(early & ends, "event_before_index", "occurred_at", "the event lies before the patient's index date")
    decisive = frame["kind"].isin(["progression", "death"])
    wrong = set(frame.loc[early & decisive & (events.reason == "event_before_index"), "patient_id"])
    patients.reject(
        patients.frame["patient_id"].isin(wrong), "event_before_index", "index_date", "progression or death lies before the index date"
    )


def _check_events_of_known_patients(events: Inspection, patients: Inspection) -> None:
    frame = events.frame
    events.reject(
        ~frame["patient_id"].isin(patients.kept_ids()),
        "patient_not_in_cohort",
        "patient_id",
        "no usable row of patients has this identifier",
    )
    born = frame["patient_id"].map(patients.by_patient("birth_date"))
    events.reject(frame["occurred_at"] < born, "before_birth", "occurred_at", "the event lies before the birth date")
    death = frame["patient_id"].map(death_dates(events))
    events.reject(frame["occurred_at"] > death, "after_death", "occurred_at", "the event lies after the patient's death")


def _exclude_unknown_outcomes(patients: Inspection, events: Inspection) -> None:
    """Set aside people of whom a decisive event was refused: without it they would be taken to be free of it."""
    harmless = events.keep | np.isin(events.reason, ["duplicate_row", "repeated_death"])
    minor = events.frame["kind"].isin(["last_contact", "treatment_stop"]) | _is_birth(events)
    unclear = set(events.frame.loc[~harmless & ~minor, "patient_id"])
    patients.reject(
        patients.frame["patient_id"].isin(unclear),
        "event_refused",
        "patient_id",
        "a progression, death or treatment of this person was refused, so what happened to them is not known",
    )
    gone = ~events.frame["patient_id"].isin(patients.kept_ids())
    events.reject(gone, "patient_not_in_cohort", "patient_id", "the person was set aside")


def _parse_age(table: Inspection) -> None:
    frame = table.frame
    text = cells_of(frame["age_at_index"])
    given = text.of(pd.to_numeric(pd.Series(text.texts, dtype=object), errors="coerce").to_numpy(dtype=float))
    said = ~text.each(is_blank, bool)
    table.reject(np.isnan(given) & said, "not_a_number", "age_at_index", "age in years")
    from_birth = (frame["index_date"] - frame["birth_date"]).dt.days / DAYS_PER_YEAR
    frame["age_at_index"] = from_birth.fillna(pd.Series(given, index=frame.index)).astype(float)
    table.reject((frame["age_at_index"] < 0) | (frame["age_at_index"] > 120), "out_of_range", "age_at_index", "age in years, 0 to 120")


def _parse_category(table: Inspection, column: str, accepted: tuple[str, ...], required: bool = False) -> None:
    cells = cells_of(table.frame[column])
    canonical = {word.casefold(): word for word in accepted}
    table.reject(
        cells.each(lambda text: not is_blank(text) and text.casefold() not in canonical, bool),
        "unknown_category",
        column,
        f"accepted: {', '.join(accepted)}",
    )
    if required:
        table.reject(cells.each(is_blank, bool), "missing_value", column, f"accepted: {', '.join(accepted)}")
    table.frame[column] = cells.each(lambda text: canonical.get(text.casefold(), ""))
