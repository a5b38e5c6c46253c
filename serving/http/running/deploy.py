"""What is served where: models pinned to versions or followed, and what a server that others reach must have."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from starlette.types import ASGIApp

from myeloma import ConfigError, StateError
from serving.access.gate import Gate
from serving.access.keys import read_keys
from serving.access.tokens import read_tokens
from serving.artifact import Artifact
from serving.http.api import make_app
from serving.http.audited import Kept
from serving.http.guarded import guarded, outermost
from serving.http.running.address import Address
from serving.http.running.follow import Follower
from serving.http.running.live import Live
from serving.http.waiting import Desk
from serving.http.watched import watched

_LOG = logging.getLogger("serving")


@dataclass(frozen=True)
class Wanted:
    """Which models are served: the champions of the tasks named, of all tasks where none is, and versions that are pinned by task."""

    known: Sequence[str]
    named: Sequence[str] = ()
    pinned: Mapping[str, str] = field(default_factory=dict)

    @property
    def tasks(self) -> list[str]:
        """Return the tasks whose champions are served."""
        named = self.named if self.named or self.pinned else self.known
        return [task for task in named if task not in self.pinned]


def gate_of(address: Address, keys: Path | None, issuers: Path | None) -> Gate | None:
    """Return who is let in; None where everybody on this machine is.

    Raises
    ------
    ConfigError
        Others reach the address and nothing says who may ask; or a file cannot be used.
    """
    if keys is None and issuers is None:
        if address.is_of_this_machine:
            return None
        hint = "give --keys FILE (python -m serving access-key NAME --keys FILE makes a key) or --issuers FILE, or leave --host out."
        raise ConfigError(f"At {address.host} others reach the server, and nothing says who may ask.", hint, "no_access")
    return Gate(read_keys(keys) if keys else None, read_tokens(issuers) if issuers else None)


def check_people(artifact: Artifact, address: Address, allow_simulated: bool) -> None:
    """Refuse a model that was not fitted to real people where others reach the server, unless that is wanted.

    Raises
    ------
    StateError
        It is refused.
    """
    people = artifact.provenance.people
    if people == "real" or allow_simulated or address.is_of_this_machine:
        return
    what = "was fitted to simulated people" if people == "simulated" else "does not say of whom it was made"
    hint = "serve others with --task, or say --allow-simulated: each answer then says so."
    raise StateError(f"The model of {artifact.about['task']} {what}: it is not served at {address.host}.", hint, "simulated")


def load_wanted(wanted: Wanted) -> dict[str, Artifact]:
    """Return the models to begin with, by task.

    Raises
    ------
    StateError
        One that was named cannot be loaded; or of all tasks none has a champion.
    """
    from serving.store.champion import load_champion, load_numbered

    artifacts = {task: load_numbered(task, version) for task, version in wanted.pinned.items()}
    if wanted.named or wanted.pinned:
        return artifacts | {task: load_champion(task) for task in wanted.tasks}
    reasons = []
    for task in wanted.tasks:
        try:
            artifacts[task] = load_champion(task)
        except StateError as error:
            reasons.append(error)
            if error.code != "no_champion":
                _LOG.error("%s is not served: %s", task, error.what)
    if not artifacts:
        raise reasons[0]
    return artifacts


def pinned_versions(said: Sequence[str]) -> dict[str, str]:
    """Return versions by task, as `--pin smm=4` says them.

    Raises
    ------
    ConfigError
        One is written another way, or a task stands twice.

    Examples
    --------
    >>> pinned_versions(["smm=4"])
    {'smm': '4'}
    """
    found: dict[str, str] = {}
    for one in said:
        task, _, version = one.partition("=")
        if not task or not (version.isascii() and version.isdecimal()) or task in found:
            raise ConfigError(f'--pin "{one}" is not accepted.', "write --pin TASK=VERSION, such as smm=4, each task once.", "pin")
        found[task] = version.lstrip("0") or "0"
    return found


@dataclass(frozen=True)
class Deployed:
    """A server that is ready to answer: its outside, what follows the registry, and the audit log."""

    app: ASGIApp
    live: Live
    follower: Follower | None
    kept: Kept

    def stop(self) -> None:
        """End what runs beside the server."""
        if self.follower:
            self.follower.stop()
        if self.kept.audit:
            try:
                self.kept.audit.note("stop")
            finally:
                self.kept.audit.close()


def deploy(
    artifacts: dict[str, Artifact],
    address: Address,
    gate: Gate | None = None,
    kept: Kept | None = None,
    follow: Sequence[str] = (),
    allow_simulated: bool = False,
) -> Deployed:
    """Return the server of some models at an address, with all that stands around them.

    Parameters
    ----------
    follow : sequence of str
        Tasks whose champions are followed.

    Raises
    ------
    StateError
        A model may not be served there.
    """
    for artifact in artifacts.values():
        check_people(artifact, address, allow_simulated)
    kept, desk = kept or Kept(), Desk()
    live = Live(lambda now: make_app(now, desk, kept, with_docs=address.is_of_this_machine), artifacts)
    follower = None
    if follow:
        told = kept.audit.note if kept.audit else None
        follower = Follower(live, follow, lambda artifact: check_people(artifact, address, allow_simulated), told)
        kept.standing = follower.standing
    return Deployed(outermost(watched(live, guarded(live, gate))), live, follower, kept)
