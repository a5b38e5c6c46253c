"""The public MGUS cohort of the Mayo Clinic, `mgus2` of R's package survival."""

from pathlib import Path

from features.sources.received import Received
from features.sources.source import Source


def _read(place: Path) -> Received:
    from features.sources.mgus2 import read_mgus2

    return read_mgus2(place)


SOURCE = Source("mgus2", tables=_read)
