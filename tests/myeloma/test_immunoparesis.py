"""Immunoparesis from three immunoglobulins, the isotype and the limits: unknown stays unknown."""

import itertools
import math

import numpy as np
import pytest

from myeloma.immunoparesis import IMMUNOGLOBULINS, immunoparesis, involved_of, suppressed

NAN = math.nan
NORMAL = {"igg": 1000.0, "iga": 150.0, "igm": 100.0}


def found(heavy_chain, **values):
    return float(immunoparesis(values, involved_of(heavy_chain)))


@pytest.mark.parametrize(
    ("biomarker", "value", "low"),
    [  # Mayo 767 / 61 / 37, Roche and Tietz 700 / 70 / 40 mg/dL: the evidence's IgG 730, IgA 65 and IgM 38 are low in one set only
        *[("igg", value, low) for value, low in [(699, 1), (700, NAN), (730, NAN), (766, NAN), (767, 0), (NAN, NAN)]],
        *[("iga", value, low) for value, low in [(60, 1), (61, NAN), (65, NAN), (69, NAN), (70, 0)]],
        *[("igm", value, low) for value, low in [(36, 1), (37, NAN), (38, NAN), (39, NAN), (40, 0)]],
    ],
)
def test_without_the_laboratorys_limit_both_published_ones_must_agree(biomarker, value, low):
    np.testing.assert_equal(float(suppressed(biomarker, value)), float(low))


@pytest.mark.parametrize(("limit", "low"), [(61, 0), (65, 0), (66, 1), (70, 1)])
def test_the_laboratorys_own_limit_decides(limit, low):
    assert suppressed("iga", 65, limit) == low
    assert found("IgG", **NORMAL | {"iga": 65.0, "iga_lower_limit": limit}) == low


@pytest.mark.parametrize(
    ("heavy_chain", "values", "expected"),
    [
        ("IgG", {"iga": 150, "igm": 100}, 0),  # the involved one is not asked
        ("IgG", {"igg": 100, "iga": 150, "igm": 100}, 0),
        ("IgG", {"iga": 40, "igm": 100}, 1),
        ("IgG", {"iga": 40}, 1),  # one suppressed settles it
        ("IgG", {"iga": 150}, NAN),  # IgM is not measured
        ("IgG", {"iga": 150, "igm": 38}, NAN),  # between the published limits
        ("IgA", {"igg": 600, "igm": 100}, 1),
        ("IgA", {"igg": 1000, "iga": 10, "igm": 100}, 0),
        ("IgM", {"igg": 1000, "iga": 150, "igm": 10}, 0),
        *[(name, NORMAL, 0) for name in ("IgD", "IgE", "light_chain")],  # all three are uninvolved
        *[(name, NORMAL | {"igg": 500}, 1) for name in ("IgD", "IgE", "light_chain")],
        ("light_chain", {"iga": 150, "igm": 100}, NAN),
        ("", NORMAL, 0),  # whichever is involved, the others are normal
        ("", NORMAL | {"iga": 40}, NAN),  # it may be the involved one that is low
        ("", NORMAL | {"iga": 40, "igm": 20}, 1),  # one of the two is uninvolved
        ("IgG", {}, NAN),
        ("", {}, NAN),
    ],
)
def test_one_suppressed_uninvolved_immunoglobulin_is_enough_and_all_must_be_known_for_none(heavy_chain, values, expected):
    np.testing.assert_equal(found(heavy_chain, **values), float(expected))


def test_arrays_give_what_single_people_give_and_claim_no_more_than_every_way_to_fill_the_gaps():
    levels = {"igg": [500.0, 1000.0], "iga": [40.0, 150.0], "igm": [20.0, 100.0]}
    people = list(itertools.product(*([*levels[name], NAN] for name in IMMUNOGLOBULINS), ["IgG", "IgA", "IgM", "IgD", ""]))
    columns = {name: np.array([person[k] for person in people]) for k, name in enumerate(IMMUNOGLOBULINS)}
    together = immunoparesis(columns, np.array([involved_of(person[-1]) for person in people]))
    for (*values, chain), told in zip(people, together, strict=True):
        np.testing.assert_equal(found(chain, **dict(zip(IMMUNOGLOBULINS, values, strict=True))), told)
        filled = [levels[name] if math.isnan(value) else [value] for name, value in zip(IMMUNOGLOBULINS, values, strict=True)]
        ways = itertools.product(*filled, [chain] if chain else ["IgG", "IgA", "IgM", "IgD"])
        outcomes = {found(way[-1], **dict(zip(IMMUNOGLOBULINS, way[:-1], strict=True))) for way in ways}
        np.testing.assert_equal(told, outcomes.pop() if len(outcomes) == 1 else NAN)
