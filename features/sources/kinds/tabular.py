"""A folder with patients, measurements and events, as CSV, XLSX or Parquet."""

from pathlib import Path

from features.sources.received import Received
from features.sources.source import Source


def _read(place: Path, mapping: Path | None) -> Received:
    from features.sources.tabular import read_tabular

    return read_tabular(place, mapping)


SOURCE = Source("tabular", tables=_read)
