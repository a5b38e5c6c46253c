"""The columns of an answer, and which model spoke: the same for batch, HTTP and MLflow."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from features.history.arrays import dates_of
from serving.answer.published import score_columns
from serving.answer.scored import Scored
from serving.artifact import Artifact
from serving.predict import Explained, by_biomarker

Array = NDArray[np.float64]
NOTICE = "Research software; not a medical device, not a diagnosis, no advice on treatment."


def risk_columns(artifact: Artifact, explained: Explained) -> dict[str, Array]:
    """Return `risk_24m`, `risk_24m_lo`, `risk_24m_hi`, `die_first_24m`, `base_24m` and `<biomarker>__contribution__24m` for every horizon.

    `event_free_months` is of no horizon. base + the contributions of a horizon = logit(risk), to 1e-5.
    """
    names = [f"{months}m" for months in artifact.horizons]
    columns: dict[str, Array] = {}
    for h, name in enumerate(names):
        columns |= {
            f"risk_{name}": explained.risks[:, h],
            f"risk_{name}_lo": explained.lower[:, h],
            f"risk_{name}_hi": explained.upper[:, h],
        }
    columns |= {f"die_first_{name}": explained.die_first[:, h] for h, name in enumerate(names)}
    columns["event_free_months"] = explained.event_free
    columns |= {f"base_{name}": explained.base[:, h] for h, name in enumerate(names)}
    for group, values in by_biomarker(artifact, explained.contributions).items():
        columns |= {f"{group}__contribution__{name}": values[:, h] for h, name in enumerate(names)}
    return columns


def value_columns(scored: Scored) -> dict[str, Any]:
    """Return what the risks rest on: of each biomarker the latest value that the model reads, how it was reported, its day and age.

    Of static columns it is their value.
    """
    spec, view = scored.artifact.spec, scored.view
    columns: dict[str, Any] = {f"{name}__value": view[name] for name in spec.static}
    for name in spec.biomarkers:
        read = scored.read(name)
        age = read.age_days
        collected = dates_of((view.landmark - np.nan_to_num(age)).astype(np.int32))
        columns |= {
            f"{name}__value": read.value,
            f"{name}__reported": read.reported,
            f"{name}__collected_on": np.where(np.isnan(age), np.datetime64("NaT"), collected),
            f"{name}__age_days": age,
        }
    return columns


def answer_columns(scored: Scored) -> dict[str, Any]:
    """Return the columns of people's answers: risks and contributions, empty where no risk is shown; values; and the published scores."""
    shown = ~scored.criteria_met
    columns = {name: np.where(shown, values, np.nan) for name, values in risk_columns(scored.artifact, scored.explained).items()}
    columns |= value_columns(scored)
    for name, values in score_columns(scored.staged[0], scored.artifact.rules.population, scored.staged[1]).items():
        columns[name] = np.where(shown, values, np.nan) if "_risk_" in name else values
    return columns


def identity(artifact: Artifact) -> dict[str, str]:
    """Return which model this is: name, version, run, what the gate said of it, feature_hash, and whom it was fitted to.

    What a registry would say is empty where the model is not registered.
    """
    unregistered = {"model_name": artifact.kind, "model_version": "", "run_id": "", "gate_verdict": ""}
    return {**unregistered, **artifact.origin, "feature_hash": artifact.feature_hash, "fitted_to": artifact.provenance.people}
