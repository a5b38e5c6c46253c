"""Model kinds. Each gives margins per horizon, and contributions that add up to them.

Every module of this folder is imported, so a new kind is one file here (how it answers: a subclass of `Model`) and one in
`training/estimators/kinds/` (how it is fitted).
"""

from importlib import import_module
from pkgutil import iter_modules

from serving.models.base import AVERAGE_VALUES, KINDS, Model, logistic, logit

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

__all__ = ["AVERAGE_VALUES", "KINDS", "Model", "logistic", "logit"]
