"""The commands on what is live: promote, rollback, history, and doctor, which looks whether it is sound."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.table import Table

from features import load_task
from features.console import REFUSED, console
from features.params import DEFAULT_PARAMS
from myeloma import ConfigError
from serving.store.trouble import explain_store_errors
from training.commands.arguments import AnyTask, Json, Params, Reason, TaskName, folder_of, tasks_of
from training.places import FIT
from training.plan import load_plan


@explain_store_errors
def promote(
    task: TaskName,
    model: Annotated[str | None, typer.Option(help="Candidate to promote. Default: the best by held-out Brier score.")] = None,
    version: Annotated[str | None, typer.Option(help="Registered version to promote instead: a number, or an alias.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Promote what the gate rejects; needs --reason.")] = False,
    reason: Reason = "",
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Make a candidate or a version the champion: what the gate promotes; what it holds back, with a reason; else by force.

    Example: python -m training promote --task smm --model cox --reason "simpler, and as good"
    """
    from training.registry.compare import of_run, promotable
    from training.registry.live import promote as promote_candidate
    from training.registry.retold import retell
    from training.registry.versions import find_version

    chosen = load_plan(task, params)
    if model and version:
        raise ConfigError("--model and --version exclude each other.", "name one of them.")
    candidates = promotable(chosen) if version is None else {}
    if version is not None:
        registered = find_version(chosen.task.name, version)
        version, model = str(registered.version), f"version {registered.version}"
        candidates = {model: of_run(registered.run_id, chosen)}
    best = next((name for name, candidate in candidates.items() if not candidate.published), "")
    entry = promote_candidate(candidates, chosen, model or best, reason, force, folder_of(chosen.task, FIT), version)
    retell(chosen, entry)
    _tell(entry, as_json)


@explain_store_errors
def rollback(task: TaskName, reason: Reason = "", params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Make the version that was live before the present champion live again.

    Example: python -m training rollback --task smm --reason "drift at one site"
    """
    from training.registry.live import rollback as roll_back
    from training.registry.retold import retell

    entry = roll_back(load_task(task, params).name, reason)
    with suppress(ConfigError):  # a task that is no longer planned can still be rolled back
        retell(load_plan(task, params), entry)
    _tell(entry, as_json)


@explain_store_errors
def history(task: AnyTask = None, params: Params = DEFAULT_PARAMS, as_json: Json = False) -> None:
    """Print which version was live from when to when, who decided and why.

    Example: python -m training history --task smm
    """
    from training.registry.ledger import history as decisions

    entries = [(chosen.name, entry) for chosen in tasks_of(task, params) for entry in decisions(chosen.name)]
    if as_json:
        typer.echo(json.dumps([{"task": name, **asdict(entry)} for name, entry in entries]))
        return
    table = Table("task", "version", "model", "live from (UTC)", "until", "by", "decision", "gate", "reason")
    for name, e in entries:
        table.add_row(name, e.version, e.model, _moment(e.at), _moment(e.until) or "now", e.by, e.action, e.verdict, e.reason)
    console.print(table if entries else "No version has been live yet.")


@explain_store_errors
def doctor(
    task: AnyTask = None,
    mend: Annotated[
        bool, typer.Option("--mend", help="Mend a SQLite store that was moved or copied, and take back deleted models; then check.")
    ] = False,
    params: Params = DEFAULT_PARAMS,
    as_json: Json = False,
) -> None:
    """Check the store, the versions, their files, features and verdicts; exit 1 if something is wrong.

    Example: python -m training doctor
    """
    from training.registry.doctor import examine
    from training.registry.relocate import relocate, take_back_models

    for done in [*relocate(), *take_back_models()] if mend else []:
        if not as_json:
            console.print(f"mended: {done}", markup=False)
    findings = examine(tasks_of(task, params))
    if as_json:
        typer.echo(json.dumps([asdict(finding) for finding in findings]))
    else:
        for finding in findings:
            console.print(
                f"{'ok  ' if finding.ok else 'BAD '} {finding.what}{f' Mend: {finding.mend}' if finding.mend else ''}", markup=False
            )
    if not all(finding.ok for finding in findings):
        raise typer.Exit(REFUSED)


COMMANDS = (promote, rollback, history, doctor)


def _moment(at: str) -> str:
    return at[:19].replace("T", " ")


def _tell(entry: Any, as_json: bool) -> None:
    replaced = f", replacing version {entry.replaced}" if entry.replaced else ""
    logging.getLogger("training").info("%s: version %s (%s) is live%s", entry.action, entry.version, entry.model, replaced)
    console.print(
        json.dumps(asdict(entry)) if as_json else f"{entry.action}: version {entry.version} ({entry.model}) is live{replaced}", markup=False
    )
