"""A site that writes another unit than it says: it is named with the unit that explains its values, and no value is changed."""

import json

import pytest

from features.console import Steps
from features.intake.ingest import ingest
from features.intake.report import report
from features.simulation.smm import simulate
from features.sources import read_mgus2

QUIET = Steps(quiet=True)
IN_G_PER_L = (4, 8, 12, 15, 21, 24, 30)  # M-protein: five of them above 10, the most in g/dL


@pytest.fixture
def ingested(received_of, tmp_path):
    """Return a function: what site B measured, one result a person -> what ingestion did; site A is above suspicion."""

    def ingested(values, biomarker="m_protein", unit="g/dL"):
        people = [f"B{k},2015-01-01,B" for k in range(len(values))]
        rows = [f"B{k},2015-01-01,{biomarker},{value},{unit}" for k, value in enumerate(values)]
        right = [f"A1,201{k}-02-01,m_protein,2.{k},g/dL" for k in range(5, 9)]
        patients = "\n".join(["patient_id,index_date,site", "A1,2015-01-01,A", *people])
        measurements = "\n".join(["patient_id,collected_at,biomarker,value,unit", *right, *rows])
        return ingest(received_of(patients=patients, measurements=measurements), tmp_path / "cohort", QUIET)

    return ingested


def test_a_site_that_calls_g_per_l_g_per_dl_is_named_with_the_share_refused_and_the_unit_that_explains_it(ingested, tmp_path, capsys):
    done = ingested(IN_G_PER_L)
    (told,) = done.units
    assert told == (
        "suspected_site_unit: 5 of 7 results of m_protein in g/dL (71%) at site B lie outside 0 to 10 g/dL and are refused; "
        "were they in g/L, 7 would lie inside, and of the others, kept as they are, all would be wrong by the same factor, "
        "or some where the site writes both units. Ask the site, correct the unit in the source and ingest again; "
        "nothing is changed by itself."
    )
    assert done.about["counts"]["measurements"] == {"read": 11, "kept": 6, "quarantined": 5}
    report(done, tmp_path / "cohort", as_json=False)
    assert f"warning: {told}" in " ".join(capsys.readouterr().out.split())
    report(done, tmp_path / "cohort", as_json=True)
    assert told in json.loads(capsys.readouterr().out)["suspicions"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        (IN_G_PER_L[:-1], "four refused are slips"),
        ([2.0] * 50 + [21.0] * 5, "five of fifty-five are less than a tenth"),
        ([2.0] * 5 + [99999.0] * 5, "99999 lies outside in g/L and mg/dL too: no unit explains it"),
        ([1.0, 2.0, 3.0, 0.5, 0.8, 9.9, 10.0], "all lie within the limits"),
    ],
)
def test_a_site_above_suspicion_is_not_named(ingested, values, why):
    assert ingested(values).units == [], why


@pytest.mark.parametrize(
    ("biomarker", "unit", "values", "likely"),
    [
        ("creatinine", "umol/L", (0.7, 0.8, 0.9, 1.0, 1.1), "mg/dL"),  # too low
        ("creatinine", "mg/dL", (60, 70, 80, 90, 100, 20), "umol/L"),
        ("Hemoglobin", "G/DL", (120, 130, 140, 150, 160), "g/L"),
        ("hemoglobin", "g/L", (8.1, 8.2, 8.3, 8.4, 8.5), "g/dL or mmol/L"),
    ],
)
def test_any_unit_of_the_catalogue_may_explain_it_from_above_and_from_below(ingested, biomarker, unit, values, likely):
    (told,) = ingested(values, biomarker, unit).units
    assert f"were they in {likely}, {len(values)} would lie inside" in told


def test_all_blocks_of_patients_count(ingested, monkeypatch):
    monkeypatch.setattr("features.intake.ingest.PATIENTS_A_BLOCK", 2)
    assert ingested(IN_G_PER_L).units[0].startswith("suspected_site_unit: 5 of 7 results")


def test_the_cohorts_that_ship_are_above_suspicion(root, tmp_path):
    assert ingest(read_mgus2(root / "data/mgus2"), tmp_path / "mgus2", QUIET).units == []
    assert ingest(simulate(300, seed=7), tmp_path / "smm", QUIET).units == []
