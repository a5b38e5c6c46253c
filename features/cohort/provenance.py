"""Of whom a table or a model was made: which cohort, from where, and by which catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Final, Literal

SIMULATED: Final = "simulated"
People = Literal["simulated", "real", "unknown"]


@dataclass(frozen=True)
class Provenance:
    """The cohort that a table or a model was made of. What a version did not record is empty, which is: not known.

    Attributes
    ----------
    cohort_hash : of everything in the cohort (`Cohort.content_hash`)
    source : the reader it came by, as in `tabular`, `mgus2` or `simulated`
    catalogue_version : of the biomarkers' units and limits
    """

    cohort_hash: str = ""
    source: str = ""
    catalogue_version: str = ""

    @classmethod
    def of(cls, about: Mapping[str, Any]) -> Provenance:
        """Return what a table or a model says of its cohort."""
        return cls(**{field.name: str(about.get(field.name) or "") for field in fields(cls)})

    def as_json(self) -> dict[str, str]:
        """Return it as JSON can hold it; `of` reads it back."""
        return asdict(self)

    @property
    def simulated(self) -> bool:
        """Return whether nobody in the cohort is a patient."""
        return self.source == SIMULATED

    @property
    def people(self) -> People:
        """Return of whom it is made: real or simulated people, or unknown where no source was recorded."""
        return SIMULATED if self.simulated else "real" if self.source else "unknown"
