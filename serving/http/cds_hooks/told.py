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
_LITTLE = 2  # percent: a risk below it is told again only where it, or what is said beside it, has changed


class Told:
    """Remembers what was told to whom of whom, and of each card which version spoke; keyed digests stand for people and their results."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._told: OrderedDict[bytes, None] = OrderedDict()
        self._last: OrderedDict[bytes, bytes] = OrderedDict()  # of a chart, as it was told last: risks, and what was said beside them
        self._cards: OrderedDict[str, str] = OrderedDict()
        self._lock = Lock()

    def is_new(self, chart: tuple[str, ...], inputs: str, beside: str, day: int, percents: tuple[int, ...]) -> bool:
        """Return whether this has to be told, and remember it.

        Parameters
        ----------
        chart : service, patient and user
        inputs : what is told of, and by which version, in any form that is the same where they are
        beside : what is said beside the risks, or in place of them, likewise
        day : days since 1970
        percents : the risks as they are shown; empty where none is
        """
        whose = self._digest(repr(chart))
        said = self._digest(repr((percents, beside)))
        this = self._digest(repr((chart, inputs, said, day)))
        with self._lock:
            same = this in self._told
            little = bool(percents) and max(percents) < _LITTLE and self._last.get(whose) == said
            _remember(self._told, this, None)
            _remember(self._last, whose, said)
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
