"""The page of a training: all its candidates and published scores beside each other, as an artifact of the training's own run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from serving.answer.columns import NOTICE
from training.card.cells import with_interval
from training.card.document import Blank, Block, Card, Cell, Part, Picture, Section, Table, Text, table
from training.fitting.held_out import HeldOut
from training.metrics import Draws
from training.metrics.estimate import MAIN, Estimate, lines_of
from training.metrics.figures import refusal
from training.metrics.names import Metric
from training.metrics.order import rank
from training.plan import Plan
from training.plots.candidates import decision_curves, plot_decision
from training.plots.held_out import DRAWS, Shown
from training.plots.overlaid import calibration_of_all, roc_of_all
from training.plots.style import looks

Results = Mapping[str, dict[str, Any]]
_MOST_COLUMNS = 5  # models beside each other in the table of subgroups
_ICI = ("ici", "ICI", 3)


def comparison_of(plan: Plan, results: Results, verdicts: Mapping[str, str], held: HeldOut | None, subgroups: pd.DataFrame) -> Card:
    """Return the page.

    Parameters
    ----------
    results : what evaluation says of each candidate, by name
    verdicts : what the gate said of each, by name; a published score has none
    held : the people all were judged on; None where they are not on this machine, and the page then has no curves
    subgroups : the table of subgroups of all candidates that evaluation wrote, empty where it is not here
    """
    months = plan.primary_horizon
    order = sorted(results, key=lambda name: (results[name]["published"], rank(results[name]["metrics"], months)))
    sections = [
        Section(
            "Candidates",
            [_figures(plan, results, verdicts, order), Text("Figures on other rows do not compare: see the share of rows judged.")],
        ),
        Section("Curves", list(_curves(plan, held, order))),
        Section("Differences", list(_differences(results, order, months))),
        Section("Subgroups", [_subgroups(subgroups, [name for name in order if not results[name]["published"]][:_MOST_COLUMNS], months)]),
    ]
    title = f"{plan.task.title}: the candidates of a training"
    return Card(title, f"Judged on people that no candidate had seen, with 95 % intervals by patient. {NOTICE}", sections)


def _figures(plan: Plan, results: Results, verdicts: Mapping[str, str], order: list[str]) -> Table:
    parts = []
    for name in order:
        metrics, said = results[name]["metrics"], verdicts.get(name, "published score")
        rows: list[list[Cell]] = []
        for months in (months for months in plan.task.horizons if Metric("auc", months).name in metrics):
            share = metrics.get(Metric("share_computable", months).name)
            cells = [with_interval(Estimate.of(metrics, Metric(key, months)), decimals) for key, _, decimals in (*MAIN, _ICI)]
            rows.append([f"{months} m", *cells, Blank("no figure") if share is None else f"{share:.0%}"])
        nothing: list[Cell] = ["-", Blank("not computable on this cohort"), *[""] * (len(MAIN) + 1)]
        parts.append(Part(rows or [nothing], f"{name} ({said})"))
    return Table("All visits of the people held out", ("", *(words for _, words, _ in (*MAIN, _ICI)), "rows judged"), parts)


def _curves(plan: Plan, held: HeldOut | None, order: list[str]) -> Iterator[Block]:
    """Yield the pictures at the primary horizon, where the people are here and enough of them progress."""
    if held is None:
        yield Text(Blank("the people held out are not on this machine; run register where the models were fitted"))
        return
    months, at = plan.primary_horizon, plan.task.horizons.index(plan.primary_horizon)
    counts = Draws.of(held.rows["patient_id"], DRAWS, plan.evaluation.seed).rows(held.rows["patient_id"])
    shown = {}
    for name in order:
        risk = held.risks[name][:, at]
        if not refusal(held.rows[np.isfinite(risk)], months):
            shown[name] = Shown.of(held.rows, risk, months, counts)
    if not shown:
        yield Text(Blank(f"too few people progress within {months} months, or stay free of it"))
        return
    best, where = next(iter(shown)), "each on the visits where it can be computed"
    style = looks(best, order)
    decisions = decision_curves(held.rows, held.risks, (months,), Draws.of(held.rows["patient_id"], 1, plan.evaluation.seed))
    with tempfile.TemporaryDirectory() as work:
        drawn = Path(work) / "picture.png"
        calibration_of_all(shown, style, f"Calibration within {months} months", drawn)
        yield Picture("calibration.png", f"Observed against predicted risk, {where}; dashed: equal.", drawn.read_bytes())
        roc_of_all(shown, style, f"Receiver operating characteristic within {months} months", drawn)
        yield Picture("roc.png", f"Sensitivity against 1 - specificity, {where}; the AUC beside each name.", drawn.read_bytes())
        if len(decisions):
            plot_decision(decisions, best, style, "Net benefit", drawn)
            words = "Net benefit over the risk from which one would act, on the visits where all can be computed, beside treating all."
            yield Picture("decision_curve.png", words, drawn.read_bytes())


def _differences(results: Results, order: list[str], months: int) -> Iterator[Block]:
    best, *others = order
    metrics = results[best]["metrics"]
    measures = tuple((key, words, 4) for key, words, _ in MAIN if key != "oe_ratio")
    rows: list[list[Cell]] = []
    for other in others:
        found = [Estimate.of(metrics, Metric(key, months, minus=other)) for key, _, _ in measures]
        if any(estimate.value is not None for estimate in found):
            rows.append([other, *(with_interval(estimate, decimals) for estimate, (_, _, decimals) in zip(found, measures, strict=True))])
    if not rows:
        yield Text(Blank("no other candidate has a risk on the same visits"))
        return
    heads = ("minus", *(words for _, words, _ in measures))
    yield table(f"{best} minus each other, at {months} months, on the visits where both have a risk, the same people drawn", heads, rows)
    yield Text("Of the AUC more is better, of the Brier score less. An interval that holds 0 shows neither to be better.")


def _subgroups(found: pd.DataFrame, models: list[str], months: int) -> Block:
    found = found[(found["horizon"] == months) & (found["measure"] == "oe_ratio") & found["model"].isin(models)] if len(found) else found
    if found.empty:
        return Text(Blank("the table of subgroups is not on this machine"))
    parts = []
    for grouping, of in found.groupby("grouping", sort=False):
        rows: list[list[Cell]] = []
        for group, lines in of.groupby("group", sort=False):
            by = {str(line.model): line for line in lines_of(lines)}
            rows.append([str(group), *(_ratio(by.get(model)) for model in models)])
        parts.append(Part(rows, str(grouping).replace("_", " ")))
    return Table(f"Observed / expected at {months} months", ("group", *models), parts)


def _ratio(line: Any) -> Cell:
    return Blank("no figure") if line is None else with_interval(Estimate(line.estimate, line.lo, line.hi), 2)
