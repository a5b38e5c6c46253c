"""What `ingest`, `simulate` and `mend` print: where rows went, by table, reason and site, and what was noticed."""

from __future__ import annotations

import json
import logging
from dataclasses import fields
from pathlib import Path
from shlex import quote
from typing import Any

import pandas as pd
import pyarrow.parquet as parquet
import typer
from rich.table import Table

from features.console import Steps, console
from features.intake.ingest import Ingested, ingest
from features.intake.mend import Mended
from features.intake.plausibility import describe
from features.intake.quarantine import FOLLOWS, describe_problems
from features.intake.selection import refuse_selection
from features.sources.received import Received

_LOG = logging.getLogger("features")
_MOST_SITES = 20  # printed; cohort.json holds all


def ingest_and_report(
    source: Received, folder: Path, as_json: bool, today: pd.Timestamp | None = None, show_values: bool = False, accept: bool = True
) -> None:
    """Write a source as a cohort folder and say what became of its rows.

    Parameters
    ----------
    accept : bool
        Whether a cohort of whose rows much was refused is one to go on with.
    show_values : bool
        Also print what was received where it may name somebody: cells refused, codes not mapped, names of sites. It goes nowhere else.
    """
    ingested = ingest(source, folder, Steps(quiet=as_json), today)
    report(ingested, folder, as_json, show_values=show_values)
    if show_values:
        for line in [*source.withheld, *(f'site {called} is "{name}"' for name, called in ingested.called.items() if name != called)]:
            console.print(f"  as received: {line}")
    if not accept:
        refuse_selection(ingested.much_refused, folder)


def report(ingested: Ingested, folder: Path, as_json: bool, more: dict[str, Any] | None = None, show_values: bool = False) -> None:
    """Print an attrition table, notes and the kinds of problems; or all of it as one JSON object."""
    suspected = describe(ingested.suspicions)
    kept = ", ".join(f"{counts['kept']} of {counts['read']} {table} kept" for table, counts in ingested.about["counts"].items())
    _LOG.info("%s: %s (%s)", folder, kept, ingested.about["hash"])
    if as_json:
        typer.echo(
            json.dumps(
                {
                    **ingested.about,
                    "suspicions": [*ingested.units, *ingested.warnings, *suspected],
                    "changed": ingested.changed,
                    **(more or {}),
                }
            )
        )
        return
    about = ingested.about
    console.print(attrition_table(about, f"{folder} ({about['hash']})"))
    if not ingested.changed:
        console.print("  Nothing changed: the folder holds this already, byte for byte.")
    for warning in [*ingested.units, *ingested.warnings]:
        console.print(f"  warning: {warning}")
    for note in [*about["notes"], *suspected]:
        console.print(f"  note: {note}")
    if any(counts["quarantined"] for counts in about["counts"].values()):
        path = folder / "quarantine.parquet"
        console.print(f"Refused rows, kept in {path}:")
        texts = ["reason", "file", "column", "received", "accepted"]
        others = ["row", "record"] if show_values else ["row"]
        refused = parquet.read_table(path, columns=[*texts, *others], read_dictionary=texts).to_pandas()
        console.print(describe_problems(refused, show_values))
        console.print(f"To mend them: python -m features quarantine {quote(str(folder))} refused.csv")


def report_export(rows: pd.DataFrame, folder: Path, path: Path, as_json: bool) -> None:
    """Say how many refused rows were written, and what to do with them."""
    follow = int(rows["reason"].isin(FOLLOWS).sum())
    if as_json:
        typer.echo(json.dumps({"rows": len(rows), "follow": follow}))
        return
    console.print(f"{path}: {len(rows)} refused rows, of which {follow} only follow from others and stand last")
    console.print(f"Correct the cells, leave the column id as it is, then: python -m features mend {quote(str(folder))} {quote(str(path))}")


def report_mended(mended: Mended, folder: Path, as_json: bool) -> None:
    """Say what became of the corrected rows, and where all rows stand now."""
    numbers = {field.name: getattr(mended, field.name) for field in fields(mended) if field.name != "ingested"}
    if mended.ingested is None:
        if as_json:
            typer.echo(json.dumps({"changed": False, **numbers}))
            return
        console.print(f"Nothing changed: no cell differs from the quarantine of {folder}.")
        if mended.unknown:
            console.print(f"  {mended.unknown} rows are not in this quarantine: they are mended already, or of another cohort.")
        return
    if not as_json:
        console.print(
            f"{mended.corrected} rows corrected: {mended.left} taken into the cohort, {mended.refused_again} refused again; "
            f"{mended.followed} others came back with them, {mended.newly_refused} kept so far are refused now"
        )
    report(mended.ingested, folder, as_json, {"mend": numbers})


def attrition_table(about: dict[str, Any], title: str) -> Table:
    """Return rows read, kept and quarantined, with the reasons: for each table, and for each site where there are several."""
    table = Table(title=title, title_justify="left")
    for heading in ("table", "site", "read", "kept", "quarantined", "of which"):
        table.add_column(heading, justify="right" if heading in ("read", "kept", "quarantined") else "left")
    for name, counts in about["counts"].items():
        reasons = {key.partition(".")[2]: rows for key, rows in about["reasons"].items() if key.partition(".")[0] == name}
        _add(table, name, "all", counts, reasons)
        sites = about["attrition"][name]
        if len(sites) > 1:
            for site in list(sites)[:_MOST_SITES]:
                _add(table, "", site, sites[site], sites[site]["reasons"])
        if len(sites) > _MOST_SITES:
            table.add_row("", f"{len(sites) - _MOST_SITES} more sites in cohort.json")
    return table


def _add(table: Table, name: str, site: str, counts: dict[str, Any], reasons: dict[str, int]) -> None:
    said = ", ".join(f"{reason} {rows}" for reason, rows in reasons.items())
    table.add_row(name, site, *(str(counts[key]) for key in ("read", "kept", "quarantined")), said)
