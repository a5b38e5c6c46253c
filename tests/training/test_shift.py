"""Elsewhere, later, without history, with fewer people: what each refit sees and does not see."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from features.columns import FeatureSpec
from myeloma import DataError, StateError
from training.evaluate import best
from training.shift import by_site, gain_from_history, known_at, latest_only, learning_curve, over_time, refit


@pytest.fixture(scope="module")
def quick(small_smm_task):
    cox = {"covariates": ["m_protein__last__ever", "bmpc__last__ever", "m_protein__delta_first__365d"], "penalty": 0.01}
    evaluation = replace(small_smm_task.evaluation, bootstrap=5)
    return replace(small_smm_task, models={"cox": cox}, horizons=(24, 60), evaluation=evaluation)


def test_what_happened_after_the_cut_was_not_known_at_it():
    rows = pd.DataFrame(
        {
            "landmark": pd.to_datetime(["2020-01-01", "2020-01-01", "2020-01-01", "2020-06-01"]),
            "event": ["progression", "progression", "death", "none"],
            "time_to_event": [10.0, 60.0, 61.0, 900.0],
            "follow_up": [500.0, 500.0, 61.0, 900.0],
        }
    )
    found = known_at(rows, pd.Timestamp("2020-03-01"))  # 60 days later
    assert found[["event", "time_to_event", "follow_up"]].values.tolist() == [
        ["progression", 10.0, 60.0],
        ["progression", 60.0, 60.0],
        ["none", 60.0, 60.0],
    ]


def test_without_history_there_are_latest_values_their_age_and_what_is_static():
    spec = FeatureSpec(("m_protein",), ("365d", "ever"), ("last", "age_days", "count", "slope"), ("age",))
    assert latest_only(spec).columns() == ["age", "m_protein__last__ever", "m_protein__age_days__ever"]


@pytest.mark.slow
def test_each_site_is_judged_with_a_reason_where_it_is_too_small(smm_table, quick, tmp_path):
    rows = smm_table.rows.assign(site=np.where(smm_table.rows["site"] == smm_table.rows["site"].iloc[0], "tiny site", "rest"))
    few = rows[(rows["site"] == "rest") | rows["patient_id"].isin(rows.loc[rows["site"] == "tiny site", "patient_id"].unique()[:3])]
    others = rows[rows["site"] == "rest"].assign(site="other", patient_id=lambda t: t["patient_id"] + " too")
    found = by_site(replace(smm_table, rows=pd.concat([few, others])), quick, "cox", tmp_path)
    auc = found[found["measure"] == "auc"].set_index(["subset", "horizon"])
    assert set(found["subset"]) == {"site_other", "site_rest", "site_tiny_site"}
    assert auc.loc[("site_rest", 24), "estimate"] > 0.5
    assert np.isnan(auc.loc[("site_tiny_site", 24), "estimate"])
    counts = found[(found["subset"] == "site_tiny_site") & found["measure"].isin(["patients", "rows", "events"])]
    assert counts["estimate"].isna().all()
    assert "at least 20 are needed" in auc.loc[("site_tiny_site", 24), "why"]


def test_how_many_have_no_site_does_not_follow_from_the_whole_less_the_sites(smm_table, quick, tmp_path, monkeypatch):
    monkeypatch.setattr("training.shift._risks", lambda fit, judge, *rest: np.random.default_rng(1).uniform(0.1, 0.3, (len(judge), 2)))
    patient = smm_table.rows["patient_id"]
    number = patient.map({person: k for k, person in enumerate(patient.unique())})
    site = np.select([number < 3, number % 3 == 0], ["", "smaller"], "larger")
    found = by_site(replace(smm_table, rows=smm_table.rows.assign(site=site)), quick, "cox", tmp_path)
    people = found[(found["measure"] == "patients") & (found["horizon"] == 24)].set_index("subset")["estimate"]
    assert people.notna().to_dict() == {"site_larger": True, "site_smaller": False}


@pytest.mark.slow
def test_a_site_at_which_all_progress_is_named_and_the_others_are_judged_all_the_same(smm_table, quick, tmp_path):
    rows = smm_table.rows
    ever = rows["patient_id"].isin(rows.loc[rows["event"] == "progression", "patient_id"])
    number = rows["patient_id"].map({person: k for k, person in enumerate(rows["patient_id"].unique())})
    site = np.select([ever, number % 2 == 0], ["tertiary", "first"], "second")
    found = by_site(replace(smm_table, rows=rows.assign(site=site)), quick, "cox", tmp_path)
    found = found.set_index(["subset", "horizon", "measure"]).sort_index()
    left_out = found.loc[("site_tertiary", 24)]
    assert left_out.loc["auc", "why"] == "only 0 people progress at all other sites, at least 20 are needed to fit."
    assert left_out["estimate"].dropna().index.tolist() == ["events", "patients", "rows"]
    elsewhere = found.loc[("site_first", 24)].loc["auc", "why"]
    assert elsewhere.startswith("only 0 people here progress within 24 months")  # it was fitted for and judged


def test_one_site_cannot_be_left_out(smm_table, quick, tmp_path):
    with pytest.raises(DataError, match="needs two sites, the table has 1"):
        by_site(replace(smm_table, rows=smm_table.rows.assign(site="here")), quick, "cox", tmp_path)


@pytest.mark.slow
def test_late_people_are_judged_by_a_model_of_early_ones(smm_table, quick, tmp_path):
    found = over_time(smm_table, quick, "cox", tmp_path)
    rows = smm_table.rows
    late = rows[rows["index_date"] > pd.Timestamp(found["cut"].iloc[0])]
    patients = found[(found["measure"] == "patients") & (found["horizon"] == 24)]["estimate"].item()
    assert patients == late["patient_id"].nunique()
    assert found["people_fitted_on"].iloc[0] <= rows["patient_id"].nunique() - patients


@pytest.mark.slow
def test_the_gain_from_history_is_a_paired_difference_on_the_held_out_rows(smm_table, quick, trained):
    found = gain_from_history(smm_table, replace(quick, horizons=(12, 24, 60)), "cox", trained.folder / "fit")
    assert set(found["reference"]) == {"latest_values_only"}
    assert {"auc", "brier", "net_benefit"} <= set(found["measure"])
    assert found["difference"].notna().all()


@pytest.mark.slow
def test_the_learning_curve_is_of_growing_numbers_of_people_on_the_same_rows(smm_table, quick, tmp_path):
    few = replace(quick, evaluation=replace(quick.evaluation, test_share=0.2))
    found = learning_curve(smm_table, few, "cox", tmp_path)
    fitted = found[found["why"].fillna("").str.contains("to fit").groupby(found["subset"]).transform("any").eq(False)]
    people = found["people_fitted_on"].drop_duplicates()
    assert people.is_monotonic_increasing
    assert len(people) == 4
    assert found["why"].iloc[0].endswith("at least 20 are needed to fit.")  # an eighth of these people is too few
    assert fitted["subset"].nunique() >= 2
    assert fitted[fitted["measure"] == "rows"].groupby("horizon")["estimate"].nunique().eq(1).all()


@pytest.fixture
def unlogged(monkeypatch):
    """The store is every test's: nothing is logged to its runs."""
    monkeypatch.setattr("training.tracking.log_results", lambda *arguments: None)


