"""How each kind of model is fitted. `fit_candidate` is the one way in."""

from training.estimators.candidate import Fitted, check_models, fit_candidate, fitters

__all__ = ["Fitted", "check_models", "fit_candidate", "fitters"]
