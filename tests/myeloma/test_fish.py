"""FISH findings: how a cell is read, and which findings count as high risk in smoldering myeloma."""

import math

import pytest

from myeloma.fish import BY_FISH, DRIVERS, FINDINGS, HIGH_RISK, NORMAL, SEQUENCED, has_driver, has_high_risk, split_findings


@pytest.mark.parametrize(
    ("cell", "findings"),
    [
        ("t(4;14)", ("t(4;14)",)),
        (" T(4;14) | hyperdiploidy ", ("t(4;14)", "hyperdiploidy")),
        ("normal|", ("normal",)),
        ("", ()),
        (" | ", ()),
    ],
)
def test_a_cell_holds_findings_joined_by_bars(cell, findings):
    assert split_findings(cell) == findings


@pytest.mark.parametrize("finding", ["t(4;14)", "t(14;16)", "gain(1q)", "amp(1q)", "del(13q)", "monosomy(13)"])
def test_findings_of_mateos_2020_are_high_risk_alone_and_with_others(finding):
    assert has_high_risk(finding) == 1.0
    assert has_high_risk(f"hyperdiploidy|{finding}") == 1.0


@pytest.mark.parametrize("finding", sorted(BY_FISH - HIGH_RISK))
def test_other_findings_are_tested_and_not_high_risk(finding):
    assert has_high_risk(finding) == 0.0


def test_not_tested_is_unknown_and_never_normal():
    assert math.isnan(has_high_risk(""))
    assert has_high_risk(NORMAL) == 0.0


def test_every_accepted_finding_reads_back_as_itself():
    assert all(split_findings(finding) == (finding,) for finding in FINDINGS)


@pytest.mark.parametrize("finding", sorted(FINDINGS - BY_FISH))
def test_what_sequencing_found_is_no_test_by_fish(finding):
    assert math.isnan(has_high_risk(finding))
    assert has_high_risk(f"{finding}|{NORMAL}") == 0.0
    assert has_high_risk(f"{finding}|gain(1q)") == 1.0


@pytest.mark.parametrize(("driver", "word"), DRIVERS.items())
def test_a_driver_is_absent_only_where_it_was_looked_for(driver, word):
    assert has_driver(word, driver) == has_driver(f"{SEQUENCED}|{word}", driver) == 1.0
    assert has_driver(SEQUENCED, driver) == 0.0
    assert math.isnan(has_driver(NORMAL, driver))
    assert math.isnan(has_driver("", driver))
