"""OMOP CDM 5.4: person, measurement, condition_occurrence, death, observation_period, drug_exposure (and concept).

A code of the mapping matches a row by concept id (standard or source concept), by vocabulary and code as in `LOINC:718-7`
(looked up in the table concept), or by the text of the source value. Only rows with a mapped code are read; the others
are counted. All work on rows is done by the database.
"""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd

from features.sources.histories import Histories, as_sex, as_site, assemble
from features.sources.mapping import Mapping, omop_concepts
from features.sources.omop.codes import CODED, CodeTables, code_tables
from features.sources.omop.tables import DuckdbTables, FolderTables, OmopTables, comparator, compared_number
from features.sources.received import Received
from features.sources.refused import note_of_refused
from features.sources.units import one_unit
from features.sources.unmapped import note_of
from myeloma import ConfigError, DataError, StateError, catalogue

_DATABASE = re.compile(r"^(postgres(?:ql)?|duckdb)://", re.IGNORECASE)
_OTHER = re.compile(r"^[a-z][a-z0-9+]*://", re.IGNORECASE)
_ENDINGS = (".duckdb", ".ddb", ".db")
_TOP = 5
_FIRST_OF_A_SITE, _LONGEST = 2_000_000_000, 10  # concepts from this one on are a site's own (OMOP CDM 5.4); digits of a concept
# Columns of OMOP's table person that may say sex or site; any other name may be a record's data, in a file without a header.
_OF_A_PERSON = ("gender_concept_id", "gender_source_concept_id", "gender_source_value", "care_site_id", "location_id", "provider_id")
PERSON = ("person_id", "year_of_birth", "month_of_birth", "day_of_birth", "birth_datetime")
MEASUREMENT = (
    *("person_id", "measurement_concept_id", "measurement_source_concept_id", "measurement_source_value"),
    *("measurement_date", "measurement_datetime", "measurement_time", "value_as_number", "operator_concept_id"),
    *("unit_concept_id", "unit_source_value", "value_source_value", "value_as_concept_id"),
)
_NEEDED = {
    "person": ("person_id",),
    "measurement": ("person_id", "measurement_concept_id", "value_as_number"),
    "condition_occurrence": ("person_id", "condition_concept_id"),
}
_WITHOUT = {
    "death": "no death is known",
    "observation_period": "there is no last contact, so follow-up ends at the last result",
    "drug_exposure": "no treatment is known",
}


def read_omop(place: str, mapping: Mapping, today: int | None = None) -> Received:
    """Return the cohort of an OMOP folder or database, as received.

    Parameters
    ----------
    place : str
        A folder of CSV or Parquet tables, a DuckDB file, `duckdb:///folder/file.duckdb` or `postgresql://user@host/database`.
    today : int, optional
        Days since 1970; what happened after it lies in the future. The day of the call where left out.

    Raises
    ------
    StateError
        There is no such folder, file or database.
    DataError
        A table that is needed is missing or damaged, or nobody has an index code.
    """
    tables = _open(place, mapping.schema)
    try:
        notes = _check_tables(tables)
        codes = code_tables(tables, mapping, notes)
        measurements = _measurements(tables, codes, notes)
        people, said = _people(tables, mapping)
        events = [_conditions(tables, codes), *_ends(tables), *_drugs(tables, codes)]
        found = [_other_codes(tables, codes, table) for table in CODED]  # when all are loaded
    finally:
        tables.close()
    notes += [note for others, _ in found for note in others]
    withheld = [line for _, private in found for line in private]
    files = {"patients": tables.label("person"), "measurements": tables.label("measurement")}
    files["events"] = ", ".join(tables.label(table) for table in ("condition_occurrence", *_WITHOUT) if tables.columns(table))
    occurrences = pd.concat(events, ignore_index=True)
    return assemble(Histories("omop", people, occurrences, measurements, files, notes + said, withheld), mapping.stage, today)


def _open(place: str, schema: str) -> OmopTables:
    kind = _DATABASE.match(place)
    if kind and kind[1].lower() != "duckdb":
        from features.sources.omop.postgres import PostgresTables  # the driver loads a C library; only who needs it pays

        return PostgresTables(place, schema)
    if kind:
        return DuckdbTables(Path(place[kind.end() :]), schema)
    if _OTHER.match(place):
        raise ConfigError("The omop source cannot read that kind of database.", "accepted: duckdb://..., postgresql://..., or a folder.")
    path = Path(place)
    if path.is_dir():
        return FolderTables(path)
    if path.suffix.lower() in _ENDINGS:
        return DuckdbTables(path, schema)
    raise StateError(f"No folder {path}.", "the omop source reads a folder of tables, a .duckdb file, or postgresql://...")


