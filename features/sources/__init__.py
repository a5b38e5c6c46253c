"""Where histories come from. A source reads; it does not judge: `features.quality` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from features.sources.fhir import read_fhir
from features.sources.mapping import Mapping, read_mapping
from features.sources.meds import read_meds
from features.sources.mgus2 import read_mgus2
from features.sources.omop import read_omop
from features.sources.received import Received
from features.sources.tabular import read_tabular
from myeloma import ConfigError
from myeloma.errors import nearest

# Tables of the cohort's own shape, and records in codes, which need a mapping that says what the codes mean.
TABLES: dict[str, Callable[[Path], Received]] = {"mgus2": read_mgus2, "tabular": read_tabular}
RECORDS: dict[str, Callable[[str, Mapping], Received]] = {"omop": read_omop, "fhir": read_fhir, "meds": read_meds}
SOURCES = (*TABLES, *RECORDS)


def read_source(source: str, place: str, mapping: Path | None) -> Received:
    """Return what a source holds.

    Parameters
    ----------
    source : str
        One of `SOURCES`.
    place : str
        A file or folder; for omop also a connection string.
    mapping : Path, optional
        Which codes mean what; needed by sources that hold codes.

    Raises
    ------
    ConfigError
        The source is not known, or the mapping is missing, not wanted or not understood.
    """
    if source in TABLES:
        if mapping is not None:
            raise ConfigError(f"The source {source} takes no mapping.", f"sources with codes take one: {', '.join(RECORDS)}.")
        return TABLES[source](Path(place))
    if source not in RECORDS:
        raise ConfigError(f'Unknown source "{source}".', nearest(source, SOURCES))
    if mapping is None:
        raise ConfigError(f"The source {source} needs --mapping FILE.", "it says which codes mean what; docs/sources.md shows one.")
    return RECORDS[source](place, read_mapping(mapping))


__all__ = [
    "SOURCES",
    "Mapping",
    "Received",
    "read_fhir",
    "read_mapping",
    "read_meds",
    "read_mgus2",
    "read_omop",
    "read_source",
    "read_tabular",
]
