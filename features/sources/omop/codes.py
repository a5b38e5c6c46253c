"""The codes of a mapping as OMOP concept ids and source values, in small tables that the rows are joined with."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from features.sources.mapping import Mapping, omop_concepts
from features.sources.omop.tables import OmopTables, quoted
from features.sources.refused import refused_code, refused_meanings
from myeloma import catalogue
from myeloma.echo import echo_code

_CODED = re.compile(r"^([A-Za-z][A-Za-z0-9 ]*):(.+)$")
_CONCEPT = ("concept_id", "vocabulary_id", "concept_code")
# How the UCUM vocabulary of OMOP writes units that the catalogue writes otherwise.
_UCUM_SPELLING = {"[U]/L": "U/L", "mL/min/1.73.m2": "mL/min/{1.73_m2}", "mL/min/(173.10*-2.m2)": "mL/min/{1.73_m2}"}
CODED = {"measurement": "measurement", "condition_occurrence": "condition", "drug_exposure": "drug"}  # table -> stem of its code columns


@dataclass(frozen=True)
class CodeTables:
    """Each a table of code, meaning, detail: by concept id and by source value, for biomarkers and for the other roles.

    `results` says what coded results mean, by concept id or by the text of the source.
    """

    tables: dict[str, pd.DataFrame]
    results: dict[str, str] = field(default_factory=dict)

    def known(self, table: str) -> tuple[set[str], set[str]]:
        """Return the concept ids and the source values that the mapping knows for a table."""
        if table == "measurement":
            return set(self.tables["measured_concepts"]["code"]), set(self.tables["measured_texts"]["code"])
        concepts, texts = (self.tables[name] for name in ("role_concepts", "role_texts"))
        mine = [(frame["meaning"] == "treatment") == (table == "drug_exposure") for frame in (concepts, texts)]
        return set(concepts.loc[mine[0], "code"]), set(texts.loc[mine[1], "code"])

    def condition(self, table: str, tables: OmopTables) -> str:
        """Return, in SQL, which rows of a table carry a code of the mapping."""
        name, there = CODED[table], tables.columns(table) or {}
        concepts, known = self.known(table)
        ids = sorted(code for code in concepts if code.isdecimal())
        texts = ", ".join(map(quoted, sorted(known)))
        parts = [tables.is_one_of(table, c, ids) for c in (f"{name}_concept_id", f"{name}_source_concept_id") if ids and c in there]
        parts += [f"CAST({name}_source_value AS VARCHAR) IN ({texts})"] if texts and f"{name}_source_value" in there else []
        return " OR ".join(parts) or "FALSE"

    def names(self, tables: OmopTables, concepts: list[str]) -> dict[str, str]:
        """Return, for messages, the code of each concept in brackets where it is one of LOINC and there is a table of concepts."""
        known = [concept for concept in concepts if concept.isdigit()]
        if not known or tables.columns("concept") is None:
            return {}
        tables.load("concept", _CONCEPT, tables.is_one_of("concept", "concept_id", known))
        listed = ", ".join(quoted(concept) for concept in known)
        found = tables.query(f"SELECT * FROM concept WHERE concept_id IN ({listed})", "concept")
        coded = found[found["vocabulary_id"] == "LOINC"]
        return {str(row.concept_id): f" (LOINC:{code})" for row in coded.itertuples() if (code := echo_code(str(row.concept_code)))}

    def never_read(self, tables: OmopTables, counted: pd.DataFrame) -> dict[str, int]:
        """Return how many rows carry each LOINC code that is never read as a biomarker, by concept id or as the text of the source.

        Parameters
        ----------
        counted : DataFrame
            concept, source_concept, text and n of the rows whose code is not mapped.
        """
        ids: dict[str, str] = {}
        if tables.columns("concept") is not None:
            only = f"upper(vocabulary_id) = 'LOINC' AND concept_code IN ({', '.join(map(quoted, refused_meanings()))})"
            tables.load("concept", _CONCEPT, only)
            found = tables.query(f"SELECT concept_id, concept_code FROM concept WHERE {only}", "concept")
            ids = dict(zip(found["concept_id"].astype(str), found["concept_code"], strict=True))
        code = counted["concept"].map(ids).fillna(counted["source_concept"].map(ids)).fillna(counted["text"].map(refused_code))
        return {str(one): int(rows) for one, rows in counted.groupby(code)["n"].sum().items()}


def code_tables(tables: OmopTables, mapping: Mapping, notes: list[str]) -> CodeTables:
    """Look the mapping's codes up, and register the tables for the queries on rows; says what cannot be looked up."""
    measured = [(code, e.biomarker, e.unit, e.component, e.method, e.specimen) for code, e in mapping.measured().items()]
    roles = mapping.roles()
    concepts = _concepts(tables, [*(code for code, *_ in (*measured, *roles)), *mapping.results])
    shipped = [(code, biomarker, "", "", "", "") for code, biomarker in omop_concepts()["biomarkers"].items() if biomarker in catalogue()]
    made = {
        "measured_concepts": _one_meaning([*shipped, *_by_concept(measured, concepts)]),
        "measured_texts": _one_meaning([row for row in measured if row[0] in mapping.biomarkers]),
        "role_concepts": _frame(_by_concept(roles, concepts)).drop_duplicates(),
        "role_texts": _frame(roles).drop_duplicates(),
        "units": _units(tables, mapping),
        "operators": pd.DataFrame([*omop_concepts()["operators"].items(), ("", ""), ("0", "")], columns=["code", "operator"]),
    }
    for name, frame in made.items():
        tables.duckdb.register(name, frame)
    if concepts is None:
        notes.append("no table concept: LOINC codes are known only for the concept ids that ship with the product (docs/sources.md)")
    own = [code for code in (*mapping.biomarkers, *(code for code, *_ in roles)) if _CODED.match(code)]
    if lost := [code for code in own if code not in (concepts or {})]:
        listed = ", ".join([code for code in lost if echo_code(code)][:5])
        notes.append(f"{len(lost)} codes of the mapping stand in no table concept and match source values only{listed and f': {listed}'}")
    looked_up = {concept: result for code, result in mapping.results.items() for concept in (concepts or {}).get(code, [])}
    return CodeTables(made, looked_up | mapping.results)


