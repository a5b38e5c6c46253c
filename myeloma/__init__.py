"""What is known about the disease: biomarkers, units, published scores. Knows no table and no model."""

from pathlib import Path

from myeloma.catalogue import Biomarker, catalogue
from myeloma.compiled import keep_compiled_code
from myeloma.errors import ConfigError, DataError, StateError, UserError
from myeloma.units import canonical_divisor, to_canonical

__all__ = [
    "Biomarker",
    "ConfigError",
    "DataError",
    "StateError",
    "UserError",
    "canonical_divisor",
    "catalogue",
    "to_canonical",
]

keep_compiled_code(Path(__file__).parent)
