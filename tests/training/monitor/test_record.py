"""What a watch logs: each finding under a name of its own, and no count of a few people."""

from types import SimpleNamespace

import numpy as np
import pytest

from training.monitor.cusum import Cusum
from training.monitor.findings import Finding
from training.monitor.over_time import OverTime
from training.monitor.record import figures
from training.reference.person_time import PersonTime


def charted(observed=0.0, charts=()):
    return OverTime(PersonTime(np.array([0.0, 30.0]), np.array([observed]), np.array([20.0]), 40, 10.0), charts)


def watched(*findings, people=40, over_time=None):
    return SimpleNamespace(findings=list(findings), people=people, over_time=over_time or charted())


def finding(kind, name, site="", estimate=2.0, lo=None, hi=None):
    return Finding(kind, name, name, 40, estimate, lo, hi, site=site)


@pytest.mark.parametrize(
    ("found", "name"),
    [
        (finding("missing", "m_protein"), "missing_m_protein"),
        (finding("level", "m_protein"), "level_m_protein"),
        (finding("risk", "risk_24m"), "risk_24m"),
        (finding("outcome", "risk_24m"), "oe_ratio_24m"),
        (finding("outcome", "person_time"), "oe_ratio_person_time"),
        (finding("unit", "m_protein", "east wing"), "unit_m_protein_at_site_east_wing"),
    ],
)
def test_a_finding_is_logged_under_what_is_looked_at_and_where(found, name):
    assert figures(watched(found)) == {"changed": 0.0, "people": 40.0, name: 2.0}


def test_an_interval_is_logged_where_there_is_one():
    assert figures(watched(finding("risk", "risk_24m", lo=1.0, hi=3.0)))["risk_24m_hi"] == 3.0


@pytest.mark.parametrize("alike", [("A B", "A_B"), ("east", "East")])
def test_sites_that_differ_in_punctuation_or_case_alone_keep_two_figures(alike):
    logged = figures(watched(*(finding("unit", "m_protein", site, k) for k, site in enumerate(alike, start=2))))
    assert sorted(value for name, value in logged.items() if name.startswith("unit_")) == [2, 3]
    assert len({name.casefold() for name in logged}) == 4


def test_a_few_people_are_not_counted():
    assert "people" not in figures(watched(people=9))


@pytest.mark.parametrize(("observed", "told"), [(9.0, False), (10.0, True)])
def test_charts_are_logged_without_the_sum_that_would_give_a_small_count_away(observed, told):
    chart = Cusum(1.5, np.array([2.0]), np.array([1.2]), np.array([False]), 0.1, 11.0)
    logged = figures(watched(over_time=charted(observed, (chart,))))
    limits = {"cusum_too_many_limit": 2.0, "cusum_too_many_alarms": 0.0, "cusum_too_many_months_to_find": 11.0}
    assert logged == {"changed": 0.0, "people": 40.0, "cusum_false_alarms_a_year": 0.1} | limits | ({"cusum_too_many": 1.2} if told else {})
