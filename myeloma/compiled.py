"""Rules that are compiled, each when it is first asked: a program that only reads the scores' names does not wait for the compiler."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, wraps
from typing import Any


def compiled(rule: Callable[..., Any]) -> Callable[..., Any]:
    """Return a rule as compiled code, kept beside its source. It calls no other function of ours.

    Numba looks at the source of one file alone: a change of another function would go unseen.
    """

    @cache
    def made() -> Callable[..., Any]:
        from numba import njit

        found: Callable[..., Any] = njit(cache=True, nogil=True)(rule)
        return found

    @wraps(rule)
    def asked(*arguments: Any) -> Any:
        return made()(*arguments)

    return asked
