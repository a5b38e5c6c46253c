"""Who is answered when: few at a time, the others wait their turn, and whoever would wait too long is told to come again."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, TypeVar
from weakref import WeakKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Iterator

WORKERS = 2  # threads that answer: one long history then holds up nobody
MOST_WAITING = 200  # requests inside at a time, being read, waiting or answered
PATIENCE = 3.0  # seconds that a request waits for its turn: with the longest history at work, a stopped server ends within 8
Said = TypeVar("Said")


class BusyError(Exception):
    """More ask than can be answered in time."""


class Desk:
    """Lets in so many at a time. Long answers are made in threads of their own, so that the event loop is free for who asks after health.

    Short answers are made in the event loop, one a turn of it, first come first served: threads share one interpreter, and each
    answer would cost half as much again.
    """

    def __init__(self, most: int = MOST_WAITING, workers: int = WORKERS, patience: float = PATIENCE) -> None:
        self._most, self._patience = most, patience
        self._inside, self._lock = 0, Lock()
        self._turns: WeakKeyDictionary[asyncio.AbstractEventLoop, _Turns] = WeakKeyDictionary()
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
        if is_short:
            return await self._in_the_loop(make)
        turn = self._pool.submit(make)
        made = asyncio.wrap_future(turn)
        await asyncio.wait([made], timeout=self._patience)
        if not made.done() and turn.cancel():
            raise BusyError
        return await made

    async def _in_the_loop(self, make: Callable[[], Said]) -> Said:
        """Return what `make` gives, made in a turn of the event loop in which no other short answer is."""
        turns = self._turns.setdefault(asyncio.get_running_loop(), _Turns())
        return turns.taken_at_once(make) if turns.are_free else await turns.later(make, self._patience)


class _Turns:
    """The turns of one event loop. A server has one loop; where several share a desk, each has turns of its own."""

    def __init__(self) -> None:
        self._waiting: deque[_Short] = deque()
        self.are_free = True  # this one at least, and nobody waits for it

    def taken_at_once(self, make: Callable[[], Said]) -> Said:
        """Return what is made in this turn."""
        self.are_free = False
        asyncio.get_running_loop().call_soon(self._next)
        return make()

    def later(self, make: Callable[[], Said], patience: float) -> asyncio.Future[Said]:
        """Return where it will be told what was made, in a later turn."""
        loop = asyncio.get_running_loop()
        said: asyncio.Future[Said] = loop.create_future()
        self._waiting.append(_Short(make, said, loop.time() + patience))
        return said

    def _next(self) -> None:
        """Make the next short answer, and leave those after it to later turns."""
        loop = asyncio.get_running_loop()
        while self._waiting:
            one = self._waiting.popleft()
            if one.said.cancelled():
                continue
            loop.call_soon(self._next)
            one.tell(in_time=loop.time() <= one.until)
            return
        self.are_free = True


@dataclass(frozen=True)
class _Short:
    """A short answer that waits for its turn, until when, and where it is told."""

    make: Callable[[], Any]
    said: asyncio.Future[Any]
    until: float

    def tell(self, in_time: bool) -> None:
        try:
            if not in_time:
                raise BusyError
            self.said.set_result(self.make())
        except Exception as error:
            self.said.set_exception(error)
