"""The application of the moment. Other models mean another application: a request that came in before is answered by the one it came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from fastapi import FastAPI
from starlette.types import Receive, Scope, Send

from serving.artifact import Artifact


@dataclass
class _Shift:
    """An application, the models that it answers by, and how many requests are with it."""

    artifacts: dict[str, Artifact]
    app: FastAPI
    inside: int = 0


class Live:
    """Hands each request to the application of the moment.

    Parameters
    ----------
    make : callable
        Makes an application of models by task, warm by the time it is returned. It keeps the dictionary, not a copy.
    artifacts : mapping
        The models to begin with.
    """

    def __init__(self, make: Callable[[dict[str, Artifact]], FastAPI], artifacts: Mapping[str, Artifact]) -> None:
        self._make, self._lock = make, Lock()
        self._now = self._shift(dict(artifacts))

    @property
    def artifacts(self) -> dict[str, Artifact]:
        """Return the models of the moment, by task."""
        return dict(self._now.artifacts)

    @property
    def routes(self) -> Sequence[Any]:
        """Return the ways in; they do not depend on the models."""
        return self._now.app.routes

    @property
    def state(self) -> Any:
        """Return what the application of the moment shares with those before and after it."""
        return self._now.app.state

    def replace(self, task: str, artifact: Artifact) -> None:
        """Serve another model of a task from now on; where no application can be made with it, the present one stays and this raises."""
        after = self._shift({**self._now.artifacts, task: artifact})
        with self._lock:
            before, self._now = self._now, after
            self._let_go(before)
        after.app.state.metrics.serves(after.artifacts)

    def _shift(self, artifacts: dict[str, Artifact]) -> _Shift:
        return _Shift(artifacts, self._make(artifacts))

    def _let_go(self, shift: _Shift) -> None:
        """Forget the models of an application that nobody is with any more: the framework remembers its functions for good."""
        if shift is not self._now and not shift.inside:
            shift.artifacts.clear()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._lock:
            shift = self._now
            shift.inside += 1
        try:
            await shift.app(scope, receive, send)
        finally:
            with self._lock:
                shift.inside -= 1
                self._let_go(shift)
