"""A folder with patients, measurements and events, as CSV or Parquet."""

from pathlib import Path

from features.sources.received import Received
from features.sources.source import Source


def _read(place: Path) -> Received:
    from features.sources.tabular import read_tabular

    return read_tabular(place)


SOURCE = Source("tabular", tables=_read)
