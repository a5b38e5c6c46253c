"""`python -m serving`: score a cohort, serve the API."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from features.console import console, door, progress_bar, run
from features.params import DEFAULT_PARAMS
from features.tasks import task_names
from myeloma import ConfigError, StateError
from serving.store.trouble import explain_store_errors

if TYPE_CHECKING:
    from serving.artifact import Artifact

app = door("Score people.")

_LOG = logging.getLogger("serving")


@app.command()
@explain_store_errors
def score(
    cohort_path: Annotated[Path, typer.Argument(metavar="COHORT", help="Canonical cohort, made by python -m features ingest.")],
    task: Annotated[str, typer.Option(help="Task whose champion scores, such as smm.")],
    out: Annotated[Path, typer.Option(help="File to write: .parquet or .csv.")],
    at: Annotated[str | None, typer.Option(help="Score everybody on this day, YYYY-MM-DD, instead of at their last visit.")] = None,
    every_visit: Annotated[bool, typer.Option("--every-visit", help="Score every visit instead of the last.")] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of a model, instead of the registry's champion.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead of text.")] = False,
) -> None:
    """Score a cohort: one row per patient and landmark, with risks and per-biomarker contributions. A run that was killed goes on.

    Example: python -m serving score data/smm/cohort --task smm --out risks.parquet
    """
    from features.cohort.files import check_output
    from features.table.landmarks import landmark_day
    from myeloma.calendar import EPOCH
    from serving.artifact import load_artifact
    from serving.batch import SCORED
    from serving.store.champion import load_champion
    from serving.stream import Asked, score_file

    if at is not None and every_visit:
        raise ConfigError("--at and --every-visit exclude each other.", "choose one.")
    check_output(out)
    threads = os.cpu_count() or 1
    artifact = load_artifact(model, threads=threads) if model else load_champion(task, threads)
    if artifact.about["task"] != task:
        raise ConfigError(f"The model in {model} was made for the task {artifact.about['task']}, not {task}.", "name its own task.")
    day = landmark_day(at).toordinal() - EPOCH if at else None
    with progress_bar("Scoring") as told:
        found = score_file(artifact, cohort_path, out, Asked(every_visit, day), told)
    version = artifact.origin.get("model_version")
    scorer = f"{task} {artifact.kind}" + (f" version {version}" if version else "") + said_of(artifact)
    _LOG.info("%s: %s rows, %s; by %s", out, found.rows, ", ".join(f"{n} {status}" for status, n in found.status.items()), scorer)
    if as_json:
        typer.echo(json.dumps({"out": str(out), "rows": found.rows, "by": scorer, **asdict(found)}))
        return
    others = ", ".join(f"{n} {status}" for status, n in found.status.items() if status != SCORED)
    skipped = f"; not scored: {others}" if others else ""
    console.print(f"{out}: {found.status.get(SCORED, 0)} of {found.rows} rows scored by {scorer}{skipped}", markup=False)
    if since := found.since_in_words():
        console.print(f"  {since}", markup=False)


@app.command()
@explain_store_errors
def api(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8000,
    task: Annotated[list[str] | None, typer.Option(help="Serve only this task (may be repeated). Default: all with a champion.")] = None,
    params: Annotated[Path, typer.Option(help="Parameter file, for the names of the tasks.")] = DEFAULT_PARAMS,
    fhir_mapping: Annotated[
        Path | None, typer.Option(help="Which codes of FHIR mean what (YAML), in place of serving/http/fhir/mapping.yaml.")
    ] = None,
    address: Annotated[
        str | None, typer.Option(help="Where people reach this server, as cards of CDS Hooks link to it: https://...")
    ] = None,
) -> None:
    """Serve POST /v1/risk, GET /v1/model, /health/live, /health/ready, and /docs on 127.0.0.1. A port that is taken: exit code 1.

    Example: python -m serving api --port 8000
    """
    from serving.http.serve import HOST, serve, take_port

    with take_port(port) as taken:  # before anything that takes long is read
        from serving.http.api import make_app
        from serving.http.fhir.mapping import SHIPPED, mappings_in
        from serving.http.watched import watched
        from serving.store.champion import load_champion

        mappings, reached = mappings_in(fhir_mapping or SHIPPED), reached_at(address or f"http://{HOST}:{port}/")
        artifacts = {name: load_champion(name) for name in task} if task else _all_champions(params)
        ready = watched(make_app(artifacts, mappings=mappings, address=reached))
        said = [f"{name}{said_of(artifact)}" for name, artifact in artifacts.items()]
        console.print(f"Serving {', '.join(said)} at http://{HOST}:{port}/docs (Ctrl-C stops it)", markup=False)
        for name, artifact in artifacts.items():
            _LOG.info("serving %s: %s version %s", name, artifact.kind, artifact.origin.get("model_version", "unknown"))
        serve(ready, taken)


def reached_at(address: str) -> str:
    """Return an address that may stand in a link: it names a place, and nobody."""
    from urllib.parse import urlsplit

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


def _all_champions(params: Path) -> dict[str, Artifact]:
    from serving.store.champion import load_champion

    artifacts, reasons = {}, []
    for name in task_names(params):
        try:
            artifacts[name] = load_champion(name)
        except StateError as error:
            reasons.append(error)
    if not artifacts:
        raise reasons[0]
    return artifacts


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
