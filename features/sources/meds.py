"""MEDS: Parquet shards of subject_id, time, code, numeric_value, and where the data have them text_value and unit.

A code matches as the data write it; `LOINC/718-7` and `LOINC//718-7` are known for every LOINC code of the catalogue.
"""

from __future__ import annotations

import os
from collections import defaultdict
from contextlib import closing
from pathlib import Path

import duckdb
import pandas as pd
import pyarrow
import pyarrow.parquet as parquet

from features.cohort.scratch import Scratch
from features.sources.folders import files_below, no_permission, unread_below
from features.sources.histories import Histories, as_sex, as_site, assemble, said, unusable_days
from features.sources.mapping import Mapping
from features.sources.omop.tables import comparator, connect, quoted, reading
from features.sources.omop.zones import as_written, check_zones, zone_of
from features.sources.received import Received
from features.sources.refused import note_of_refused, refused_code
from features.sources.unmapped import note_of
from myeloma import ConfigError, DataError, StateError, calendar

BIRTH, DEATH = "MEDS_BIRTH", "MEDS_DEATH"
_NEEDED = ("subject_id", "time", "code", "numeric_value")
_CODES = ["code", "meaning", "detail"]


def read_meds(place: str, mapping: Mapping, today: int | None = None) -> Received:
    """Return the cohort of a MEDS data set, as received.

    The last contact is the last day on which the data hold anything about a person.

    Parameters
    ----------
    place : str
        A shard, or a folder of them at any depth; a folder `metadata` is left aside.
    today : int, optional
        Days since 1970; what happened after it lies in the future. The day of the call where left out.

    Raises
    ------
    StateError
        There is no such folder or file.
    DataError
        A shard is damaged or lacks a column, or nobody has an index code.
    """
    if mapping.sex.read_from or mapping.site.read_from:
        raise ConfigError(
            "MEDS has no columns for sex or site.", "name the codes instead, as in sex: {female: [GENDER//F], male: [GENDER//M]}."
        )
    shards, folder = _shards(Path(place))
    today = calendar.today() if today is None else today
    schemas = _schemas(shards, folder)
    with Scratch("meds") as scratch, closing(connect(scratch)) as connection, reading("a MEDS shard"):
        _register(connection, mapping)
        _view(connection, schemas, folder)
        histories = _histories(connection, mapping, "MEDS shards", today)
    histories.notes.extend(unread_below(Path(place), len(shards), "metadata"))
    return assemble(histories, mapping.stage, today)


def _shards(place: Path) -> tuple[list[Path], Path]:
    if place.is_file():
        return [place], place.parent
    if not place.is_dir():
        raise StateError(f"No folder {place}.", "the meds source reads a folder of Parquet shards.")
    shards = [p for p in files_below(place) if p.suffix.lower() == ".parquet" and "metadata" not in p.relative_to(place).parts]
    if not shards:
        raise DataError(f"{place} holds no .parquet file.", "MEDS shards stand in data/, as in data/train/0.parquet.", "missing_file")
    return shards, place


def _schemas(shards: list[Path], folder: Path) -> dict[Path, pyarrow.Schema]:
    """Return the schema of each shard; each is opened once, so that a damaged one is named."""
    schemas = {}
    for path in shards:
        name = path.relative_to(folder)
        if not os.access(path, os.R_OK):
            raise no_permission(str(name))
        try:
            schema = parquet.read_schema(path)
        except (pyarrow.ArrowInvalid, OSError):
            raise DataError(f"{name} is not a Parquet file, or it is cut short.", "write it again.", "not_parquet") from None
        if missing := [column for column in _NEEDED if column not in schema.names]:
            raise DataError(f"{name} has no column {', '.join(missing)}.", f"MEDS shards have {', '.join(_NEEDED)}.", "missing_column")
        if not _is_number(schema.field("numeric_value").type):
            raise DataError(f"{name}: numeric_value holds no numbers.", "texts belong in text_value.", "not_a_number")
        schemas[path] = schema
    return schemas


def _is_number(kind: pyarrow.DataType) -> bool:
    types = pyarrow.types
    return any(is_kind(kind) for is_kind in (types.is_floating, types.is_integer, types.is_decimal, types.is_null))


