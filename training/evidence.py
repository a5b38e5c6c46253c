"""What a verdict rests on beside the logged figures: the registered artifact on held-out people, and the champion there."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import pandas as pd
from mlflow.exceptions import MlflowException

from features import Cohort, FeatureTable, Task, build_features, read_cohort, read_table
from features.table import KEYS, OUTCOMES
from features.tasks import horizon_days
from myeloma import StateError, UserError
from serving.answer import answer_columns
from serving.artifact import Artifact, feature_matrix
from serving.models import logit
from serving.predict import Explained, by_biomarker, explain, predict_risk
from training.censoring import STRATUM, FollowUp
from training.fit import PREDICTIONS, RUN, hashes_of
from training.importance import harm_agreement
from training.metrics import horizon_metrics
from training.parity import largest_difference
from training.subgroups import people_progressing
from training.verdict import Comparison, Facts

PERFORMANCE, SUBGROUPS = "performance.csv", "subgroups.csv"
_EXPLAINED_ROWS = 200
_SEED = 1
_COMPARED = ("auc", "brier")


@dataclass(frozen=True)
class HeldOut:
    """The rows a candidate was judged on: keys, outcomes, features and its held-out risks; and their cohort, if it is here."""

    rows: pd.DataFrame
    cohort: Cohort | None


def held_out(record: dict[str, Any], task: Task, cohort: Path) -> HeldOut | None:
    """Return the held-out rows of a fit, None where its files are not on this machine, as they were then.

    Parameters
    ----------
    record : dict
        What `fit` wrote: `table`, `folder`, `cohort_hash`, ...
    cohort : Path
        Folder of the cohort. One of other content is not taken.
    """
    table_path, predictions = Path(record["table"]), Path(record.get("folder", "")) / PREDICTIONS
    if not table_path.is_file() or not predictions.is_file():
        return None
    table: FeatureTable = read_table(table_path)
    if not hashes_of(table).items() <= record.items():
        return None
    columns = [f"risk_{months}m" for months in task.horizons]
    judged = pd.read_parquet(predictions)[["patient_id", "landmark", STRATUM, *columns]]
    return HeldOut(table.rows.merge(judged, on=["patient_id", "landmark"]), _cohort(record, cohort))


def cohort_of(record: dict[str, Any]) -> Path:
    """Return where the cohort of a fit lies unless a person says otherwise: beside its table."""
    return Path(record["table"]).parent / "cohort"


def record_of_run(run_id: str, fitted: Path) -> dict[str, Any] | None:
    """Return what `fit` wrote of a run, if a folder of fits holds it, else None."""
    records = (json.loads(path.read_text(encoding="utf-8")) for path in sorted(fitted.glob(f"*/{RUN}")))
    return next((record for record in records if record.get("run_id") == run_id), None)


def measure(artifact: Artifact, task: Task, held: HeldOut | None) -> Facts:
    """Return what can be measured on an artifact that was loaded from the registry."""
    facts = Facts(features_known=True, outcome_columns=len({*KEYS, *OUTCOMES} & set(artifact.columns)))  # loading checks the hash
    if held is None:
        why = "the people held out are not on this machine; run register where the model was fitted"
        return replace(facts, notes=dict.fromkeys(("additivity", "harm", "parity"), why))
    sample = held.rows.sample(min(_EXPLAINED_ROWS, len(held.rows)), random_state=_SEED)
    x = feature_matrix(artifact, sample)
    parity, note = None, "no cohort folder beside the table holds these people; name it with --cohort"
    if held.cohort is not None:
        parity, note = largest_difference(artifact, held.cohort, held.rows["patient_id"].unique())
    explained = explain(artifact, x)
    harm = _harm(artifact, task, x, explained.contributions)
    return replace(facts, additivity=_additivity(artifact, x, explained), harm=harm, parity=parity, notes={"parity": note})


def compare(task: Task, candidate: tuple[Any, HeldOut | None], champion: tuple[str, Any], load: Any) -> Comparison:
    """Return the champion's and the candidate's figures on the candidate's held-out rows, and how they were made.

    Where the champion was fitted without these people it is scored again on them. Where both were cross-validated on the
    same folds, their logged figures are of the same rows. Where the champion was made from another cohort or split, nobody
    can tell whether it has seen these people: it is scored all the same, and the words say that this flatters it.

    Parameters
    ----------
    candidate : MLflow run, and its held-out rows if they are here
    champion : version, MLflow run
    load : function that returns the champion's artifact, or raises StateError
    """
    (run, held), (version, live) = candidate, champion
    judged, kind = run.data.tags.get("judged_hash"), live.data.params.get("evaluation.kind")
    same = judged is not None and judged == live.data.tags.get("judged_hash")
    try:
        artifact = load()
    except StateError as error:
        return Comparison(version, f"champion version {version} can no longer be used: {error.what}", champion_fails=True)
    if same and (held is None or kind == "cross_validation"):
        how = "figures logged with both runs, on the very same rows" + (
            ", each judged by a fold's model that had not seen the person" if kind == "cross_validation" else ""
        )
        return Comparison(version, how, _logged(live, task), _logged(run, task))
    if held is None:
        return Comparison(version, f"champion version {version} was judged on other people, and the held-out rows are not on this machine")
    risks = _risks(artifact, held)
    if artifact.horizons != task.horizons or risks is None:
        return Comparison(version, f"champion version {version} has other horizons, or features that these people's table does not hold")
    rows, months = held.rows, list(enumerate(task.horizons))
    how = (
        f"both scored on the same {len(rows)} held-out rows, of people neither was fitted on"
        if same
        else "of another cohort or split, the champion was scored on these rows too; it may have seen these people, which flatters it"
    )
    own = rows[[f"risk_{m}m" for m in task.horizons]].to_numpy()
    return Comparison(version, how, _figures(rows, risks, months), _figures(rows, own, months))


def subgroups(run_id: str, months: int, held: HeldOut | None) -> dict[str, tuple[float, float]]:
    """Return observed / expected and events of each subgroup that evaluation logged to the run as `subgroups.csv`.

    Events that are kept back there are counted again among the people held out. Where these are not here, such a subgroup
    counts as large enough: nothing passes because its count is kept back.
    """
    if (table := _logged_table(run_id, SUBGROUPS)) is None:
        return {}
    here = table[table["horizon"] == months].assign(name=lambda t: t["grouping"] + ": " + t["group"].astype(str))
    ratios, shown = (here[here["measure"] == what].set_index("name")["estimate"].dropna() for what in ("oe_ratio", "events"))
    counted = people_progressing(held.rows, months) if held is not None and not ratios.index.isin(shown.index).all() else {}
    return {name: (float(ratio), float(shown.get(name, counted.get(name, inf)))) for name, ratio in ratios.items()}


def unjudged(run_id: str) -> dict[int, str]:
    """Return why evaluation gave no figures over all visits, by horizon, as it logged to the run in `performance.csv`."""
    if (table := _logged_table(run_id, PERFORMANCE)) is None:
        return {}
    lines = table[table["subset"].isna() & (table["measure"] == "auc") & table["why"].notna()]
    return {int(line.horizon): str(line.why).partition(";")[0].rstrip(".") for line in lines.itertuples()}


def _logged_table(run_id: str, name: str) -> pd.DataFrame | None:
    try:
        content = mlflow.artifacts.load_text(f"runs:/{run_id}/{name}")
    except (MlflowException, OSError):
        return None
    return pd.read_csv(io.StringIO(content), keep_default_na=False, na_values=[""])  # a site may be called NA


def _cohort(record: dict[str, Any], folder: Path) -> Cohort | None:
    about = folder / "cohort.json"
    if not about.is_file() or json.loads(about.read_text(encoding="utf-8")).get("hash") != record["cohort_hash"]:
        return None
    return read_cohort(folder)


def _additivity(artifact: Artifact, x: np.ndarray, explained: Explained) -> float:
    """Return the largest gap between the logit of the risk and base + contributions, as an answer shows them.

    Infinite where either is no number: a sum that passes over it, or a comparison with it, would let it through.
    """
    answers = answer_columns(artifact, explained)
    shown = [
        answers[[f"base_{months}m", *(name for name in answers if name.endswith(f"__contribution__{months}m"))]].sum(axis=1, skipna=False)
        for months in artifact.horizons
    ]
    gap = np.abs(logit(predict_risk(artifact, x)) - np.column_stack(shown)).max()
    return float(gap) if np.isfinite(gap) else inf


def _harm(artifact: Artifact, task: Task, x: np.ndarray, contributions: np.ndarray) -> dict[str, float]:
    """Return, for the weightiest biomarkers of known harm, the rank correlation of latest value and contribution."""
    at = task.horizons.index(task.primary_horizon)
    shown = by_biomarker(artifact, contributions[:, at : at + 1])
    weight = {name: np.abs(shown[name]).mean() for name in artifact.spec.biomarkers}
    weightiest = sorted(weight, key=lambda name: -weight[name])[: task.gate.harm_of_top]
    return harm_agreement(artifact.columns, x, {name: shown[name][:, 0] for name in weightiest})


def _risks(artifact: Artifact, held: HeldOut) -> np.ndarray | None:
    rows: pd.DataFrame = held.rows
    if any(name not in rows.columns for name in artifact.columns):
        if held.cohort is None:
            return None
        rows = build_features(held.cohort, held.rows[["patient_id", "landmark"]], artifact.spec)
    try:
        return predict_risk(artifact, feature_matrix(artifact, rows))
    except UserError:
        return None


def _figures(rows: pd.DataFrame, risks: np.ndarray, months: list[tuple[int, int]]) -> dict[str, float]:
    follow_up = FollowUp.of(rows)
    found = {m: horizon_metrics(follow_up, risks[:, k], float(horizon_days(m))) for k, m in months}
    return {f"{name}_{m}m": float(found[m][name]) for m in found for name in _COMPARED if np.isfinite(found[m][name])}


def _logged(run: Any, task: Task) -> dict[str, float]:
    names = [f"{name}_{months}m" for months in task.horizons for name in _COMPARED]
    return {name: run.data.metrics[name] for name in names if name in run.data.metrics}
