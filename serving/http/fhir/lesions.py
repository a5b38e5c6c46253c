"""Osteolytic lesions that a Condition names: an event that defines myeloma (Rajkumar, Lancet Oncol 2014;15:e538), so no risk is shown.

Imaging is not read. A Condition is somebody's conclusion from it, and one of an osteolytic lesion says what the criterion asks. It is
known by its name alone. The list of words only keeps a risk from being shown.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from features.sources.fhir.bundles import Found
from features.sources.fhir.codes import codings
from features.sources.fhir.spelling import plain
from features.sources.parsing import first_day_of
from myeloma import calendar
from myeloma.calendar import BAD_DAY
from serving.http.fhir.diagnoses import NOT_DIAGNOSED
from serving.http.fhir.evidence.said import IS_NOT, OF_SOMEBODY_ELSE, said_in, says
from serving.http.request import lesion_known

# Names without accents, in lower case: English, German, French, Spanish, Portuguese, Italian, Dutch and the Scandinavian languages.
_LYTIC = re.compile(
    r"osteoly|osteoli[stz]|\b(?:lytic|litic(?:[ao]s?|he|i)|lytisch\w*|lytique|lytisk\w*)\b.{0,20}(?:lesi|bone|osse|knochen|bot|knogle|skelet|foc|defe)"
    r"|(?:lesi|lesao|laesi|bone|osse\w*|oseas?|knochen\w*|defekt\w*).{0,20}\b(?:lytic|litic(?:[ao]s?|he|i)|lytique|lytisk\w*)\b"
)


def lesion_by(resources: Sequence[Found], asked: str | None, landmark: int) -> str:
    """Return what tells of the first osteolytic lesion known by the day that is asked for (see `lesion_known`); empty where nothing does.

    One without a day counts: it is known to whoever sends it. Its name is free text and is not repeated.
    """
    return lesion_known(lesion_days(resources), asked, landmark)


def is_lytic(words: str) -> bool:
    """Return whether words name an osteolytic lesion of the person.

    Examples
    --------
    >>> [is_lytic(words) for words in ("Lytic bone lesion", "Osteolyse Wirbelkörper", "lésion ostéolytique", "lesioni litiche ossee")]
    [True, True, True, True]
    >>> [is_lytic(words) for words in ("No lytic bone lesions", "hemolytic anemia", "Bone pain", "Keine Osteolysen")]
    [False, False, False, False]
    """
    return says(plain(words), _LYTIC, IS_NOT, OF_SOMEBODY_ELSE)


def lesion_days(resources: Sequence[Found]) -> list[str]:
    """Return the day of each osteolytic lesion, or its month or year; empty where it is not told, cannot be read, or is in the future."""
    found = []
    for one in resources:
        resource = one.resource or {}
        if resource.get("resourceType") != "Condition" or not is_lytic(said_in(resource.get("code"))):
            continue
        if any(code in NOT_DIAGNOSED for _, code in codings(resource.get("verificationStatus"))):
            continue
        period = resource.get("onsetPeriod")
        start = period.get("start") if isinstance(period, dict) else None
        since = resource.get("onsetDateTime") or start or resource.get("recordedDate")
        found.append(since[:10] if isinstance(since, str) and BAD_DAY < first_day_of(since) <= calendar.today() else "")
    return found
