"""Case mix: what the spread of the risks allows, and quantiles of few people left out."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from features.history.columns import FeatureSpec
from training.commands.elsewhere import _allowed
from training.monitor.elsewhere.case_mix import distributions, expected_auc, findings_of
from training.reference import first_visits, reference_by_time, reference_of_first_visits, reference_ranges
from training.reference.quantiles import quantiles_of


def test_the_expected_auc_is_that_of_outcomes_drawn_from_the_risks():
    rng = np.random.default_rng(1)
    risk = rng.beta(1.0, 4.0, 4000)
    drawn = []
    for _ in range(20):
        case = rng.random(len(risk)) < risk
        rank = risk.argsort().argsort() + 1.0
        drawn.append((rank[case].sum() - case.sum() * (case.sum() + 1) / 2) / (case.sum() * (~case).sum()))
    assert expected_auc(risk) == pytest.approx(np.mean(drawn), abs=0.005)


def test_people_who_are_all_alike_cannot_be_ranked():
    assert expected_auc(np.full(50, 0.3)) == 0.5


def test_each_person_is_looked_at_at_the_first_visit():
    rows = pd.DataFrame({"patient_id": list("abab"), "landmark": pd.to_datetime(["2012", "2010", "2011", "2013"])})
    assert first_visits(rows).index.tolist() == [1, 2]


@pytest.mark.parametrize("of_first_visits", [True, False])
def test_first_visits_are_compared_with_first_visits_of_training_not_with_those_soon_after(of_first_visits):
    people, spec = 400, FeatureSpec(("bmpc",), ("ever",), ("last",), ())
    start = pd.Timestamp("2010-01-01")
    soon_after = [start, start + pd.Timedelta(days=20)]  # 40 % come without marrow, which is taken then
    rows = pd.DataFrame({"patient_id": np.repeat(np.arange(people), 2), "index_date": start, "landmark": np.tile(soon_after, people)})
    rows = rows.assign(site="", bmpc__last__ever=np.linspace(10.0, 30.0, 2 * people))
    rows.loc[(rows["patient_id"] % 5 < 2) & (rows["landmark"] == start), "bmpc__last__ever"] = np.nan
    risks = np.linspace(0.1, 0.4, 2 * people)[:, None]
    about = {"reference": reference_ranges(rows[spec.columns()].to_numpy(), spec.columns())}
    about["reference_by_time"] = reference_by_time(rows, spec, risks, (24,))
    if of_first_visits:  # a model of before has not
        about["reference_of_first_visits"] = reference_of_first_visits(rows, spec, risks, (24,))
    found = findings_of(rows.iloc[::2], risks[::2], SimpleNamespace(spec=spec, about=about, horizons=(24,)))
    assert [one.kind for one in found if one.status == "changed"] == ([] if of_first_visits else ["missing"])


@pytest.fixture
def artifact():
    values = np.linspace(1.0, 3.0, 101)
    grid = {"missing": 0.05, "quantiles": quantiles_of(values)}
    band = {"people": 101, "known": 101, "missing": 0.0, "quantiles": quantiles_of(np.linspace(0.1, 0.3, 101))}
    about = {"reference": {"m_protein__last__ever": grid}, "reference_by_time": {"months": [0.0], "figures": {"risk_24m": [band]}}}
    return SimpleNamespace(spec=FeatureSpec(("m_protein",), ("ever",), ("last",), ()), horizons=(24,), about=about)


def people(values):
    return pd.DataFrame(
        {
            "patient_id": [str(k) for k in range(len(values))],
            "landmark": pd.Timestamp("2010-01-01"),
            "m_protein__last__ever": values,
        }
    )


def test_inputs_and_risks_stand_then_and_now(artifact):
    table = distributions(people(np.full(40, 2.5)), np.full((40, 1), 0.2), artifact).set_index(["name", "figure"])
    assert table.loc[("m_protein", "p50"), ["then", "now"]].tolist() == [2.0, 2.5]
    assert table.loc[("m_protein", "missing"), ["then", "now"]].tolist() == [0.05, 0.0]
    assert table.loc[("risk_24m", "sd_log_odds"), "now"] == pytest.approx(0.0, abs=1e-9)
    assert table.loc[("risk_24m", "expected_auc"), "now"] == 0.5
    assert table.loc[("risk_24m", "p90"), "then"] == pytest.approx(0.28)


@pytest.mark.parametrize(("without", "shown"), [(0, True), (9, False), (10, True)])
def test_a_share_that_tells_of_fewer_than_ten_people_is_kept_back(artifact, without, shown):
    values = np.r_[np.full(60 - without, 2.0), np.full(without, np.nan)]
    table = distributions(people(values), np.full((60, 1), 0.2), artifact).set_index(["name", "figure"])
    assert np.isfinite(table.loc[("m_protein", "missing"), "now"]) == shown


def test_quantiles_of_fewer_than_20_people_are_not_given(artifact):
    table = distributions(people(np.full(19, 2.0)), np.full((19, 1), 0.2), artifact)
    assert table.loc[table["figure"] != "missing", "now"].isna().all()


def test_of_people_who_come_again_it_is_told_of_every_visit_that_the_auc_is_of_beside_first_ones(artifact):
    once = people(np.linspace(1.0, 3.0, 40))
    risk = np.linspace(0.1, 0.3, 40)[:, None]
    assert "expected_auc_of_visits" not in set(distributions(once, risk, artifact)["figure"])
    again = once.assign(landmark=pd.Timestamp("2011-01-01"))
    beyond = once.assign(landmark=pd.Timestamp("2012-01-01"))
    rows = pd.concat([once, again, beyond], ignore_index=True).assign(study_reach=np.repeat([2000.0, 731.0, 730.0], 40))  # 24 months
    risks = np.concatenate([risk, np.full((40, 1), 0.9), np.full((40, 1), 0.001)])
    table = distributions(rows, risks, artifact).set_index(["name", "figure"])["now"]
    assert table["risk_24m", "expected_auc"] == pytest.approx(expected_auc(risk[:, 0]))
    assert table["risk_24m", "expected_auc_of_visits"] == pytest.approx(expected_auc(risks[:80, 0]))
    few = distributions(rows.assign(study_reach=0.0), risks, artifact).set_index("figure")["now"]
    assert np.isnan(few["expected_auc_of_visits"])


def test_the_sentence_names_the_visits_and_says_no_more_where_everybody_came_once():
    columns = ["label", "figure", "then", "now"]
    lines = [("Risk", "expected_auc", 0.65, 0.66), ("Risk", "expected_auc_of_visits", np.nan, 0.78)]
    assert list(_allowed(pd.DataFrame(lines, columns=columns))) == [
        "Risk: an AUC of 0.78 is what the risks at these visits allow, were each right; at first visits 0.66 (in training 0.65)"
    ]
    assert list(_allowed(pd.DataFrame(lines[:1], columns=columns))) == [
        "Risk: an AUC of 0.66 is what these people's risks allow, were each right (in training 0.65)"
    ]
    assert list(_allowed(pd.DataFrame([("Risk", "expected_auc", np.nan, 0.66)], columns=columns))) == []


def test_a_biomarker_that_no_row_of_training_had_is_told_of_now_alone(artifact):
    artifact.about["reference"]["m_protein__last__ever"] = {"missing": 1.0, "quantiles": []}
    rows = pd.DataFrame(
        {"patient_id": np.arange(100), "landmark": pd.Timestamp("2010-01-01"), "m_protein__last__ever": np.linspace(1, 3, 100)}
    )
    found = distributions(rows, np.full((100, 1), 0.2), artifact)
    found = found[found["kind"] == "input"].set_index("figure")
    assert found.loc["p50", "now"] == pytest.approx(2.0)
    assert np.isnan(found.loc["p50", "then"])
    assert found.loc["missing", "then"] == 1.0
    yes_or_no = rows.assign(m_protein__last__ever=np.arange(100) % 2.0)
    share = distributions(yes_or_no, np.full((100, 1), 0.2), artifact).set_index("figure").loc["share"]
    assert share["now"] == 0.5
    assert np.isnan(share["then"])
