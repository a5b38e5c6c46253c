"""A model artifact and histories in, explained risks out: library, batch, HTTP."""

from serving.artifact import Artifact, load_artifact, save_artifact
from serving.batch import score_landmarks
from serving.predict import Explained, explain, predict_risk

__all__ = ["Artifact", "Explained", "explain", "load_artifact", "predict_risk", "save_artifact", "score_landmarks"]
