"""Paired differences, subgroups and the availability audit: the same rows and people, and nothing from too few."""

import numpy as np
import pandas as pd
import pytest

from training.availability import availability
from training.differences import named_differences, paired_differences
from training.metrics import Draws, evaluate_risks
from training.subgroups import groups, subgroup_figures, suppressed


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    n = 600
    index = pd.Timestamp("2015-01-01")
    return pd.DataFrame(
        {
            "patient_id": np.repeat([f"p{i}" for i in range(n // 2)], 2),
            "event": rng.choice(["none", "progression", "death"], n, p=[0.4, 0.4, 0.2]),
            "time_to_event": rng.integers(30, 1500, n).astype(float),
            "landmark": index + pd.to_timedelta(np.tile([0, 400], n // 2), unit="D"),
            "index_date": index,
            "site": np.where(np.arange(n) < 590, "north", "south"),
            "sex": np.tile(["female", "female", "male", ""], n // 4),
            "heavy_chain": "",
            "light_chain": "kappa",
            "score_age": np.tile([64.9, 65.0, 75.0, np.nan], n // 4),
            "score_bmpc__age_days": np.tile([np.nan, 365.0, 366.0], n // 3),
            "score_creatinine": 1.0,
        }
    )


@pytest.fixture(scope="module")
def risks(rows):
    rng = np.random.default_rng(9)
    good = np.clip(0.2 + 0.4 * (rows["event"] == "progression") + rng.normal(0, 0.2, len(rows)), 0.01, 0.99)
    return {
        "good": good.to_numpy()[:, None],
        "noise": rng.random((len(rows), 1)),
        "half": np.where(np.arange(len(rows)) < 300, 0.3, np.nan)[:, None],
    }


def differences(rows, risks, draws=30):
    return paired_differences(rows, risks, ["good"], (24,), Draws.of(rows["patient_id"], draws, 1), (0.1,))


def test_a_difference_is_that_of_the_figures_on_the_rows_that_both_have(rows, risks):
    found = differences(rows, risks).set_index(["reference", "measure"])["difference"]
    both = np.isfinite(risks["half"][:, 0])
    for reference, kept in (("noise", slice(None)), ("half", both)):
        one, other = (
            evaluate_risks(rows[kept] if reference == "half" else rows, risks[name][kept], (24,), 1, 1) for name in ("good", reference)
        )
        for measure in ("auc", "brier"):
            assert found[reference, measure] == pytest.approx(one[f"{measure}_24m"] - other[f"{measure}_24m"])


def test_the_same_people_are_drawn_for_both_so_a_model_does_not_differ_from_its_copy(rows, risks):
    found = differences(rows, {"good": risks["good"], "copy": risks["good"]})
    assert (found[["difference", "lo", "hi"]] == 0).all(axis=None)


def test_names_say_what_is_compared(rows, risks):
    found = differences(rows, risks)
    named = named_differences(found, 24)
    assert {
        "auc_24m_minus_noise",
        "auc_24m_minus_noise_lo",
        "brier_24m_minus_half_hi",
        "net_benefit_24m_at_0.10_minus_noise",
    } <= named.keys()
    assert named["auc_24m_minus_noise_lo"] > 0
    assert named_differences(found, 60) == {}


def test_groups_at_their_edges_and_unknown_values(rows):
    found = groups(rows)
    assert found["age, years"].tolist()[:4] == ["below 65", "65 to below 75", "75 and more", "unknown"]
    assert found["marrow"].tolist()[:3] == ["missing", "within a year", "older than a year"]
    assert found["sex"].tolist()[:4] == ["female", "female", "male", "unknown"]
    assert found["heavy_chain"].unique().tolist() == ["unknown"]
    assert found["eGFR, mL/min/1.73 m2"].tolist()[3] == "unknown"
    assert found["months since diagnosis"].tolist()[:2] == ["below 6", "6 to below 24"]


def test_a_group_of_few_has_neither_figures_nor_counts_and_says_so(rows, risks):
    draws = Draws.of(rows["patient_id"], 10, 1)
    found = subgroup_figures(rows, {"good": risks["good"][:, 0]}, 24, draws).query("grouping == 'site'").set_index(["group", "measure"])
    assert found.loc[("north", "auc"), "lo"] < found.loc[("north", "auc"), "estimate"]
    south = found.loc["south"]
    assert south["estimate"].isna().all()
    assert (south["why"] != "").all()
    assert south.loc["patients", "why"] == "fewer than 10 people: not written down"


def test_ten_people_are_written_down_and_nine_are_not():
    table = pd.DataFrame(
        {"model": "m", "horizon": 24, "measure": ["patients", "rows", "events"], "estimate": [50.0, 60.0, 10.0], "why": ""},
    )
    other = table.assign(horizon=60, estimate=[50.0, 60.0, 9.0])
    assert suppressed(pd.concat([table, other], ignore_index=True))["estimate"].notna().tolist() == [True] * 3 + [False] * 3
    assert suppressed(table)["estimate"].notna().all()
    assert suppressed(table.assign(estimate=[50.0, 60.0, 9.0]))["estimate"].isna().all()
    assert suppressed(table.assign(estimate=[50.0, 60.0, 0.0]))["estimate"].notna().all()


def test_contributions_of_counts_ages_and_missing_values_are_about_availability():
    columns = ["m_protein__last__ever", "m_protein__count__ever", "bmpc__age_days__ever", "age"]
    x = np.array([[1.0, 3.0, 10.0, 60.0], [np.nan, 0.0, np.nan, 70.0]])
    values = np.array([[4.0, -1.0, 1.0, 2.0], [1.0, -1.0, 0.0, 2.0]])
    found = availability(values, x, columns)
    assert found["absolute_share"] == pytest.approx((1 + 1 + 1 + 1) / 12)
    assert found["by_kind"] == pytest.approx({"count": 2 / 12, "age_days": 1 / 12, "missing_value": 1 / 12})
    assert found["by_biomarker"] == pytest.approx({"m_protein": 3 / 12, "bmpc": 1 / 12, "age": 0.0})
    # availability adds 0 and 0, the whole is 6 and 2: it explains nothing of the variance
    assert found["variance_share"] == 0.0


def test_where_availability_is_all_there_is_its_shares_are_one():
    x, values = np.ones((3, 1)), np.array([[1.0], [2.0], [4.0]])
    found = availability(values, x, ["m_protein__count__ever"])
    assert (found["absolute_share"], found["variance_share"]) == pytest.approx((1.0, 1.0))
