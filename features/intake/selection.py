"""Refusals that depend on the value are selection: of a site or a biomarker of which a tenth is refused the rest is no fair sample.

Which is a warning, with what the cause may be; above a quarter of them `ingest` ends with an error, unless that was accepted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from features.intake.attrition import KEPT
from features.intake.quarantine import Inspection
from features.sources.cells import cells_of
from myeloma import DataError, catalogue

WARN, STOP = 0.1, 0.25  # of the rows of a site, a biomarker or a table
LEAST = 5  # rows refused: fewer are slips
LEAST_TO_STOP = 20
ByBiomarker = Counter[tuple[str, str]]  # (biomarker, reason) -> rows; of a row kept the reason is empty
_SELECTION = "selection"  # how it is called in a warning
_HARMLESS = ("duplicate_row", KEPT)  # nothing is lost with it
_CAUSES = {
    "bad_date": "dates in another form; a mapping names it under `dates`",
    "future_date": "a calendar that was shifted, as in MIMIC; give --as-of",
    "not_a_number": "decimal commas, ranges, or words for low values; a mapping says what they mean",
    "missing_value": "empty cells, or columns of another name",
    "unknown_unit": "another spelling, or no unit; a mapping names it under `units` or `biomarkers`",
    "unknown_biomarker": "other names; a mapping names them under `biomarkers`",
    "unknown_word": "other words for negative and positive; a mapping names them under `results`",
    "limit_needed": 'words or zeros for none found; a mapping says the limit under `results`, as in {mrd: {negative: "<1e-5"}}',
    "out_of_range": "another unit, or numbers that stand for missing (0, 999)",
    "patient_not_in_cohort": "identifiers written otherwise (leading zeros), or people that were set aside",
    "conflicting_duplicate": "results without their time of day",
    "conflicting_components": "two monoclonal components, or corrections without a day of availability",
    "conflicting_findings": "corrections without a day of availability, or methods that are not named",
    "event_before_index": "an index date that is not the diagnosis",
    "wrong_specimen": "tests of one name in several specimens, such as creatinine in urine; take them out, or name them apart",
    "unknown_category": "other words; a mapping names them under `words`",
}


def by_biomarker(table: Inspection) -> ByBiomarker:
    """Return how many measurements of each known biomarker were kept, and refused for each reason."""
    named = cells_of(table.received["biomarker"]).mapped(lambda text: key if (key := catalogue().key_of(text)) in catalogue() else "")
    reasons = list(dict.fromkeys(reason for reason, _, _ in table.problems))
    of_problem = np.array([reasons.index(reason) for reason, _, _ in table.problems])
    counts = np.bincount(named.codes.astype(np.int64) * len(reasons) + of_problem[table.problem])
    return Counter({(named.texts[k // len(reasons)], reasons[k % len(reasons)]): int(counts[k]) for k in np.flatnonzero(counts)})


def describe_selection(about: Mapping[str, Any], biomarkers: ByBiomarker) -> tuple[list[str], bool]:
    """Return a warning for each site and biomarker of which much is refused for one reason, and whether it is too much to go on.

    Parameters
    ----------
    about : mapping
        What cohort.json says.
    """
    lines: list[str] = []
    stop, everywhere = False, set()
    for name, sites in about["attrition"].items():
        reasons = {key.partition(".")[2]: rows for key, rows in about["reasons"].items() if key.startswith(f"{name}.")}
        said = _said(reasons, about["counts"][name]["read"], f"rows of {name}")
        everywhere |= {(name, reason) for reason in said.lines}
        for site, counts in sites.items() if len(sites) > 1 else ():
            of_site = _said(counts["reasons"], counts["read"], f"rows of {name} at site {site}")
            said.lines.update({f"{reason} at {site}": line for reason, line in of_site.lines.items() if (name, reason) not in everywhere})
            stop |= of_site.much
        lines, stop = [*lines, *said.lines.values()], stop or said.much
    for biomarker in sorted({name for name, _ in biomarkers} - {""}):
        reasons = {reason: rows for (name, reason), rows in biomarkers.items() if name == biomarker}
        said = _said(reasons, sum(reasons.values()), f"results of {biomarker}")
        lines += [line for reason, line in said.lines.items() if ("measurements", reason) not in everywhere]
        stop |= said.much
    return lines, stop


class Said(NamedTuple):
    """Warnings by reason, and whether so much is refused that a person has to accept it."""

    lines: dict[str, str]
    much: bool


def _said(reasons: Mapping[str, int], read: int, where: str) -> Said:
    lost = {reason: rows for reason, rows in reasons.items() if reason not in _HARMLESS}
    lines = {}
    for reason, rows in sorted(lost.items(), key=lambda one: -one[1]):
        if rows >= max(LEAST, WARN * read):
            cause = f"; the cause may be {_CAUSES[reason]}" if reason in _CAUSES else ""
            what = f"{_SELECTION}: {rows} of {read} {where} ({rows / read:.0%}) are refused as {reason}{cause}"
            lines[reason] = f"{what}. What is left is no fair sample."
    return Said(lines, sum(lost.values()) >= max(LEAST_TO_STOP, STOP * read))


def refuse_selection(stop: bool, folder: object) -> None:
    """Raise where too much was refused to go on without a person's word.

    Raises
    ------
    DataError
        At least 20 rows, and a quarter or more, of a table, of a site or of a biomarker were refused.
    """
    if stop:
        raise DataError(
            f"A quarter or more of a table, of a site's rows or of a biomarker's results was refused; {folder} holds the rest.",
            "mend the cause (the warnings above name it), or say with --accept that the rest is to be used.",
            "much_refused",
        )
