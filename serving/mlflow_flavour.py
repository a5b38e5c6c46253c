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

try:
    from myeloma import UserError
    from serving.answer.columns import risk_columns
    from serving.artifact import feature_matrix, load_artifact
    from serving.predict import explain
    from serving.seal import TAG
except ImportError as error:
    ours = (error.name or "").partition(".")[0] in ("myeloma", "features", "serving")
    raise ImportError(
        "This model is run by the package myeloma-precursor-risk, which is not installed here (or another package has one of its names: "
        "myeloma, features, serving). Hint: in the checkout it was trained with (tag git_commit of its run), run: python -m build --wheel; "
        "here: pip install dist/myeloma_precursor_risk-*.whl"
        if ours
        else f"This model needs {error.name}, which is not installed here. Hint: pip install -r requirements.txt, the file beside MLmodel."
    ) from error

ARTIFACT = "risk_model"


class RiskModel(PythonModel):
    """Feature rows in; risks, bases and per-biomarker contributions out, as in batch scoring."""

    def load_context(self, context: Any) -> None:
        """Load the artifact; refuse one that was changed, or whose features mean something else in the installed version."""
        recorded = (context.model_config or {}).get(TAG, "")  # written when the model was logged
        self.artifact = load_artifact(Path(context.artifacts[ARTIFACT]), recorded=[recorded])

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the answer columns for feature rows, as batch scoring has them, under the index of these; no row for no row.

        Raises
        ------
        UserError
            No column is a feature of the model, or a value is infinite.
        """
        columns = self.artifact.columns
        if not set(columns) & set(model_input.columns):
            raise UserError("No column of the input is a feature of this model.", f"features: {', '.join(columns[:5])}, ...")
        rows = model_input.reindex(columns=columns)  # the signature calls every feature optional: absent means unknown
        answers = risk_columns(self.artifact, explain(self.artifact, feature_matrix(self.artifact, rows)))
        return pd.DataFrame(answers, index=model_input.index)


mlflow.models.set_model(RiskModel())
