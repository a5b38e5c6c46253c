"""Where the server listens, and whether others reach it there."""

from __future__ import annotations

import ipaddress
import socket
from dataclasses import dataclass

from myeloma import ConfigError

THIS_MACHINE = "127.0.0.1"


@dataclass(frozen=True)
class Address:
    """A host and a port; `family` and `place` are what a socket takes."""

    host: str
    port: int
    family: socket.AddressFamily
    place: tuple[str, int]

    @property
    def is_of_this_machine(self) -> bool:
        """Return whether only programs of this machine reach it."""
        return ipaddress.ip_address(self.place[0].partition("%")[0]).is_loopback

    @property
    def shown(self) -> str:
        """Return it as it stands in an address of the web."""
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def address_of(host: str, port: int) -> Address:
    """Return where a host's name leads; the first address that it has.

    Raises
    ------
    ConfigError
        It leads nowhere.

    Examples
    --------
    >>> address_of("127.0.0.1", 8000).is_of_this_machine, address_of("0.0.0.0", 8000).is_of_this_machine
    (True, False)
    """
    try:
        family, _, _, _, place = socket.getaddrinfo(host.strip() or ".", port, type=socket.SOCK_STREAM)[0]
    except (OSError, UnicodeError):
        raise ConfigError(f"--host {host} leads nowhere.", "127.0.0.1 is this machine alone, 0.0.0.0 all its networks.", "host") from None
    return Address(host.strip(), port, family, (str(place[0]), int(place[1])))
