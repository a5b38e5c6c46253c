"""`python -m serving`: score a cohort, serve the API, make its keys, check its audit log."""

from __future__ import annotations

import json
import logging
import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Literal

import typer

from features.console import console, door, progress_bar, run
from myeloma import ConfigError
from serving.commands import audit, server
from serving.commands.server import said_of
from serving.store.trouble import explain_store_errors

app = door("Score people.")

_LOG = logging.getLogger("serving")


@app.command()
@explain_store_errors
def score(
    cohort_path: Annotated[str, typer.Argument(metavar="COHORT", help="Canonical cohort, made by python -m features ingest.")],
    task: Annotated[str, typer.Option(help="Task whose champion scores, such as smm.")],
    out: Annotated[
        str,
        typer.Option(help="File: .parquet or .csv; without ending a folder of parts and a manifest; with Spark .parquet."),
    ],
    at: Annotated[str | None, typer.Option(help="Score everybody on this day, YYYY-MM-DD, instead of at their last visit.")] = None,
    every_visit: Annotated[bool, typer.Option("--every-visit", help="Score every visit instead of the last.")] = False,
    model: Annotated[Path | None, typer.Option(help="Folder of a model, instead of the registry's champion.")] = None,
    engine: Annotated[
        Literal["local", "spark"], typer.Option(help="What it runs on: this program alone, or Spark (docs/spark.md).")
    ] = "local",
    as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead of text.")] = False,
) -> None:
    """Score a cohort: one row per patient and landmark, with risks and per-biomarker contributions. A run that was killed goes on.

    Example: python -m serving score data/smm/cohort --task smm --out risks.parquet
    """
    from features.table.landmarks import landmark_day
    from myeloma.calendar import EPOCH
    from serving.artifact import load_artifact
    from serving.batch import SCORED
    from serving.store.champion import load_champion
    from serving.stream import Asked, score_file

    if at is not None and every_visit:
        raise ConfigError("--at and --every-visit exclude each other.", "choose one.")
    _check_output(out, engine)
    threads = os.cpu_count() or 1
    artifact = load_artifact(model, threads=threads) if model else load_champion(task, threads)
    if artifact.about["task"] != task:
        raise ConfigError(f"The model in {model} was made for the task {artifact.about['task']}, not {task}.", "name its own task.")
    day = landmark_day(at).toordinal() - EPOCH if at else None
    asked = Asked(every_visit, day)
    if engine == "spark":
        from serving.spark import score_with_spark

        found = score_with_spark(artifact, cohort_path, out, asked)
    else:
        with progress_bar("Scoring") as told:
            found = score_file(artifact, Path(cohort_path), Path(out), asked, told)
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


app.command()(server.api)
app.command()(audit.access_key)
app.command()(audit.audit_key)
app.command()(audit.audit)
app.command()(audit.replay)


def _check_output(out: str, engine: str) -> None:
    from features.cohort.files import check_output
    from serving.parts import check_folder

    if engine == "local" and not Path(out).suffix:
        check_folder(Path(out))
    elif engine == "local":
        check_output(Path(out))
    elif not out.endswith(".parquet"):
        raise ConfigError(f'The output "{Path(out).name}" does not end in .parquet.', "Spark writes a folder of Parquet files.")


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
