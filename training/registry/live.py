"""What is live is changed: a candidate promoted, a promotion rolled back, each decision in the ledger before the alias moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from myeloma import ConfigError, StateError
from myeloma.errors import nearest
from serving.store.champion import CHAMPION, FORCE, load_version, registered_name
from training.gate.held_out import Sources, cohort_of, judged_people, record_of_run
from training.gate.verdict import HOLD, PROMOTE, REJECT
from training.places import EVALUATION, folder_of
from training.plan import Plan
from training.registry.judgement import Registered, champion, judge_version
from training.registry.ledger import Entry, append, last_key, now, overtaken, read, settle, standing, user
from training.registry.versions import alias_version, find_version, version_for
from training.tracking import require_runs
from training.tracking.run import Run

_LONGEST_REASON = 1000


def promote(
    candidates: Mapping[str, Any],
    plan: Plan,
    name: str,
    reason: str,
    force: bool,
    fitted_in: Path | None = None,
    version: str | None = None,
) -> Entry:
    """Make one candidate the champion: if the gate promotes it, if it only holds it back with a reason, else by force.

    Parameters
    ----------
    candidates : mapping
        What `training.registry.compare.promotable` gives: what people were shown, by name.
    fitted_in : Path, optional
        The folder of fits in which the held-out people lie; without it, the verdict rests on what is logged.
    version : str, optional
        Which version of the candidate's run: MLflow's pages can register a run twice. The first where left out.

    Raises
    ------
    ConfigError
        No such candidate; a published score; force without a reason; a reason that is blank.
    StateError
        There is no candidate at all; the gate rejects it, or holds it back and no reason is given; it is live already; the
        champion changed meanwhile.
    """
    fitted = [n for n, candidate in candidates.items() if not candidate.published]
    if not fitted:
        hint = f"python -m training fit TABLE --task {plan.task.name}, then evaluate."
        raise StateError(f"No model of {plan.task.name} is evaluated.", hint)
    if name not in fitted:
        raise ConfigError(f'"{name}" is not a fitted candidate of {plan.task.name}.', nearest(name, fitted))
    if force and not reason.strip():
        raise ConfigError("Forcing a promotion needs a reason.", 'add --reason "..."; it is kept in the history.')
    _check_reason(reason)
    candidate = candidates[name]
    entity = require_runs([candidate.run_id], plan.task)[candidate.run_id]
    version = version or version_for(candidate.run_id, candidate.model_uri, plan.task.name, candidate.estimator)
    after, live = last_key(plan.task.name), champion(plan)  # in this order: what changes between them is seen at the end
    if live and live.version == version:
        raise StateError(
            f"Version {version} of {plan.task.name} ({candidate.estimator}) is live already; nothing was changed.",
            f"see: python -m training history --task {plan.task.name}",
            "live_already",
        )
    record = record_of_run(candidate.run_id, fitted_in) if fitted_in else None
    folder = cohort_of(record) if record else None
    held = judged_people(record, plan.task, Sources(Path(record["table"]), cohort_of(record), plan)) if record else None
    run = Run(entity, folder_of(plan.task.name, EVALUATION))
    verdict = judge_version(Registered(plan, version, run), candidate.metrics, held, folder, live)
    if verdict.verdict == REJECT and not force:
        raise StateError(f"The gate rejects {name}: {verdict.failures()}.", "improve the model, or use --force with --reason.", "gate")
    if verdict.verdict == HOLD and not reason:
        raise StateError(
            f"The gate holds {name} back: {verdict.failures()}.",
            "promote it all the same with --reason; it is kept in the history.",
            "gate",
        )
    action = FORCE if verdict.verdict == REJECT else PROMOTE
    replaced = live.version if live else ""
    entry = Entry(now(), action, version, replaced, candidate.estimator, reason.strip(), user(), verdict.verdict)
    return go_live(plan.task.name, after, entry)


def rollback(task_name: str, reason: str) -> Entry:
    """Make the version that was live before the present one live again.

    What is live by the ledger may itself be gone, with its alias: only the version gone back to must be there.

    Raises
    ------
    StateError
        There is no earlier version, it is gone or does not load, or the champion changed meanwhile.
    """
    _check_reason(reason)
    entries, alias = read(task_name), alias_version(task_name, CHAMPION) or ""
    decided = list(entries.values())
    live = alias or (decided[-1].version if decided else "")
    earlier = [entry for entry in standing(decided) if entry.version != live]
    if not earlier:
        raise StateError(
            f"There is no earlier champion of {task_name} to go back to.",
            f"see: python -m training history --task {task_name}",
            "no_earlier",
        )
    back = earlier[-1]
    entry = Entry(now(), "rollback", back.version, live, back.model, reason.strip(), user())
    return go_live(task_name, next(reversed(entries)), entry, alias)


def go_live(task_name: str, after: str, entry: Entry, alias: str | None = None) -> Entry:
    """Write a decision to the ledger, then move the alias.

    Parameters
    ----------
    after : str
        The last decision that this one rests on.
    alias : str, optional
        The version that the alias pointed at then, empty where it was gone. Default: what the entry says it replaces.

    Raises
    ------
    StateError
        Since then the champion was changed; or the version cannot be loaded.
    """
    model, expected = registered_name(task_name), entry.replaced if alias is None else alias
    found = _existing(task_name, entry.version)
    try:
        loaded = load_version(model, entry.version, found.run_id)  # else it must not go live
    except StateError as error:
        raise StateError(
            f"Version {entry.version} of {task_name} cannot be made live: {error.what}", _another(task_name), error.code
        ) from None
    entry = replace(entry, seal=loaded.seal)
    if last_key(task_name) != after or (alias_version(task_name, CHAMPION) or "") != expected:
        raise overtaken(task_name)
    try:
        append(task_name, entry, after)
    finally:
        settle(task_name)
    return entry


def _existing(task_name: str, version: str) -> Any:
    try:
        return find_version(task_name, version)
    except StateError as error:
        what = f"Version {version} of {task_name}, which was live before, was deleted from the registry."
        raise StateError(what, f"{_another(task_name)}; {error.hint}", "no_version") from None


def _another(task_name: str) -> str:
    return f'make another live: python -m training promote --task {task_name} --version N --reason "..."'


def _check_reason(reason: str) -> None:
    if reason and not reason.strip():
        raise ConfigError("The reason is blank.", 'say why in a few words, as in --reason "drift at one site".')
    if len(reason) > _LONGEST_REASON:
        raise ConfigError(f"The reason has {len(reason)} characters.", f"at most {_LONGEST_REASON} are kept.")
