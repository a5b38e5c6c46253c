"""What is written of all candidates' figures: no count below ten, what it would be told from, and what is logged."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from training.evaluation.expected_events import too_little
from training.evaluation.performance import logged, performance_of, refused, without_small_cells
from training.metrics import Draws
from training.metrics.figures import figures, refusal
from training.rows.small_cells import SUPPRESSED, only
from training.rows.split import LEAST_EVENTS


def people(progress, free):
    """One row each; who progresses does within the year, the others are followed for five."""
    event = ["event"] * progress + ["none"] * free
    time = [100.0] * progress + [1800.0] * free
    return pd.DataFrame({"patient_id": [f"p{k}" for k in range(len(event))], "event": event, "time_to_event": time})


def written(rows, risk, subset="at_2y"):
    """What is written of one model on these people, by measure."""
    draws = Draws.of(rows["patient_id"], 2, 1)
    found = figures(rows, {"m": risk[:, None]}, (24,), draws, lambda sample, risk: {("auc", None): np.full(3, 0.7)}, subset)
    return without_small_cells(found)


@pytest.mark.parametrize("progress", [0, 9, 10])
def test_people_who_progress_are_written_down_from_ten_on_or_none(progress):
    table = written(people(progress, 60), np.full(60 + progress, 0.1)).set_index("measure")
    assert table.loc["patients", ["estimate", "why"]].tolist() == [60 + progress, ""]
    assert table.loc["events", "why"] == (SUPPRESSED if progress == 9 else "")
    assert ("events_24m_at_2y" in logged(table.reset_index())) == (progress != 9)


def test_nothing_tells_how_many_a_few_people_are():
    """Nine people of fifty have the inputs of a score: their share of the fifty would tell."""
    risk = np.where(np.arange(50) < 9, 0.1, np.nan)
    table = written(people(5, 45), risk).set_index("measure")
    assert table["estimate"].isna().all()
    assert (table.drop("auc")["why"] == SUPPRESSED).all()
    assert logged(table.reset_index()) == {}


def test_a_share_of_many_rows_is_written_down_although_few_progress():
    table = written(people(5, 45), np.where(np.arange(50) < 40, 0.1, np.nan)).set_index("measure")
    assert table.loc["share_computable", "estimate"] == 0.8


def test_why_a_count_is_not_there_is_no_refusal_of_figures():
    table = written(people(LEAST_EVENTS - 11, 45), np.full(54, 0.1))
    assert refused(table) == [f"at_2y, 24 months: {table['why'].iloc[-1]}"]
    assert table["why"].iloc[-1].startswith(only(9))
    assert refused(written(people(LEAST_EVENTS, 45), np.full(65, 0.1))) == []


def test_no_subset_of_the_figures_tells_a_small_count(smm_plan):
    rows = people(9, 60).assign(landmark=pd.Timestamp("2015-01-01"), index_date=pd.Timestamp("2015-01-01"))
    risks = {"m": np.full((69, len(smm_plan.task.horizons)), 0.1)}
    table = performance_of(rows, risks, smm_plan, Draws.of(rows["patient_id"], 2, 1))
    events = table[(table["measure"] == "events") & (table["subset"].isin(["", "per_person", "at_0y"]))]
    assert len(events) == 3 * len(smm_plan.task.horizons)
    assert (events["why"] == SUPPRESSED).all()
    assert events["estimate"].isna().all()


def test_of_a_score_that_ranks_without_a_risk_the_order_alone_is_judged(smm_plan):
    rows = people(60, 60).assign(landmark=pd.Timestamp("2015-01-01"), index_date=pd.Timestamp("2015-01-01"))
    horizons, stage = len(smm_plan.task.horizons), np.repeat([2.0, 0.0], 60)
    stage[[0, 60]] = np.nan
    risks = {"m": np.full((120, horizons), 0.1), "stage": np.full((120, horizons), np.nan), "unknown": np.full((120, horizons), np.nan)}
    table = performance_of(rows, risks, smm_plan, Draws.of(rows["patient_id"], 2, 1), {"stage": stage})
    of = {name: part.set_index("measure") for name, part in table[(table["subset"] == "") & (table["horizon"] == 24)].groupby("model")}
    assert of["stage"].loc["auc", "estimate"] == 1.0
    assert not {"brier", "oe_ratio", "net_benefit"} & set(of["stage"].index)
    assert of["stage"].loc["share_computable", "estimate"] == pytest.approx(118 / 120)
    assert "there is no risk at 24 months" in of["unknown"].loc["auc", "why"]
    assert "brier" in of["m"].index


def test_with_a_biomarker_hidden_calibration_in_the_large_is_told_of_each_model_that_was_asked(smm_plan):
    rows = people(30, 70).assign(landmark=pd.Timestamp("2015-01-01"), index_date=pd.Timestamp("2015-01-01"))
    horizons = len(smm_plan.task.horizons)
    risks = {name: np.full((100, horizons), 0.3) for name in ("cox", "boosting")}
    without = {"cox": {"m_protein": np.full((100, horizons), 0.2), "bmpc": np.full((100, horizons), 0.6)}}
    table = performance_of(rows, risks, smm_plan, Draws.of(rows["patient_id"], 20, 1), without=without)
    hidden = table[table["subset"].str.startswith("without_")]
    assert set(hidden["measure"]) == {"oe_ratio"} and set(hidden["model"]) == {"cox"}
    found = logged(hidden)
    assert found["oe_ratio_24m_without_m_protein"] == pytest.approx(1.5)
    assert found["oe_ratio_24m_without_bmpc"] == pytest.approx(0.5)
    assert {"oe_ratio_24m_without_bmpc_lo", "oe_ratio_24m_without_bmpc_hi"} <= found.keys()


@pytest.mark.parametrize(
    ("why_not", "expected", "says"),
    [
        (refusal, 0.1, "only 12 people here have the competing event first within 24 months"),
        (too_little, 0.1, ""),  # 40 are expected
        (too_little, 0.01, "4.0 people are expected to have the competing event first within 24 months"),
    ],
)
def test_figures_of_dying_go_by_those_who_die_and_by_the_rule_that_all_others_go_by(smm_plan, why_not, expected, says):
    event = np.repeat(["event", "competing", "none"], [60, 12, 328])
    rows = pd.DataFrame(
        {
            "patient_id": [f"p{k}" for k in range(400)],
            "landmark": pd.Timestamp("2010-01-01"),
            "index_date": pd.Timestamp("2010-01-01"),
            "event": event,
            "time_to_event": np.where(event == "none", 2000.0, 300.0),
            "expected_24m": 0.5,
        }
    )
    task = replace(smm_plan.task, horizons=(24,))
    draws, risk = Draws.of(rows["patient_id"], 3, 1), np.full((400, 1), expected)
    found = performance_of(
        rows, {"x": risk}, replace(smm_plan, task=task, primary_horizon=24), draws, die_first={"x": risk}, why_not=why_not
    )
    line = found[found["measure"] == "die_first_auc"].iloc[0]
    assert line["why"].startswith(says)
    assert (line["why"] == "") is (says == "") is bool(np.isfinite(line["estimate"]))
