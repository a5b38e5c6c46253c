"""What is measured on an artifact that was loaded from the registry: additivity, direction of harm, batch against HTTP."""

from __future__ import annotations

from dataclasses import replace
from math import inf

import numpy as np

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
        return replace(facts, notes=dict.fromkeys(("additivity", "harm", "parity"), why))
    sample = held.rows.sample(min(_EXPLAINED_ROWS, len(held.rows)), random_state=_SEED)
    x = feature_matrix(artifact, sample)
    parity, note = None, "no cohort folder beside the table holds these people; name it with --cohort"
    if held.cohort is not None:
        parity, note = largest_difference(artifact, held.cohort, held.rows["patient_id"].unique())
    explained = explain(artifact, x)
    harm = _harm(artifact, plan, x, explained.contributions)
    return replace(facts, additivity=_additivity(artifact, x, explained), harm=harm, parity=parity, notes={"parity": note})


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
