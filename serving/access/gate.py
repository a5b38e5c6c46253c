"""Who is let in: whoever brings a key or a token that is accepted. Everybody else is told no more than that, after the same time."""

from __future__ import annotations

import base64
import binascii
import logging
from collections.abc import Iterable
from dataclasses import dataclass

from serving.access.keys import Keys
from serving.access.tokens import RefusedTokenError, Tokens

_LOG = logging.getLogger("serving")
OPEN = ("/health/live", "/health/ready")  # who starts and stops servers asks for these, and they say nothing of anybody
SOONEST = 0.1  # seconds after which somebody is turned away, whatever was wrong
Headers = Iterable[tuple[bytes, bytes]]


@dataclass(frozen=True)
class Gate:
    """What is accepted: keys, tokens or both."""

    keys: Keys | None = None
    tokens: Tokens | None = None

    @property
    def challenge(self) -> str:
        """Return what `WWW-Authenticate` says: a browser asks for a key as for a password."""
        ways = (['Basic realm="risk", charset="UTF-8"'] if self.keys else []) + (["Bearer"] if self.tokens else [])
        return ", ".join(ways)

    def holder(self, headers: Headers, path: str) -> str | None:
        """Return who asks, as it is written into the audit log; None of somebody who is not let in.

        A key stands in `X-API-Key`, or is the password of `Authorization: Basic`; a token stands in `Authorization: Bearer`.
        Two of one header are none.
        """
        found = [(name.lower(), value) for name, value in headers if name.lower() in (b"authorization", b"x-api-key")]
        if len(found) != 1:
            return None
        name, value = found[0]
        text = value.decode("latin-1")
        if name == b"x-api-key":
            return self._of_key(text)
        scheme, _, credentials = text.partition(" ")
        if scheme.lower() == "basic":
            return self._of_key(_password(credentials))
        return self._of_token(credentials.strip(), path) if scheme.lower() == "bearer" else None

    def _of_key(self, key: str) -> str | None:
        name = self.keys.holder(key) if self.keys and key else None
        return f"key {name}" if name else None

    def _of_token(self, token: str, path: str) -> str | None:
        if self.tokens is None:
            return None
        try:
            return f"issuer {self.tokens.holder(token, path)}"
        except RefusedTokenError as error:
            _LOG.warning("a token was refused: %s", error.code)
            return None


def _password(credentials: str) -> str:
    try:
        return base64.b64decode(credentials.strip(), validate=True).decode().partition(":")[2]
    except (binascii.Error, ValueError):
        return ""
