"""Rules that are compiled, each when it is first asked: a program that only reads the scores' names does not wait for the compiler.

And where compiled code is kept: a read-only installation has a place, too.
"""

from __future__ import annotations

import atexit
import os
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache, wraps
from pathlib import Path
from typing import Any

_VARIABLE = "NUMBA_CACHE_DIR"


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


def keep_compiled_code(package: Path) -> None:
    """Let compiled code be kept in a temporary folder of this process where Numba would find no place, and would refuse to compile.

    Numba's own places, in this order, are the folder that its variable names, that of the source, and the user's cache. The temporary
    folder is new and readable by the user alone: what lies there is run.
    """
    user = os.environ.get("XDG_CACHE_HOME") or os.path.expanduser("~/.cache")  # noqa: PTH111 - that of Path fails where there is no home
    named = os.environ.get(_VARIABLE)
    if any(map(_takes_files, (*([Path(named)] if named else []), package / "__pycache__", Path(user, "numba")))):
        return
    made = tempfile.mkdtemp(prefix="myeloma-compiled-")
    atexit.register(shutil.rmtree, made, ignore_errors=True)
    os.environ[_VARIABLE] = made  # processes that this one begins find it, too
    if "numba" in sys.modules:
        sys.modules["numba"].config.CACHE_DIR = made


def _takes_files(place: Path) -> bool:
    try:
        place.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=place).close()
    except OSError:
        return False
    return True
