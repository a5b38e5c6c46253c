"""Histories that nobody simulated: nafld of R's package survival through ingest, build, fit and evaluate, as a task of another disease.

Run: python -m benchmarks.honesty nafld, with R and its package survival. It says what histories add over latest values, what each
weighting of visits does, and whether people of whom a biomarker is hidden have the risk that is shown: docs/nafld.md.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pandas as pd

from benchmarks.honesty.goal import Goal
from benchmarks.honesty.nafld.tables import write_tables

HERE = Path(__file__).parent
PARAMS = HERE / "params.yaml"
FIGURES = {"auc": "AUC", "brier": "Brier", "ipa": "IPA", "oe_ratio": "observed/expected"}
ACCEPTED = (0.8, 1.25)  # observed over expected, as the gate asks of the tasks that ship
HIDDEN = (0.9, 1.1)  # the same with a biomarker hidden, over that with nothing hidden
SUBSETS = {"": "every visit", "per_person": "every person once a year", "at_0y": "at the index day"}
KINDS = ("boosting", "logistic")  # each fitted with both weightings: `KIND` counts people, `KIND_visits` visits


def measured() -> Iterator[Goal]:
    """Yield what was found at each step, from the rows read to the people of whom a biomarker is hidden."""
    with TemporaryDirectory() as work:
        folder = Path(work)
        (folder / "raw").mkdir()
        version = write_tables(folder / "raw")
        command("features", "ingest", "--source", "tabular", "raw", "cohort", "--accept", folder=folder)
        yield from _ingested(folder, version)
        yield _built(json.loads(command("features", "build", "cohort", "table.parquet", *task(), "--json", folder=folder)))
        command("training", "fit", "table.parquet", *task(), "--fitted", "fit", folder=folder)
        again = [word for model in _models() for word in ("--model", model)]
        judged = ("--fitted", "fit", "--evaluated", "evaluation", "--refit", "history", *again)
        command("training", "evaluate", *task(), *judged, folder=folder)
        yield from evaluated(folder)


def evaluated(folder: Path) -> Iterator[Goal]:
    """Yield what the evaluation in a folder found, and the figures with a biomarker hidden."""
    yield from _judged(pd.read_csv(folder / "evaluation" / "performance.csv").fillna({"subset": ""}))
    yield from _history(folder / "evaluation")
    yield from _weightings(pd.read_csv(folder / "evaluation" / "differences.csv"))
    yield from _hidden(pd.read_csv(StringIO(command("benchmarks.honesty.nafld.hidden", "table.parquet", str(PARAMS), folder=folder))))


def command(*arguments: str, folder: Path) -> str:
    """Run a command of the product in a folder, with the catalogue of this data set, and return what it printed.

    Raises
    ------
    RuntimeError
        It was refused.
    """
    path = os.pathsep.join([str(HERE.parents[2]), os.environ.get("PYTHONPATH", "")])
    own = {
        "MYELOMA_CATALOGUE": str(HERE / "catalogue.yaml"),
        "MLFLOW_TRACKING_URI": f"sqlite:///{folder / 'mlruns.db'}",
        "PYTHONPATH": path,
    }
    called = [sys.executable, "-m", *arguments]
    done = subprocess.run(called, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{' '.join(arguments)} was refused: {done.stderr}")
    return done.stdout


def task() -> tuple[str, ...]:
    """Return the arguments that name the task."""
    return "--task", "nafld", "--params", str(PARAMS)


def _models() -> Iterator[str]:
    for kind in KINDS:
        yield from (kind, f"{kind}_visits")


def _ingested(folder: Path, version: str) -> Iterator[Goal]:
    counts = json.loads((folder / "cohort" / "cohort.json").read_text())["counts"]
    for table, rows in counts.items():
        found = f"{rows['read']} read = {rows['kept']} kept + {rows['quarantined']} quarantined"
        holds = rows["read"] == rows["kept"] + rows["quarantined"]
        yield Goal(f"survival {version}, {table}", found, "every row is kept or quarantined", holds)


def _built(summary: dict[str, Any]) -> Goal:
    first = ", ".join(f"{event} {people}" for event, people in summary["patients_with"].items())
    found = f"{summary['landmarks']} of {summary['visits']} visits; people by their first event: {first}"
    return Goal("landmarks", f"{found}; without a landmark {summary['patients_without_a_landmark']}", "", None)


def _judged(performance: pd.DataFrame) -> Iterator[Goal]:
    for (model, months, subset), rows in performance.groupby(["model", "horizon", "subset"], sort=False):
        of = {line["measure"]: line for line in rows.to_dict("records")}
        if subset not in SUBSETS or "oe_ratio" not in of:
            continue
        said = [f"{of['events']['estimate']:.0f} of {of['patients']['estimate']:.0f} people"]
        said += [f"{word} {_interval(of[name])}" for name, word in FIGURES.items()]
        asked = f"observed/expected {ACCEPTED[0]:g} to {ACCEPTED[1]:g}"
        holds = ACCEPTED[0] <= of["oe_ratio"]["estimate"] <= ACCEPTED[1]
        yield Goal(f"{model}, {months} months, {SUBSETS[subset]}", ", ".join(said), asked, holds)


def _history(folder: Path) -> Iterator[Goal]:
    for model in _models():
        gain = pd.read_csv(folder / model / "refits" / "history.csv")
        for months, rows in gain.groupby("horizon"):
            yield Goal(f"{model}, {months} months: histories minus latest values", _differences(rows), "", None)


def _weightings(differences: pd.DataFrame) -> Iterator[Goal]:
    for kind in KINDS:
        pair = differences[(differences["model"] == kind) & (differences["reference"] == f"{kind}_visits")]
        for months, rows in pair.groupby("horizon"):
            yield Goal(f"{kind}, {months} months, every visit: weighting patients minus visits", _differences(rows), "", None)


def _hidden(found: pd.DataFrame) -> Iterator[Goal]:
    lines = found.fillna({"hidden": ""}).to_dict("records")
    known = {(line["model"], line["horizon"]): line["estimate"] for line in lines if not line["hidden"]}
    for line in lines:
        said = f"observed/expected {_interval(line)}"
        case = f"{line['model']}, {line['horizon']} months, {line['hidden'] or 'nothing'} hidden"
        if not line["hidden"]:
            yield Goal(case, said, "", None)
            continue
        ratio = line["estimate"] / known[line["model"], line["horizon"]]
        asked = f"{HIDDEN[0]:g} to {HIDDEN[1]:g} times that with nothing hidden"
        yield Goal(case, f"{said}, {ratio:.2f} times that with nothing hidden", asked, HIDDEN[0] <= ratio <= HIDDEN[1])


def _differences(rows: pd.DataFrame) -> str:
    lines = rows[rows["measure"].isin(["auc", "brier", "ipa"])].rename(columns={"difference": "estimate"}).to_dict("records")
    return ", ".join(f"{FIGURES[line['measure']]} {_interval(line, '+.4f')}" for line in lines)


def _interval(line: dict[Any, Any], form: str = ".3f") -> str:
    return f"{line['estimate']:{form}} ({line['lo']:{form}} to {line['hi']:{form}})"
