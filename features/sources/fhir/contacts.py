"""The last day of contact with each person: the latest usable one of all days that resources are dated with."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from features.sources.fhir.bundles import Found
from features.sources.histories import unusable_days
from features.sources.parsing import day_of
from myeloma.calendar import BAD_DAY

_DAY = len("2000-01-01")


class Contacts:
    """Collects, by reference to a person, the last usable day and where it stands; days that cannot be used are counted."""

    def __init__(self, today: int) -> None:
        self._today = today
        self._latest: dict[str, tuple[str, str, int]] = {}
        self._unusable: Counter[str] = Counter()
        self._of_nobody = 0

    def note(self, found: Found, subject: str, *days: object) -> None:
        """Take the days that a resource gives; each is looked at before the last is taken."""
        for day in days:
            if not isinstance(day, str) or not day:
                continue
            if not BAD_DAY < day_of(day).day <= self._today:
                self._unusable[str((found.resource or {}).get("resourceType"))] += 1
            elif not subject:
                self._of_nobody += 1
            elif day[:_DAY] > self._latest.get(subject, ("", "", 0))[0]:
                self._latest[subject] = (day[:_DAY], found.file, found.row)

    def frame(self) -> pd.DataFrame:
        """Return one row per reference to a person."""
        rows = [(reference, *place) for reference, place in self._latest.items()]
        return pd.DataFrame(rows, columns=["reference", "occurred_at", "source_file", "source_row"])

    def notes(self) -> list[str]:
        """Return how many days were not used, and why."""
        listed = ", ".join(f"{kind} {n}" for kind, n in self._unusable.most_common())
        why = unusable_days(self._today)
        nobody = f"{self._of_nobody} resources with a day of contact name no person"
        unusable = f"{self._unusable.total()} days are not used for the last contact ({listed}): {why}"
        return [*([unusable] if self._unusable else []), *([nobody] if self._of_nobody else [])]
