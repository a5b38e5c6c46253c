"""The names of the files that training leaves: in a fit's folder, in an evaluation's folder, and among a run's artifacts.

Nothing is imported that takes time: `make train` reads this before it knows whether there is anything to do.
"""

from __future__ import annotations

from pathlib import Path

# The folder of a fit, data/TASK/fit: NAME/ in it holds a candidate.
FIT = "fit"
ARTIFACT = "artifact"
PREDICTIONS = "predictions.parquet"  # out-of-fold
RUN = "run_id.json"
OUT_OF_FOLD = "out_of_fold.parquet"  # the risks among those, by person and landmark, without saying whose: logged to the run

# A tag of its run: whom its artifact was fitted to. Those judged were fitted in the same way, without the person.
FITTED_TO, EVERYBODY = "fitted_to", "everybody"

# The folder of an evaluation, data/TASK/evaluation. NAME/ in it holds a candidate's part, and is logged to its run as it stands.
EVALUATION = "evaluation"
METRICS = "metrics.json"
PERFORMANCE = "performance.csv"
SUBGROUPS = "subgroups.csv"
DIFFERENCES = "differences.csv"
DECISION_CURVES = "decision_curves.csv"
DIAGNOSES = "diagnoses.csv"
SITES = "sites.csv"  # which number is which site, where figures number them: never logged
PLOTS = "plots"
EXPLANATION, STABILITY, AVAILABILITY = "explanation", "stability.csv", "availability.json"

# The folder of a search, data/TASK/tune: NAME.db is the study, NAME.json what the last one ended with.
TUNE = "tune"

# What register adds to a run.
GATE = "gate.json"
COMPARISON = "comparison.html"  # of the training's own run
CARD_HTML, CARD_MD = "model_card.html", "model_card.md"

# The folder of a watch, data/TASK/monitor, and its run.
REPORT, FINDINGS = "report.html", "findings.json"

# The folder of a validation on another cohort, data/TASK/validation, and its run; its findings lie with the run of the model too.
VALIDATION, VALIDATED, CASE_MIX = "validation", "validation.json", "case_mix.csv"

# The folder of a recalibration to a site, data/TASK/recalibration.
RECALIBRATION, RECALIBRATED_FILE = "recalibration", "recalibrated.json"

COHORT = "cohort.json"  # what a cohort's folder says of itself


def folder_of(task_name: str, part: str = "") -> Path:
    """Return where a part of a task's results lies unless a person says otherwise, as in data/smm/fit."""
    return Path("data") / task_name / part


def plot(name: str) -> str:
    """Return the place of a picture of a candidate's figures, as in plots/roc.png."""
    return f"{PLOTS}/{name}.png"


def explained(name: str) -> str:
    """Return the place of a table of a candidate's contributions, as in explanation/stability.csv."""
    return f"{EXPLANATION}/{name}"


def explained_at(months: int) -> str:
    """Return the folder, among the tables of contributions, of the pictures at a horizon, as in 24m."""
    return f"{months}m"


def validated(cohort_hash: str) -> str:
    """Return the place, among the artifacts of a model's run, of what a validation on a cohort found."""
    return f"{VALIDATION}/{cohort_hash}.json"


def refit(kind: str) -> str:
    """Return the place of the figures of a model that was fitted again, as in refits/sites.csv."""
    return f"refits/{kind}.csv"
