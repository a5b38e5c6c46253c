"""Elsewhere: each site is judged by a model of the others, and nothing tells of a site of few."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from myeloma import DataError
from training.metrics import named
from training.shift.sites import by_site


@pytest.mark.slow
def test_each_site_is_judged_with_a_reason_where_it_is_too_small(smm_table, quick, tmp_path):
    rows = smm_table.rows.assign(site=np.where(smm_table.rows["site"] == smm_table.rows["site"].iloc[0], "tiny site", "rest"))
    few = rows[(rows["site"] == "rest") | rows["patient_id"].isin(rows.loc[rows["site"] == "tiny site", "patient_id"].unique()[:3])]
    others = rows[rows["site"] == "rest"].assign(site="other", patient_id=lambda t: t["patient_id"] + " too")
    found = by_site(replace(smm_table, rows=pd.concat([few, others])), quick, "cox", tmp_path)
    auc = found[found["measure"] == "auc"].set_index(["subset", "horizon"])
    assert set(found["subset"]) == {"site_no._1", "site_no._2", "site_no._3"}, "other, rest and tiny site, which are no codes"
    assert auc.loc[("site_no._2", 24), "estimate"] > 0.5
    assert np.isnan(auc.loc[("site_no._3", 24), "estimate"])
    counts = found[(found["subset"] == "site_no._3") & found["measure"].isin(["patients", "rows", "events"])]
    assert counts["estimate"].isna().all()
    assert "at least 20 are needed" in auc.loc[("site_no._3", 24), "why"]


def test_how_many_have_no_site_does_not_follow_from_the_whole_less_the_sites(smm_table, quick, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "training.shift.refitted.risks_of", lambda fit, judge, *rest: np.random.default_rng(1).uniform(0.1, 0.3, (len(judge), 2))
    )
    patient = smm_table.rows["patient_id"]
    number = patient.map({person: k for k, person in enumerate(patient.unique())})
    site = np.select([number < 3, number % 3 == 0], ["", "smaller"], "larger")
    found = by_site(replace(smm_table, rows=smm_table.rows.assign(site=site)), quick, "cox", tmp_path)
    people = found[(found["measure"] == "patients") & (found["horizon"] == 24)].set_index("subset")["estimate"]
    assert people.notna().to_dict() == {"site_no._1": True, "site_no._2": False}


@pytest.mark.slow
def test_a_site_at_which_all_progress_is_named_and_the_others_are_judged_all_the_same(smm_table, quick, tmp_path):
    rows = smm_table.rows
    ever = rows["patient_id"].isin(rows.loc[rows["event"] == "event", "patient_id"])
    number = rows["patient_id"].map({person: k for k, person in enumerate(rows["patient_id"].unique())})
    site = np.select([ever, number % 2 == 0], ["tertiary", "first"], "second")
    found = by_site(replace(smm_table, rows=rows.assign(site=site)), quick, "cox", tmp_path)
    found = found.set_index(["subset", "horizon", "measure"]).sort_index()
    left_out = found.loc[("site_no._3", 24)]  # first, second, tertiary
    assert left_out.loc["auc", "why"] == "only 0 people progress at all other sites, at least 20 are needed to fit."
    assert left_out["estimate"].dropna().index.tolist() == ["events", "patients", "rows"]
    elsewhere = found.loc[("site_no._1", 24)].loc["auc", "why"]
    assert elsewhere.startswith("only 0 people here progress within 24 months")  # it was fitted for and judged


def test_one_site_cannot_be_left_out(smm_table, quick, tmp_path):
    with pytest.raises(DataError, match="needs two sites, the table has 1"):
        by_site(replace(smm_table, rows=smm_table.rows.assign(site="here")), quick, "cox", tmp_path)


def test_sites_whose_names_are_alike_but_for_punctuation_are_judged_each_under_a_name_of_its_own(smm_table, quick, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "training.shift.refitted.risks_of", lambda fit, judge, *rest: np.random.default_rng(1).uniform(0.1, 0.3, (len(judge), 2))
    )
    patient = smm_table.rows["patient_id"]
    number = patient.map({person: k for k, person in enumerate(patient.unique())})
    site = np.select([number % 3 == 0, number % 3 == 1], ["A B", "A_B"], "a b")
    found = by_site(replace(smm_table, rows=smm_table.rows.assign(site=site)), quick, "cox", tmp_path)
    people = found[(found["measure"] == "patients") & (found["horizon"] == 24)]
    assert set(people["subset"]) == {"site_no._1", "site_no._2", "site_no._3"}, "names that are no codes are numbered"
    assert len(people) == people["subset"].str.casefold().nunique() == 3
    assert sum(named(found)[f"patients_24m_{subset}"] for subset in people["subset"]) == patient.nunique()
