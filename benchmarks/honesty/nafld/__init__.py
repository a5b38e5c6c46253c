"""Histories that nobody simulated: nafld of R's package survival through ingest, build, fit and evaluate, as a task of another disease.

Run: python -m benchmarks.honesty.nafld, with R and its package survival. It says what histories add over latest values, what each
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

import numpy as np
import pandas as pd

from benchmarks.honesty.goal import Goal
from benchmarks.honesty.nafld.tables import write_tables

HERE = Path(__file__).parent
PARAMS = HERE / "params.yaml"
PART = "nafld"
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
        for model in _models():
            judged = ("--fitted", "fit", "--evaluated", "evaluation", "--refit", "history", "--model", model)
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
        yield Goal(PART, f"survival {version}, {table}", found, "every row is kept or quarantined", holds)


def _built(summary: dict[str, int]) -> Goal:
    return Goal(PART, "landmarks", ", ".join(f"{name} {value}" for name, value in summary.items() if np.isscalar(value)), "", None)


def _judged(performance: pd.DataFrame) -> Iterator[Goal]:
    for (model, months, subset), rows in performance.groupby(["model", "horizon", "subset"], sort=False):
        if subset not in SUBSETS or "auc" not in set(rows.dropna(subset="lo")["measure"]):
            continue
        of = rows.set_index("measure")[["estimate", "lo", "hi"]]
        said = [f"{of.at['events', 'estimate']:.0f} of {of.at['patients', 'estimate']:.0f} people"]
        said += [f"{word} {_interval(*of.loc[name])}" for name, word in FIGURES.items()]
        ratio, asked = of.at["oe_ratio", "estimate"], f"observed/expected {ACCEPTED[0]:g} to {ACCEPTED[1]:g}"
        yield Goal(PART, f"{model}, {months} months, {SUBSETS[subset]}", ", ".join(said), asked, bool(ACCEPTED[0] <= ratio <= ACCEPTED[1]))


def _history(folder: Path) -> Iterator[Goal]:
    for model in _models():
        gain = pd.read_csv(folder / model / "refits" / "history.csv")
        for months, rows in gain.groupby("horizon"):
            yield Goal(PART, f"{model}, {months} months: histories minus latest values", _differences(rows), "", None)


def _weightings(differences: pd.DataFrame) -> Iterator[Goal]:
    for kind in KINDS:
        pair = differences[(differences["model"] == kind) & (differences["reference"] == f"{kind}_visits")]
        for months, rows in pair.groupby("horizon"):
            yield Goal(PART, f"{kind}, {months} months: weighting patients minus visits", _differences(rows), "", None)


def _hidden(found: pd.DataFrame) -> Iterator[Goal]:
    found = found.fillna({"hidden": ""})
    known = found[found["hidden"] == ""].set_index(["model", "horizon"])["estimate"]
    for line in found.itertuples():
        said = f"observed/expected {_interval(line.estimate, line.lo, line.hi)}"
        if not line.hidden:
            yield Goal(PART, f"{line.model}, {line.horizon} months, nothing hidden", said, "", None)
            continue
        ratio = line.estimate / known[line.model, line.horizon]
        asked = f"{HIDDEN[0]:g} to {HIDDEN[1]:g} times that with nothing hidden"
        case = f"{line.model}, {line.horizon} months, {line.hidden} hidden"
        yield Goal(PART, case, f"{said}, {ratio:.2f} times that with nothing hidden", asked, bool(HIDDEN[0] <= ratio <= HIDDEN[1]))


def _differences(rows: pd.DataFrame) -> str:
    rows = rows[rows["measure"].isin(["auc", "brier", "ipa"])]
    return ", ".join(f"{FIGURES[line.measure]} {_interval(line.difference, line.lo, line.hi, '+.4f')}" for line in rows.itertuples())


def _interval(estimate: float, low: float, high: float, form: str = ".3f") -> str:
    return f"{estimate:{form}} ({low:{form}} to {high:{form}})"
