"""How each kind of model is fitted. `fit_artifact` is the one way in."""

from training.estimators.calibrated import fit_artifact, fitters

__all__ = ["fit_artifact", "fitters"]
