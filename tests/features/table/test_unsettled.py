"""Results that contradict each other leave a criterion open where what lies between them does; what all of it meets stays met."""

import numpy as np
import pytest

from features.history.arrays import Histories
from features.history.columns import FeatureSpec
from features.history.rows import look
from features.table.score_inputs import CRITERIA_COLUMNS, criteria_at
from features.table.unsettled import CHAIN_CONTRADICTED, CORRECTED_ABOVE, LONE_KAPPA, LONE_LAMBDA, RATIOS_CONTRADICT, unsettled_of

NAN = np.nan
UNITS = {"bmpc": "%", "calcium": "mg/dL", "calcium_corrected": "mg/dL", "albumin": "g/dL", "flc_kappa": "mg/L", "flc_lambda": "mg/L"}
OLD, NEW = "2015-01-01", "2016-01-01"
LATER = "2016-01-02"


def judged(cohort_of, chain, *results):
    """Return each criterion and why anything is open, of results as (day, biomarker, value) or with a method."""
    rows = "\n".join(f"P1,{day},{name},{value},{UNITS.get(name, '')},{''.join(method)}" for day, name, value, *method in results)
    cohort = cohort_of(
        patients=f"patient_id,index_date,light_chain\nP1,2015-01-01,{chain}",
        measurements=f"patient_id,collected_at,biomarker,value,unit,method\n{rows}",
    )
    day = np.array([17000], np.int32)  # 2016-07-18
    view = look(Histories.of(cohort, operators=True), np.zeros(1, np.int32), day, FeatureSpec((), (), (), ()), CRITERIA_COLUMNS)
    _, status, marrow = criteria_at(view)
    return {key: one.item() for key, one in status.items()}, unsettled_of(view, {}).why.item(), marrow


def chains(day, kappa, lambda_):
    return (day, "flc_kappa", kappa), (day, "flc_lambda", lambda_)


@pytest.mark.parametrize(
    ("chain", "results", "status", "why"),
    [
        # a chain alone, later than the ratio
        ("kappa", [*chains(OLD, 150, 10), (NEW, "flc_kappa", 2000)], NAN, LONE_KAPPA),
        ("kappa", [*chains(OLD, 150, 10), (NEW, "flc_lambda", 10)], NAN, LONE_LAMBDA),
        ("", [*chains(OLD, 150, 10), (NEW, "flc_kappa", 2000)], NAN, LONE_KAPPA),
        ("kappa", [*chains(OLD, 150, 10), (NEW, "flc_kappa", 2000), (LATER, "flc_lambda", 10)], NAN, LONE_KAPPA | LONE_LAMBDA),
        ("kappa", [*chains(OLD, 1500, 10), (NEW, "flc_kappa", 2000)], 1.0, LONE_KAPPA),  # what was met stays met
        ("kappa", [*chains(OLD, 1500, 10), (NEW, "flc_lambda", 10)], 1.0, LONE_LAMBDA),
        ("kappa", [*chains(OLD, 90, 0.5), (NEW, "flc_kappa", 2000)], NAN, LONE_KAPPA),  # never of a ratio and a chain of two days
        ("kappa", [*chains(OLD, 150, 10), (NEW, "flc_kappa", 50)], 0.0, LONE_KAPPA),  # the involved chain is small
        ("kappa", [(NEW, "flc_kappa", 2000)], NAN, LONE_KAPPA),
        ("kappa", [(OLD, "flc_kappa", 2000), *chains(NEW, 150, 10)], 0.0, 0),
        ("kappa", [*chains(OLD, 150, 10), (NEW, "flc_kappa", 2000), (NEW, "kappa_lambda_ratio", 20)], 0.0, 0),  # a reported one of the day
        # a reported ratio and the chains of its day
        ("kappa", [*chains(NEW, 1500, 10), (NEW, "kappa_lambda_ratio", 15)], NAN, RATIOS_CONTRADICT),
        ("kappa", [*chains(NEW, 1500, 10), (NEW, "flc_ratio", 15)], NAN, RATIOS_CONTRADICT),
        ("", [*chains(NEW, 10, 1500), (NEW, "flc_ratio", 15)], NAN, RATIOS_CONTRADICT),
        ("kappa", [*chains(NEW, 1500, 10), (NEW, "kappa_lambda_ratio", 300)], 1.0, RATIOS_CONTRADICT),
        ("kappa", [*chains(NEW, 300, 10), (NEW, "kappa_lambda_ratio", 15)], 0.0, RATIOS_CONTRADICT),
        ("kappa", [*chains(NEW, 1010, 10), (NEW, "kappa_lambda_ratio", 99)], NAN, RATIOS_CONTRADICT),
        ("kappa", [*chains(NEW, 996, 10), (NEW, "kappa_lambda_ratio", 100)], 1.0, 0),  # rounded
        ("kappa", [*chains(NEW, 315, 10), (NEW, "kappa_lambda_ratio", 30)], 0.0, 0),  # as near as the assay is
        ("kappa", [*chains(OLD, 1500, 10), (NEW, "kappa_lambda_ratio", 15)], 0.0, 0),  # of two days
        ("lambda", [*chains(NEW, 7, 450), (NEW, "kappa_lambda_ratio", 0.02)], 0.0, 0),  # rounded, as kappa / lambda
        ("kappa", [*chains(NEW, 1700, 10), (NEW, "kappa_lambda_ratio", 100)], 1.0, RATIOS_CONTRADICT),
        ("kappa", [*chains(NEW, 700, 10), (NEW, "flc_ratio", 100)], NAN, RATIOS_CONTRADICT),
        ("lambda", [*chains(NEW, 10, 1010), (NEW, "kappa_lambda_ratio", 0.0101)], NAN, RATIOS_CONTRADICT),
        # the chain on record and the results
        ("kappa", [*chains(NEW, 5, 1500)], NAN, CHAIN_CONTRADICTED),
        ("lambda", [*chains(NEW, 1500, 5)], NAN, CHAIN_CONTRADICTED),
        ("kappa", [*chains(NEW, 20, 100)], 0.0, CHAIN_CONTRADICTED),  # neither way
        ("kappa", [*chains(NEW, 26, 100)], 0.0, 0),  # within the normal range
        ("", [*chains(NEW, 5, 1500)], 1.0, 0),
    ],
)
def test_the_light_chains(cohort_of, chain, results, status, why):
    found, because, _ = judged(cohort_of, chain, *results)
    np.testing.assert_equal((found["light_chains"], because), (status, why))


