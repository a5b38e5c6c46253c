"""Model kinds. Each gives margins per horizon, and contributions that add up to them."""

from serving.models.base import Model, logistic, logit
from serving.models.boosted import Boosted
from serving.models.cox import CauseSpecificCox
from serving.models.linear import HorizonLogistic

KINDS: dict[str, type[Model]] = {"boosting": Boosted, "logistic": HorizonLogistic, "cox": CauseSpecificCox}

__all__ = ["KINDS", "Boosted", "CauseSpecificCox", "HorizonLogistic", "Model", "logistic", "logit"]
