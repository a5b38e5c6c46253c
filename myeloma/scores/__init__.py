"""Published scores, one idea a file, exact to the publication.

Every module of this folder is imported, and each `Score` or `Pangea` in it is a score: a new one is one record in one file.
"""

from importlib import import_module
from pkgutil import iter_modules

from myeloma.scores.pangea import Pangea
from myeloma.scores.score import Score, ScoreArrays, ScoreResult

_POPULATIONS = ("smm", "mgus", "mm")  # the order in which they are shown
_modules = [import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__)]
_records = [record for module in _modules for record in vars(module).values() if isinstance(record, Score | Pangea)]
_records.sort(key=lambda record: _POPULATIONS.index(record.population))

POINT_SCORES: dict[str, Score] = {record.key: record for record in _records if isinstance(record, Score)}
RISK_MODELS: dict[str, Pangea] = {record.key: record for record in _records if isinstance(record, Pangea)}
SCORES: dict[str, Score | Pangea] = {**POINT_SCORES, **RISK_MODELS}

__all__ = ["POINT_SCORES", "RISK_MODELS", "SCORES", "Pangea", "Score", "ScoreArrays", "ScoreResult"]
