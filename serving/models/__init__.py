"""Model kinds. Each gives margins per horizon, and contributions that add up to them."""

from serving.models.base import Model, logistic, logit
from serving.models.boosted import Boosted
from serving.models.cox import CauseSpecificCox
from serving.models.ensemble import MEMBER_KINDS, Ensemble
from serving.models.linear import HorizonLogistic

KINDS: dict[str, type[Model]] = {**MEMBER_KINDS, "ensemble": Ensemble}

__all__ = ["KINDS", "Boosted", "CauseSpecificCox", "Ensemble", "HorizonLogistic", "Model", "logistic", "logit"]
