"""The burden's parameters: found again in people drawn from them, and fitted to nobody who is judged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features import FeatureTable
from features.cohort.schema import Cohort
from features.history.burden.fit import fit_burden
from features.history.burden.parameters import MARKERS
from features.intake.quality import clean
from features.simulation.smm import simulate
from myeloma import ConfigError, DataError
from tests.features.history.burden.twin import BURDEN
from training.fitting import burden as fitting
from training.fitting.burden import burden_of, burden_of_others, people_of
from training.rows.split import evaluation_folds

PEOPLE, VISITS = 1000, 8


@pytest.fixture(scope="module")
def drawn():
    """Return a cohort of people drawn from the twin's parameters, with eight half-yearly visits, two of them with marrow."""
    rng, space = np.random.default_rng(1), BURDEN.state_space
    states = rng.multivariate_normal(space.mean, space.cov, PEOPLE)
    burden, growth, parts = states[:, 0], states[:, 1], []
    patients = clean(simulate(PEOPLE, 1))[0].patients.assign(light_chain="kappa")
    for visit in range(VISITS):
        for k, marker in enumerate(MARKERS):
            logs = states[:, 2 + k] + space.loading[k] * burden + rng.normal(0, np.sqrt(space.noise[k]), PEOPLE)
            day = patients["index_date"] + pd.Timedelta(days=visit * 180)
            part = pd.DataFrame({"patient_id": patients["patient_id"], "biomarker": marker, "collected_at": day, "available_at": day})
            parts += [] if marker == "bmpc" and visit % 4 else [part.assign(value=np.exp(logs))]
        half = 180 / 365.25
        burden = burden + growth * half + rng.normal(0, np.sqrt(space.drift[0] * half), PEOPLE)
        growth = growth + rng.normal(0, np.sqrt(space.drift[1] * half), PEOPLE)
    measurements = pd.concat(parts).sort_values(["patient_id", "biomarker", "collected_at"], ignore_index=True)
    none = clean(simulate(1, 1))[0]
    return Cohort(patients, measurements.reindex(columns=none.measurements.columns).assign(operator=""), none.events.iloc[:0])


def test_the_parameters_that_people_were_drawn_from_are_found_again(drawn):
    found = fit_burden(drawn)
    assert found.noise == pytest.approx(BURDEN.noise, rel=0.1)
    assert found.level == pytest.approx(BURDEN.level, abs=0.1)
    assert found.level_sd == pytest.approx(BURDEN.level_sd, rel=0.15)
    assert found.loading == pytest.approx(BURDEN.loading, abs=0.2)
    assert (found.growth, found.growth_sd) == pytest.approx((BURDEN.growth, BURDEN.growth_sd), abs=0.03)
    assert found.drift[1] == pytest.approx(BURDEN.drift[1], rel=0.4)
    assert found.correlation[1:6] == pytest.approx(BURDEN.correlation[1:6], abs=0.2)


@pytest.mark.parametrize(("biomarker", "says"), [("m_protein", "0 of 300 people"), ("bmpc", "results above 0 of bmpc are none")])
def test_too_few_results_are_refused(smm_cohort, biomarker, says):
    kept = smm_cohort.measurements[smm_cohort.measurements["biomarker"] != biomarker].reset_index(drop=True)
    with pytest.raises(DataError, match=says):
        fit_burden(Cohort(smm_cohort.patients, kept, smm_cohort.events))


def test_a_marker_that_never_varies_is_refused(smm_cohort):
    same = smm_cohort.measurements.assign(value=lambda of: of["value"].where(of["biomarker"] != "bmpc", 12.0))
    with pytest.raises(DataError, match="results above 0 of bmpc are none, or all the same"):
        fit_burden(Cohort(smm_cohort.patients, same, smm_cohort.events))


@pytest.mark.parametrize(("people", "says"), [(49, 1), (50, 0)])
def test_a_marker_that_hardly_anybody_has_twice_is_told(smm_cohort, monkeypatch, people, says):
    monkeypatch.setattr("features.history.burden.fit._MOST_STEPS", 1)
    measurements, said = smm_cohort.measurements, []
    marrow = measurements["biomarker"] == "bmpc"
    several = measurements[marrow].groupby("patient_id").size().loc[lambda counts: counts > 1].index
    once = ~marrow | ~measurements.duplicated(["patient_id", "biomarker"]) | measurements["patient_id"].isin(several[:people])
    with pytest.raises(DataError):
        fit_burden(replace(smm_cohort, measurements=measurements[once].reset_index(drop=True)), said.append)
    assert [told.startswith("bmpc: 49 people have it twice or more, of 50 needed") for told in said] == [True] * says


