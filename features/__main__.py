"""`python -m features`: ingest, simulate, build. A command imports what it runs; the help, nothing."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from shlex import quote
from typing import Annotated, Literal

import typer

from features.console import Steps, console, door, progress_bar, run
from features.params import DEFAULT_PARAMS, memory_bytes
from myeloma import ConfigError

app = door("Histories in, feature tables out.")

Json = Annotated[bool, typer.Option("--json", help="Print a JSON object instead of text.")]
Engine = Annotated[Literal["local", "spark"], typer.Option(help="What it runs on: this program alone, or Spark (docs/spark.md).")]


@app.command()
def ingest(
    place: Annotated[str, typer.Argument(metavar="INPUT", help="A folder or file; for omop also duckdb:///... or postgresql://...")],
    cohort_path: Annotated[Path, typer.Argument(metavar="COHORT", help="Folder to write the canonical cohort to.")],
    source: Annotated[
        str, typer.Option(help="tabular (patients, measurements, events: CSV, XLSX, Parquet), omop, fhir, meds, mgus2 or mgus241.")
    ],
    mapping: Annotated[
        Path | None, typer.Option(help="Which codes mean what (YAML); omop, fhir and meds need it. For tabular: how the export is written.")
    ] = None,
    as_of: Annotated[str | None, typer.Option(help="Days after this one (YYYY-MM-DD) are refused; today where left out.")] = None,
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Also print cells, codes and sites as received, which may name people. Kept nowhere.")
    ] = False,
    accept: Annotated[
        bool, typer.Option("--accept", help="Go on where a quarter or more of a table, a site or a biomarker was refused.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Read a source into a canonical cohort; refused rows go to quarantine.parquet with a reason.

    Example: python -m features ingest --source omop cdm_folder my_cohort --mapping mapping.yaml
    """
    from features.intake.report import ingest_and_report
    from features.sources import read_source
    from features.table.landmarks import parse_day
    from myeloma.calendar import EPOCH

    if show_values and as_json:
        raise ConfigError("--show-values and --json exclude each other.", "what may name people is for the terminal, not for a program.")
    today = parse_day(as_of) if as_of else None
    read = read_source(source, place, mapping, today.toordinal() - EPOCH if today else None)
    ingest_and_report(read, cohort_path, as_json, today, show_values, accept)


