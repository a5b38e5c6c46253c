"""Signed tokens (JWT) as CDS Hooks clients send them, checked against issuers and keys that the operator wrote down. Nothing is fetched."""

from __future__ import annotations

import heapq
import json
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from threading import Lock
from typing import Annotated, Any

import jwt
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from myeloma import ConfigError

ALGORITHMS = ("ES256", "ES384", "ES512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "EdDSA")  # with a public key only
MOST_LIFETIME = 300  # seconds, as CDS Hooks 2.0 recommends
LEEWAY = 30  # seconds by which clocks may differ
MOST_LENGTH = 8192
MOST_REMEMBERED = 100_000  # tokens that were used and have not expired; with more nobody else is let in
_LEAST_RSA = 2048
_CLAIMS = ("iss", "aud", "exp", "iat", "jti")


class RefusedTokenError(Exception):
    """A token that is not accepted; `code` is for the log of the operator, never for who sent it."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class _Issuer(BaseModel):
    model_config = ConfigDict(extra="forbid")
    iss: Annotated[str, Field(min_length=1)]
    jwks: Path
    jku: str | None = None
    algorithms: list[str] = ["ES256", "ES384", "RS256", "RS384"]


class _Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    audience: Annotated[str, Field(min_length=1)]
    issuers: Annotated[list[_Issuer], Field(min_length=1)]


@dataclass(frozen=True)
class PublicKey:
    """A key that checks signatures, and the one algorithm it is for where the key set says so."""

    key: Any
    algorithm: str | None


@dataclass(frozen=True)
class Issuer:
    """Somebody who signs tokens: keys by their id, algorithms, and the address of the key set that may stand in a token."""

    keys: Mapping[str, PublicKey]
    algorithms: tuple[str, ...]
    jku: str | None


class Tokens:
    """Checks tokens; each is accepted once.

    Parameters
    ----------
    issuers : mapping
        By `iss`.
    audience : str
        Address under which clients know this server; a token is for it, or for one path of it.
    now : callable
        Seconds since 1970. A token issued before this object was made is refused: nobody remembers whether it was used.
    """

    def __init__(self, issuers: Mapping[str, Issuer], audience: str, now: Callable[[], float] = time.time) -> None:
        self._issuers, self._audience, self._now = issuers, audience.rstrip("/"), now
        self._began = now()
        self._used: set[tuple[str, str]] = set()
        self._expiring: list[tuple[float, tuple[str, str]]] = []
        self._lock = Lock()

    def holder(self, token: str, path: str) -> str:
        """Return the issuer of a token that is accepted for a path.

        Raises
        ------
        RefusedTokenError
            It is not accepted; what is wrong with it is a code.
        """
        if len(token) > MOST_LENGTH:
            raise RefusedTokenError("too_long")
        try:
            return self._checked(token, path)
        except jwt.PyJWTError as error:
            raise RefusedTokenError(type(error).__name__) from None
        except (ValueError, TypeError, KeyError, OverflowError, RecursionError, AttributeError) as error:
            raise RefusedTokenError(f"malformed ({type(error).__name__})") from None

    def _checked(self, token: str, path: str) -> str:
        header = jwt.get_unverified_header(token)
        said = jwt.decode(token, options={"verify_signature": False}).get("iss")  # only to find whose key is to be tried
        issuer = self._issuers.get(said) if isinstance(said, str) else None
        if issuer is None:
            raise RefusedTokenError("unknown_issuer")
        if "jku" in header and (issuer.jku is None or header["jku"] != issuer.jku):
            raise RefusedTokenError("unknown_jku")
        if {"jwk", "x5u", "x5c", "crit"} & header.keys():  # keys, or rules, that the token brings itself
            raise RefusedTokenError("header")
        known = issuer.keys.get(header["kid"]) if isinstance(header.get("kid"), str) else None
        if known is None:
            raise RefusedTokenError("unknown_key")
        claims = jwt.decode(
            token,
            known.key,
            algorithms=[one for one in issuer.algorithms if known.algorithm in (None, one)],
            audience=[self._audience, f"{self._audience}/", f"{self._audience}{path}"],
            issuer=said,
            leeway=LEEWAY,
            options={"require": list(_CLAIMS), "verify_exp": False, "verify_iat": False, "verify_nbf": False},
        )
        self._check_times(claims)
        self._use_once(str(said), claims)
        return str(said)

    def _check_times(self, claims: dict[str, Any]) -> None:
        """Refuse a token out of its time, by the clock that this object was given."""
        now, issued, ends = self._now(), _seconds(claims["iat"]), _seconds(claims["exp"])
        if ends <= now - LEEWAY:
            raise RefusedTokenError("expired")
        if issued > now + LEEWAY or _seconds(claims.get("nbf", issued)) > now + LEEWAY:
            raise RefusedTokenError("not_yet")
        if ends - issued > MOST_LIFETIME or ends > now + MOST_LIFETIME + LEEWAY:
            raise RefusedTokenError("lives_too_long")
        if issued < math.floor(self._began):
            raise RefusedTokenError("before_start")

    def _use_once(self, issuer: str, claims: dict[str, Any]) -> None:
        jti, now = claims["jti"], self._now()
        if not isinstance(jti, str) or not jti:
            raise RefusedTokenError("jti")
        with self._lock:
            while self._expiring and self._expiring[0][0] < now:
                self._used.discard(heapq.heappop(self._expiring)[1])
            if (issuer, jti) in self._used:
                raise RefusedTokenError("used_before")
            if len(self._used) >= MOST_REMEMBERED:
                raise RefusedTokenError("too_many_tokens")
            self._used.add((issuer, jti))
            heapq.heappush(self._expiring, (_seconds(claims["exp"]) + LEEWAY, (issuer, jti)))


def read_tokens(path: Path) -> Tokens:
    """Return the check of tokens that a file of settings (YAML) describes; key sets (JWKS) lie beside it.

    Raises
    ------
    ConfigError
        A file cannot be read, or holds something that is not accepted.
    """
    try:
        settings = _Settings.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(
            f"The issuers in {path} cannot be used: {_why(error)}.", "docs/operations.md shows such a file.", "issuers"
        ) from None
    issuers = {one.iss: _issuer(one, path) for one in settings.issuers}
    if len(issuers) < len(settings.issuers):
        raise ConfigError(f"{path} names an issuer twice.", "each once; its key set may hold several keys.", "issuers")
    return Tokens(issuers, settings.audience)


def _issuer(said: _Issuer, path: Path) -> Issuer:
    place = path.parent / said.jwks
    if wrong := sorted(set(said.algorithms) - set(ALGORITHMS)) or not said.algorithms:
        raise ConfigError(f"{path}: {wrong or 'no algorithm'} is not accepted.", f"accepted: {', '.join(ALGORITHMS)}.", "issuers")
    try:
        listed = json.loads(place.read_text(encoding="utf-8"))["keys"]
        keys = {one["kid"]: _public(one) for one in listed}
    except (OSError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
        raise ConfigError(f"The key set {place} cannot be used: {_why(error)}.", _SET, "issuers") from None
    if not keys or len(keys) < len(listed):
        raise ConfigError(f"The key set {place} has no key, or two of one id.", _SET, "issuers")
    return Issuer(keys, tuple(said.algorithms), said.jku)


def _public(said: dict[str, Any]) -> PublicKey:
    """Return a key that can only check signatures: no shared secret, no private key, no short one."""
    if said.get("kty") == "oct" or "d" in said:
        raise ValueError("it holds a secret")
    key = jwt.PyJWK(said).key
    if said["kty"] == "RSA" and key.key_size < _LEAST_RSA:
        raise ValueError(f"an RSA key has less than {_LEAST_RSA} bits")
    return PublicKey(key, said.get("alg"))


def _seconds(said: Any) -> float:
    if isinstance(said, bool) or not isinstance(said, int | float) or not math.isfinite(said):
        raise RefusedTokenError("time")
    return float(said)


def _why(error: Exception) -> str:
    if isinstance(error, ValidationError):
        return "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()[:3])
    if isinstance(error, OSError):
        return str(error.strerror)
    return str(error) if type(error) is ValueError else type(error).__name__


_SET = 'a key set is JSON: {"keys": [{"kid": ..., "kty": "EC", ...}]}, public keys only, each with its id.'
