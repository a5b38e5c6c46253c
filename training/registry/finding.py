"""What the doctor says of one thing it looked at."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One thing looked at: whether it is sound, and where it is not, what mends it."""

    what: str
    ok: bool
    mend: str = ""
