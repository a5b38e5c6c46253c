"""MEDS: shards of coded events."""

from features.sources.mapping import Mapping
from features.sources.received import Received
from features.sources.source import Source


def _read(place: str, mapping: Mapping, today: int) -> Received:
    from features.sources.meds import read_meds

    return read_meds(place, mapping, today)


SOURCE = Source("meds", records=_read)