def _concepts(tables: OmopTables, codes: list[str]) -> dict[str, list[str]] | None:
    """Return, for each code written with its vocabulary, its concept ids; None where there is no table of concepts."""
    if tables.columns("concept") is None:
        return None
    coded = ((_CODED.match(code), code) for code in codes)
    wanted = {(match[1].upper(), match[2]): code for match, code in coded if match}
    listed = ", ".join(quoted(code) for code in sorted({code for _, code in wanted}))
    only = f"concept_code IN ({listed}) OR vocabulary_id = 'UCUM'"
    tables.load("concept", _CONCEPT, only)
    found: dict[str, list[str]] = {}
    rows = tables.query(f"SELECT concept_id, upper(vocabulary_id) AS vocabulary, concept_code FROM concept WHERE {only}", "concept")
    for row in rows.itertuples():
        if code := wanted.get((str(row.vocabulary), str(row.concept_code))):
            found.setdefault(code, []).append(str(row.concept_id))
    return found


def _by_concept(rows: Sequence[tuple[str, ...]], concepts: dict[str, list[str]] | None) -> list[tuple[str, ...]]:
    """Return the rows by concept id: those looked up, then those that the mapping gives as an id, which win."""
    looked_up = [(concept, *meaning) for code, *meaning in rows for concept in (concepts or {}).get(code, [])]
    return [*looked_up, *(row for row in rows if row[0].isdigit())]


def _units(tables: OmopTables, mapping: Mapping) -> pd.DataFrame:
    """Return unit by concept id and by spelling; the mapping wins over what ships, and that over the table of concepts."""
    units: dict[str, str] = {}
    if tables.columns("concept") is not None:  # loaded by `_concepts`
        found = tables.query("SELECT concept_id, concept_code FROM concept WHERE vocabulary_id = 'UCUM'", "concept")
        coded = zip(found["concept_id"], found["concept_code"], strict=True)
        units = {concept: _UCUM_SPELLING.get(code, code) for concept, code in coded}
    units |= omop_concepts()["units"] | _UCUM_SPELLING | mapping.units
    return pd.DataFrame(sorted(units.items()), columns=["code", "unit"])


def _frame(rows: Sequence[tuple[str, ...]], columns: tuple[str, ...] = ("code", "meaning", "detail")) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=list(columns), dtype=str)


def _one_meaning(rows: Sequence[tuple[str, ...]]) -> pd.DataFrame:
    """Return codes that can mean one biomarker only: the last entry of a code counts."""
    return _frame(rows, ("code", "meaning", "detail", "component", "method", "specimen")).drop_duplicates("code", keep="last")