@app.command("suggest")
def look_at(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="An export: patients, measurements and events as CSV, XLSX or Parquet.")],
    out: Annotated[Path, typer.Option(help="File to write the mapping to.")] = Path("mapping.yaml"),
    show_values: Annotated[
        bool, typer.Option("--show-values", help="Print names and words as received, which may name people; the mapping holds them.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at an export and write the mapping that `ingest --source tabular` takes; what could be two things is left to decide.

    Example: python -m features suggest my_folder --out mapping.yaml
    """
    from features.sources.plain.suggest import suggest, told, write_layout

    found = suggest(folder)
    write_layout(found, out)
    lines = {what: said if show_values else list(map(told, said)) for what, said in found.lines().items()}
    if as_json:
        typer.echo(json.dumps({"mapping": str(out), **lines}))
        return
    for what, said in lines.items():
        for line in said:
            console.print(f"  {what}: {line}")
    left = f"{len(found.decide)} {'thing is' if len(found.decide) == 1 else 'things are'} left to decide in it"
    open_ = [left] if found.decide else []
    open_ += ["what is at fault is for the source to mend"] if found.faults else []
    open_ += ["what is not read is named in it: give it one of our names where it is one"] if found.unread else []
    console.print(f"{out}: {'; '.join(open_) + '; then' if open_ else 'complete. Now'} run:")
    console.print(f"python -m features ingest --source tabular {quote(str(folder))} COHORT --mapping {quote(str(out))}")


@app.command()
def simulate(
    cohort_path: Annotated[Path, typer.Argument(metavar="COHORT", help="Folder to write the canonical cohort to.")],
    patients: Annotated[int, typer.Option(min=1, help="Number of people.")] = 2000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same cohort.")] = 1,
    world: Annotated[
        str,
        typer.Option(
            help="default (smoldering) or treated (myeloma from its first therapy on); contrast and treated_contrast: other mechanisms."
        ),
    ] = "default",
    truth: Annotated[
        Path | None, typer.Option(help="Parquet file for the true risk at every visit; for judging, no stage reads it.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Simulate a cohort of smoldering or treated myeloma. It is a mechanism with assumed parameters, not evidence.

    Example: python -m features simulate data/smm/cohort --patients 2000 --seed 1
    """
    from features.intake.report import ingest_and_report
    from features.simulation.choose import world_named
    from features.simulation.smm import write_truth

    simulator, chosen = world_named(world)
    if truth is not None and truth.suffix != ".parquet":
        raise ConfigError(f'The truth "{truth.name}" does not end in .parquet.', "name a Parquet file, not inside the cohort's folder.")
    ingest_and_report(simulator.simulate(patients, seed, chosen), cohort_path, as_json)
    if truth is not None:
        write_truth(simulator.simulate_truth(patients, seed, chosen), truth)


@app.command("quarantine")
def export(
    cohort_path: Annotated[Path, typer.Argument(metavar="COHORT", help="Canonical cohort, made by ingest.")],
    out: Annotated[Path, typer.Argument(metavar="REFUSED", help="File to write the refused rows to, .csv or .parquet.")],
    as_json: Json = False,
) -> None:
    """Write the refused rows to a file in which their cells can be corrected, for `mend`.

    Example: python -m features quarantine my_cohort refused.csv
    """
    from features.intake.mend import export_quarantine
    from features.intake.report import report_export

    report_export(export_quarantine(cohort_path, out), cohort_path, out, as_json)


@app.command("mend")
def take_back(
    cohort_path: Annotated[Path, typer.Argument(metavar="COHORT", help="The cohort that the rows were refused from.")],
    mended: Annotated[Path, typer.Argument(metavar="MENDED", help="The file of `quarantine`, with corrected cells.")],
    as_json: Json = False,
) -> None:
    """Take corrected rows of the quarantine into their cohort; those that are still wrong stay in quarantine.

    Example: python -m features mend my_cohort refused.csv
    """
    from features.intake.mend import mend
    from features.intake.report import report_mended

    report_mended(mend(cohort_path, mended, Steps(quiet=as_json)), cohort_path, as_json)


@app.command()
def build(
    cohort_path: Annotated[str, typer.Argument(metavar="COHORT", help="Canonical cohort, made by ingest or simulate.")],
    table_path: Annotated[str, typer.Argument(metavar="TABLE", help="Parquet file (with Spark: folder) to write the feature table to.")],
    task: Annotated[str, typer.Option(help="Task of params.yaml, such as mgus or smm.")],
    params: Annotated[Path, typer.Option(help="Parameter file.")] = DEFAULT_PARAMS,
    memory: Annotated[str, typer.Option(help="Memory to stay under, such as 800MB or 2GB; with Spark, that of each worker.")] = "2GB",
    engine: Engine = "local",
    as_json: Json = False,
) -> None:
    """Build a task's feature table: one row per patient and visit, point-in-time, with outcomes. A killed run goes on.

    Example: python -m features build data/smm/cohort data/smm/table.parquet --task smm
    With Spark (docs/spark.md), from and to folders or addresses: python -m features build COHORT TABLE --task smm --engine spark
    """
    from features.table.build import build_file
    from features.tasks import load_task

    name = Path(table_path).name
    if not name.endswith(".parquet"):
        raise ConfigError(f'The table "{name}" does not end in .parquet.', "feature tables are Parquet files.")
    chosen = load_task(task, params)
    bound = memory_bytes(memory)
    if engine == "spark":
        from features.spark.build import build_with_spark

        summary = build_with_spark(cohort_path, table_path, chosen, bound)
    else:
        with progress_bar("measurements") as progress:
            summary = build_file(Path(cohort_path), Path(table_path), chosen, bound, progress)
    patients = sum(summary["patients_with"].values())
    what = f"{summary['landmarks']} landmarks of {patients} patients x {summary['columns']} features ({summary['feature_hash']})"
    logging.getLogger("features").info("%s: %s", table_path, what)
    if as_json:
        typer.echo(json.dumps(summary))
        return
    console.print(f"{table_path}: {what}")
    lost = ", ".join(f"{n} {reason}" for reason, n in summary["not_at_risk"].items()) or "none"
    console.print(
        f"  visits {summary['visits']} = at risk {summary['landmarks']} + not at risk: {lost}; "
        f"patients without a landmark: {summary['patients_without_a_landmark']}"
    )
    console.print("  patients whose first event is " + ", ".join(f"{event} {n}" for event, n in summary["patients_with"].items()))
    console.print("  landmarks censored before " + ", ".join(f"{h}: {n}" for h, n in summary["censored_before_horizon"].items()))


@app.command()
def course(
    cohort_path: Annotated[Path, typer.Argument(metavar="COHORT", help="Canonical cohort, made by ingest or simulate.")],
    out: Annotated[Path, typer.Option(help="File to write, .parquet or .csv; with --plot .svg.")],
    plot: Annotated[str | None, typer.Option(metavar="PATIENT", help="Draw the course of this patient_id instead of the table.")] = None,
    as_json: Json = False,
) -> None:
    """Write the course of treated people: response, MRD, quality of life and the spectrum at every visit. Rules only, no model.

    Example: python -m features course my_cohort --out course.csv
    One person as a picture: python -m features course my_cohort --plot PATIENT --out course.svg
    """
    from features.cohort.files import check_output, write_by_ending
    from features.cohort.schema import read_cohort
    from features.course.table import course_table, summary

    if plot is not None:
        from features.course.picture import write_picture

        months = write_picture(read_cohort(cohort_path), plot, out)
        if as_json:
            typer.echo(json.dumps({"out": str(out), "months": months}))
        else:
            console.print(f"{out}: the course of one person, {months} months from the start of therapy on")
        return
    check_output(out, "the ending chooses the format; a picture (.svg) is of one person: name them with --plot.")
    table = course_table(read_cohort(cohort_path))
    write_by_ending(table, out)
    said = summary(table)
    if as_json:
        typer.echo(json.dumps({"out": str(out), **said}))
        return
    console.print(f"{out}: {said['visits']} visits of {said['patients']} people since the start of their therapy")
    for what in ("response", "mrd"):
        console.print(f"  {what} at the last visit: " + ", ".join(f"{word} {n}" for word, n in said[what].items()))
    console.print("  Rules only, no model. Meeting criteria never means cured; each column: docs/data_dictionary.md")


def main() -> None:
    """Run the command line."""
    run(app)


if __name__ == "__main__":
    main()
