"""The MLflow flavour: a thin pyfunc over the predictor, logged as code plus data, so that nothing is pickled.

MLflow runs this file when it loads a model; the packages it imports must be installed (no `code_paths`, since
two versions carrying a package of one name run one another's code).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import mlflow
import pandas as pd
from mlflow.pyfunc.model import PythonModel

from myeloma import UserError
from serving.answer.columns import risk_columns
from serving.artifact import feature_matrix, load_artifact
from serving.predict import explain

ARTIFACT = "risk_model"


class RiskModel(PythonModel):
    """Feature rows in; risks, bases and per-biomarker contributions out, as in batch scoring."""

    def load_context(self, context: Any) -> None:
        """Load the artifact; refuse one whose features mean something else in the installed version."""
        self.artifact = load_artifact(Path(context.artifacts[ARTIFACT]))

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the answer columns for feature rows, as batch scoring has them."""
        columns = self.artifact.columns
        if not set(columns) & set(model_input.columns):
            raise UserError("No column of the input is a feature of this model.", f"features: {', '.join(columns[:5])}, ...")
        rows = model_input.reindex(columns=columns)  # the signature calls every feature optional: absent means unknown
        return pd.DataFrame(risk_columns(self.artifact, explain(self.artifact, feature_matrix(self.artifact, rows))))


mlflow.models.set_model(RiskModel())
