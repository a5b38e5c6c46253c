"""How each kind of model is fitted. `fit_candidate` is the one way in; `kinds` holds one file a kind."""

from training.estimators.candidate import Fitted, check_models, checked_model, fit_candidate
from training.estimators.kinds import KINDS, Kind

__all__ = ["KINDS", "Fitted", "Kind", "check_models", "checked_model", "fit_candidate"]
