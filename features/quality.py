"""Received rows become canonical or go to quarantine with a reason; nothing is guessed and nothing is lost.

For each table: read = kept + quarantined. A row is refused for its first problem only. An optional cell that
is empty means unknown and is no problem.
"""

from __future__ import annotations

import json

import numpy as np
import pandas as pd

from features.cohort import EVENT_KINDS, HEAVY_CHAINS, LIGHT_CHAINS, OPERATORS, SCHEMAS, SEXES, STAGES, Cohort
from features.quarantine import Inspection, quarantine_frame
from features.sources import Received
from features.sources.received import REFUSALS
from features.tasks import DAYS_PER_YEAR
from myeloma import DataError, canonical_divisor, catalogue
from myeloma.errors import nearest
from myeloma.fish import FINDINGS, split_findings
from myeloma.units import accepted_units

_ISO_DAY = r"\d{4}-\d{2}-\d{2}"
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
_BLANK = ("", "na", "n/a", "nan", "none", "null", "nat", "<na>")
_DATE_HINT = "dates are written YYYY-MM-DD"


def clean(source: Received) -> tuple[Cohort, pd.DataFrame]:
    """Return the canonical cohort of what a source read, and the quarantine.

    Raises
    ------
    DataError
        Not one patient, or not one measurement, can be used.
    """
    cohort, quarantine = inspect(source)
    for name in ("patients", "measurements"):
        if cohort.tables()[name].empty:
            read = cohort.about["counts"][name]["read"]
            why = f"all {read} rows were refused:\n{describe_problems(quarantine)}" if read else f"{source.files[name]} holds no rows."
            raise DataError(f"No usable {name}: {why}", "mend the rows and ingest again; nothing was written.", "nothing_usable")
    return cohort, quarantine


def inspect(source: Received) -> tuple[Cohort, pd.DataFrame]:
    """Return what can be used of a source, which may be nothing, and the rows that cannot, with reasons."""
    inspections = {name: Inspection(name, source.files[name], frame) for name, frame in source.tables.items()}
    patients, events, measurements = (inspections[name] for name in ("patients", "events", "measurements"))
    for table in inspections.values():
        _refuse_unreadable(table)
    _check_patients(patients)
    _check_events(events)
    _exclude_ended_before_index(patients, events)
    _check_events_of_known_patients(events, patients)
    _exclude_unknown_outcomes(patients, events)
    _check_measurements(measurements, patients, events)

    quarantine = quarantine_frame(inspections.values())
    counts = {name: i.counts() for name, i in inspections.items()}
    about = {"source": source.source, "counts": counts, "reasons": _reason_counts(quarantine), "notes": source.notes}
    return _cohort(patients, measurements, events, about), quarantine


def describe_problems(quarantine: pd.DataFrame) -> str:
    """Return one line per kind of problem: how many rows, the first of them, what is accepted. Names no person."""
    lines = []
    for (reason, file, column), group in quarantine.groupby(["reason", "file", "column"], sort=False):
        first = group.iloc[0]
        received = f' received "{first["received"]}",' if first["received"] else ""
        rows = "1 row" if len(group) == 1 else f"{len(group)} rows"
        lines.append(f"  {reason}: {rows} of {file} ({column}); first at row {first['row']}:{received} {first['accepted']}")
    return "\n".join(lines)


def _refuse_unreadable(table: Inspection) -> None:
    """Refuse the rows that the source itself could not read; it counts them, and says why."""
    for code, accepted in REFUSALS.items() if "refusal" in table.frame else ():
        table.reject(table.frame["refusal"] == code, code, "refusal", accepted)


