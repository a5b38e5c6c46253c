"""Who is answered when: few at a time, the others wait their turn, and whoever would wait too long is told to come again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 2  # threads that answer: one long history then holds up nobody
MOST_WAITING = 200  # requests inside at a time, being read, waiting or answered
PATIENCE = 3.0  # seconds that a request waits for its turn: with the longest history at work, a stopped server ends within 8
Said = TypeVar("Said")


class BusyError(Exception):
    """More ask than can be answered in time."""


class Desk:
    """Lets in so many at a time. Answers are made in threads of its own, so that the event loop is free for who asks after health.

    A short answer is made at once where nobody else is inside, one a turn of the loop: a thread of its own would cost it a fifth more.
    """

    def __init__(self, most: int = MOST_WAITING, workers: int = WORKERS, patience: float = PATIENCE) -> None:
        self._most, self._patience = most, patience
        self._inside, self._lock = 0, Lock()
        self._made_one = False  # in this turn of the event loop
        self._pool = ThreadPoolExecutor(workers, thread_name_prefix="answer")

    @property
    def inside(self) -> int:
        """Return how many requests are inside now."""
        return self._inside

    @property
    def is_full(self) -> bool:
        """Return whether whoever comes now is told to come again."""
        return self._inside >= self._most

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place for one request.

        Raises
        ------
        BusyError
            There is none left.
        """
        with self._lock:
            if self._inside >= self._most:
                raise BusyError
            self._inside += 1
        try:
            yield
        finally:
            with self._lock:
                self._inside -= 1

    async def answer(self, make: Callable[[], Said], is_short: bool = False) -> Said:
        """Return what `make` gives, once it is its turn.

        Parameters
        ----------
        is_short : bool
            Whether the event loop may wait for it.

        Raises
        ------
        BusyError
            Its turn did not come in time. What has begun is finished.
        """
        if is_short and self._inside == 1 and not self._made_one:
            self._made_one = True
            asyncio.get_running_loop().call_soon(self._turned)
            return make()
        turn = self._pool.submit(make)
        made = asyncio.wrap_future(turn)
        await asyncio.wait([made], timeout=self._patience)
        if not made.done() and turn.cancel():
            raise BusyError
        return await made

    def _turned(self) -> None:
        self._made_one = False
