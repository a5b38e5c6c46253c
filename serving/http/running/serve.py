"""The server's own business: its port is taken before any model is loaded, and it ends soon after it is told to."""

from __future__ import annotations

import errno
import gc
import signal
import socket
import sys
from pathlib import Path
from typing import Any

import uvicorn

from myeloma import ConfigError, StateError
from serving.http.running.address import THIS_MACHINE, Address, address_of

_ENDS_WITHIN = 7  # seconds from being told; whoever still waits then is let go
_BACKLOG = 1024
_PEM = "both are PEM files, the key without a password; docs/operations.md shows them."
_SWITCH = 0.0005  # seconds that a thread computes before another gets its turn: the one that takes requests asks often, for little


def take_port(port: int, address: Address | None = None) -> socket.socket:
    """Return a listening socket, on this machine alone where no address is given. Who connects before the models are loaded waits.

    Raises
    ------
    StateError
        The port is taken, or may not be used.
    """
    # Named TCP, so that asyncio sends at once what it has: otherwise each answer waits 40 ms for its acknowledgement.
    address = address or address_of(THIS_MACHINE, port)
    taken = socket.socket(address.family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind(address.place)
        taken.listen(_BACKLOG)
    except OSError as error:
        taken.close()
        why = "is taken" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise StateError(f"Port {port} on {address.host} {why}; name another with --port.", code="port_taken") from None
    return taken


def server_of(app: Any, tls: tuple[Path, Path] | None = None) -> uvicorn.Server:
    """Return the server of an application; told to stop, it answers who is inside, or tells them to come again.

    Parameters
    ----------
    tls : (Path, Path), optional
        Certificate and key, with which it is spoken to in secret.

    Raises
    ------
    ConfigError
        They cannot be used.
    """
    certificate, key = (str(path) for path in tls) if tls else (None, None)
    config = uvicorn.Config(
        app,
        log_level="warning",
        timeout_graceful_shutdown=_ENDS_WITHIN,
        backlog=_BACKLOG,
        server_header=False,
        proxy_headers=False,
        ssl_certfile=certificate,
        ssl_keyfile=key,
        ssl_keyfile_password="-",  # asked for on a terminal otherwise, where a server has none
    )
    if tls:
        try:
            config.load()
        except OSError as error:  # also what is wrong with their content
            why = getattr(error, "reason", None) or error.strerror
            raise ConfigError(f"The certificate {tls[0]} or its key {tls[1]} cannot be used: {why}.", _PEM, "tls") from None
    return uvicorn.Server(config)


def serve(server: uvicorn.Server, taken: socket.socket) -> None:
    """Answer on a port until told to stop; what the caller still has to do then, such as closing a log, is done."""
    sys.setswitchinterval(_SWITCH)
    gc.collect()
    gc.freeze()  # models and libraries stay: looking through them again would hold up whoever asks just then, by a tenth of a second
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # the server gives the signal on once it has ended: it would kill the process
    server.run(sockets=[taken])
