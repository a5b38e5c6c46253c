"""Whether a name says a finding of the person: what stands next to the finding may take it back.

A name is free text. "No lytic lesions" says that there are none, "no change of lytic lesions" that there are some, and "transplantation
without purging" that it was done. So a word takes a finding back only from right beside it, with nothing between them but words of
`BESIDE`, and a negation only where nothing else follows. In doubt the finding counts: it only keeps a risk from being shown.

All names are compared without accents, in lower case: English, German, French, Spanish, Portuguese, Italian, Dutch and the Scandinavian
languages.
"""

from __future__ import annotations

import re

from features.sources.fhir.codes import names_of

HERE = "\0"  # where the finding stands, in the words around it
_MOST_LETTERS = 500  # of a name; what is longer is a description, which takes nothing back
_LAST_WORD, _REST_OF_WORD = re.compile(r"\w*\Z"), re.compile(r"\w*")

# Words that change nothing where they stand between a finding and what takes it back, each with what parts it from the word before.
_WORDS = (
    r"an?|any|the|of|for|by|auf|fur|vo[nm]|ein\w*|d[eiu]|des|d[aeo]l?|dell[ao]|da|d[ao]s|van|voor|op|pa|av|af|til|met",
    r"evidence|signs?|findings?|indications?|suspicion|history|prior|previous|known|positiv\w* for",
    r"hinweis\w*|anhalt\w*|anzeichen|nachweis|signes?|segni|evidenci?as?|evidenza|indices|aanwijzing\w*|tegn|tecken",
    r"multip\w+|bon[ey]s?|osseous|osse\w*|ose[ao]s?|knochen\w*|skelet\w*|lesi\w+|lesao|lesoes|lasion\w*|laesi\w*",
    r"(?:non)?autolog\w*|allogen\w*|peripher\w*|blood|syndrome|disease",
)
BESIDE = rf"(?:[\s-]+(?>(?:{'|'.join(_WORDS)})\b))*"  # atomic: no word is tried in two ways
_ENDS = r"\s*(?:\Z|[,;.:()\[\]]|\b(?:and|n?or|und|oder|noch|et|ou|ni|e|y|och|og|eller)\b)"
_NOT = r"\b(?:no|not|without|negative for|absence|kein\w*|ohne|pas de|sans|sin|sem|senza|geen|zonder|ingen|uden|utan|uten)\b"
_OF_FAMILY = (
    r"(?:\bfh\b|\bfamily[\s-]+(?:medical[\s-]+)?(?:history|hx|members?|anamnesis)\b|famil(?:ien|ie|je)(?:anamn|gesch|histor)\w*"
    r"|(?:antecedent|histor|anamnes)\w* (?:\w+ )?famili\w*)"
)
_SCREENING = r"\bscreening(?:[\s-]+(?:examination|test))?[\s-]+(?:for|auf|nach|de|du|per|para|pa|voor|op|til)\b"

IS_NOT = re.compile(rf"{_NOT}{BESIDE}[\s-]+{HERE}{BESIDE}{_ENDS}")
OF_SOMEBODY_ELSE = re.compile(rf"{_OF_FAMILY}:?{BESIDE}[\s:-]*{HERE}|{_SCREENING}{BESIDE}[\s-]+{HERE}")


def said_in(concept: object) -> str:
    """Return the names of a concept as one text, in which no name takes back what another says."""
    return "; ".join(names_of(concept))


def says(said: str, finding: re.Pattern[str], *taken_back: re.Pattern[str]) -> bool:
    """Return whether a name, as `plain` writes it, says a finding that nothing takes back.

    Parameters
    ----------
    taken_back : what takes it back, as the words around it, in which `HERE` stands for the whole word of the finding

    Examples
    --------
    >>> lytic = re.compile("lytic")
    >>> [says(said, lytic, IS_NOT) for said in ("lytic lesion, no fracture", "no change of lytic lesions", "not a lytic lesion")]
    [True, True, False]
    """
    said = said.replace(HERE, " ")
    if len(said) > _MOST_LETTERS:
        return bool(finding.search(said))
    place = 0
    while found := finding.search(said, place):
        before, after = _LAST_WORD.sub("", said[: found.start()]), _REST_OF_WORD.sub("", said[found.end() :], count=1)
        if not any(one.search(f"{before}{HERE}{after}") for one in taken_back):
            return True
        place = found.start() + 1
    return False
