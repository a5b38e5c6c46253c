"""Look for what breaks a store silently, and say how to mend it."""

from __future__ import annotations

import time
from typing import Any

import mlflow
from mlflow.entities import ViewType
from mlflow.exceptions import MlflowException
from mlflow.utils.credentials import get_default_host_creds
from mlflow.utils.rest_utils import http_request

from features import Task
from myeloma import StateError
from serving.artifact import Artifact
from serving.store.champion import CHAMPION, connect, load_version, registered_name
from serving.store.trouble import in_words
from training.registry.finding import Finding
from training.registry.ledger import history
from training.registry.lifecycle import deleted
from training.registry.relocate import is_moved
from training.registry.version_page import VERDICT
from training.registry.versions import alias_version
from training.tracking import require_place
from training.tracking.experiment import mlflow_command
from training.tracking.process import PROCESS, is_there

_DOCTOR = "python -m training doctor"
_LEFTOVER_AFTER = 3600  # seconds: no fit of a candidate takes so long without a word to its run
_LONGEST = 86400  # seconds: a process that is there since may be another that got its number


def examine(tasks: list[Task]) -> list[Finding]:
    """Return what was found: the store, then of each task champion, ledger, files, features, verdicts and runs."""
    try:
        client = connect()
        if other := _server_of_other_version(mlflow.get_tracking_uri()):
            return [Finding(*other)]
        client.search_experiments(max_results=1)
    except StateError as error:
        return [Finding(error.what, False, error.hint)]
    except MlflowException as error:
        return [_told(error)]
    findings = [Finding(f"tracking store: there, MLflow {mlflow.__version__}", True)]
    for task in tasks:
        try:
            findings += _of_task(task)
        except MlflowException as error:
            findings.append(_told(error, f"{task.name}: "))
    return findings


def _of_task(task: Task) -> list[Finding]:
    found = [*_champion(task), *_versions(task), *deleted(task)]
    if all(finding.ok for finding in found):
        found += _place(task)
    return [*dict.fromkeys(found), *_leftover_runs(task)]


def _told(error: MlflowException, where: str = "") -> Finding:
    """Return a store's error as a finding; the doctor sends nobody to the doctor."""
    told = in_words(error)
    return Finding(f"{where}{told.what}", False, told.hint if _DOCTOR not in told.hint else "look at the log of the database or server.")


def _server_of_other_version(uri: str) -> tuple[str, bool, str] | None:
    """Return the finding where a tracking server runs another major version of MLflow than this; None where not, or no answer."""
    if not uri.startswith("http"):
        return None
    try:  # by MLflow's own client, which knows the user and the password
        answer = http_request(get_default_host_creds(uri), "/version", "GET", timeout=10, max_retries=0)  # type: ignore[no-untyped-call]
        version = answer.text[:50].strip()
    except (OSError, MlflowException):
        return None
    if not version[:1].isdigit() or version.split(".")[0] == mlflow.__version__.split(".")[0]:
        return None
    what = f"The tracking server runs MLflow {version}, this is {mlflow.__version__}: registries of two major versions do not mix."
    return what, False, "use a server of this major version, or the version of this repository that goes with the server."


def _champion(task: Task) -> list[Finding]:
    """Is there a champion that loads, does the ledger say the same, and are its features those asked for?"""
    name, entries = registered_name(task.name), history(task.name)
    live = alias_version(task.name, CHAMPION)
    promote = f"python -m training promote --task {task.name}"
    if live is None and entries:
        dangling = connect().get_registered_model(name).aliases.get(CHAMPION)
        lost = (
            f"the alias champion points at version {dangling}, which does not exist"
            if dangling
            else f"the champion is gone: version {entries[-1].version}, the last in the history, was deleted or lost its alias"
        )
        there = ", ".join(sorted((str(v.version) for v in connect().search_model_versions(f"name = '{name}'")), key=int))
        if not there:
            fit = f"python -m training fit TABLE --task {task.name}"
            return [Finding(f"{task.name}: {lost}, and no version is left.", False, f"train again: {fit}; then evaluate and register")]
        mend = f"make an existing version live: {promote} --version N --reason ... (N of {there})"
        return [Finding(f"{task.name}: {lost}.", False, mend)]
    if live is None:
        return [_without_champion(task)]
    findings = []
    if not entries or entries[-1].version != live:
        last = f"version {entries[-1].version}" if entries else "nothing"
        findings.append(
            Finding(
                f"{task.name}: version {live} is live, but the history ends with {last}: the alias was moved by other means.",
                False,
                f"move the alias to {last} on the registry page, then decide on record: {promote} --version {live} --reason ...",
            )
        )
    try:
        champion = load_version(name, live, connect().get_model_version(name, live).run_id)
    except StateError as error:
        return [*findings, Finding(f"{task.name}: {error.what}", False, _mend(error, task, live, is_live=True))]
    findings.append(Finding(f"{task.name}: champion version {live} ({champion.kind}) loads", True))
    return [*findings, _features(task, champion), _rules(task, champion)]


