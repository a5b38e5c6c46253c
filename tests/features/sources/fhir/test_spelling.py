"""One name has many spellings: accents, capitals, wide letters, unseen signs, several dashes."""

import pytest

from features.sources.fhir.spelling import plain


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("Melfalán", "melfalan"),
        ("Mye\u0301lome", "myelome"),
        ("Borte\u00adzomib", "bortezomib"),
        ("Borte\u200bzomib", "bortezomib"),
        ("\ufeffREVLIMID", "revlimid"),
        ("\uff2c\uff45\uff4e", "len"),
        ("cilta\u2011cel", "cilta-cel"),
        ("Λεναλιδομίδη", "λεναλιδομιδη"),
    ],
)
def test_a_name_is_compared_in_one_spelling(written, meant):
    assert plain(written) == meant