def _check_patients(table: Inspection) -> None:
    frame = table.frame
    frame["patient_id"] = _as_text(frame["patient_id"])
    table.reject(frame["patient_id"] == "", "missing_value", "patient_id", "every patient needs an identifier")
    received = frame.drop(columns=["source_row", "source_file"], errors="ignore").astype(str)  # the same person in two files
    table.reject(received.duplicated(), "duplicate_row", "patient_id", "the same row stands above")
    again = frame["patient_id"].where(table.keep).duplicated(keep=False) & table.keep
    table.reject(again, "repeated_patient", "patient_id", "one row per patient; these rows contradict each other")
    _parse_date(table, "index_date", required=True)
    _parse_date(table, "birth_date", required=False)
    table.reject(frame["birth_date"] > frame["index_date"], "before_birth", "index_date", "the index date lies before the birth date")
    _parse_age(table)
    for column, accepted in (("sex", SEXES), ("stage", STAGES), ("heavy_chain", HEAVY_CHAINS), ("light_chain", LIGHT_CHAINS)):
        _parse_category(table, column, accepted)
    frame["site"] = _as_text(frame["site"])
    frame["fish"] = _blank_as_empty(_as_text(frame["fish"]))
    unknown = frame["fish"].map(lambda text: any(f not in FINDINGS for f in split_findings(text)))
    table.reject(unknown, "unknown_category", "fish", f"findings joined by |; accepted: {', '.join(sorted(FINDINGS))}")


def _check_events(table: Inspection) -> None:
    frame = table.frame
    frame["patient_id"] = _as_text(frame["patient_id"])
    frame["detail"] = _as_text(frame["detail"])
    table.reject(frame["patient_id"] == "", "missing_value", "patient_id", "every event needs a patient")
    _parse_category(table, "kind", EVENT_KINDS, required=True)
    _parse_date(table, "occurred_at", required=True)
    received = frame[["patient_id", "kind", "occurred_at", "detail"]].astype(str)
    table.reject(received.duplicated() & table.keep, "duplicate_row", "kind", "the same event stands above")
    deaths = frame[table.keep & (frame["kind"] == "death")].sort_values("occurred_at")
    died_again = frame.index.isin(deaths.index[deaths["patient_id"].duplicated()])
    table.reject(died_again, "repeated_death", "occurred_at", "a second death with a later date; the earliest is kept")


def _exclude_ended_before_index(patients: Inspection, events: Inspection) -> None:
    """Refuse people who had progressed or died before their index date: they were never at risk."""
    index_date = patients.by_patient("index_date")
    early = events.frame["occurred_at"] < events.frame["patient_id"].map(index_date)
    ends = events.frame["kind"].isin(["progression", "death", "last_contact"])
    events.reject(early & ends, "event_before_index", "occurred_at", "the event lies before the patient's index date")
    decisive = events.frame["kind"].isin(["progression", "death"])
    wrong = set(events.frame.loc[early & decisive & (events.reason == "event_before_index"), "patient_id"])
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
    death = frame["patient_id"].map(_death_dates(events))
    events.reject(frame["occurred_at"] > death, "after_death", "occurred_at", "the event lies after the patient's death")


def _exclude_unknown_outcomes(patients: Inspection, events: Inspection) -> None:
    """Set aside people of whom a decisive event was refused: without it they would be taken to be free of it."""
    harmless = (events.reason == "") | events.reason.isin(["duplicate_row", "repeated_death"])
    minor = events.frame["kind"].isin(["last_contact", "treatment_stop"])
    unclear = set(events.frame.loc[~harmless & ~minor, "patient_id"])
    patients.reject(
        patients.frame["patient_id"].isin(unclear),
        "event_refused",
        "patient_id",
        "a progression, death or treatment of this person was refused, so what happened to them is not known",
    )
    gone = ~events.frame["patient_id"].isin(patients.kept_ids())
    events.reject(gone, "patient_not_in_cohort", "patient_id", "the person was set aside")


