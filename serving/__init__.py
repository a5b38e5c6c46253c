"""A model artifact and histories in, explained risks out: library, batch, HTTP."""

from typing import TYPE_CHECKING

from myeloma.lazy import lazily

if TYPE_CHECKING:
    from serving.artifact import Artifact, load_artifact, save_artifact
    from serving.batch import score_landmarks
    from serving.predict import Explained, explain, predict_risk

__all__ = ["Artifact", "Explained", "explain", "load_artifact", "predict_risk", "save_artifact", "score_landmarks"]

__getattr__ = lazily(
    __name__,
    {
        "Artifact": "serving.artifact",
        "Explained": "serving.predict",
        "explain": "serving.predict",
        "load_artifact": "serving.artifact",
        "predict_risk": "serving.predict",
        "save_artifact": "serving.artifact",
        "score_landmarks": "serving.batch",
    },
)
