"""Look for what breaks a store silently, and say how to mend it."""

from __future__ import annotations

from dataclasses import dataclass

from features import Task
from myeloma import StateError
from serving.store import connect, load_champion


@dataclass(frozen=True)
class Finding:
    """One thing looked at."""

    what: str
    ok: bool
    mend: str = ""


def examine(tasks: list[Task]) -> list[Finding]:
    """Return what was found: the store, each task's champion, its files, and its features against this version's."""
    try:
        connect()
    except StateError as error:
        return [Finding(error.what, False, error.hint)]
    findings = [Finding("tracking store: there", True)]
    for task in tasks:
        try:
            champion = load_champion(task.name)
        except StateError as error:
            findings.append(Finding(f"{task.name}: {error.what}", False, _mend(error, task.name)))
            continue
        version = champion.origin["model_version"]
        findings.append(Finding(f"{task.name}: champion version {version} ({champion.kind}) loads", True))
        same = champion.spec.feature_hash() == task.features.feature_hash()
        mend = "" if same else "params.yaml asks for other features than the champion was trained on; train again: make train"
        findings.append(Finding(f"{task.name}: features of champion and params.yaml {'agree' if same else 'differ'}", same, mend))
    return findings


def _mend(error: StateError, task: str) -> str:
    if error.code == "lost_artifacts":
        return (
            "the checkout was moved or files were removed (MLflow stores absolute paths): move it back, or run make clean, then make train"
        )
    return error.hint or f"python -m training promote --task {task}"