def _check_measurements(table: Inspection, patients: Inspection, events: Inspection) -> None:
    frame = table.frame
    frame["patient_id"] = _as_text(frame["patient_id"])
    table.reject(
        ~frame["patient_id"].isin(patients.kept_ids()),
        "patient_not_in_cohort",
        "patient_id",
        "no usable row of patients has this identifier",
    )
    _parse_date(table, "collected_at", required=True)
    _parse_date(table, "available_at", required=False)
    frame["available_at"] = frame["available_at"].fillna(frame["collected_at"])
    table.reject(
        frame["available_at"] < frame["collected_at"],
        "available_before_collected",
        "available_at",
        "a result cannot be known before it is collected",
    )
    table.reject(
        frame["collected_at"] < frame["patient_id"].map(patients.by_patient("birth_date")),
        "before_birth",
        "collected_at",
        "collected before the birth date",
    )
    table.reject(
        frame["collected_at"] > frame["patient_id"].map(_death_dates(events)),
        "after_death",
        "collected_at",
        "collected after the patient's death",
    )
    frame["biomarker"] = _as_text(frame["biomarker"]).str.casefold()
    for name in frame.loc[table.keep, "biomarker"].unique():
        if name not in catalogue():
            table.reject(frame["biomarker"] == name, "unknown_biomarker", "biomarker", nearest(name, catalogue().keys()))
    _parse_value(table)
    _convert_units(table)
    same = ["patient_id", "collected_at", "available_at", "biomarker", "value", "operator"]
    table.reject(frame[same].where(table.keep).duplicated() & table.keep, "duplicate_row", "value", "the same result stands above")


def _parse_value(table: Inspection) -> None:
    frame = table.frame
    frame["original_value"] = _as_text(frame["value"])
    frame["operator"] = ""
    if not pd.api.types.is_numeric_dtype(frame["value"]) or pd.api.types.is_bool_dtype(frame["value"]):
        text = frame["original_value"]
        blank = text.str.casefold().isin(_BLANK)
        table.reject(blank, "missing_value", "value", "a result needs a value; leave the row out when there is none")
        parts = text.str.extract(rf"^([{''.join(OPERATORS)}]?)\s*({_NUMBER})$")
        table.reject(
            parts[1].isna(), "not_a_number", "value", 'a number with a decimal point, with < or > before it if need be, as in "<0.1"'
        )
        frame["operator"] = parts[0].fillna("")
        frame["value"] = pd.to_numeric(parts[1], errors="coerce")
    frame["value"] = frame["value"].astype("Float64").astype(float)
    table.reject(~np.isfinite(frame["value"]), "missing_value", "value", "a finite number")


def _convert_units(table: Inspection) -> None:
    """Convert every value by its (biomarker, unit) and check it against the hard limits."""
    frame = table.frame
    frame["original_unit"] = _as_text(frame["unit"])
    converted, divisors = frame["value"].to_numpy(copy=True), np.ones(len(frame))
    kept = frame[table.keep]
    for (name, unit), rows in kept.groupby(["biomarker", "original_unit"]).groups.items():
        entry = catalogue()[name]
        chosen = frame.index.isin(rows)
        try:
            divisor = canonical_divisor(name, unit)
        except DataError:
            table.reject(chosen, "unknown_unit", "unit", f"{name} is accepted in {', '.join(accepted_units(entry))}")
            continue
        converted[chosen] /= divisor
        divisors[chosen] = divisor
        outside = chosen & ((converted < entry.lower) | (converted > entry.upper))
        table.reject(
            outside, "out_of_range", "value", f"{name} lies between {entry.lower:g} and {entry.upper:g} {entry.unit}; is the unit right?"
        )
    frame["value"], frame["unit_divisor"] = converted, divisors
    frame["unit"] = frame["biomarker"].map({key: entry.unit for key, entry in catalogue().biomarkers.items()})


