"""The server's own business: its port is taken before any model is loaded, and it ends soon after it is told to."""

from __future__ import annotations

import errno
import socket
import sys
from typing import Any

import uvicorn

from myeloma import StateError

HOST = "127.0.0.1"
_ENDS_WITHIN = 7  # seconds from being told; whoever still waits then is let go
_BACKLOG = 1024
_SWITCH = 0.0005  # seconds that a thread computes before another gets its turn: the one that takes requests asks often, for little


def take_port(port: int) -> socket.socket:
    """Return a listening socket on this machine. Who connects before the models are loaded waits.

    Raises
    ------
    StateError
        The port is taken, or may not be used.
    """
    # Named TCP, so that asyncio sends at once what it has: otherwise each answer waits 40 ms for its acknowledgement.
    taken = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((HOST, port))
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise StateError(f"Port {port} on {HOST} {why}; name another with --port.", code="port_taken") from None
    return taken


def server_of(app: Any) -> uvicorn.Server:
    """Return the server of an application; told to stop, it answers who is inside, or tells them to come again."""
    config = uvicorn.Config(app, log_level="warning", timeout_graceful_shutdown=_ENDS_WITHIN, backlog=_BACKLOG, server_header=False)
    return uvicorn.Server(config)


def serve(app: Any, taken: socket.socket) -> None:
    """Answer on a port until told to stop."""
    sys.setswitchinterval(_SWITCH)
    server_of(app).run(sockets=[taken])
