"""The names that a package shows, each imported when it is first asked for: a command pays only for what it uses."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from typing import Any


def lazily(package: str, homes: Mapping[str, str]) -> Callable[[str], Any]:
    """Return a package's `__getattr__`: each name of `homes` is taken from the module that stands beside it there.

    Raises
    ------
    AttributeError
        By what is returned, for any other name.

    Examples
    --------
    >>> get = lazily("myeloma", {"DataError": "myeloma.errors"})
    >>> get("DataError").__name__
    'DataError'
    >>> get("DateError")
    Traceback (most recent call last):
    AttributeError: module 'myeloma' has no attribute 'DateError'
    """

    def get(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(importlib.import_module(homes[name]), name)
        setattr(sys.modules[package], name, value)
        return value

    return get
