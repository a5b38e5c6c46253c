"""The simulated cohort: reproducible, clean, in each site's own units, and near the published figures."""

import numpy as np
import pandas as pd
import pytest

from features import build_table
from features.quality import clean, inspect
from features.simulation import simulate


@pytest.fixture(scope="module")
def large():
    """Return 1,500 people, enough for the figures below to be steady."""
    return clean(simulate(1500, seed=1))[0]


@pytest.fixture(scope="module")
def rows(large, smm_task):
    return build_table(large, smm_task).rows


@pytest.fixture(scope="module")
def end():
    """Return a function: cohort -> the day on which each patient's natural history was last seen."""

    def first_end(cohort):
        return cohort.events.groupby("patient_id")["occurred_at"].min()

    return first_end


def test_the_same_seed_gives_the_same_cohort_and_another_seed_another():
    def content(seed):
        return clean(simulate(60, seed))[0].content_hash()

    assert content(3) == content(3)
    assert content(3) != content(4)


@pytest.mark.parametrize("patients", [1, 2, 300])
def test_every_row_passes_the_quality_check(patients):
    cohort, quarantine = inspect(simulate(patients, seed=5))
    assert quarantine.empty
    assert len(cohort.patients) == patients


def test_sites_write_their_own_units(smm_cohort):
    site = smm_cohort.measurements["patient_id"].map(smm_cohort.patients.set_index("patient_id")["site"])
    units = smm_cohort.measurements.groupby(["biomarker", site])["original_unit"].agg(lambda u: "|".join(sorted(set(u))))
    assert not units.str.contains("|", regex=False).any(), "one site, one unit"
    assert {"mg/dL", "umol/L"} == set(units["creatinine"])
    assert {"g/dL", "g/L"} == set(units["m_protein"]) == set(units["hemoglobin"])
    assert {"mg/L", "mg/dL"} == set(units["flc_kappa"])


def test_the_canonical_value_does_not_tell_the_unit_it_was_written_in(large):
    values = large.measurements[large.measurements["biomarker"] == "creatinine"].groupby("original_unit")["value"].median()
    assert values["umol/L"] == pytest.approx(values["mg/dL"], rel=0.05)


def test_everybody_has_one_index_visit_and_one_end_at_least(smm_cohort, end):
    baseline = smm_cohort.measurements.groupby("patient_id")["collected_at"].min()
    assert (baseline == smm_cohort.patients.set_index("patient_id")["index_date"]).all()
    assert set(end(smm_cohort).index) == set(smm_cohort.patients["patient_id"])


def test_nothing_is_measured_on_or_after_the_first_end(large, end):
    late = large.measurements["collected_at"] >= large.measurements["patient_id"].map(end(large))
    assert late.sum() == 0


def test_nobody_has_an_event_before_the_index_date_or_after_the_study(large):
    since = large.events["occurred_at"] - large.events["patient_id"].map(large.patients.set_index("patient_id")["index_date"])
    assert since.min() >= pd.Timedelta(days=1)
    assert large.events["occurred_at"].max() <= pd.Timestamp("2024-12-31")


@pytest.mark.parametrize(
    ("column", "mean", "within"),
    [
        # Chabrun et al., Nature Medicine 2026: training visits of DFCI.
        ("m_protein__last__ever", 1.2, 0.2),
        ("bmpc__last__ever", 17.0, 2.5),
    ],
)
def test_visits_have_the_published_means(rows, column, mean, within):
    assert rows[column].mean() == pytest.approx(mean, abs=within)


def test_visits_have_the_published_light_chain_ratio_and_interval(rows):
    assert np.exp(np.log(rows["flc_ratio__last__ever"]).mean()) == pytest.approx(5.0, abs=0.8)
    years = rows.groupby("patient_id")["landmark"].diff().dt.days.dropna() / 365.25
    assert years.median() == pytest.approx(0.5, abs=0.06)


def test_progressions_per_hundred_person_years_are_those_of_smoldering_myeloma(large, end):
    years = (end(large) - large.patients.set_index("patient_id")["index_date"]).dt.days.sum() / 365.25
    progressed = large.events.loc[large.events["kind"] == "progression", ["patient_id", "occurred_at"]]
    first = (progressed["occurred_at"] == progressed["patient_id"].map(end(large))).sum()
    assert 4.5 < 100 * first / years < 7.5
