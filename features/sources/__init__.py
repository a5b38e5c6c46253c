"""Where histories come from. A source reads; it does not judge: `features.intake.quality` does."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from features.sources.mapping import Mapping, read_mapping
from features.sources.mgus2 import read_mgus2
from features.sources.received import Received
from features.sources.tabular import read_tabular
from myeloma import ConfigError
from myeloma.errors import nearest

TABLES: dict[str, Callable[[Path], Received]] = {"mgus2": read_mgus2, "tabular": read_tabular}
RECORDS = ("omop", "fhir", "meds")  # histories in codes; a mapping says what these mean
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
    return _record_reader(source)(place, read_mapping(mapping))


def _record_reader(source: str) -> Callable[[str, Mapping], Received]:
    """Return the reader of a record source; its libraries are loaded only where it is used."""
    if source == "omop":
        from features.sources.omop.reader import read_omop

        return read_omop
    if source == "fhir":
        from features.sources.fhir.reader import read_fhir

        return read_fhir
    from features.sources.meds import read_meds

    return read_meds


__all__ = [
    "SOURCES",
    "Mapping",
    "Received",
    "read_mapping",
    "read_mgus2",
    "read_source",
    "read_tabular",
]
