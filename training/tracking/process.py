"""Which process a run is of, as one of its tags: so that a run whose process was killed is told from one that goes on."""

from __future__ import annotations

import hashlib
import os
import socket

PROCESS = "process"


def this_process() -> str:
    """Return this process in a word: its machine, of which a hash alone is told, and its number there."""
    return f"{_machine()}:{os.getpid()}"


def is_there(process: str) -> bool | None:
    """Return whether a process goes on; None where that is not known: it is of another machine, or not said.

    Examples
    --------
    >>> is_there(this_process()), is_there(""), is_there("another:1")
    (True, None, None)
    """
    machine, _, number = process.partition(":")
    if machine != _machine() or not number.isdigit():
        return None
    try:
        os.kill(int(number), 0)  # asks, and does nothing
    except ProcessLookupError:
        return False
    except OSError:  # it is somebody else's
        return True
    return True


def _machine() -> str:
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]
