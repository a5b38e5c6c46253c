"""Eligibility of AQUILA from a history: the evidence's cases, and unknown where a result is missing."""

import numpy as np
import pandas as pd
import pytest

from features.table.eligibility_inputs import inputs_of
from myeloma.early_treatment.eligibility import criteria, eligible
from myeloma.scores import POINT_SCORES

MAYO = POINT_SCORES["mayo_2018"]
DAY = 28  # after the index date
LABORATORY = {"hemoglobin": 13.5, "calcium": 9.5, "creatinine": 0.9}


def values_of(cohort_of_days, results, heavy_chain="IgG", stage="smm", years=0):
    """Return the values at one landmark of a person with results at the index date; light chains as kappa over 10 mg/L of lambda."""
    rows = [("P1", name, 0, 0, value) for name, value in (LABORATORY | results).items() if name != "flc_ratio" and not np.isnan(value)]
    if ratio := results.get("flc_ratio"):
        rows += [("P1", "flc_kappa", 0, 0, 10.0 * ratio), ("P1", "flc_lambda", 0, 0, 10.0)]
    cohort = cohort_of_days(rows, light_chain="kappa")
    cohort.patients["stage"], cohort.patients["heavy_chain"] = stage, heavy_chain
    landmark = cohort.patients["index_date"].iloc[0] + pd.Timedelta(days=DAY + round(365.25 * years))
    return inputs_of(cohort, pd.DataFrame({"patient_id": ["P1"], "landmark": [landmark]}), MAYO)[1] | {"performance_status": np.zeros(1)}


@pytest.mark.parametrize(
    ("results", "expected"),
    [
        ({"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15}, 1.0),
        ({"m_protein": 2.9, "flc_ratio": 8.0, "bmpc": 10}, 1.0),
        ({"m_protein": 1.8, "flc_ratio": 8.0, "bmpc": 12}, 1.0),
        ({"m_protein": 2.1, "flc_ratio": 7, "bmpc": 21}, np.nan),  # immunoparesis unknown
        ({"m_protein": 3.1, "flc_ratio": 5}, np.nan),  # marrow unknown
        ({"m_protein": 2.9, "flc_ratio": 7.9, "bmpc": 50.0, "iga": 100, "igm": 100}, 0.0),
        ({"m_protein": 1.2, "bmpc": 11, "flc_ratio": 3, "iga": 30, "igm": 20}, 1.0),
        ({"m_protein": 1.2, "bmpc": 11, "flc_ratio": 3, "iga": 100, "igm": 20}, 0.0),
        ({"m_protein": 3.1, "flc_ratio": 100, "bmpc": 15}, 0.0),  # 1,000 mg/L of the involved chain: myeloma
    ],
)
def test_the_cases_of_the_evidence(cohort_of_days, results, expected):
    np.testing.assert_equal(eligible(values_of(cohort_of_days, results)), [expected])


def test_more_than_five_years_after_diagnosis(cohort_of_days):
    found = eligible(values_of(cohort_of_days, {"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15}, years=5.1))
    assert found.tolist() == [0.0]


@pytest.mark.parametrize(("stage", "expected"), [("smm", 1.0), ("", np.nan), ("mgus", np.nan)])
def test_without_a_criterion_met_only_smoldering_disease_is_free_of_them(cohort_of_days, stage, expected):
    values = values_of(cohort_of_days, {"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15}, stage=stage)
    np.testing.assert_equal(criteria(values)["no_defining_event"], [expected])


@pytest.mark.parametrize("unknown", ["hemoglobin", "calcium", "creatinine"])
def test_a_laboratory_criterion_that_is_open_is_no_criterion_that_is_not_met(cohort_of_days, unknown):
    values = values_of(cohort_of_days, {"m_protein": 3.1, "flc_ratio": 5, "bmpc": 15, unknown: np.nan})
    np.testing.assert_equal(eligible(values), [np.nan])


def test_nothing_after_the_landmark_is_read(cohort_of_days):
    rows = [("P1", "m_protein", 0, 0, 3.1), ("P1", "bmpc", 0, 0, 15.0), ("P1", "bmpc", DAY + 1, DAY + 1, 70.0)]
    cohort = cohort_of_days(rows, light_chain="kappa")
    landmark = cohort.patients["index_date"].iloc[0] + pd.Timedelta(days=DAY)
    _, found = inputs_of(cohort, pd.DataFrame({"patient_id": ["P1"], "landmark": [landmark]}), MAYO)
    assert found["bmpc"].tolist() == [15.0]


@pytest.mark.parametrize(
    ("value", "operator", "event", "possible"),
    [
        (20.0, "", 0.0, ["intermediate"]),
        (20.0, ">", np.nan, ["high"]),  # more than 20 for certain; 60 or more is open
        (10.0, ">", np.nan, ["intermediate", "high"]),
        (20.0, "<", 0.0, ["intermediate"]),
        (60.0, ">", 1.0, ["high"]),
    ],
)
def test_a_limit_leaves_open_what_it_does_not_tell(cohort_of_days, value, operator, event, possible):
    others = LABORATORY | {"m_protein": 2.5, "flc_kappa": 60.0, "flc_lambda": 10.0}
    rows = [("P1", name, 0, 0, number, "") for name, number in others.items()] + [("P1", "bmpc", 0, 0, value, operator)]
    cohort = cohort_of_days(rows, light_chain="kappa")
    cohort.patients["stage"], cohort.patients["sex"] = "smm", "female"
    inputs, found = inputs_of(cohort, pd.DataFrame({"patient_id": ["P1"], "landmark": cohort.patients["index_date"].iloc[:1]}), MAYO)
    np.testing.assert_array_equal(found["defining_event"], [event])
    bits = int(MAYO.evaluate_arrays(**inputs).possible[0])
    assert [name for k, name in enumerate(MAYO.categories) if bits >> k & 1] == possible
