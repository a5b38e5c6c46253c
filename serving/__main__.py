"""`python -m serving`: score a cohort, serve the API."""

from __future__ import annotations

import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import Progress

from features.console import console, door, run
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
) -> None:
    """Score a cohort: one row per patient and landmark, with risks and per-biomarker contributions.

    Example: python -m serving score data/smm/cohort --task smm --out risks.parquet
    """
    from features import read_cohort
    from features.cohort.files import check_output, write_by_ending
    from features.table.landmarks import fixed_landmarks, last_landmarks, parse_day, visit_landmarks
    from myeloma.calendar import EPOCH
    from serving.artifact import load_artifact
    from serving.batch import SCORED, score_landmarks, told_since
    from serving.store.champion import load_champion

    if at is not None and every_visit:
        raise ConfigError("--at and --every-visit exclude each other.", "choose one.")
    check_output(out)
    threads = os.cpu_count() or 1
    artifact = load_artifact(model, threads=threads) if model else load_champion(task, threads)
    if artifact.about["task"] != task:
        raise ConfigError(f"The model in {model} was made for the task {artifact.about['task']}, not {task}.", "name its own task.")
    cohort = read_cohort(cohort_path)
    landmarks = visit_landmarks(cohort) if every_visit else last_landmarks(cohort) if at is None else fixed_landmarks(cohort, at)
    with Progress(console=console, transient=True, disable=not console.is_terminal) as bar:
        scoring = bar.add_task("Scoring", total=len(landmarks))
        today = parse_day(at).toordinal() - EPOCH if at else None
        scores = score_landmarks(artifact, cohort, landmarks, lambda rows: bar.advance(scoring, rows), today)
    write_by_ending(scores, out)
    counts = scores["status"].value_counts()
    others = ", ".join(f"{n} {status}" for status, n in counts.items() if status != SCORED)
    version = artifact.origin.get("model_version")
    scorer = f"{task} {artifact.kind}" + (f" version {version}" if version else "") + said_of(artifact)
    skipped = f"; not scored: {others}" if others else ""
    _LOG.info("%s: %s rows, %s; by %s", out, len(scores), ", ".join(f"{n} {status}" for status, n in counts.items()), scorer)
    console.print(f"{out}: {counts.get(SCORED, 0)} of {len(scores)} rows scored by {scorer}{skipped}", markup=False)
    if since := told_since(scores):
        console.print(f"  {since}", markup=False)


@app.command()
@explain_store_errors
def api(
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port on this machine.")] = 8000,
    task: Annotated[list[str] | None, typer.Option(help="Serve only this task (may be repeated). Default: all with a champion.")] = None,
    params: Annotated[Path, typer.Option(help="Parameter file, for the names of the tasks.")] = DEFAULT_PARAMS,
) -> None:
    """Serve POST /v1/risk, GET /v1/model, /health/live, /health/ready, and /docs on 127.0.0.1. A port that is taken: exit code 1.

    Example: python -m serving api --port 8000
    """
    from serving.http.serve import HOST, serve, take_port

    with take_port(port) as taken:  # before anything that takes long is read
        from serving.http.api import make_app
        from serving.http.watched import watched
        from serving.store.champion import load_champion

        artifacts = {name: load_champion(name) for name in task} if task else _all_champions(params)
        ready = watched(make_app(artifacts))
        said = [f"{name}{said_of(artifact)}" for name, artifact in artifacts.items()]
        console.print(f"Serving {', '.join(said)} at http://{HOST}:{port}/docs (Ctrl-C stops it)", markup=False)
        for name, artifact in artifacts.items():
            _LOG.info("serving %s: %s version %s", name, artifact.kind, artifact.origin.get("model_version", "unknown"))
        serve(ready, taken)


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
