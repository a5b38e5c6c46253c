"""The MLflow flavour: a thin pyfunc over the predictor, logged as code plus data, so that nothing is pickled.

MLflow runs this file when it loads a model; the packages it imports must be installed (no `code_paths`, since
two versions carrying a package of one name run one another's code).
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

import mlflow
import numpy as np
import orjson
import pandas as pd
from mlflow.pyfunc.model import PythonModel

try:
    from features.table.outcomes import CRITERIA_MET
    from myeloma import UserError
    from serving.answer.columns import risk_columns
    from serving.artifact import Artifact, feature_matrix, load_artifact
    from serving.batch import SCORED
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
HISTORY = "history"  # the column of a person's history, as JSON
TEXTS = ("status", "answer")  # what is said of each row beside its numbers


class RiskModel(PythonModel):
    """Histories or feature rows in; risks, bases and per-biomarker contributions out, as in batch scoring."""

    def load_context(self, context: Any) -> None:
        """Load the artifact; refuse one that was changed, or whose features mean something else in the installed version."""
        recorded = (context.model_config or {}).get(TAG, "")  # written when the model was logged
        self.artifact = load_artifact(Path(context.artifacts[ARTIFACT]), recorded=[recorded])

    def predict(self, context: Any, model_input: pd.DataFrame, params: dict[str, Any] | None = None) -> pd.DataFrame:
        """Return the answer columns, `status` and `answer` for each row, under the index of the rows; no row for no row.

        Parameters
        ----------
        model_input : DataFrame
            Either a column `history`: what `POST /v1/risk` takes, as text. Its `answer` is what that would say, also where it refuses
            (`status` is then the code of the first problem, and the numbers are empty). Or feature columns, which say nothing of whom
            the risk is meant for: `status` is `scored` and `answer` is empty.

        Raises
        ------
        UserError
            No column is a feature of the model, or a value is infinite.
        """
        if HISTORY in model_input.columns:
            return _of_histories(self.artifact, model_input[HISTORY])
        columns = self.artifact.columns
        if not set(columns) & set(model_input.columns):
            raise UserError("No column of the input is a feature of this model.", f"{HISTORY}, or features: {', '.join(columns[:5])}, ...")
        rows = model_input.reindex(columns=columns)  # the signature calls every feature optional: absent means unknown
        answers = risk_columns(self.artifact, explain(self.artifact, feature_matrix(self.artifact, rows)))
        return pd.DataFrame(answers, index=model_input.index).assign(status=SCORED, answer="")


def _of_histories(artifact: Artifact, histories: pd.Series) -> pd.DataFrame:
    """Return the rows of histories: numbers, and the whole answer or refusal as text."""
    answered = import_module("serving.http.answering").answered  # here: a fit logs this file, and must not hang on what HTTP is made of
    of_none = explain(artifact, np.empty((0, len(artifact.columns))))
    numbers = {name: np.full(len(histories), np.nan) for name in risk_columns(artifact, of_none)}
    status, texts = [], []
    for row, history in enumerate(histories):
        code, record = answered({artifact.about["task"]: artifact}, history if isinstance(history, str) else "")
        text = orjson.dumps(record).decode()
        said = orjson.loads(text)
        for name, value in _numbers(said).items():
            numbers[name][row] = np.nan if value is None else value
        status.append(said["errors"][0]["code"] if code != 200 else SCORED if said["risks"] else CRITERIA_MET)
        texts.append(text)
    return pd.DataFrame(numbers, index=histories.index).assign(status=status, answer=texts)


def _numbers(said: dict[str, Any]) -> dict[str, float | None]:
    """Return the numbers of an answer by their columns; of a refusal none."""
    found: dict[str, float | None] = {}
    for one in said.get("risks", ()):
        months = f"{one['horizon_months']}m"
        found |= {f"risk_{months}": one["risk"], f"risk_{months}_lo": one["lower"], f"risk_{months}_hi": one["upper"]}
        found |= {f"die_first_{months}": one["die_first"], f"base_{months}": one["base"]}
        found |= {f"{part['biomarker']}__contribution__{months}": part["contribution"] for part in one["contributions"]}
    if said.get("event_free"):
        found["event_free_months"] = said["event_free"]["months"]
    return found


mlflow.models.set_model(RiskModel())