def _register(connection: duckdb.DuckDBPyConnection, mapping: Mapping) -> None:
    """Make the tables of codes that the rows are joined with."""
    measured = []
    for code, entry in mapping.measured().items():
        spellings = [code] if code in mapping.biomarkers else [code.replace(":", mark, 1) for mark in ("/", "//")]
        measured += [(spelling, entry.biomarker, entry.unit, entry.component, entry.method, entry.specimen) for spelling in spellings]
    roles = [*mapping.roles(), (DEATH, "death", ""), (BIRTH, "birth", "")]
    roles += [(code, "sex", code) for code in (*mapping.sex.female, *mapping.sex.male)]
    roles += [(code, "site", code) for code in mapping.site.codes]
    tables = {
        "measured": pd.DataFrame(measured, columns=[*_CODES, "component", "method", "specimen"]).drop_duplicates("code", keep="last"),
        "roles": pd.DataFrame(roles, columns=_CODES).drop_duplicates(),
        "units": pd.DataFrame(mapping.units.items(), columns=["code", "unit"], dtype=str),
    }
    for name, frame in tables.items():
        connection.register(name, frame)


def _view(connection: duckdb.DuckDBPyConnection, schemas: dict[Path, pyarrow.Schema], folder: Path) -> None:
    """Make the view `rows`: text cells, and the shard and row of each; shards of one time zone are read together."""
    of_zone: dict[str, list[Path]] = defaultdict(list)
    for path, schema in schemas.items():
        zone = zone_of(schema.field("time").type)
        if zone not in of_zone:
            check_zones(connection, str(path.relative_to(folder)), {"time": zone})
        of_zone[zone].append(path)
    parts = []
    for zone, shards in of_zone.items():
        there = {column for path in shards for column in schemas[path].names}
        parts.append(_rows(shards, folder, there, as_written("time", zone)))
    connection.execute(f"CREATE VIEW rows AS {' UNION ALL '.join(parts)}")


def _rows(shards: list[Path], folder: Path, there: set[str], day: str) -> str:
    """Return, in SQL, the rows of some shards; `there` are the columns that any of them has, `day` is the text of the time."""
    listed = ", ".join(quoted(str(path)) for path in shards)
    text = "coalesce(trim(CAST(text_value AS VARCHAR)), '')" if "text_value" in there else "''"
    unit = "coalesce(trim(CAST(unit AS VARCHAR)), '')" if "unit" in there else "''"
    # A float32 is written with the fewest digits that tell it apart: 13.7 stays 13.7.
    value = f"coalesce({comparator(text)} || nullif(CAST(numeric_value AS VARCHAR), 'nan'), {text})"
    return f"""
        SELECT coalesce(CAST(subject_id AS VARCHAR), '') AS patient_id, coalesce({day}, '') AS day, CAST(code AS VARCHAR) AS code,
               {value} AS value, {unit} AS unit, file_row_number + 1 AS source_row, substr(filename, {len(str(folder)) + 2}) AS source_file
        FROM read_parquet([{listed}], union_by_name = true, filename = true, file_row_number = true)
        """


def _histories(connection: duckdb.DuckDBPyConnection, mapping: Mapping, label: str, today: int) -> Histories:
    measurements = connection.execute(
        """
        SELECT r.patient_id, r.day AS collected_at, '' AS available_at, m.meaning AS biomarker, r.value,
               coalesce(u.unit, nullif(r.unit, ''), m.detail) AS unit, m.component, m.method, m.specimen, r.source_row,
               r.source_file
        FROM rows r JOIN measured m USING (code) LEFT JOIN units u ON u.code = r.unit
        ORDER BY r.source_file, r.source_row
        """
    ).df()
    measurements["value"] = measurements["value"].replace(mapping.results)
    coded = connection.execute(
        """
        SELECT r.patient_id, r.day AS occurred_at, k.meaning AS kind, k.detail, r.source_row, r.source_file
        FROM rows r JOIN roles k USING (code) ORDER BY r.source_file, r.source_row
        """
    ).df()
    coded["kind"] = coded["kind"].replace("treatment", "treatment_start")
    events = coded[~coded["kind"].isin(["birth", "sex", "site"])]
    people, notes = _people(connection, coded, mapping)
    dead = events.loc[events["kind"] == "death", "patient_id"]
    last, unused = _last_contacts(connection, dead, today)
    occurrences = pd.concat([events, last], ignore_index=True)
    files = dict.fromkeys(("patients", "measurements", "events"), label)
    others, withheld = _other_codes(connection)
    return Histories("meds", people, occurrences, measurements, files, [*notes, *unused, *others], withheld)


