"""The application of the moment. Other models mean another application: a request that came in before is answered by the one it came to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, MutableMapping, Sequence
from typing import Any

from fastapi import FastAPI

from serving.artifact import Artifact

Message = MutableMapping[str, Any]


class Live:
    """Hands each request to the application of the moment.

    Parameters
    ----------
    make : callable
        Makes an application of models by task, warm by the time it is returned.
    artifacts : dict
        The models to begin with.
    """

    def __init__(self, make: Callable[[dict[str, Artifact]], FastAPI], artifacts: Mapping[str, Artifact]) -> None:
        self._make = make
        self._now = (dict(artifacts), make(dict(artifacts)))

    @property
    def artifacts(self) -> dict[str, Artifact]:
        """Return the models of the moment, by task."""
        return dict(self._now[0])

    @property
    def routes(self) -> Sequence[Any]:
        """Return the ways in; they do not depend on the models."""
        return self._now[1].routes

    @property
    def state(self) -> Any:
        """Return what the application of the moment shares with those before and after it."""
        return self._now[1].state

    def replace(self, task: str, artifact: Artifact) -> None:
        """Serve another model of a task from now on; where no application can be made with it, the present one stays and this raises."""
        artifacts = {**self._now[0], task: artifact}
        app = self._make(artifacts)
        self._now = (artifacts, app)  # one assignment: no request sees half of it
        app.state.metrics.serves(artifacts)

    async def __call__(self, scope: Message, receive: Callable[[], Awaitable[Message]], send: Callable[[Message], Awaitable[None]]) -> None:
        await self._now[1](scope, receive, send)
