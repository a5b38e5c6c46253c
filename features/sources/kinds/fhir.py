"""FHIR R4: Bundles or Bulk Data."""

from features.sources.mapping import Mapping
from features.sources.received import Received
from features.sources.source import Source


def _read(place: str, mapping: Mapping, today: int) -> Received:
    from features.sources.fhir.reader import read_fhir

    return read_fhir(place, mapping, today)


SOURCE = Source("fhir", records=_read)
