"""Suspicions are said and nothing is corrected: unit slips, and a light chain that the ratio contradicts."""

import pytest

from features.intake.plausibility import describe, suspicions
from features.intake.quality import clean


@pytest.fixture
def cohort_with(received_of):
    def make(values, biomarker="m_protein", unit="g/dL"):
        rows = "\n".join(f"P1,201{5 + k}-01-01,{biomarker},{value},{unit}" for k, value in enumerate(values))
        return clean(
            received_of(
                patients="patient_id,index_date\nP1,2015-01-01", measurements=f"patient_id,collected_at,biomarker,value,unit\n{rows}"
            )
        )[0]

    return make


@pytest.mark.parametrize(
    ("values", "slips"),
    [
        ([0.5, 0.6, 6.0], 1),
        ([5.0, 5.0, 0.5], 1),
        ([0.5, 0.6, 5.9], 1),
        ([1.8, 1.9, 2.0, 0.2], 1),  # the last in g/L, and a real rise
        ([1.0, 1.0, 5.0], 1),
        ([1.0, 1.0, 4.9], 0),
        ([1.0, 1.0, 0.2], 1),
        ([1.0, 1.0, 0.21], 0),
        ([0.5, 5.0], 2),  # which of the two is wrong cannot be told
        ([1.0, 4.9], 0),
    ],
)
def test_a_value_five_times_the_persons_own_is_suspected_and_kept(cohort_with, values, slips):
    cohort = cohort_with(values)
    found = suspicions(cohort)
    assert (found["code"] == "suspected_unit_slip").sum() == slips
    assert cohort.measurements["value"].tolist() == values


@pytest.mark.parametrize(("start", "slips"), [("", 1), ("2015-04-01", 0), ("2016-01-01", 1)])
def test_a_fall_to_a_tenth_under_therapy_is_what_therapy_does(received_of, start, slips):
    days = [f"2015-0{month}-01" for month in range(1, 7)]
    rows = [f"P1,{day},m_protein,{value},g/dL" for day, value in zip(days, [3.0, 3.1, 2.9, 3.0, 0.2, 0.2], strict=True)]
    events = f"patient_id,occurred_at,kind,detail\nP1,{start},treatment_start,VRd" if start else "patient_id,occurred_at,kind"
    patients = "patient_id,index_date\nP1,2015-01-01"
    measurements = "\n".join(["patient_id,collected_at,biomarker,value,unit", *rows])
    cohort = clean(received_of(patients=patients, measurements=measurements, events=events))[0]
    assert len(suspicions(cohort)) == 2 * slips


@pytest.mark.parametrize(
    ("chain", "kappa", "contradicted"), [("kappa", 2.0, 1), ("kappa", 20.0, 0), ("lambda", 20.0, 1), ("lambda", 10.0, 0), ("", 2.0, 0)]
)
def test_a_light_chain_that_the_ratio_contradicts_is_said(received_of, chain, kappa, contradicted):
    cohort = clean(
        received_of(
            patients=f"patient_id,index_date,light_chain\nP1,2015-01-01,{chain}",
            measurements=f"patient_id,collected_at,biomarker,value,unit\nP1,2015-01-01,flc_kappa,{kappa},mg/L\nP1,2015-01-01,flc_lambda,10,mg/L",
        )
    )[0]
    found = suspicions(cohort)
    assert (found["code"] == "light_chain_contradicted").sum() == contradicted
    assert len(describe(found)) == contradicted


@pytest.mark.parametrize(("ratio", "start", "suspected"), [(0.25, "", 1), (0.26, "", 0), (40.0, "", 0), (0.25, "2014-06-01", 0)])
def test_an_involved_ratio_far_below_one_may_be_kappa_over_lambda(received_of, ratio, start, suspected):
    cohort = clean(
        received_of(
            patients="patient_id,index_date\nP1,2013-01-01",
            measurements=f"patient_id,collected_at,biomarker,value,unit\nP1,2015-01-01,flc_ratio,{ratio},",
            events=f"patient_id,occurred_at,kind\nP1,{start},treatment_start" if start else "patient_id,occurred_at,kind",
        )
    )[0]
    found = suspicions(cohort)
    assert (found["code"] == "suspected_kappa_lambda").sum() == suspected
    assert cohort.measurements["value"].tolist() == [ratio]
    assert all("name it kappa_lambda_ratio" in line for line in describe(found))


def test_a_description_names_the_row_and_no_person(cohort_with):
    (line,) = describe(suspicions(cohort_with([0.5, 0.6, 6.0])))
    assert line.startswith("suspected_unit_slip: 1 result of m_protein, first at row 4 of measurements")
    assert "P1" not in line


def test_a_cohort_above_suspicion_gives_none(smm_cohort):
    assert len(suspicions(smm_cohort).query("code == 'suspected_unit_slip' and biomarker == 'hemoglobin'")) == 0