@pytest.mark.slow
@pytest.mark.usefixtures("unlogged")
def test_what_can_be_fitted_again_is_although_another_way_is_refused(smm_table, small_smm_task, trained, tmp_path):
    here = replace(smm_table, rows=smm_table.rows.assign(site="here"))
    said = []
    with pytest.raises(DataError, match="needs two sites"):
        refit(here, small_smm_task, "cox", ["sites", "patients"], trained.folder / "fit", tmp_path, said.append)
    assert [path.name for path in (tmp_path / "cox" / "refits").iterdir()] == ["patients.csv"]
    assert "cox: sites: refused" in said
    assert "its model card was written before this" in said[-1]


@pytest.mark.slow
@pytest.mark.usefixtures("unlogged")
def test_a_difference_that_is_refused_is_said_to_be(smm_table, small_smm_task, trained, tmp_path, monkeypatch):
    def nothing(*arguments):
        return pd.DataFrame(columns=["model", "reference", "horizon", "measure", "threshold", "difference", "lo", "hi"])

    monkeypatch.setattr("training.shift.gain_from_history", nothing)
    said = []
    refit(smm_table, small_smm_task, "cox", ["history"], trained.folder / "fit", tmp_path, said.append)
    assert "cox: history: too few people progress within 24 months, or stay free, for a difference" in said


@pytest.mark.slow
def test_a_model_that_is_not_fitted_cannot_be_fitted_again(smm_table, quick, trained, tmp_path):
    with pytest.raises(StateError, match="forest is not fitted in"):
        refit(smm_table, quick, "forest", ["patients"], trained.folder / "fit", tmp_path, print)
    with pytest.raises(StateError, match="only published scores"):
        best({"mayo_2018": {"published": True, "metrics": {}}}, quick)


def test_the_best_is_the_one_that_stands_first_among_the_candidates(smm_task):
    figures = {"cox": (0.08709, 0.65), "logistic": (0.08712, 0.66), "boosting": (0.09, 0.7), "mayo_2018": (0.01, 0.9)}
    results = {
        name: {"published": name == "mayo_2018", "metrics": {"brier_24m": brier, "auc_24m": auc}} for name, (brier, auc) in figures.items()
    }
    assert best(results, smm_task) == "logistic", "of Brier scores that are shown equal the higher AUC goes first"