@pytest.mark.parametrize(
    ("results", "status", "why"),
    [
        ([(NEW, "calcium", 10.4), (NEW, "calcium_corrected", 12.0)], NAN, CORRECTED_ABOVE),
        ([(NEW, "calcium", 10.9), (NEW, "albumin", 2.0)], NAN, CORRECTED_ABOVE),
        ([(NEW, "calcium", 10.2), (NEW, "albumin", 3.0)], 0.0, CORRECTED_ABOVE),  # 11.0, as total calcium has it
        ([(NEW, "calcium", 11.1), (NEW, "albumin", 5.0)], 1.0, 0),  # nothing is undone by a correction
        ([(OLD, "calcium", 10.9), (OLD, "albumin", 2.0), (NEW, "calcium", 10.4)], 0.0, 0),  # total calcium is later
        ([(OLD, "calcium", 10.4), (NEW, "calcium_corrected", 12.0)], NAN, CORRECTED_ABOVE),
        ([(NEW, "calcium_corrected", 12.0)], NAN, 0),
    ],
)
def test_calcium_that_only_its_correction_would_meet_is_open(cohort_of, results, status, why):
    found, because, _ = judged(cohort_of, "kappa", *results)
    np.testing.assert_equal((found["calcium"], because), (status, why))


@pytest.mark.parametrize(
    ("results", "met"),
    [
        ([(OLD, 65, "biopsy"), (NEW, 20, "smear")], True),
        ([(OLD, 65, "biopsy"), (NEW, 20, "")], True),  # nobody knows that it is a biopsy
        ([(OLD, 65, ""), (NEW, 20, "biopsy")], True),
        ([(OLD, 65, "smear"), (NEW, 20, "biopsy")], True),
        ([(OLD, 65, "biopsy"), (NEW, 20, "biopsy")], False),
        ([(OLD, 65, ""), (NEW, 20, "")], False),
        ([(OLD, 65, "biopsy"), (NEW, 20, "biopsy"), (LATER, 15, "smear")], False),
        ([(OLD, 59, "biopsy"), (NEW, 20, "smear")], False),
        ([(OLD, 20, "biopsy"), (NEW, 65, "smear")], True),
        ([(OLD, "<70", "biopsy"), (NEW, 20, "smear")], False),
        ([(NEW, 65, "biopsy"), (NEW, 20, "smear")], True),
    ],
)
def test_marrow_that_one_method_found_is_not_undone_by_another(cohort_of, results, met):
    found, _, marrow = judged(cohort_of, "kappa", *((day, "bmpc", value, method) for day, value, method in results))
    assert found["marrow"] == float(met)
    if marrow is not None:
        assert marrow.value.item() >= 60
