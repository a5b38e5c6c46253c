"""The columns of an answer, and which model spoke: the same for batch, HTTP and MLflow."""

from __future__ import annotations

import pandas as pd

from serving.artifact import Artifact
from serving.predict import Explained, by_biomarker

NOTICE = "Research software for decision support; not a medical device, not a diagnosis."


def answer_columns(artifact: Artifact, explained: Explained) -> pd.DataFrame:
    """Return `risk_24m`, `risk_24m_lo`, `risk_24m_hi`, `base_24m` and `<biomarker>__contribution__24m` for every horizon.

    base + the contributions of a horizon = logit(risk), to 1e-5.
    """
    names = [f"{months}m" for months in artifact.horizons]
    columns = {}
    for h, name in enumerate(names):
        columns |= {
            f"risk_{name}": explained.risks[:, h],
            f"risk_{name}_lo": explained.lower[:, h],
            f"risk_{name}_hi": explained.upper[:, h],
        }
    columns |= {f"base_{name}": explained.base[:, h] for h, name in enumerate(names)}
    for group, values in by_biomarker(artifact, explained.contributions).items():
        columns |= {f"{group}__contribution__{name}": values[:, h] for h, name in enumerate(names)}
    return pd.DataFrame(columns)


def identity(artifact: Artifact) -> dict[str, str]:
    """Return which model this is: name, version, run, feature_hash."""
    unregistered = {"model_name": artifact.kind, "model_version": "", "run_id": ""}
    return {**unregistered, **artifact.origin, "feature_hash": artifact.spec.feature_hash()}