@pytest.mark.parametrize(("source", "people"), [("simulated", "simulated"), ("tabular", "real"), (None, "unknown")])
def test_the_parameters_say_of_whom_they_are(drawn, monkeypatch, source, people):
    monkeypatch.setattr("features.history.burden.fit._CLOSE", 1e9)  # the first step is near enough here
    assert fit_burden(replace(drawn, about={"source": source})).people == people


def test_a_search_that_does_not_end_gives_no_parameters(smm_cohort, monkeypatch):
    monkeypatch.setattr("features.history.burden.fit._MOST_STEPS", 1)
    with pytest.raises(DataError, match="did not end within 1 steps") as refused:
        fit_burden(smm_cohort)
    assert refused.value.code == "no_convergence"


def test_it_is_fitted_to_those_who_are_not_held_out(smm_cohort, smm_table, smm_plan, monkeypatch):
    seen = []
    monkeypatch.setattr(fitting, "fit_burden", lambda cohort, say: seen.append(cohort) or BURDEN)
    assert burden_of(smm_cohort, smm_table, smm_plan, print) is BURDEN
    assert seen[0].about == smm_cohort.about
    (fold,) = evaluation_folds(smm_table.rows, smm_plan.evaluation)
    judged = set(smm_table.rows["patient_id"].iloc[fold.judge])
    for table in seen[0].tables().values():
        assert judged.isdisjoint(table["patient_id"])
    assert set(seen[0].patients["patient_id"]) == set(smm_table.rows["patient_id"]) - judged
    assert set(seen[0].measurements["patient_id"]) <= set(seen[0].patients["patient_id"])
    last = smm_table.rows.groupby("patient_id")["landmark"].max()
    assert (seen[0].measurements["available_at"] <= seen[0].measurements["patient_id"].map(last)).all()
    assert len(seen[0].measurements) > 1000


def test_where_everybody_is_judged_in_turn_nobody_is_left(smm_cohort, smm_table, smm_plan):
    with pytest.raises(ConfigError, match="nobody of its cohort"):
        burden_of(smm_cohort, smm_table, replace(smm_plan, evaluation=replace(smm_plan.evaluation, kind="cross_validation")), print)


def test_a_table_of_other_people_is_refused(smm_cohort, smm_table, smm_plan):
    others = smm_table.rows.assign(patient_id="X" + smm_table.rows["patient_id"])
    with pytest.raises(DataError, match="another cohort") as refused:
        burden_of(smm_cohort, FeatureTable(others, smm_table.spec, smm_table.about), smm_plan, print)
    assert refused.value.code == "other_cohort"
    assert len(people_of(smm_cohort, ["S000001"]).patients) == 1


def test_of_another_cohort_results_count_until_treatment_or_progression(smm_cohort, monkeypatch):
    ended = smm_cohort.events[smm_cohort.events["kind"].isin(["treatment_start", "progression"])].iloc[0]
    of_them = smm_cohort.measurements["patient_id"] == ended["patient_id"]
    early, late = (ended["occurred_at"] + pd.Timedelta(days=days) for days in (-1, 0))
    rows = smm_cohort.measurements[of_them].iloc[:2].assign(available_at=[early, late])
    monkeypatch.setattr(fitting, "fit_burden", lambda cohort, say: cohort.measurements["available_at"].tolist())
    assert burden_of_others(replace(smm_cohort, measurements=rows.reset_index(drop=True)), print) == [early]


def test_the_fit_sets_no_marrow_against_that_of_another_method(smm_cohort, monkeypatch):
    class SeenError(Exception):
        pass

    def begins_with(series):
        raise SeenError(series)

    def marrow(cohort):
        with pytest.raises(SeenError) as seen:
            fit_burden(cohort)
        (series,) = seen.value.args
        k = MARKERS.index("bmpc")
        return [series.value[start:stop].tolist() for start, stop in zip(series.starts[:, k], series.stops[:, k], strict=True)]

    monkeypatch.setattr("features.history.burden.fit._start", begins_with)
    of_marrow = smm_cohort.measurements["biomarker"] == "bmpc"
    biopsies = smm_cohort.measurements.assign(method=np.where(of_marrow, "biopsy", ""))
    before = biopsies[of_marrow].assign(method="smear", collected_at=lambda of: of["collected_at"] - pd.Timedelta(days=30))
    both = pd.concat([biopsies, before.assign(available_at=before["collected_at"], value=before["value"] * 0.3)], ignore_index=True)
    assert marrow(replace(smm_cohort, measurements=both)) == marrow(replace(smm_cohort, measurements=biopsies))
    assert marrow(replace(smm_cohort, measurements=both.assign(method=""))) != marrow(replace(smm_cohort, measurements=biopsies))