def _check_tables(tables: OmopTables) -> list[str]:
    """Refuse input that lacks what a cohort needs, all at once, and note what else is not there."""
    missing = [table for table in _NEEDED if tables.columns(table) is None]
    if missing:
        raise DataError(
            f"No table {', '.join(missing)}.",
            f"the omop source needs {', '.join(_NEEDED)} (.csv, .csv.gz, .parquet or in the database), and reads "
            f"{', '.join(_WITHOUT)}, concept.",
            "missing_table",
        )
    lacking = [
        f"{tables.label(t)} has no column {c}" for t, columns in _NEEDED.items() for c in columns if c not in (tables.columns(t) or {})
    ]
    if lacking:
        raise DataError("; ".join(lacking) + ".", "columns are named as in OMOP CDM 5.4.", "missing_column")
    notes = [f"no table {table}: {meaning}" for table, meaning in _WITHOUT.items() if tables.columns(table) is None]
    if tables.unread:
        named = f"{', '.join(tables.unread[:_TOP])}{', ...' if len(tables.unread) > _TOP else ''}"
        notes.append(
            f"{len(tables.unread)} files or folders are no table of OMOP CDM 5.4 and are not read: {named}; are they parts of one?"
        )
    return notes


def _measurements(tables: OmopTables, codes: CodeTables, notes: list[str]) -> pd.DataFrame:
    tables.load("measurement", MEASUREMENT, codes.condition("measurement", tables))
    mark = comparator("m.value_source_value")
    moment = _moment("m.measurement_date", "m.measurement_datetime", "m.measurement_time")
    found = tables.query(
        f"""
        SELECT m.person_id AS patient_id, {moment} AS collected_at,
               '' AS available_at, coalesce(a.meaning, b.meaning, c.meaning) AS biomarker,
               CASE WHEN m.value_as_number = '' THEN {compared_number("m.value_source_value")}
                    WHEN o.operator IS NULL THEN 'operator ' || m.operator_concept_id || ' ' || m.value_as_number
                    WHEN {mark} IN ('', o.operator) THEN o.operator || m.value_as_number
                    WHEN o.operator = '' THEN {mark} || m.value_as_number
                    ELSE 'two operators ' || m.value_as_number END AS value,
               coalesce(u.unit, t.unit, nullif(m.unit_source_value, ''),
                        CASE WHEN m.unit_concept_id NOT IN ('', '0') THEN 'concept ' || m.unit_concept_id END,
                        nullif(a.detail, ''), nullif(b.detail, ''), nullif(c.detail, ''), '') AS unit,
               coalesce(t.unit, m.unit_source_value) AS unit_in_words,
               coalesce(a.component, b.component, c.component) AS component,
               coalesce(a.method, b.method, c.method) AS method, coalesce(a.specimen, b.specimen, c.specimen) AS specimen,
               m.value_as_concept_id AS result_code, m.value_source_value AS result_in_words, m.source_row
        FROM measurement m
        LEFT JOIN measured_concepts a ON a.code = m.measurement_concept_id
        LEFT JOIN measured_concepts b ON b.code = m.measurement_source_concept_id
        LEFT JOIN measured_texts c ON c.code = m.measurement_source_value
        LEFT JOIN operators o ON o.code = m.operator_concept_id
        LEFT JOIN units u ON u.code = m.unit_concept_id AND m.unit_concept_id NOT IN ('', '0')
        LEFT JOIN units t ON t.code = m.unit_source_value
        WHERE coalesce(a.meaning, b.meaning, c.meaning) IS NOT NULL
        ORDER BY m.source_row
        """,
        "measurement",
    )
    found = _with_coded_results(found, codes.results)
    words = found.pop("unit_in_words")
    twice = (words != "") & (words != found["unit"])
    said = zip(found.loc[twice, "biomarker"], found.loc[twice, "unit"], words[twice], strict=True)
    found.loc[twice, "unit"] = [one_unit(*each) for each in said]
    return _without_unclear_operators(found, notes)