def _without_champion(task: Task) -> Finding:
    """Tell a task that nobody has trained yet, which is no trouble, from one that was left on the way or rejected whole."""
    client = connect()
    experiment = client.get_experiment_by_name(task.name)
    if experiment is None or not client.search_runs([experiment.experiment_id], run_view_type=ViewType.ALL, max_results=1):
        return Finding(f"{task.name}: not trained yet (python -m training fit TABLE --task {task.name})", True)
    versions = client.search_model_versions(f"name = '{registered_name(task.name)}'")
    if not versions:
        mend = f"judge and register the candidates: python -m training register --task {task.name}"
        return Finding(f"{task.name}: trained, but no candidate is registered.", False, mend)
    said = ", ".join(sorted({v.tags.get(VERDICT, "no verdict") for v in versions}))
    mend = f"see why: python -m training register --task {task.name}; then make one live: python -m training promote --task {task.name}"
    return Finding(f"{task.name}: there is no champion; the gate said of the {len(versions)} registered: {said}.", False, mend)


def _features(task: Task, champion: Artifact) -> Finding:
    same = champion.spec.feature_hash() == task.features.feature_hash()
    again = f"train again: python -m features build COHORT TABLE --task {task.name}, then fit, evaluate, register"
    mend = "" if same else f"params.yaml asks for other features than the champion was trained on; {again}"
    return Finding(f"{task.name}: features of champion and params.yaml {'agree' if same else 'differ'}", same, mend)


def _rules(task: Task, champion: Artifact) -> Finding:
    changed = champion.rules.changed_to(task.rules)
    again = f"train again: python -m features build COHORT TABLE --task {task.name}, then fit, evaluate, register"
    mend = f"the champion answers another question than params.yaml asks; {again}" if changed else ""
    return Finding(f"{task.name}: rules of champion and params.yaml {f'differ: {changed}' if changed else 'agree'}", not changed, mend)


def _versions(task: Task) -> list[Finding]:
    """Has every version its verdict, its run, and its files where the store says?"""
    found = []
    client, name = connect(), registered_name(task.name)
    for version in client.search_model_versions(f"name = '{name}'"):
        if VERDICT not in version.tags:
            mend = f"judge it: python -m training register --task {task.name}; or delete the version on the registry page"
            found.append(Finding(f"{task.name}: version {version.version} has no verdict of the gate.", False, mend))
        is_live = str(version.version) == alias_version(task.name, CHAMPION)  # of which it is said above
        if not is_live and not _has_files(name, version):
            error = StateError(f"The files of {name} version {version.version} are not where the store says.", code="lost_artifacts")
            found.append(Finding(f"{task.name}: {error.what}", False, _mend(error, task, str(version.version), is_live=False)))
    return found


def _has_files(name: str, version: Any) -> bool:
    """MLflow answers with an empty list, and no error, where a folder was moved away."""
    try:
        return bool(mlflow.artifacts.list_artifacts(artifact_uri=f"models:/{name}/{version.version}"))
    except (MlflowException, OSError):
        return False


def _place(task: Task) -> list[Finding]:
    """Do the files lie beside the store? In a copied checkout all loads, from the one that it was copied from."""
    try:
        require_place(task)
    except StateError as error:
        return [Finding(f"{task.name}: {error.what}", False, error.hint)]
    return []


def _leftover_runs(task: Task) -> list[Finding]:
    client = connect()
    experiment = client.get_experiment_by_name(task.name)
    if experiment is None:
        return []
    running = client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'")
    return [
        Finding(
            f"{task.name}: run {run.info.run_id} ({run.info.run_name}) was never ended: its process was stopped.",
            False,
            f"fit again if you need it, and remove it: {mlflow_command('runs', 'delete', '--run-id', run.info.run_id)}",
        )
        for run in running
        if _is_left_over(run)
    ]


def _is_left_over(run: Any) -> bool:
    """Return whether the process of a run is gone; where that is not known, whether the run is older than a fit takes."""
    age, there = time.time() - run.info.start_time / 1000, is_there(run.data.tags.get(PROCESS, ""))
    if there is None:
        return bool(age > _LEFTOVER_AFTER)
    return bool(not there or age > _LONGEST)


def _mend(error: StateError, task: Task, version: str, is_live: bool) -> str:
    """Return what mends a version that does not load."""
    if error.code == "lost_artifacts" and is_moved(task):
        return f"the checkout was moved or copied: let this store name the files beside it: {_DOCTOR} --mend; or move it back"
    if error.code not in ("lost_artifacts", "seal", "model"):
        return error.hint
    back = f"restore them from a backup to {connect().get_model_version_download_uri(registered_name(task.name), version)}"
    if not is_live:
        return f"{back}; or delete the version on the registry page"
    others = f"python -m training rollback --task {task.name}, or python -m training promote --task {task.name} --version N --reason ..."
    return f"{back}; or make another version live: {others}; or train again, and register"
