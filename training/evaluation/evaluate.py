"""Judge every fitted candidate on people it has not seen, explain it, and log both to its run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from features import FeatureTable, Task
from features.cohort.files import removed_unless_done, whole_file, write_csv
from features.cohort.locks import only_writer
from myeloma import ConfigError, StateError
from myeloma.errors import nearest
from myeloma.scores import SCORES
from serving.artifact import Artifact, load_artifact
from training import tracking
from training.evaluation.choice import choice_among
from training.evaluation.diagnoses.noticed import Noticed, as_table, in_words
from training.evaluation.differences import named_differences, paired_differences
from training.evaluation.performance import headline_first, logged, logged_subgroups, performance_of, refused
from training.evaluation.subgroups import subgroup_figures
from training.evaluation.together import together
from training.explanation.explanation import explain_model
from training.fitting.fit import hashes_of
from training.fitting.held_out import HeldOut
from training.fitting.suitable import check_rules
from training.fitting.unfitted import not_fitted_in_words
from training.metrics import Draws
from training.metrics.figures import refusal
from training.metrics.names import BOOTSTRAP_DRAWS
from training.metrics.order import rank
from training.places import (
    ARTIFACT,
    DECISION_CURVES,
    DIAGNOSES,
    DIFFERENCES,
    EXPLANATION,
    METRICS,
    PERFORMANCE,
    PLOTS,
    RUN,
    STABILITY,
    SUBGROUPS,
    plot,
)
from training.plan import Plan
from training.plots import candidates as curves
from training.plots import held_out as plots
from training.plots.candidates import decision_curves
from training.rows.site_names import with_numbered_sites, write_sites


def evaluate_task(table: FeatureTable, plan: Plan, fitted: Path, out: Path, say: Callable[[str], None]) -> dict[str, dict[str, Any]]:
    """Evaluate every candidate under `fitted` on the same rows; write and return the results by name.

    `out/` holds the figures of all candidates (performance.csv, differences.csv, subgroups.csv, decision_curves.csv);
    `out/<name>/` each candidate's own part of them, `plots/`, and of a fitted one `explanation/` and diagnoses.csv. The folder of a
    candidate is logged to its run, so the same paths stand in every run.

    Raises
    ------
    StateError
        Nothing is fitted, what is was fitted on another table, the candidates were judged on different people, or another process
        is writing the folder.
    """
    check_rules(table, plan.task)
    records = read_records(fitted, plan)
    hashes = hashes_of(table)
    for name, record in records.items():
        _check_record(name, record, hashes, plan.task)
    tracking.require_runs([record["run_id"] for record in records.values()], plan.task)
    say(f"evaluating {len(records)} candidates")
    if missing := not_fitted_in_words(plan, records):
        say(missing)
    held = HeldOut.of(fitted, list(records), with_numbered_sites(table), plan.task)
    with only_writer(out):
        write_sites(table.rows["site"], out)
        return _evaluate(held, Noticed(held, table, plan, hashes), records, plan, fitted, out, say)


def _evaluate(
    held: HeldOut,
    noticed: Noticed,
    records: dict[str, dict[str, Any]],
    plan: Plan,
    fitted: Path,
    out: Path,
    say: Callable[[str], None],
) -> dict[str, dict[str, Any]]:
    (out / METRICS).unlink(missing_ok=True)  # written last: without it, files left by an evaluation that broke off are nobody's
    models, rows, risks = [name for name in records if name not in SCORES], held.rows, held.risks
    tables, beside = _tables(held, plan, models)
    chosen = _choice(held, plan, models)
    for file, content in tables.items():
        write_csv(content, out / file)
    for diagnosis in noticed.of_data:
        say(in_words(diagnosis, plan.muted))
    results = {}
    for name, record in records.items():
        say(f"{name}: plots, explanation")
        folder = out / name
        shutil.rmtree(folder, ignore_errors=True)
        own = {file: content[content["model"] == name] for file, content in tables.items()}
        with removed_unless_done(folder):
            for file, content in own.items():
                write_csv(content, folder / file)
            metrics = logged(own[PERFORMANCE]) | logged_subgroups(own[SUBGROUPS])
            metrics |= named_differences(own[DIFFERENCES], plan.primary_horizon) | chosen.get(name, {})
            _plot_performance(rows, risks[name], plan, name, folder)
            _plot_beside(tables, beside, plan, name, folder)
            if name in models:
                artifact = load_artifact(fitted / name / ARTIFACT)
                metrics |= explain_model(artifact, rows, plan, folder / EXPLANATION)
                _diagnose(noticed, artifact, own, plan, name, folder, say)
                if not artifact.resampled:
                    say(f"{name}: keeps no fits to halves of the patients (interval_fits is 0), so how stable its ranking is stays unknown")
            without = refused(own[PERFORMANCE])
            if without:
                say(f"{name}: {len(without)} sets of figures are refused, see {PERFORMANCE}; the first: {without[0]}")
            metrics = headline_first(metrics, plan.primary_horizon) | {BOOTSTRAP_DRAWS: float(plan.evaluation.bootstrap)}
            tracking.log_results(record["run_id"], metrics, folder)
        results[name] = {**record, "published": name in SCORES, "metrics": metrics, "refused": without}
    with whole_file(out / METRICS) as work:
        work.write_text(json.dumps(results, indent=1), encoding="utf-8")
    return results


def _diagnose(
    noticed: Noticed,
    artifact: Artifact,
    own: dict[str, pd.DataFrame],
    plan: Plan,
    name: str,
    folder: Path,
    say: Callable[[str], None],
) -> None:
    """Say what is noticed about an explained candidate, and write it with what is noticed about the data."""
    found = noticed.of_model(name, artifact, own, pd.read_csv(folder / EXPLANATION / STABILITY))
    for diagnosis in found:
        say(f"{name}: {in_words(diagnosis, plan.muted)}")
    write_csv(as_table([*found, *noticed.of_data], plan.muted), folder / DIAGNOSES)


def _tables(held: HeldOut, plan: Plan, models: list[str]) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Return all figures of all candidates by the name of their file, and those that pictures set beside each other, on the same rows.

    Two threads, since the kernels leave Python free.
    """
    rows, risks = held.rows, held.risks
    draws = Draws.of(rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    months, cut_offs = plan.primary_horizon, plan.evaluation.cut_offs
    at_primary = {name: risk[:, plan.task.horizons.index(months)] for name, risk in risks.items()}
    with ThreadPoolExecutor(2) as pool:
        made = {
            PERFORMANCE: pool.submit(performance_of, rows, risks, plan, draws, held.orders, held.die_first, without=held.without),
            SUBGROUPS: pool.submit(subgroup_figures, rows, at_primary, months, draws, plan.task.rules.since),
            DIFFERENCES: pool.submit(paired_differences, rows, risks, models, plan.task.horizons, draws, cut_offs, held.orders),
            DECISION_CURVES: pool.submit(decision_curves, rows, risks, plan.task.horizons, draws),
        }
        beside = pool.submit(together, rows, risks, plan, draws, held.orders)
        return {name: table.result() for name, table in made.items()}, beside.result()


def _choice(held: HeldOut, plan: Plan, models: list[str]) -> dict[str, dict[str, float]]:
    """Return how the choice among the fitted candidates goes, and how much it flatters; nothing where there is none, or no figures."""
    if len(models) < 2 or refusal(held.rows, plan.primary_horizon):
        return {}
    at = plan.task.horizons.index(plan.primary_horizon)
    draws = Draws.of(held.rows["patient_id"], plan.evaluation.bootstrap, plan.evaluation.seed)
    return choice_among(held.rows, {name: held.risks[name][:, at] for name in models}, plan.primary_horizon, draws)


def read_records(fitted: Path, plan: Plan) -> dict[str, dict[str, Any]]:
    """Return the run records of the task's fitted candidates, in the order of `params.yaml`."""
    names = [name for name in (*plan.models, *plan.scores) if (fitted / name / RUN).is_file()]
    if not names:
        hint = f"fit first: python -m training fit TABLE --task {plan.task.name}"
        raise StateError(f"Nothing is fitted in {fitted}.", hint, "nothing_fitted")
    return {name: json.loads((fitted / name / RUN).read_text(encoding="utf-8")) for name in names}


def check_model(plan: Plan, name: str | None) -> None:
    """Refuse the name of a model that the task does not have.

    Raises
    ------
    ConfigError
        No such model; the nearest is named.
    """
    if name is not None and name not in plan.models:
        raise ConfigError(f'"{name}" is not a model of {plan.task.name}.', nearest(name, plan.models))


def best(results: dict[str, dict[str, Any]], plan: Plan) -> str:
    """Return the fitted model that stands first in the order of candidates (see `training.metrics.order.rank`).

    Raises
    ------
    StateError
        Only published scores were judged.
    """
    fitted = [name for name, result in results.items() if not result["published"]]
    if not fitted:
        raise StateError(
            f"No model of {plan.task.name} is fitted, only published scores.",
            f"name some in training.{plan.task.name}.models of params.yaml.",
        )
    return min(fitted, key=lambda name: rank(results[name]["metrics"], plan.primary_horizon))


def _check_record(name: str, record: dict[str, Any], hashes: dict[str, str], task: Task) -> None:
    again = f"fit again: python -m training fit TABLE --task {task.name}"
    if other := [key for key, value in hashes.items() if record.get(key) != value]:
        changed = ": it is of the same people and features, but values in it were changed since" if other == ["table_hash"] else ""
        raise StateError(f"{name} was fitted on another table than this one{changed}.", again)
    if record["horizons"] != list(task.horizons):
        raise StateError(f"{name} was fitted for the horizons {record['horizons']}, the task now has {list(task.horizons)}.", again)


def _title(plan: Plan, name: str) -> str:
    return f"{plan.task.name} {name}, {'cross-validated' if plan.evaluation.kind == 'cross_validation' else 'held-out patients'}"


def _plot_performance(rows: pd.DataFrame, risks: np.ndarray, plan: Plan, name: str, folder: Path) -> None:
    (folder / PLOTS).mkdir(parents=True)
    shown, counts = [], Draws.of(rows["patient_id"], plots.DRAWS, plan.evaluation.seed).rows(rows["patient_id"])
    for h, months in enumerate(plan.task.horizons):
        if not refusal(rows[np.isfinite(risks[:, h])], months):
            shown.append(plots.Shown.of(rows, risks[:, h], months, counts))
    if shown:
        plots.calibration(shown, f"{_title(plan, name)}, all visits", folder / plot("calibration"))
        plots.roc(shown, f"{_title(plan, name)}, all visits", folder / plot("roc"))


def _plot_beside(tables: dict[str, pd.DataFrame], beside: pd.DataFrame, plan: Plan, name: str, folder: Path) -> None:
    """Draw a candidate beside the others, where it has figures of its own."""
    title, performance, decisions = _title(plan, name), tables[PERFORMANCE], tables[DECISION_CURVES]
    own_all = performance[performance["model"] == name]
    own = own_all[own_all["estimate"].notna()]
    if (decisions["model"] == name).any():
        style, words = curves.looks_of(name, plan.scores), f"{title}: net benefit, all visits"
        curves.plot_decision(decisions, name, style, words, folder / plot("decision_curve"))
    if ((own["measure"] == "auc") & (own["subset"] != "")).any():
        when, place = f"{title}: AUC at fixed landmarks", folder / plot("auc_over_landmarks")
        curves.plot_landmarks(beside, name, plan.evaluation.landmarks, when, place, plan.task.rules.since, own_all)
    if (own["measure"] == "brier").any():
        curves.plot_brier(beside, name, f"{title}: error over horizons, all visits", folder / plot("brier_over_horizons"))
