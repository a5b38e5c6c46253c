"""The sources of histories, one a file: every module of this folder is imported, and its `SOURCE` is a source.

A file here is light: it names the reader, whose libraries are loaded where it reads.
"""

from importlib import import_module
from pkgutil import iter_modules

from features.sources.source import Source

_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
SOURCES: dict[str, Source] = {module.SOURCE.name: module.SOURCE for module in _modules if hasattr(module, "SOURCE")}

__all__ = ["SOURCES", "Source"]
