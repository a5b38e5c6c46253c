"""What was told already: nobody is told twice on one day what has not changed. Kept in memory, under a key that nobody else has."""

from __future__ import annotations

import hmac
import secrets
from collections import OrderedDict
from hashlib import sha256
from threading import Lock
from typing import TypeVar

MOST = 100_000  # charts, and cards, that are remembered; the oldest are forgotten first
Key = TypeVar("Key")
Content = TypeVar("Content")
_LITTLE = 2  # percent: a risk below it is told again only where it has changed


class Told:
    """Remembers what was told to whom of whom, and of each card which version spoke; keyed digests stand for people and their results."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._told: OrderedDict[bytes, None] = OrderedDict()
        self._percents: OrderedDict[bytes, tuple[int, ...]] = OrderedDict()
        self._cards: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def is_new(self, chart: tuple[str, ...], said: str, day: int, percents: tuple[int, ...]) -> bool:
        """Return whether this has to be told, and remember it.

        Parameters
        ----------
        chart : service, patient and user
        said : what is told: inputs and version, in any form that is the same where they are
        day : days since 1970
        percents : the risks as they are shown; empty where none is
        """
        whose = self._digest(repr(chart))
        this = self._digest(repr((chart, said, day)))
        with self._lock:
            same = this in self._told
            little = bool(percents) and max(percents) < _LITTLE and self._percents.get(whose) == percents
            _remember(self._told, this, None)
            _remember(self._percents, whose, percents)
        return not (same or little)

    def issue(self, card: str, version: str) -> None:
        """Remember which version spoke on a card."""
        with self._lock:
            _remember(self._cards, card, version)

    def version_of(self, card: str) -> str:
        """Return the version that spoke on a card, `unknown` where it is of another server, or too old."""
        with self._lock:
            return self._cards.get(card, "unknown")

    def _digest(self, text: str) -> bytes:
        return hmac.new(self._key, text.encode(errors="replace"), sha256).digest()


def _remember(kept: OrderedDict[Key, Content], key: Key, content: Content) -> None:
    kept[key] = content
    kept.move_to_end(key)
    while len(kept) > MOST:
        kept.popitem(last=False)
