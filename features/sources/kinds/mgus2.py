"""The public MGUS cohort of the Mayo Clinic, `mgus2` of R's package survival."""

from pathlib import Path

from features.sources.received import Received
from features.sources.source import Source
from myeloma import ConfigError


def _read(place: Path, mapping: Path | None) -> Received:
    from features.sources.mgus2 import read_mgus2

    if mapping is not None:
        raise ConfigError("The source mgus2 takes no mapping.", "its columns are known.")
    return read_mgus2(place)


SOURCE = Source("mgus2", tables=_read)
