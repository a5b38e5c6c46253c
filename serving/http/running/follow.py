"""Follows the registry, where the operator wants that: another champion is loaded, tried and then served; a broken one is refused."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from myeloma import UserError
from serving.artifact import Artifact
<<<<<<< HEAD:serving/http/running/follow.py
from serving.http.running.live import Live
=======
from serving.audit.log import AuditError
from serving.http.live import Live
>>>>>>> safe:serving/http/follow.py
from serving.store.champion import CHAMPION, load_version, registered_name, version_of_alias

EVERY = 2.0  # seconds between two looks at the registry
AGAIN = 60.0  # seconds until a version that was refused is tried again: its files may have been on their way
_LOG = logging.getLogger("serving")


class Follower:
    """Looks after the champions of some tasks.

    Parameters
    ----------
    live : Live
        What serves them.
    tasks : sequence of str
        Whose champions are followed; one that has none yet is served as soon as it has.
    check : callable
        Raises where a model may not be served here.
    told : callable, optional
        Is told of each change: its kind, task and versions.
    """

    def __init__(
        self, live: Live, tasks: Sequence[str], check: Callable[[Artifact], None], told: Callable[..., None] | None = None
    ) -> None:
        self._live, self._tasks, self._check, self._told = live, tuple(tasks), check, told
        self._refused: dict[str, tuple[str, str, float]] = {}  # by task: version, code, when it is tried again
        self._lost = ""
        self._stopped = threading.Event()

    def start(self) -> None:
        """Look at the registry every few seconds, in a thread of its own, until stopped."""
        threading.Thread(target=self._run, name="follow", daemon=True).start()

    def stop(self) -> None:
        """Look no more."""
        self._stopped.set()

    def standing(self) -> dict[str, Any]:
        """Return how following stands, in words for whoever asks whether the server is ready."""
        refused = {
            task: f"version {version} was refused ({code}); {self._served(task)} stays"
            for task, (version, code, _) in self._refused.items()
        }
        return {"follows": list(self._tasks), "refused": refused, **({"registry": f"not reached ({self._lost})"} if self._lost else {})}

    def look(self) -> None:
        """Look once: serve what became champion since; keep what is served where the new one is refused or the registry does not answer."""
        for task in self._tasks:
            try:
                version = version_of_alias(task, CHAMPION)
            except Exception as error:
                self._registry_is_lost(error)
                return
            if version is not None:
                self._take(task, str(version.version), version.run_id)
        if self._lost:
            _LOG.info("the registry answers again")
            self._lost = ""

    def _run(self) -> None:
        while not self._stopped.wait(EVERY):
            self.look()

    def _take(self, task: str, version: str, run_id: str | None) -> None:
        before = self._live.artifacts.get(task)
        if before is not None and before.origin.get("model_version") == version:
            self._refused.pop(task, None)
            return
        tried, _, again = self._refused.get(task, ("", "", 0.0))
        if tried == version and time.monotonic() < again:
            return
        try:
            artifact = load_version(registered_name(task), version, run_id)
            self._check(artifact)
            self._live.replace(task, artifact)
        except Exception as error:  # whatever is wrong with it: the one that is served stays
            self._refuse(task, version, error)
            return
        self._refused.pop(task, None)
        _LOG.info("serving %s: %s version %s from now on", task, artifact.kind, version)
        self._tell("swap", task=task, version=version, former=before.origin.get("model_version", "") if before else "")

    def _refuse(self, task: str, version: str, error: Exception) -> None:
        code = error.code if isinstance(error, UserError) else type(error).__name__
        if self._refused.get(task, ("",))[0] != version:
            why = error.what if isinstance(error, UserError) else ""
            _LOG.error("%s version %s is refused (%s); %s stays. %s", task, version, code, self._served(task), why)
            self._tell("refused", task=task, version=version, code=code)
        self._refused[task] = (version, code, time.monotonic() + AGAIN)

    def _registry_is_lost(self, error: Exception) -> None:
        if not self._lost:
            _LOG.error("the registry does not answer (%s); what is served stays", type(error).__name__)
        self._lost = type(error).__name__

    def _served(self, task: str) -> str:
        artifact = self._live.artifacts.get(task)
        return f"version {artifact.origin.get('model_version', 'unknown')}" if artifact else "no version"

    def _tell(self, kind: str, **what: str) -> None:
        try:
            if self._told:
                self._told(kind, **what)
        except AuditError as error:
            _LOG.error("%s", error.what)
