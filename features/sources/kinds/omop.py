"""OMOP CDM 5.4: files, DuckDB or PostgreSQL."""

from features.sources.mapping import Mapping
from features.sources.received import Received
from features.sources.source import Source


def _read(place: str, mapping: Mapping, today: int) -> Received:
    from features.sources.omop.reader import read_omop

    return read_omop(place, mapping, today)


SOURCE = Source("omop", records=_read)
