"""What simulators hand over: tables with identifiers and row numbers, as a source would."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.sources.received import Received, received


def identifiers(letter: str, people: int) -> NDArray[np.str_]:
    """Return an identifier a person, as S000001."""
    return np.array([f"{letter}{i:06d}" for i in range(1, people + 1)], dtype=object)


def as_source(tables: dict[str, pd.DataFrame]) -> Received:
    """Return tables as a source would: with the number of each row."""
    for frame in tables.values():
        frame["source_row"] = np.arange(1, len(frame) + 1)
    return received("simulated", tables, dict.fromkeys(tables, "simulated"))
