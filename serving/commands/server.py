"""`python -m serving api`: the server."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from features.console import console
from features.params import DEFAULT_PARAMS
from features.tasks import task_names
from myeloma import ConfigError
from serving.store.trouble import explain_store_errors

if TYPE_CHECKING:
    from serving.artifact import Artifact
    from serving.audit.log import AuditLog

_LOG = logging.getLogger("serving")
_TLS = "PEM file, for a server without a proxy."


@explain_store_errors
def api(  # noqa: PLR0913 - the options of a command line, by name
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port.")] = 8000,
    host: Annotated[str, typer.Option(help="Where it listens. Beyond this machine --keys or --issuers is needed.")] = "127.0.0.1",
    task: Annotated[list[str] | None, typer.Option(help="Serve only this task (may be repeated). Default: all with a champion.")] = None,
    pin: Annotated[list[str] | None, typer.Option(help="Serve this version, as in smm=4, whatever is champion (may be repeated).")] = None,
    follow: Annotated[bool, typer.Option("--follow", help="Serve what becomes champion, within seconds.")] = False,
    allow_simulated: Annotated[bool, typer.Option("--allow-simulated", help="Serve models of simulated people to other machines.")] = False,
    keys: Annotated[Path | None, typer.Option(help="File of access-key: who may ask.")] = None,
    issuers: Annotated[Path | None, typer.Option(help="File of issuers of signed tokens (JWT) that may ask.")] = None,
    audit: Annotated[Path | None, typer.Option(help="Audit log that each answer is written into. Needs --audit-key.")] = None,
    audit_key: Annotated[Path | None, typer.Option(help="File of audit-key.")] = None,
    audit_inputs: Annotated[Path | None, typer.Option(help="Folder in which requests are kept, so that replay can repeat them.")] = None,
    ssl_certfile: Annotated[Path | None, typer.Option(help=f"Certificate: {_TLS}")] = None,
    ssl_keyfile: Annotated[Path | None, typer.Option(help=f"Its key: {_TLS}")] = None,
    fhir_mapping: Annotated[
        Path | None, typer.Option(help="Which codes of FHIR mean what (YAML), in place of serving/http/fhir/mapping.yaml.")
    ] = None,
    reached_at: Annotated[
        str | None, typer.Option("--address", help="Where people reach this server, as cards of CDS Hooks link to it: https://...")
    ] = None,
    params: Annotated[Path, typer.Option(help="Parameter file, for the names of the tasks.")] = DEFAULT_PARAMS,
) -> None:
    """Serve POST /v1/risk, GET /v1/model, /health/live, /health/ready, and /docs on 127.0.0.1. A port that is taken: exit code 1.

    It stays with the versions it begins with, unless told to --follow.

    Example: python -m serving api --port 8000
    """
    from serving.http.running.address import address_of
    from serving.http.running.serve import serve, server_of, take_port

    if (ssl_certfile is None) != (ssl_keyfile is None):
        raise ConfigError("--ssl-certfile and --ssl-keyfile belong together.", "give both, or neither.", "tls")
    tls = (ssl_certfile, ssl_keyfile) if ssl_certfile and ssl_keyfile else None
    address = address_of(host, port)
    with take_port(port, address) as taken:  # before anything that takes long is read
        from serving.http.audited import Kept
        from serving.http.fhir.mapping import SHIPPED, mappings_in
        from serving.http.running.deploy import Wanted, deploy, gate_of, load_wanted

        mappings, linked = mappings_in(fhir_mapping or SHIPPED), _linked(reached_at or f"{'https' if tls else 'http'}://{address.shown}/")
        gate, log = gate_of(address, keys, issuers), _audit_log(audit, audit_key, audit_inputs)
        wanted = Wanted(() if task or pin else task_names(params), task or (), _pinned(pin or (), task))
        deployed = deploy(
            load_wanted(wanted),
            address,
            gate,
            Kept(log, mappings=mappings, address=linked),
            wanted.tasks if follow else (),
            allow_simulated,
        )
        server = server_of(deployed.app, tls)
        _say(deployed.live.artifacts, f"{'https' if tls else 'http'}://{address.shown}{'/docs' if address.is_of_this_machine else ''}")
        if not address.is_of_this_machine and not tls:
            console.print("  not encrypted: put a proxy with TLS before it, or give --ssl-certfile and --ssl-keyfile", markup=False)
        if log:
            log.note("start", models={name: artifact.origin.get("model_version", "") for name, artifact in deployed.live.artifacts.items()})
        if deployed.follower:
            deployed.follower.start()
        try:
            serve(server, taken)
        finally:
            deployed.stop()


def _pinned(pin: list[str] | tuple[()], tasks: list[str] | None) -> Mapping[str, str]:
    """Return the versions that are pinned, by task; each is of a task that is served."""
    from serving.http.running.deploy import pinned_versions

    pinned = pinned_versions(pin)
    if tasks and (other := next((task for task in pinned if task not in tasks), None)):
        what = f"--pin {other}={pinned[other]} is of a task that --task leaves out."
        raise ConfigError(what, f"add --task {other}, or leave --task out: --pin alone serves its task.", "pin")
    return pinned


def _linked(address: str) -> str:
    """Return an address that may stand in a link: it names a place, and nobody."""
    parts = urlsplit(address)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ConfigError(
            "--address is no address that a link may hold.", "write it https://host/ or https://host/path/, with nothing behind."
        )
    return address


def said_of(artifact: Artifact) -> str:
    """Return what has to be said of a model: that it is not of real people, or did not pass the gate by itself."""
    verdict, people = artifact.origin.get("gate_verdict", ""), artifact.provenance.people
    said = [] if people == "real" else ["fitted to simulated people" if people == "simulated" else "nobody recorded of whom it was made"]
    said += [f"the gate said: {verdict}"] if verdict not in ("", "promote") else []
    return f" ({'; '.join(said)})" if said else ""


def _say(artifacts: dict[str, Artifact], where: str) -> None:
    said = [f"{name}{said_of(artifact)}" for name, artifact in artifacts.items()]
    console.print(f"Serving {', '.join(said)} at {where} (Ctrl-C stops it)", markup=False)
    for name, artifact in artifacts.items():
        _LOG.info("serving %s: %s version %s", name, artifact.kind, artifact.origin.get("model_version", "unknown"))


def _audit_log(path: Path | None, key: Path | None, inputs: Path | None) -> AuditLog | None:
    if path is None and key is None and inputs is None:
        return None
    if path is None or key is None:
        hint = "python -m serving audit-key FILE makes a key."
        raise ConfigError("An audit log needs --audit LOG and --audit-key FILE.", hint, "audit")
    from serving.audit.chain import read_audit_key
    from serving.audit.log import AuditLog

    return AuditLog(path, read_audit_key(key), inputs)
