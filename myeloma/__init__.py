"""What is known about the disease: biomarkers, units, published scores. Knows no table and no model."""

from myeloma.catalogue import Biomarker, catalogue
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
