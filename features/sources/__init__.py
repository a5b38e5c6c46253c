"""Where histories come from. A source reads; it does not judge: `features.intake.quality` does."""

from __future__ import annotations

from pathlib import Path

from features.sources.kinds import SOURCES, Source
from features.sources.mapping import Mapping, read_mapping
from features.sources.mgus2 import read_mgus2, read_mgus241
from features.sources.received import Received
from features.sources.tabular import read_tabular
from myeloma import ConfigError, calendar
from myeloma.errors import nearest


def read_source(source: str, place: str, mapping: Path | None, today: int | None = None) -> Received:
    """Return what a source holds.

    Parameters
    ----------
    source : str
        One of `SOURCES`.
    place : str
        A file or folder; for omop also a connection string.
    mapping : Path, optional
        Which codes mean what; needed by sources that hold codes. For `tabular`, how the export is written.
    today : int, optional
        Days since 1970; what happened after it lies in the future. The day of the call where left out.

    Raises
    ------
    ConfigError
        The source is not known, or the mapping is missing, not wanted or not understood.
    """
    if source not in SOURCES:
        raise ConfigError(f'Unknown source "{source}".', nearest(source, SOURCES))
    chosen = SOURCES[source]
    try:
        return _read(chosen, place, mapping, today)
    except ModuleNotFoundError as error:
        extra = "xlsx" if source == "tabular" else "postgres" if place.lower().startswith("postgres") else source
        what = f"The source {source} needs {(error.name or '').partition('.')[0]}, which is not installed here."
        raise ConfigError(what, f'pip install "myeloma-precursor-risk[{extra}]"') from None


def _read(chosen: Source, place: str, mapping: Path | None, today: int | None) -> Received:
    if chosen.tables is not None:
        return chosen.tables(Path(place), mapping)
    if mapping is None or chosen.records is None:
        raise ConfigError(f"The source {chosen.name} needs --mapping FILE.", "it says which codes mean what; docs/sources.md shows one.")
    return chosen.records(place, read_mapping(mapping), calendar.today() if today is None else today)


__all__ = [
    "SOURCES",
    "Mapping",
    "Received",
    "read_mapping",
    "read_mgus2",
    "read_mgus241",
    "read_source",
    "read_tabular",
]
