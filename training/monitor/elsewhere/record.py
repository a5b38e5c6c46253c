"""What a validation leaves: tables and pictures, a run in MLflow that is no candidate, and its findings with the model's own run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd

from features.cohort.files import whole_file, write_csv
from serving.store.champion import connect
from training import tracking
from training.evaluation.expected_events import too_little
from training.evaluation.performance import headline_first, logged
from training.metrics import Draws, named
from training.metrics.names import EXPECTED_AUC_OF_VISITS, OF_FIRST_VISITS, Metric
from training.monitor.elsewhere.others import CHAMPION
from training.monitor.elsewhere.validate import EVERYBODY, Validated
from training.places import CASE_MIX, DIFFERENCES, PERFORMANCE, PLOTS, VALIDATED, plot, validated
from training.plots import candidates as curves
from training.plots import held_out as plots
from training.tracking.run import Run


def write(found: Validated, folder: Path) -> None:
    """Write all figures, differences, the case mix, the findings and the pictures into a folder."""
    for name, table in ((PERFORMANCE, found.figures), (DIFFERENCES, found.differences), (CASE_MIX, found.case_mix)):
        write_csv(table, folder / name)
    with whole_file(folder / VALIDATED) as work:
        work.write_text(json.dumps(found.to_dict(), indent=1) + "\n", encoding="utf-8")
    _draw(found, folder)


def log(found: Validated, folder: Path) -> str:
    """Open a run in the task's experiment with figures and files, put the findings beside the model's own, and return the run's id."""
    task, artifact = found.plan.task, found.artifact
    name = f"validation on {found.source or 'cohort'} {found.cohort_hash}"
    tags = {
        "mlflow.runName": name,
        "kind": tracking.VALIDATION,
        "task": task.name,
        "model_version": found.version,
        "validated_run": found.run_id,
        "people": found.headline,
        "source": found.source,
        "cohort_hash": found.cohort_hash,
        "feature_hash": artifact.spec.feature_hash(),
        "git_commit": tracking.git_commit(),
    }
    client = connect()
    run = client.create_run(tracking.experiment_of(task), run_name=name, tags=tags)
    run_id: str = run.info.run_id
    with tracking.taken_back_unless_done(run_id):
        client.log_param(run_id, "evaluation.bootstrap", found.plan.evaluation.bootstrap)
        tracking.log_results(run_id, figures(found), folder)
        if (own := Run.known(found.run_id, task)) is not None:  # the model's run may be gone
            own.log_json(validated(found.cohort_hash), {**found.to_dict(), "run_id": run_id})
    return run_id


def figures(found: Validated) -> dict[str, float]:
    """Return the champion's figures by name: plain ones of the headline's people, `_everybody` of all; differences at one horizon."""
    own = found.figures[found.figures["model"] == CHAMPION]
    plain = logged(own[own["people"] == found.headline])
    everybody = own[(own["people"] == EVERYBODY) & (own["subset"] == "")].assign(subset=EVERYBODY)
    months = found.plan.primary_horizon
    beside = found.differences[found.differences["horizon"] == months].rename(columns={"difference": "estimate"})
    both = {} if found.headline == EVERYBODY else named(everybody[everybody["threshold"].isna()])
    return headline_first(plain | named(beside) | both | _case_mix(found), months)


def _case_mix(found: Validated) -> dict[str, float]:
    """Return the AUC that the risks allow at each horizon: without a suffix of all visits, as the AUC is; and of first ones."""
    there = found.case_mix[found.case_mix["now"].notna()]
    of_visits, of_first = (_by_month(there[there["figure"] == figure]) for figure in (EXPECTED_AUC_OF_VISITS, "expected_auc"))
    first = {Metric("expected_auc", month, subset=OF_FIRST_VISITS).name: now for month, now in of_first.items() if month in of_visits}
    return {Metric("expected_auc", month).name: now for month, now in (of_first | of_visits).items()} | first


def _by_month(rows: pd.DataFrame) -> dict[int, float]:
    months = rows["name"].str.extract(r"risk_(\d+)m")[0].astype(int)
    return {int(month): float(now) for month, now in zip(months, rows["now"], strict=True)}


def _draw(found: Validated, folder: Path) -> None:
    """Draw calibration, ROC and net benefit at the horizons that have figures."""
    rows, risks, plan = found.judged.rows, found.judged.risks, found.plan
    title = f"{plan.task.name} champion version {found.version} on {found.source or 'another cohort'}"
    seed = plan.evaluation.seed
    counts = Draws.of(rows["patient_id"], plots.DRAWS, seed).rows(rows["patient_id"])
    told = [(h, months) for h, months in enumerate(plan.task.horizons) if not too_little(rows, months)]
    shown = [plots.Shown.of(rows, risks[CHAMPION][:, h], months, counts) for h, months in told]
    (folder / PLOTS).mkdir(parents=True, exist_ok=True)
    for name in ("calibration", "roc", "decision_curve"):
        (folder / plot(name)).unlink(missing_ok=True)  # of an earlier validation
    if not shown:
        return
    plots.calibration(shown, f"{title}, all visits", folder / plot("calibration"))
    plots.roc(shown, f"{title}, all visits", folder / plot("roc"))
    places, horizons = [h for h, _ in told], tuple(months for _, months in told)
    given = {name: risk[:, places] for name, risk in risks.items() if np.isfinite(risk).any()}
    decisions = curves.decision_curves(rows, given, horizons, Draws.of(rows["patient_id"], 0, seed))
    if (decisions["model"] == CHAMPION).any():
        style, words = curves.looks_of(CHAMPION, plan.scores), f"{title}: net benefit, all visits"
        curves.plot_decision(decisions, CHAMPION, style, words, folder / plot("decision_curve"))
