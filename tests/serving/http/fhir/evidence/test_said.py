"""A word takes a finding back only from right beside it; in doubt the finding counts."""

import re

import pytest

from features.sources.fhir.spelling import plain
from serving.http.fhir.evidence.said import IS_NOT, OF_SOMEBODY_ELSE, said_in, says

FINDING = re.compile("lytic|osteoly")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("No lytic bone lesions", False),
        ("Smoldering disease without lytic lesions", False),
        ("No evidence of osteolysis and no fracture", False),
        ("Keine Hinweise auf Osteolysen", False),
        ("Family history of osteolysis", False),
        ("FH: osteolysis", False),
        ("Screening for osteolysis", False),
        ("Lytic lesion without fracture", True),
        ("No lesion, lytic", True),
        ("No change of lytic lesions", True),
        ("No new lytic lesions", True),
        ("No lytic lesion progression", True),
        ("No lytic lesions in the skull", True),  # there may be some elsewhere
        ("No lytic lesion of L1; lytic lesion of L2", True),
        ("Family informed: lytic lesion", True),
        ("Lytic lesion (screening visit)", True),
        ("No" + " lytic" * 100, True),  # so long a text is no name
        ("", False),
    ],
)
def test_a_finding_counts_unless_a_word_beside_it_takes_it_back(words, said):
    assert says(plain(words), FINDING, IS_NOT, OF_SOMEBODY_ELSE) == said


def test_a_finding_of_several_words_does_not_hide_another_one_within_it():
    assert says("no lesion; lytic lesion", re.compile("lytic.lesi|lesi.{0,20}lytic"), IS_NOT)


def test_no_name_of_a_concept_takes_back_what_another_says():
    concept = {"text": "No", "coding": [{"system": "x", "code": "y", "display": "osteolysis"}]}
    assert says(plain(said_in(concept)), FINDING, IS_NOT)


@pytest.mark.parametrize("word", ["da ", "de la ", "no ", "- ", "lesion ", "not a lytic "])
def test_whatever_a_name_repeats_it_is_read_at_once(word):
    assert says(f"no {word * 200}"[:490] + " lytic x", FINDING, IS_NOT, OF_SOMEBODY_ELSE)
