"""The kinds of model, one a file: every module of this folder is imported, and its `KIND` is a kind."""

from importlib import import_module
from pkgutil import iter_modules

from training.estimators.kind import Kind

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
KINDS: dict[str, Kind] = {module.KIND.name: module.KIND for module in _modules}

__all__ = ["KINDS", "Kind"]