def _people(connection: duckdb.DuckDBPyConnection, coded: pd.DataFrame, mapping: Mapping) -> tuple[pd.DataFrame, list[str]]:
    """Return everybody of whom there is a row; birth, sex or site that contradict themselves are unknown."""
    people = connection.execute(
        "SELECT patient_id, arg_min(source_row, (source_file, source_row)) AS source_row, min(source_file) AS source_file "
        "FROM rows WHERE patient_id <> '' GROUP BY patient_id ORDER BY patient_id"
    ).df()
    codes = coded.assign(detail=coded["detail"].replace(mapping.site.codes).where(coded["kind"] == "site", coded["detail"]))
    codes["detail"] = codes["detail"].where(codes["kind"] != "birth", codes["occurred_at"])
    # One birthday may stand there with and without a time, and in two zones.
    codes["said"] = codes["detail"].where(codes["kind"] != "birth", codes["detail"].str.slice(0, len("1950-07-07")))
    agreed = {"first": ("detail", "first"), "nunique": ("said", "nunique")}
    found = {kind: group.groupby("patient_id").agg(**agreed) for kind, group in codes.groupby("kind")}
    none = pd.DataFrame(columns=["first", "nunique"])
    known = {}
    for kind in ("birth", "sex", "site"):
        of_kind = found.get(kind, none)
        known[kind] = people["patient_id"].map(of_kind.loc[of_kind["nunique"] == 1, "first"]).fillna("")
    sex, notes = as_sex(known["sex"], mapping.sex.female, mapping.sex.male)
    contradicted = sum(int((of_kind["nunique"] > 1).sum()) for kind, of_kind in found.items() if kind in known)
    if contradicted:
        notes.append(f"{contradicted} births, sexes or sites of people contradict themselves: taken as unknown")
    return people.assign(birth=known["birth"], sex=sex, site=as_site(known["site"], {}, mapping.site.value)), notes


def _last_contacts(connection: duckdb.DuckDBPyConnection, dead: pd.Series, today: int) -> tuple[pd.DataFrame, list[str]]:
    """Return the last usable day on which there is anything about each person who is not recorded as dead, and how many are not."""
    connection.execute(
        f"""
        CREATE VIEW contacts AS
        SELECT *, TRY_CAST(substr(day, 1, 10) AS DATE) BETWEEN DATE '{calendar.FIRST_DATE}' AND DATE '1970-01-01' + {today} AS usable
        FROM rows WHERE day <> '' AND patient_id <> '' AND code NOT IN ('{BIRTH}', '{DEATH}')
        """
    )
    last = connection.execute(
        """
        SELECT patient_id, max(day) AS occurred_at, 'last_contact' AS kind, '' AS detail,
               arg_max(source_row, (day, source_file, source_row)) AS source_row,
               arg_max(source_file, (day, source_file, source_row)) AS source_file
        FROM contacts WHERE usable GROUP BY patient_id ORDER BY patient_id
        """
    ).df()
    unused = connection.execute("SELECT count(*) FROM contacts WHERE usable IS NOT TRUE").fetchall()[0][0]
    return last[~last["patient_id"].isin(dead)], said(unused, f"rows are no days of contact: {unusable_days(today)}")


def _other_codes(connection: duckdb.DuckDBPyConnection) -> tuple[list[str], list[str]]:
    """Say how many rows have a code that is not mapped, and which codes are the most frequent; those with a value are results.

    What of it is withheld, see `unmapped.note_of`.
    """
    others = connection.execute(
        """
        SELECT r.code, r.value <> '' AS is_result, count(*) AS n, count(DISTINCT r.patient_id) AS people FROM rows r
        WHERE r.code NOT IN (SELECT code FROM measured UNION SELECT code FROM roles)
        GROUP BY ALL ORDER BY people DESC, n DESC, r.code
        """
    ).df()
    refused = others.assign(code=others["code"].map(refused_code)).groupby("code")["n"].sum()
    notes = note_of_refused({str(code): int(rows) for code, rows in refused.items()})
    withheld: list[str] = []
    for rows, what in ((others[others["is_result"]], "with"), (others[~others["is_result"]], "without")):
        if len(rows):
            share = f"{rows['n'].sum()} rows {what} a value have a code that is not mapped and are not read"
            said, private = note_of(share, zip(rows["code"], rows["n"], strict=True))
            notes += said
            withheld += private
    return notes, withheld