def _parse_date(table: Inspection, column: str, required: bool) -> None:
    """Parse a column to days. A time of day, with or without a zone, keeps the calendar day as written."""
    values = table.frame[column]
    if pd.api.types.is_datetime64_any_dtype(values):
        days = values.dt.tz_localize(None) if values.dt.tz is not None else values
        blank = values.isna()
        beyond = (days < pd.Timestamp.min.ceil("D")) | (days > pd.Timestamp.max.floor("D"))
        table.reject(beyond, "bad_date", column, _DATE_HINT)
        days = days.mask(beyond).dt.normalize()
    else:
        text = _as_text(values)
        blank = text.str.casefold().isin(_BLANK)
        day = text.str.extract(rf"^({_ISO_DAY})(?:[T ]\d{{2}}:.*)?$")[0]
        days = pd.to_datetime(day, format="%Y-%m-%d", errors="coerce")
        table.reject(days.isna() & ~blank, "bad_date", column, _DATE_HINT)
    if required:
        table.reject(blank, "missing_value", column, _DATE_HINT)
    table.frame[column] = days.astype("datetime64[ns]")
    table.reject(table.frame[column] > pd.Timestamp.today(), "future_date", column, "the day lies in the future")


def _parse_age(table: Inspection) -> None:
    frame = table.frame
    text = _as_text(frame["age_at_index"])
    given = pd.to_numeric(text, errors="coerce").astype(float)
    table.reject(given.isna() & ~text.str.casefold().isin(_BLANK), "not_a_number", "age_at_index", "age in years")
    from_birth = (frame["index_date"] - frame["birth_date"]).dt.days / DAYS_PER_YEAR
    frame["age_at_index"] = from_birth.fillna(given).astype(float)
    table.reject((frame["age_at_index"] < 0) | (frame["age_at_index"] > 120), "out_of_range", "age_at_index", "age in years, 0 to 120")


def _parse_category(table: Inspection, column: str, accepted: tuple[str, ...], required: bool = False) -> None:
    text = _blank_as_empty(_as_text(table.frame[column]))
    canonical = text.str.casefold().map({word.casefold(): word for word in accepted} | {"": ""})
    table.reject(canonical.isna(), "unknown_category", column, f"accepted: {', '.join(accepted)}")
    if required:
        table.reject(text == "", "missing_value", column, f"accepted: {', '.join(accepted)}")
    table.frame[column] = canonical.fillna("")


def _as_text(values: pd.Series) -> pd.Series:
    """Return text, empty where missing. A whole float is written without its point: 17.0 and 17 are one identifier."""
    if pd.api.types.is_float_dtype(values):
        return values.map(lambda v: "" if pd.isna(v) else f"{v:.0f}" if float(v).is_integer() else repr(float(v))).astype(object)
    plain = values.astype(object)
    return plain.where(plain.notna(), "").astype(str).str.strip()


def _blank_as_empty(text: pd.Series) -> pd.Series:
    return text.mask(text.str.casefold().isin(_BLANK), "")


def _death_dates(events: Inspection) -> pd.Series:
    deaths = events.frame[events.keep & (events.frame["kind"] == "death")]
    return deaths.groupby("patient_id")["occurred_at"].min()


def _cohort(patients: Inspection, measurements: Inspection, events: Inspection, about: dict) -> Cohort:
    def table(inspection: Inspection, order: list[str]) -> pd.DataFrame:
        columns = list(SCHEMAS[inspection.table].columns)
        return inspection.frame.loc[inspection.keep].sort_values(order, kind="stable")[columns].reset_index(drop=True)

    return Cohort(
        patients=table(patients, ["patient_id"]),
        measurements=table(measurements, ["patient_id", "biomarker", "collected_at", "available_at", "source_row"]),
        events=table(events, ["patient_id", "occurred_at", "kind"]),
        about=json.loads(json.dumps(about)),
    )


def _reason_counts(quarantine: pd.DataFrame) -> dict[str, int]:
    return {f"{table}.{reason}": int(n) for (table, reason), n in quarantine.groupby(["table", "reason"]).size().items()}