def _without_unclear_operators(found: pd.DataFrame, notes: list[str]) -> pd.DataFrame:
    """Refuse results whose number is one and whose operator is not understood, and name the concepts that everybody may know."""
    unknown = found["value"].str.extract(r"^operator (\S+) ")[0]
    unclear = unknown.notna() | found["value"].str.startswith("two operators ")
    if not unclear.any():
        return found
    named = ", ".join(f"{code} {n}" for code, n in unknown.value_counts().items() if _is_shared(str(code)))
    if unknown.notna().any():
        listed = f" ({named})" if named else ""
        notes.append(f"{unknown.notna().sum()} results have an operator_concept_id that is not known{listed}: they are refused")
    return found.assign(refusal=unclear.map({True: "unknown_operator", False: ""}))


def _is_shared(concept: str) -> bool:
    """Return whether a concept is one of the shared vocabularies, a number that everybody may know; a site's own are not."""
    return concept.isdecimal() and len(concept) <= _LONGEST and int(concept) < _FIRST_OF_A_SITE


def _with_coded_results(found: pd.DataFrame, results: dict[str, str]) -> pd.DataFrame:
    """Return results whose value is no number as the mapping says; the words of a finding are taken as they are."""
    code, words = found.pop("result_code"), found.pop("result_in_words")
    blank = found["value"] == ""
    of_words = blank & found["biomarker"].isin([key for key, entry in catalogue().biomarkers.items() if entry.words])
    meant = code[blank].map(results).fillna(words[blank].map(results)).fillna(words[of_words])
    found.loc[meant.dropna().index, "value"] = meant.dropna()
    return found


def _moment(date: str, datetime: str, time: str) -> str:
    """Return, in SQL, the day with its time of day; the column of the date, which OMOP requires, wins over a time stamp of another day."""
    return (
        f"CASE WHEN {date} = '' THEN {datetime} WHEN starts_with({datetime}, {date}) THEN {datetime} "
        f"WHEN {time} <> '' AND length({date}) = 10 THEN {date} || ' ' || {time} ELSE {date} END"
    )


def _other_codes(tables: OmopTables, codes: CodeTables, table: str) -> tuple[list[str], list[str]]:
    """Say how many rows of a table have no mapped code, and which codes are the most frequent of them; see `unmapped.note_of`.

    A concept of the shared vocabularies is a number that everybody may know; a site's own concepts, and texts, are withheld.
    """
    there, name = tables.columns(table), CODED[table]
    if there is None:
        return [], []
    counted = tables.codes(table, (f"{name}_concept_id", f"{name}_source_concept_id", f"{name}_source_value"))
    concepts, texts = codes.known(table)
    others = counted[~(counted[["concept", "source_concept"]].isin(concepts).any(axis=1) | counted["text"].isin(texts))]
    if others.empty:
        return [], []
    coded = others[~others["concept"].isin(["", "0"])].groupby("concept")[["n", "people"]].sum()
    local = others[others["concept"].isin(["", "0"]) & (others["text"] != "")].groupby("text")[["n", "people"]].sum()
    shared = set(filter(_is_shared, coded.index))
    most = pd.concat([coded, local]).sort_values(["people", "n"], ascending=False, kind="stable")
    names = codes.names(tables, [code for code in most.index if code in shared][:_TOP])
    share = f"{others['n'].sum()} of {counted['n'].sum()} rows of {tables.label(table)} have a code that is not mapped and are not read"
    counted_rows = [(str(code), int(n)) for code, n in most["n"].items()]
    never = note_of_refused(codes.never_read(tables, others)) if table == "measurement" else []
    said, withheld = note_of(share, counted_rows, lambda code: f"{code}{names.get(code, '')}" if code in shared else "")
    return [*never, *said], withheld


