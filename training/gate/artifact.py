"""What is measured on an artifact that was loaded from the registry: additivity, direction of harm, batch against HTTP."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np
from scipy.stats import spearmanr

from features.table.table import KEYS, OUTCOMES
from serving.answer.columns import risk_columns
from serving.artifact import Artifact, feature_matrix
from serving.models import logit
from serving.predict import Explained, by_biomarker, explain, predict_risk
from training.explanation.importance import harm_agreement
from training.fitting.held_out import HeldOut
from training.gate.parity import largest_difference
from training.gate.verdict import ArtifactChecks
from training.plan import Plan

_EXPLAINED_ROWS = 200
_SEED = 1


def measure(artifact: Artifact, plan: Plan, held: HeldOut | None) -> ArtifactChecks:
    """Return what can be measured on an artifact that was loaded from the registry."""
    facts = ArtifactChecks(features_known=True, outcome_columns=len({*KEYS, *OUTCOMES} & set(artifact.columns)))  # loading checks the hash
    if held is None:
        why = "the people held out are not on this machine; run register where the model was fitted"
        return replace(facts, notes=dict.fromkeys(("additivity", "harm", "parity", "as_judged"), why))
    sample = held.rows.sample(min(_EXPLAINED_ROWS, len(held.rows)), random_state=_SEED)
    x = feature_matrix(artifact, sample)
    parity, note = None, "no cohort folder beside the table holds these people; name it with --cohort"
    if held.cohort is not None:
        parity, note = largest_difference(artifact, held.cohort, held.rows["patient_id"].unique())
    explained = explain(artifact, x)
    harm = _harm(artifact, plan, x, explained.contributions)
    rank, mean = _as_judged(artifact, plan, held)
    sums = _additivity(artifact, x, explained)
    return replace(facts, additivity=sums, harm=harm, parity=parity, rank_as_judged=rank, mean_as_judged=mean, notes={"parity": note})


def _as_judged(artifact: Artifact, plan: Plan, held: HeldOut) -> tuple[float | None, float | None]:
    """Return how the artifact's risks of the people held out go with those that were judged: rank correlation, and mean over mean.

    None where it cannot be computed: one of the two says the same of everybody, or something that is no number.
    """
    at = plan.task.horizons.index(plan.primary_horizon)
    own, judged = predict_risk(artifact, feature_matrix(artifact, held.rows))[:, at], next(iter(held.risks.values()))[:, at]
    if not np.isfinite(own).all() or np.ptp(own) == 0 or np.ptp(judged) == 0:
        return None, None
    return float(spearmanr(own, judged).statistic), float(own.mean() / judged.mean())


def _additivity(artifact: Artifact, x: np.ndarray, explained: Explained) -> float:
    """Return the largest gap between the logit of the risk and base + contributions, as an answer shows them.

    Infinite where either is no number: a sum that passes over it, or a comparison with it, would let it through.
    """
    answers = risk_columns(artifact, explained)
    shown = [
        np.sum([values for name, values in answers.items() if name == f"base_{m}m" or name.endswith(f"__contribution__{m}m")], axis=0)
        for m in artifact.horizons
    ]
    gap = np.abs(logit(predict_risk(artifact, x)) - np.column_stack(shown)).max()
    return float(gap) if np.isfinite(gap) else inf


def _harm(artifact: Artifact, plan: Plan, x: np.ndarray, contributions: np.ndarray) -> dict[str, float]:
    """Return, for the weightiest biomarkers of known harm, the rank correlation of latest value and contribution."""
    at = plan.task.horizons.index(plan.primary_horizon)
    shown = by_biomarker(artifact, contributions[:, at : at + 1])
    weight = {name: np.abs(shown[name]).mean() for name in artifact.spec.biomarkers}
    weightiest = sorted(weight, key=lambda name: -weight[name])[: plan.gate.harm_of_top]
    return harm_agreement(artifact.columns, x, {name: shown[name][:, 0] for name in weightiest})
