"""The 241 people with MGUS of Kyle 1993, `mgus` of R's package survival: to validate on what was learned from mgus2."""

from pathlib import Path

from features.sources.received import Received
from features.sources.source import Source
from myeloma import ConfigError


def _read(place: Path, mapping: Path | None) -> Received:
    from features.sources.mgus2 import read_mgus241

    if mapping is not None:
        raise ConfigError("The source mgus241 takes no mapping.", "its columns are known.")
    return read_mgus241(place)


SOURCE = Source("mgus241", tables=_read)