def _people(tables: OmopTables, mapping: Mapping) -> tuple[pd.DataFrame, list[str]]:
    there = tables.columns("person") or {}
    sex_column = mapping.sex.read_from.lower() or "gender_concept_id"
    site_column = mapping.site.read_from.lower() or "care_site_id"
    for column in filter(None, (mapping.sex.read_from, mapping.site.read_from)):
        if column.lower() not in there:
            listed = ", ".join(name for name in there if name in _OF_A_PERSON)
            raise ConfigError(f'{tables.label("person")} has no column "{column}".', f"of OMOP's columns it has: {listed}.")
    tables.load("person", dict.fromkeys((*PERSON, sex_column, site_column)))
    person = tables.query("SELECT * FROM person ORDER BY source_row", "person")
    sex, notes = as_sex(
        person[sex_column],
        (*mapping.sex.female, *omop_concepts()["sex"]["female"]),
        (*mapping.sex.male, *omop_concepts()["sex"]["male"]),
    )
    year, month, day = (person[f"{part}_of_birth"] for part in ("year", "month", "day"))
    birth = year.where(month == "", year + "-" + month.str.zfill(2))
    birth = birth.where((month == "") | (day == ""), birth + "-" + day.str.zfill(2))
    # A time stamp on the first of a month that nobody knows is made up; one on any other day says the day.
    stamp = person["birth_datetime"].str.slice(0, len("2000-01-01"))
    imputed = (year != "") & stamp.str.endswith("-01") & ((month != "") | stamp.str.endswith("-01-01"))
    whole = (birth.str.len() == len("2000-01-01")) | (stamp == "") | imputed
    people = pd.DataFrame(
        {
            "patient_id": person["person_id"],
            "birth": birth.where(whole, person["birth_datetime"]),
            "sex": sex,
            "site": as_site(person[site_column], mapping.site.codes, mapping.site.value),
            "source_row": person["source_row"],
        }
    )
    return people, notes


def _conditions(tables: OmopTables, codes: CodeTables) -> pd.DataFrame:
    columns = ["person_id", "condition_start_date", "condition_start_datetime"]
    coded = ["condition_concept_id", "condition_source_concept_id", "condition_source_value"]
    tables.load("condition_occurrence", [*columns, *coded], codes.condition("condition_occurrence", tables))
    day = "coalesce(nullif(condition_start_date, ''), condition_start_datetime)"
    found = tables.query(_coded("condition_occurrence", f"{day} AS occurred_at", coded), "condition_occurrence")
    return found[found["kind"] != "treatment"].assign(source_file=tables.label("condition_occurrence"))


def _ends(tables: OmopTables) -> list[pd.DataFrame]:
    """Return deaths and the ends of observation periods."""
    ends = []
    for table, kind, days in (
        ("death", "death", ("death_date", "death_datetime")),
        ("observation_period", "last_contact", ("observation_period_end_date", "observation_period_end_datetime")),
    ):
        if tables.columns(table) is not None:
            tables.load(table, ("person_id", *days))
            found = tables.query(
                f"SELECT person_id AS patient_id, coalesce(nullif({days[0]}, ''), {days[1]}) AS occurred_at, '{kind}' AS kind, "
                f"'' AS detail, source_row FROM {table} ORDER BY source_row",
                table,
            )
            ends.append(found.assign(source_file=tables.label(table)))
    return ends


def _drugs(tables: OmopTables, codes: CodeTables) -> list[pd.DataFrame]:
    """Return the start, and where it is known the end, of each exposure to a mapped drug."""
    if tables.columns("drug_exposure") is None:
        return []
    start, end = ("drug_exposure_start_date", "drug_exposure_start_datetime"), ("drug_exposure_end_date", "drug_exposure_end_datetime")
    coded = ["drug_concept_id", "drug_source_concept_id", "drug_source_value"]
    tables.load("drug_exposure", ["person_id", *start, *end, *coded], codes.condition("drug_exposure", tables))
    days = f"coalesce(nullif({start[0]}, ''), {start[1]}) AS occurred_at, coalesce(nullif({end[0]}, ''), {end[1]}) AS ended_at"
    found = tables.query(_coded("drug_exposure", days, coded), "drug_exposure")
    found = found[found["kind"] == "treatment"].assign(source_file=tables.label("drug_exposure"))
    stops = found[found["ended_at"] != ""]
    return [
        found.drop(columns="ended_at").assign(kind="treatment_start"),
        stops.drop(columns="occurred_at").rename(columns={"ended_at": "occurred_at"}).assign(kind="treatment_stop"),
    ]


def _coded(table: str, days: str, coded: list[str]) -> str:
    """Return the SQL for the rows of a table that carry a code of the mapping, once for each kind it means."""
    pairs = [("role_concepts", coded[0]), ("role_concepts", coded[1]), ("role_texts", coded[2])]
    parts = [
        f"SELECT t.person_id AS patient_id, {days}, r.meaning AS kind, r.detail, t.source_row "
        f"FROM {table} t JOIN {codes} r ON r.code = t.{column}"
        for codes, column in pairs
    ]
    return f"{' UNION '.join(parts)} ORDER BY source_row, kind, detail"
