"""How each kind of model is fitted. `fit_candidate` is the one way in."""

from training.estimators.candidate import Fitted, fit_candidate, fitters

__all__ = ["Fitted", "fit_candidate", "fitters"]
