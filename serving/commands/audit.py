"""Keys of those who ask, the key of the audit log, its check, and an answer made again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from features.console import console
from myeloma import StateError
from serving.store.trouble import explain_store_errors

Log = Annotated[Path, typer.Option(help="Audit log: the file of api --audit.")]
Key = Annotated[Path, typer.Option(help="Key of the log: the file of audit-key.")]


def access_key(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of the program or ward that gets the key; it stands in the audit log.")],
    keys: Annotated[Path, typer.Option(help="File that its hash is added to, for api --keys.")],
) -> None:
    """Make a key with which a program may ask the server. It is printed once; only its hash is kept.

    Example: python -m serving access-key ward-3 --keys access.keys
    """
    from serving.access.keys import make_key

    typer.echo(make_key(name, keys))
    typer.echo(f"The hash was added to {keys}. Give the key to {name} alone; it is sent as X-API-Key and is shown only here.", err=True)


def audit_key(path: Annotated[Path, typer.Argument(metavar="FILE", help="File to write; none may be there.")]) -> None:
    """Make the key under which an audit log is chained.

    Example: python -m serving audit-key audit.key
    """
    from serving.audit.chain import make_audit_key

    make_audit_key(path)
    console.print(f"{path}: keep a copy elsewhere; without it the log cannot be checked", markup=False)


def audit(
    log: Annotated[Path, typer.Argument(metavar="LOG", help="Audit log: the file of api --audit.")],
    key: Key,
    head: Annotated[str | None, typer.Option(help="Hash noted at an earlier check: is that record still in the log?")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead of text.")] = False,
) -> None:
    """Check an audit log: every record is what was written, in its order. The first that is not is named, with exit code 1.

    Example: python -m serving audit audit.jsonl --key audit.key
    """
    from serving.audit.chain import check_chain, read_audit_key

    found = check_chain(log, read_audit_key(key))
    last = found.heads[-1] if found.heads else ""
    if as_json:
        broken = vars(found.broken) if found.broken else None
        typer.echo(json.dumps({"records": found.records, "head": last, "broken": broken, "torn": found.torn, "mended": found.mended}))
    if found.broken:
        what = f"{log}, line {found.broken.line}: record {found.broken.record} is not as it was written: {found.broken.why}."
        raise StateError(what, f"the {found.records} records before it hold.", "audit")
    if head is not None and head not in found.heads:
        raise StateError(f"{log} does not hold the record noted before.", "records were taken from its end, or it is another log.", "audit")
    if as_json:
        return
    console.print(f"{log}: {found.records} records hold; the last is {last or 'none'}", markup=False)
    if found.mended:
        console.print(f"  {found.mended} times a line was cut off, and the record behind it says so", markup=False)
    if found.torn:
        console.print(f"  {found.torn} bytes at the end are a line that was cut off; the next start of the server names them", markup=False)


@explain_store_errors
def replay(
    answer_id: Annotated[str, typer.Argument(metavar="ID", help="Of the answer: its X-Request-Id.")],
    log: Log,
    key: Key,
    inputs: Annotated[Path, typer.Option(help="Folder of the requests: that of api --audit-inputs.")],
    fhir_mapping: Annotated[Path | None, typer.Option(help="Mapping of FHIR codes (YAML), where api had one of its own.")] = None,
) -> None:
    """Make an answer of the audit log again, bit for bit, and print it; or say what differs, such as a version that is gone.

    Example: python -m serving replay ID --log audit.jsonl --key audit.key --inputs inputs
    """
    from serving.audit.chain import read_audit_key
    from serving.http.fhir.mapping import SHIPPED, mappings_in
    from serving.http.replay import replayed

    typer.echo(replayed(answer_id, log, read_audit_key(key), inputs, mappings_in(fhir_mapping or SHIPPED)))
